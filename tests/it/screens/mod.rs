//! What people see on terminals of 80 and 120 columns.
//!
//! Owns the widths, and that no line is wider than its terminal. Each file holds the screens of one part. Must never take
//! a snapshot of what depends on the machine's speed.

mod doctor;
mod ending;
mod help;
mod looking;
mod planning;
mod progress;
mod topics;

use crate::harness::{Bench, Ran};
use crate::pseudo_terminal::Terminal;
use crate::snapshots::compare_text;

/// The widths that every screen is shown in.
pub(super) const WIDTHS: [u16; 2] = [80, 120];

/// Runs the program on terminals of both widths, and compares each screen with its snapshot: `screen_NAME_80` and
/// `screen_NAME_120`.
#[track_caller]
fn screen(bench: &Bench, name: &str, arguments: &[&str], more: &[(&str, &str)]) {
    for columns in WIDTHS {
        let ran = Terminal::sized(bench, columns, arguments).ends();
        compare_screen(bench, name, arguments, columns, &ran, more);
    }
}

/// Compares what was shown on a terminal of this width with its snapshot.
#[track_caller]
pub(super) fn compare_screen(
    bench: &Bench,
    name: &str,
    arguments: &[&str],
    columns: u16,
    ran: &Ran,
    more: &[(&str, &str)],
) {
    let shown = console::strip_ansi_codes(&ran.stdout).replace("\r\n", "\n");
    for line in shown.lines() {
        let width = console::measure_text_width(line);
        assert!(width <= usize::from(columns), "{width} columns on {columns}: {line}\n{shown}");
    }
    let command = arguments.join(" ");
    let text =
        format!("$ sortie {command}\nexit code {}\n--- terminal of {columns}\n{shown}", ran.code);
    compare_text(bench, &format!("screen_{name}_{columns}"), &text, more);
}
