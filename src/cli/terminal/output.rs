//! Standard output, and what became of what was written to it.
//!
//! Owns the counting of lines and the failure that lost ones end a command with. Must never panic, and never take a
//! reader that has gone away for an error.

use std::io::{ErrorKind, Write};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// What the system answers to a write on a terminal that was closed: EIO, the same number on every Unix.
const NO_SUCH_TERMINAL: i32 = 5;

/// What has been written, and why no more is.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// It was a terminal when the command began.
    is_terminal: bool,
    written: u64,
    lost: u64,
    end: Option<End>,
}

/// Why nothing more is written.
#[derive(Debug)]
enum End {
    /// The reader has read what it wanted.
    ReaderGone,
    Failed(String),
}

impl Output {
    /// Output to a terminal, or to something else.
    pub(crate) fn new(is_terminal: bool) -> Self {
        Self { is_terminal, ..Self::default() }
    }

    /// Writes a text as whole lines. After an error nothing more is written: what followed would stand in a gap.
    pub(crate) fn write(&mut self, text: &str, mut sink: impl Write) {
        let mut rest = text.as_bytes();
        let ending: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
        if self.end.is_none() {
            self.end = self.push(&mut rest, &mut sink).err().map(|error| self.end_by(&error));
        }
        if self.end.is_none() {
            let mut rest = ending;
            self.end = self.push(&mut rest, &mut sink).err().map(|error| self.end_by(&error));
            if self.end.is_none() {
                return;
            }
        }
        self.lost += lines(rest) + ending.len() as u64;
    }

    fn push(&mut self, rest: &mut &[u8], sink: &mut impl Write) -> std::io::Result<()> {
        while !rest.is_empty() {
            match sink.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let (done, left) = rest.split_at(count);
                    self.written += lines(done);
                    *rest = left;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        sink.flush()
    }

    /// A closed pipe has no reader, and nor has a terminal that was closed.
    fn end_by(&self, error: &std::io::Error) -> End {
        let is_hung_up = self.is_terminal && error.raw_os_error() == Some(NO_SUCH_TERMINAL);
        match error.kind() {
            ErrorKind::BrokenPipe => End::ReaderGone,
            _ if is_hung_up => End::ReaderGone,
            _ => End::Failed(error.to_string()),
        }
    }

    /// The failure that lost output ends a command with; the caller says what was sent.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let Some(End::Failed(why)) = &self.end else { return None };
        let all = self.written + self.lost;
        let what = format!("standard output cannot be written: {why}");
        Some(
            Failure::new(Exit::Journal, what)
                .state(format!("{} of {all} lines were written, the rest is lost", self.written))
                .next(
                    "make room or write to another place; what the command recorded is shown again \
                     by: sortie status, report, pins, history",
                ),
        )
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then fails.
    struct Narrow(usize, ErrorKind);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            match self.0.min(bytes.len()) {
                0 => Err(self.1.into()),
                count => {
                    self.0 -= count;
                    Ok(count)
                }
            }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn output_counts_lines_and_reports_what_was_lost() {
        let mut output = Output::default();
        let mut sink = Narrow(8, ErrorKind::StorageFull);
        output.write("one\ntwo\nthree\nfour", &mut sink);
        output.write("five", &mut sink);
        let failure = output.failure().expect("something was lost");
        assert_eq!((failure.exit, output.lost), (Exit::Journal, 3));
        assert!(failure.state.starts_with("2 of 5 lines were written"), "{}", failure.state);
    }

    #[test]
    fn output_to_a_closed_pipe_is_not_a_failure() {
        let mut output = Output::default();
        output.write("one\ntwo", Narrow(2, ErrorKind::BrokenPipe));
        assert!(output.failure().is_none());
        output.write("three", Narrow(100, ErrorKind::StorageFull));
        assert_eq!(output.written, 0, "nothing is written behind a gap");
    }

    #[test]
    fn output_to_a_closed_terminal_is_not_a_failure() {
        struct HungUp;
        impl Write for HungUp {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::Error::from_raw_os_error(NO_SUCH_TERMINAL))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for (is_terminal, is_failure) in [(true, false), (false, true)] {
            let mut output = Output::new(is_terminal);
            output.write("one", HungUp);
            assert_eq!(output.failure().is_some(), is_failure);
        }
    }

    #[test]
    fn output_without_an_error_is_whole() {
        let (mut output, mut sink) = (Output::default(), Vec::new());
        output.write("one", &mut sink);
        output.write("two\n", &mut sink);
        assert_eq!((sink.as_slice(), output.written), (b"one\ntwo\n".as_slice(), 2));
        assert!(output.failure().is_none());
    }
}
