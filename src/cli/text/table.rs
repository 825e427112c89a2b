//! Tables that fit the screen.
//!
//! Owns columns, their sides, and what is shortened or left out where the terminal is narrow. Must never wrap a cell, and
//! never let a text of others steer the terminal.

use std::borrow::Cow;

use crate::cli::text::layout::one_line;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::wrap::broken;

/// Marks the missing rest of a shortened cell.
const REST: &str = "…";
/// Spaces between two columns.
const GAP: usize = 2;
/// A column that may be shortened keeps at least this many characters unless it says otherwise.
const LEAST: usize = 8;

/// One column of a table.
#[derive(Copy, Clone, Debug)]
pub(crate) struct TableColumn {
    header: &'static str,
    is_right: bool,
    /// Narrowest width; `None` for ids and other values that are useless when shortened.
    least: Option<usize>,
    is_optional: bool,
}

impl TableColumn {
    /// Text on the left, which may be shortened.
    pub(crate) const fn text(header: &'static str) -> Self {
        Self { header, is_right: false, least: Some(LEAST), is_optional: false }
    }

    /// A value that is never shortened: an id, a time, a word.
    pub(crate) const fn whole(header: &'static str) -> Self {
        Self { header, is_right: false, least: None, is_optional: false }
    }

    /// A number, on the right.
    pub(crate) const fn number(header: &'static str) -> Self {
        Self { header, is_right: true, least: None, is_optional: false }
    }

    /// Shortened to no less than this many characters.
    pub(crate) const fn at_least(mut self, width: usize) -> Self {
        self.least = Some(width);
        self
    }

    /// Left out, the last one first, where the table is still too wide with every text shortened.
    pub(crate) const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

/// One cell: a text and the tone that repeats its meaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableCell {
    text: String,
    tone: Tone,
}

impl TableCell {
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for TableCell {
    fn from(text: T) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

/// A table under one header line.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<TableColumn>,
    rows: Vec<TableRow>,
    indent: usize,
}

#[derive(Clone, Debug)]
enum TableRow {
    Cells(Vec<TableCell>),
    /// A line over all columns, above the rows that it is about.
    Heading(TableCell),
}

impl Table {
    pub(crate) fn new(columns: &[TableColumn]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new(), indent: 0 }
    }

    /// Stands this many spaces from the left edge.
    pub(crate) fn indented(mut self, spaces: usize) -> Self {
        self.indent = spaces;
        self
    }

