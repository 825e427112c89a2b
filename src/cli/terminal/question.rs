//! Questions on the terminal.
//!
//! Owns asking. Questions are asked on the terminal itself, because standard input may be the job. Must never hang where nobody
//! can answer.

use std::io::{BufRead, BufReader, Write};

use crate::cli::terminal::printer::harmless;

/// Whether there is somebody to ask: a terminal, and this program in its foreground. A program in the background
/// that reads from its terminal is stopped by the system, and would hang for ever.
#[cfg(unix)]
pub(crate) fn can_ask() -> bool {
    let terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty");
    terminal.is_ok_and(|terminal| {
        rustix::termios::tcgetpgrp(&terminal)
            .is_ok_and(|foreground| foreground == rustix::process::getpgrp())
    })
}

#[cfg(not(unix))]
pub(crate) fn can_ask() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal()
}

/// Asks on the terminal; `None` when nobody can answer. Every question goes through here: only what is typed while it
/// stands answers it.
#[cfg(unix)]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    // What was typed before the question was there is no answer to it; nor is what cannot be thrown away.
    rustix::termios::tcflush(&terminal, rustix::termios::QueueSelector::IFlush).ok()?;
    terminal.write_all(harmless(question).as_bytes()).ok()?;
    read_answer(terminal)
}

#[cfg(not(unix))]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::io::stderr();
    terminal.write_all(harmless(question).as_bytes()).ok()?;
    read_answer(std::io::stdin())
}

/// One line; `None` when the terminal hangs up.
fn read_answer(terminal: impl std::io::Read) -> Option<String> {
    let mut answer = String::new();
    let read = BufReader::new(terminal).read_line(&mut answer).ok()?;
    (read > 0).then_some(answer)
}
