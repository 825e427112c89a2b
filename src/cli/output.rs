//! Standard output, and what became of what was written to it.
//!
//! Owns the counting of lines and the failure that lost ones end a command with. Must never panic, and never take a
//! reader that has gone away for an error.

use std::io::{ErrorKind, Write};

use super::exit::Exit;
use super::failure::Failure;

/// What has been written, and why no more is.
#[derive(Debug, Default)]
pub(super) struct Output {
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
    /// Writes a text as whole lines. After an error nothing more is written: what followed would stand in a gap.
    pub(super) fn write(&mut self, text: &str, mut sink: impl Write) {
        let mut rest = text.as_bytes();
        let ending: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
        if self.end.is_none() {
            self.end = self.push(&mut rest, &mut sink).err().map(End::of);
        }
        if self.end.is_none() {
            let mut rest = ending;
            self.end = self.push(&mut rest, &mut sink).err().map(End::of);
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

    /// The failure that lost output ends a command with; the caller says what was sent.
    pub(super) fn failure(&self) -> Option<Failure> {
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

impl End {
    fn of(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Failed(error.to_string()),
        }
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
    fn output_counts_lines_and_tells_what_was_lost() {
        let mut output = Output::default();
        let mut sink = Narrow(8, ErrorKind::StorageFull);
        output.write("one\ntwo\nthree\nfour", &mut sink);
        output.write("five", &mut sink);
        let failure = output.failure().expect("something was lost");
        assert_eq!((failure.exit, output.lost), (Exit::Journal, 3));
        assert!(failure.state.starts_with("2 of 5 lines were written"), "{}", failure.state);
    }

    #[test]
    fn output_whose_reader_has_gone_away_is_no_failure() {
        let mut output = Output::default();
        output.write("one\ntwo", Narrow(2, ErrorKind::BrokenPipe));
        assert!(output.failure().is_none());
        output.write("three", Narrow(100, ErrorKind::StorageFull));
        assert_eq!(output.written, 0, "nothing is written behind a gap");
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