    /// Adds a row; it has as many cells as the table has columns.
    pub(crate) fn row<C: Into<TableCell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(TableRow::Cells(cells.into_iter().map(Into::into).collect()));
    }

    /// Adds a line over all columns; it is broken at words where the table is narrower.
    pub(crate) fn heading(&mut self, text: impl Into<TableCell>) {
        self.rows.push(TableRow::Heading(text.into()));
    }

    /// The table as lines that fit the screen. A column without a header and without a value takes no room.
    pub(crate) fn render(&self, screen: &Screen) -> String {
        let (shown, widths) = self.fit(screen.width.map(|width| width.saturating_sub(self.indent)));
        let mut text = String::new();
        if self.columns.iter().any(|column| !column.header.is_empty()) {
            let header =
                self.columns.iter().map(|column| TableCell::toned(Tone::Strong, column.header));
            self.line(&mut text, &header.collect::<Vec<_>>(), &shown, &widths, screen);
        }
        for row in &self.rows {
            match row {
                TableRow::Cells(cells) => self.line(&mut text, cells, &shown, &widths, screen),
                TableRow::Heading(heading) => self.heading_lines(&mut text, heading, screen),
            }
        }
        text
    }

    fn heading_lines(&self, text: &mut String, heading: &TableCell, screen: &Screen) {
        let indent = " ".repeat(self.indent);
        let width = screen.width.map(|width| width.saturating_sub(self.indent));
        for line in broken(&one_line(&heading.text), width) {
            text.push_str(&format!("{indent}{}\n", screen.toned(heading.tone, &line)));
        }
    }

    /// Which columns are shown, and how wide each is.
    fn fit(&self, width: Option<usize>) -> (Vec<usize>, Vec<usize>) {
        let natural = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| match row {
                TableRow::Cells(cells) => cells.get(at),
                TableRow::Heading(_) => None,
            });
            let widest = cells.map(|cell| width_of(&cell.text)).max().unwrap_or(0);
            widest.max(width_of(self.columns[at].header))
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(|at| widths[*at] > 0).collect();
        let Some(width) = width else { return (shown, widths) };
        let least = |at: usize, width: usize| {
            let column = &self.columns[at];
            column.least.map_or(width, |least| width.min(least.max(width_of(column.header))))
        };
        let total = |shown: &[usize], width_at: &dyn Fn(usize) -> usize| {
            shown.iter().map(|at| width_at(*at)).sum::<usize>()
                + GAP * shown.len().saturating_sub(1)
        };
        while total(&shown, &|at| least(at, widths[at])) > width {
            let Some(last) = shown.iter().rposition(|at| self.columns[*at].is_optional) else {
                break;
            };
            shown.remove(last);
        }
        while total(&shown, &|at| widths[at]) > width {
            let shrinkable =
                shown.iter().copied().filter(|at| widths[*at] > least(*at, widths[*at]));
            let Some(widest) = shrinkable.max_by_key(|at| widths[*at]) else { break };
            widths[widest] -= 1;
        }
        (shown, widths)
    }

    fn line(
        &self,
        text: &mut String,
        row: &[TableCell],
        shown: &[usize],
        widths: &[usize],
        screen: &Screen,
    ) {
        let mut line = " ".repeat(self.indent);
        let empty = TableCell::default();
        for (number, at) in shown.iter().enumerate() {
            let cell = row.get(*at).unwrap_or(&empty);
            let short = shortened(&cell.text, widths[*at]);
            let pad = " ".repeat(widths[*at].saturating_sub(width_of(&short)));
            let toned = screen.toned(cell.tone, &short);
            let is_last = number + 1 == shown.len();
            match self.columns[*at].is_right {
                true => line.push_str(&format!("{pad}{toned}")),
                false => line.push_str(&format!("{toned}{pad}")),
            }
            if !is_last {
                line.push_str(&" ".repeat(GAP));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Columns that a text takes on a terminal.
pub(crate) fn width_of(text: &str) -> usize {
    console::measure_text_width(&one_line(text))
}

/// A text on one line of at most `width` columns, with `…` for what is left off.
pub(crate) fn shortened(text: &str, width: usize) -> Cow<'_, str> {
    let text = one_line(text);
    match console::measure_text_width(&text) > width {
        true => Cow::Owned(console::truncate_str(&text, width, REST).into_owned()),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[
            TableColumn::whole("RUN"),
            TableColumn::text("JOB"),
            TableColumn::number("TASKS"),
            TableColumn::text("ADDRESS").optional(),
        ]);
        table.row([
            "20261129-1",
            "offboarding-of-the-design-lab",
            "12",
            "https://acme.api.kandji.io",
        ]);
        table.row(["20261129-2", "日本語のジョブ", "3", "https://acme.api.kandji.io"]);
        table
    }

    #[test]
    fn a_table_without_a_width_is_whole_and_aligned() {
        let text = sample().render(&Screen::plain());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("offboarding-of-the-design-lab     12  https://acme"));
        assert!(lines[2].contains("日本語のジョブ") && lines[2].contains("      3  https"));
        assert!(lines.iter().all(|line| !line.ends_with(' ')));
    }

    #[test]
    fn a_narrow_table_shortens_texts_then_leaves_columns_out() {
        for width in 20..100 {
            let screen = Screen { width: Some(width), ..Screen::plain() };
            let text = sample().render(&screen);
            assert_eq!(text.lines().count(), 3, "no cell wraps");
            assert!(text.contains("20261129-1"), "ids stay whole");
            let widest = text.lines().map(width_of).max().expect("lines");
            assert!(widest <= width.max(27), "{widest} > {width}:\n{text}");
        }
        let screen = Screen { width: Some(30), ..Screen::plain() };
        assert!(!sample().render(&screen).contains("ADDRESS"));
    }

    #[test]
    fn a_name_that_others_chose_stays_in_its_cell() {
        let mut table = Table::new(&[TableColumn::text("NAME"), TableColumn::whole("END")]);
        table.row(["a\nrun ok\u{1b}[2J", "x"]);
        let text = table.render(&Screen::plain());
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_heading_spans_the_columns_and_breaks_at_words() {
        let mut table = Table::new(&[TableColumn::whole("A"), TableColumn::whole("B")]);
        table.heading("not allowed for this device");
        table.row(["1", "2"]);
        let text = table.clone().indented(2).render(&Screen::plain());
        assert_eq!(text, "  A  B\n  not allowed for this device\n  1  2\n");
        let screen = Screen { width: Some(16), ..Screen::plain() };
        assert_eq!(table.render(&screen), "A  B\nnot allowed for\nthis device\n1  2\n");
    }

    #[test]
    fn a_column_without_header_and_values_takes_no_room() {
        let mut table = Table::new(&[TableColumn::whole(""), TableColumn::whole("A")]);
        table.row(["", "x"]);
        assert_eq!(table.render(&Screen::plain()), "A\nx\n");
    }
}
