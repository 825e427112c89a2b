//! Lines at the bottom of a terminal that are drawn over and over.
//!
//! Owns what is drawn there, and clears it while something else is written. Must never fail: a run outlives its terminal. Must never
//! draw where standard error is no terminal.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::Term;

/// Back to the first column, and from there to the end of the screen.
const TO_START: &str = "\r";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_LINE_END: &str = "\x1b[K";

/// The region of a terminal. There is one at most.
#[derive(Debug, Default)]
pub(crate) struct LiveRegion(Mutex<Region>);

#[derive(Debug, Default)]
struct Region {
    /// What is to be seen; empty where there is nothing.
    lines: Vec<String>,
    /// Widths of the lines that stand on the terminal.
    drawn: Vec<usize>,
    /// A question stands in its place.
    is_hidden: bool,
}

impl LiveRegion {
    /// Whether lines can be drawn over: standard error is a terminal that knows how.
    pub(crate) fn is_possible() -> bool {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        std::io::stderr().is_terminal() && !is_dumb
    }

    /// Shows these lines instead of those before.
    pub(crate) fn show(&self, lines: Vec<String>) {
        let mut region = self.lock();
        if region.lines == lines && !region.drawn.is_empty() {
            return;
        }
        region.lines = lines;
        if !region.is_hidden {
            region.draw();
        }
    }

    /// Clears the lines for good.
    pub(crate) fn clear(&self) {
        let mut region = self.lock();
        region.lines.clear();
        region.erase();
    }

    /// Clears the lines until [`LiveRegion::unhide`].
    pub(crate) fn hide(&self) {
        let mut region = self.lock();
        region.is_hidden = true;
        region.erase();
    }

    /// Shows the lines again.
    pub(crate) fn unhide(&self) {
        let mut region = self.lock();
        region.is_hidden = false;
        region.draw();
    }

    /// Writes something above the lines.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut region = self.lock();
        region.erase();
        let written = write();
        if !region.is_hidden {
            region.draw();
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, Region> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Region {
    fn draw(&mut self) {
        let (height, width) = size();
        let shown = fitting(&self.lines, height, width);
        let mut text = up(&self.drawn, width);
        for line in shown {
            text.push_str(&format!("{line}{CLEAR_LINE_END}\n"));
        }
        if !text.is_empty() {
            text.push_str(CLEAR_BELOW);
        }
        self.drawn = shown.iter().map(|line| console::measure_text_width(line)).collect();
        write(&text);
    }

    fn erase(&mut self) {
        if !self.drawn.is_empty() {
            write(&format!("{}{CLEAR_BELOW}", up(&self.drawn, size().1)));
            self.drawn.clear();
        }
    }
}

/// The first lines that fit. One row stays free for the cursor: what scrolls away cannot be drawn over.
fn fitting(lines: &[String], height: usize, width: usize) -> &[String] {
    let mut free = height.saturating_sub(1);
    let fits = |line: &&String| {
        let rows = rows_of(console::measure_text_width(line), width);
        let is_fitting = rows <= free;
        free = if is_fitting { free - rows } else { 0 };
        is_fitting
    };
    &lines[..lines.iter().take_while(fits).count()]
}

/// Rows that a line of this width takes: the terminal wraps those that are too wide.
fn rows_of(line: usize, width: usize) -> usize {
    line.div_ceil(width.max(1)).max(1)
}

/// The way back to the first of these lines. A terminal that has become narrower has wrapped those that are too wide.
fn up(drawn: &[usize], width: usize) -> String {
    let rows: usize = drawn.iter().map(|line| rows_of(*line, width)).sum();
    match rows {
        0 => String::new(),
        rows => format!("{TO_START}\x1b[{rows}A"),
    }
}

/// Lines and columns of the terminal at this moment.
fn size() -> (usize, usize) {
    let (height, width) = Term::stderr().size_checked().unwrap_or((24, 80));
    (usize::from(height), usize::from(width))
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A terminal that has gone away is no error: the run continues.
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_counts_lines_that_a_narrower_terminal_wraps() {
        assert_eq!(up(&[], 80), "");
        assert_eq!(up(&[79, 0, 10], 80), "\r\x1b[3A");
        assert_eq!(up(&[79, 0, 10], 40), "\r\x1b[4A");
        assert_eq!(up(&[79, 0, 10], 0), "\r\x1b[90A");
    }

    #[test]
    fn lines_that_wrap_count_as_the_rows_they_take() {
        let lines = ["a".repeat(35), "b".repeat(20), String::new(), "c".to_owned()];
        for (height, width, shown) in
            [(24, 80, 4), (5, 80, 4), (4, 80, 3), (5, 20, 3), (4, 20, 2), (3, 20, 1), (1, 20, 0)]
        {
            assert_eq!(fitting(&lines, height, width).len(), shown, "{height} rows of {width}");
        }
    }

    #[test]
    fn what_is_written_beside_an_empty_region_is_written_alone() {
        let region = LiveRegion::default();
        assert_eq!(region.beside(|| 7), 7);
        region.clear();
        assert!(region.lock().drawn.is_empty());
    }
}
