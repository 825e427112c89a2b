//! The one place that writes for people.
//!
//! Owns standard output and standard error. Colour never carries meaning alone. Must never be given a
//! secret: nothing that reaches it may come from `Sealed::expose`, but through `reveal`, for who asked for it.

use anstyle::{AnsiColor, Style};
use std::io::Write;

use super::failure::Failure;
use super::options::{Format, GlobalOptions, When};

/// Writes for people and for programs.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    verbosity: i8,
    pub format: Format,
}

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

impl Printer {
    pub(super) fn new(options: &GlobalOptions) -> Self {
        let choice = match options.color {
            When::Auto => anstream::ColorChoice::Auto,
            When::Always => anstream::ColorChoice::Always,
            When::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        let verbosity =
            if options.quiet { -1 } else { i8::try_from(options.verbose).unwrap_or(i8::MAX) };
        Self { verbosity, format: options.format }
    }

    /// Writes data to standard output. A reader that has gone away (`| head`) is not an error.
    pub(super) fn data(&self, text: &str) {
        let mut output = std::io::stdout().lock();
        let _ = output.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = output.write_all(b"\n");
        }
    }

    /// Writes secrets to standard output: only for a command whose purpose that is.
    pub(super) fn reveal(&self, text: &str) {
        self.data(text);
    }

    /// Tells people something, unless they asked for quiet.
    pub(super) fn say(&self, text: &str) {
        if self.verbosity >= 0 {
            self.to_stderr(text);
        }
    }

    /// Warns, even in quiet.
    pub(super) fn warn(&self, text: &str) {
        self.to_stderr(&format!("{WARNING}warning{WARNING:#}: {text}"));
    }

    /// Says why the command ends.
    pub(super) fn failure(&self, failure: &Failure) {
        let mut text = format!("{ERROR}error{ERROR:#}: {}", failure.what);
        if !failure.state.is_empty() {
            text.push_str(&format!("\n{HINT}state{HINT:#}: {}", failure.state));
        }
        if !failure.next.is_empty() {
            text.push_str(&format!("\n{HINT} next{HINT:#}: {}", failure.next));
        }
        self.to_stderr(&text);
    }

    /// Writes a finished text to standard error.
    pub(super) fn to_stderr(&self, text: &str) {
        let mut output = anstream::stderr().lock();
        // With no standard error left there is nobody to tell.
        let _ = output.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = output.write_all(b"\n");
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.verbosity < 0
    }
}

/// A number with its noun: `1 row`, `2 rows`.
pub(super) fn counted(number: impl Into<usize>, noun: &str) -> String {
    let number = number.into();
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Lays rows out in columns, two spaces apart.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&mut header.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}
