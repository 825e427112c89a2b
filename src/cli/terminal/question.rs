//! Prompts on the terminal.
//!
//! Owns how a prompt is shown and answered: on the terminal itself, because standard input may be the job. Must never hang where
//! no person can answer.

use std::io::{BufRead, BufReader, Write};

use crate::cli::terminal::printer::harmless;
use crate::cli::text::wrap::broken;
use crate::model::Sealed;

/// Longest secret that is typed, in bytes.
const HIDDEN_BYTES_MAX: usize = 4096;

/// Whether a person can be asked: there is a terminal, and this program is in its foreground. The system stops a program in the
/// background that reads from its terminal: it would hang forever.
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

/// Shows a prompt on the terminal and reads one line; `None` where no person can answer. Every prompt goes through here: only what
/// is typed after it is shown answers it.
#[cfg(unix)]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    // What was typed before the prompt was shown does not answer it. Where that cannot be discarded, there is no prompt.
    rustix::termios::tcflush(&terminal, rustix::termios::QueueSelector::IFlush).ok()?;
    terminal.write_all(fitted(question).as_bytes()).ok()?;
    read_answer(terminal)
}

#[cfg(not(unix))]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::io::stderr();
    terminal.write_all(fitted(question).as_bytes()).ok()?;
    read_answer(std::io::stdin())
}

/// Asks for a secret, which is not shown while it is typed; `None` without a terminal, and after Ctrl-C or Ctrl-D.
#[cfg(unix)]
pub(crate) fn ask_hidden(question: &str) -> Option<Sealed> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    if !can_ask() {
        return None;
    }
    let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let shown = tcgetattr(&terminal).ok()?;
    let mut hidden = shown.clone();
    // Key by key, so that Ctrl-C comes as a key and cannot end the program while nothing is shown.
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
    hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&terminal, OptionalActions::Flush, &hidden).ok()?;
    let asked = terminal.write_all(fitted(question).as_bytes());
    let answer = asked.ok().and_then(|()| read_keys(&mut terminal));
    // Where this fails the shell sets the terminal back at its next prompt.
    let _ = tcsetattr(&terminal, OptionalActions::Now, &shown);
    let _ = terminal.write_all(b"\n");
    answer
}

/// A terminal that shows what is typed is no place for a secret.
#[cfg(not(unix))]
pub(crate) fn ask_hidden(_question: &str) -> Option<Sealed> {
    None
}

/// Keys up to the end of the line.
#[cfg(unix)]
fn read_keys(terminal: &mut impl std::io::Read) -> Option<Sealed> {
    let mut typed = Vec::new();
    let mut key = [0];
    while typed.len() < HIDDEN_BYTES_MAX && matches!(terminal.read(&mut key), Ok(1)) {
        match key[0] {
            b'\r' | b'\n' => return String::from_utf8(typed).ok().map(Sealed::clear),
            // Ctrl-C and Ctrl-D.
            3 | 4 => return None,
            // Backspace and delete.
            8 | 127 => drop(typed.pop()),
            byte => typed.push(byte),
        }
    }
    None
}

/// A prompt whose lines fit the terminal, without letters that steer it.
fn fitted(question: &str) -> String {
    let width = console::Term::stderr().size_checked().map(|(_, width)| usize::from(width));
    let question = harmless(question);
    let lines: Vec<String> = question.split('\n').flat_map(|line| broken(line, width)).collect();
    // What is typed does not touch the prompt.
    let gap = if question.ends_with(' ') { " " } else { "" };
    format!("{}{gap}", lines.join("\n"))
}

/// One line; `None` when the terminal hangs up.
fn read_answer(terminal: impl std::io::Read) -> Option<String> {
    let mut answer = String::new();
    let read = BufReader::new(terminal).read_line(&mut answer).ok()?;
    (read > 0).then_some(answer)
}
