//! The pager for output that is longer than the terminal.
//!
//! Owns the child process. Must never hide output: without a pager the text is written as it is.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Used where `PAGER` is not set.
const PAGER: &str = "less";
/// Options of `less` where `LESS` is not set: end at once when everything fits, show colors, leave the text on screen.
const LESS: &str = "FRX";

/// Shows a text in the person's pager. Returns whether one took it: a pager that cannot start, or that ends with an error, may
/// have shown nothing.
pub(crate) fn page(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| PAGER.to_owned());
    let mut words = pager.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else { return false };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    // Ctrl-C is for the pager while it is shown: ending before it would leave the terminal in its hands.
    #[cfg(unix)]
    let ignored =
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false)));
    let shown = command.spawn().map(|mut child| {
        if let Some(mut stdin) = child.stdin.take() {
            // A person who leaves the pager early has seen enough.
            let _ = stdin.write_all(text.as_bytes());
        }
        child.wait().is_ok_and(|status| status.success())
    });
    #[cfg(unix)]
    if let Ok(id) = ignored {
        signal_hook::low_level::unregister(id);
    }
    shown.unwrap_or(false)
}
