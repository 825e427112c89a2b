//! Topics as text on a terminal.
//!
//! Owns wrapping, indents and what a table becomes where it is wider than the terminal. Must never cut anything off: a help
//! text that ends in `…` is useless.

use crate::cli::help::markdown::{Span, TopicBlock, TopicTable, plain, spans};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn, width_of};

/// Columns where there is no terminal.
const WIDTH: usize = 80;
/// Most columns of a text that is pleasant to read.
const WIDTH_MAX: usize = 100;
/// Text stands this far from the edge; headings stand at the edge.
const INDENT: usize = 2;
/// Code stands further in.
const CODE_INDENT: usize = 6;
/// The last column of a table wraps where it has at least this much room.
const LAST_COLUMN: usize = 30;
/// Code of at most this many characters stays on one line.
const CODE_WHOLE: usize = 40;
/// A column whose cells need no label.
pub(crate) const SUMMARY: &str = "what it does";

/// A word with its tones; the width is without them.
#[derive(Debug, Default)]
struct Word {
    shown: String,
    width: usize,
}

/// A topic laid out for a screen.
pub(crate) fn on_screen(blocks: &[TopicBlock], screen: &Screen) -> String {
    let width = screen.width.unwrap_or(WIDTH).min(WIDTH_MAX);
    let mut text = String::new();
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        match block {
            TopicBlock::Heading { text: heading, .. } => {
                text.push_str(&screen.toned(Tone::Strong, heading));
                text.push('\n');
                continue;
            }
            TopicBlock::Paragraph(words) => hanging(&mut text, "", INDENT, words, width, screen),
            TopicBlock::Items(items) => {
                for (marker, item) in items {
                    hanging(&mut text, marker, INDENT, item, width, screen);
                }
            }
            TopicBlock::Table(table) => text.push_str(&table_on_screen(table, width, screen)),
            TopicBlock::Code { lines, .. } => {
                for line in lines {
                    let indent = if line.is_empty() { 0 } else { CODE_INDENT };
                    text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
                }
            }
            TopicBlock::Derived(_) => {}
        }
    }
    // A heading and what it stands over belong together.
    let mut joined = String::new();
    let mut is_after_heading = false;
    for line in text.lines() {
        if !(line.is_empty() && is_after_heading) {
            joined.push_str(line);
            joined.push('\n');
        }
        is_after_heading = !line.is_empty() && !line.starts_with(' ');
    }
    joined
}

/// A table as it is where it fits, with its last column wrapped where that has room, and as records elsewhere.
pub(crate) fn table_on_screen(table: &TopicTable, width: usize, screen: &Screen) -> String {
    let cell_width = |text: &str| width_of(&plain(text));
    let widths: Vec<usize> = (0..table.header.len())
        .map(|at| {
            let cells = table.rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| cell_width(cell)).max().unwrap_or(0);
            widest.max(cell_width(table.header[at]))
        })
        .collect();
    let total = |widths: &[usize]| widths.iter().map(|width| width + 2).sum::<usize>();
    if INDENT + total(&widths).saturating_sub(2) <= width {
        return whole_table(table, screen);
    }
    let left = INDENT + total(&widths[..widths.len().saturating_sub(1)]);
    let mut text = String::new();
    match left + LAST_COLUMN <= width {
        true => {
            let header = table.header.iter().map(|name| capitals(name));
            let header: Vec<String> = header.collect();
            if header.iter().any(|name| !name.is_empty()) {
                wrapped_row(&mut text, &header, &widths, left, width, screen);
            }
            for row in &table.rows {
                wrapped_row(&mut text, row, &widths, left, width, screen);
            }
        }
        false => {
            for row in &table.rows {
                record(&mut text, &table.header, row, width, screen);
            }
        }
    }
    text
}

/// A header in capitals. Code stays as it is written.
fn capitals(name: &str) -> String {
    let capital = |span: &Span<'_>| match *span {
        Span::Code(text) => format!("`{text}`"),
        Span::Plain(text) | Span::Strong(text) | Span::Link { text, .. } => text.to_uppercase(),
    };
    spans(name).iter().map(capital).collect()
}

fn whole_table(table: &TopicTable, screen: &Screen) -> String {
    // Headers of topics are in lower case, those of tables on a screen in capitals: the first row shows them.
    let columns: Vec<TableColumn> = table.header.iter().map(|_| TableColumn::whole("")).collect();
    let mut laid = Table::new(&columns).indented(INDENT);
    let header =
        table.header.iter().map(|name| TableCell::toned(Tone::Strong, plain(&capitals(name))));
    if table.header.iter().any(|name| !name.is_empty()) {
        laid.row(header);
    }
    for row in &table.rows {
        laid.row(row.iter().map(|cell| plain(cell)));
    }
    laid.render(&Screen { width: None, ..screen.clone() })
}

/// One row, whose last cell goes on below itself.
fn wrapped_row(
    text: &mut String,
    row: &[String],
    widths: &[usize],
    left: usize,
    width: usize,
    screen: &Screen,
) {
    let mut begin = String::new();
    for (cell, width) in row.iter().zip(&widths[..widths.len().saturating_sub(1)]) {
        let cell = plain(cell);
        begin.push_str(&format!(
            "{cell}{}",
            " ".repeat((width + 2).saturating_sub(width_of(&cell)))
        ));
    }
    let last = row.get(widths.len().saturating_sub(1)).map_or("", String::as_str);
    let lines = wrapped(last, width - left, screen);
    let mut lines = lines.iter();
    let first = lines.next().map_or("", String::as_str);
    text.push_str(format!("{}{begin}{first}", " ".repeat(INDENT)).trim_end());
    text.push('\n');
    for line in lines {
        text.push_str(&format!("{}{line}\n", " ".repeat(left)));
    }
}

/// One row as a record: its first cell, and the others below with their headers.
fn record(text: &mut String, header: &[&str], row: &[String], width: usize, screen: &Screen) {
    let first = row.first().map(|cell| plain(cell)).unwrap_or_default();
    let name = match header.first().copied() {
        Some("#") => format!("{first}."),
        _ => first,
    };
    text.push_str(&format!("{}{}\n", " ".repeat(INDENT), screen.toned(Tone::Strong, &name)));
    for words in labelled(header, row) {
        hanging(text, "", INDENT + 4, &words, width, screen);
    }
}

/// The cells after the first with their headers: the summary alone, the short ones together, long ones each alone.
pub(super) fn labelled(header: &[&str], row: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut short = Vec::new();
    for (name, cell) in header.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
        if *name == SUMMARY {
            lines.push(cell.clone());
        } else {
            short.push(format!("{name}: {cell}"));
        }
    }
    let is_long = short.iter().any(|part| width_of(&plain(part)) > 2 * CODE_WHOLE);
    match is_long {
        true => lines.extend(short),
        false if !short.is_empty() => lines.push(short.join("; ")),
        false => {}
    }
    lines
}

/// A text that hangs below its marker.
fn hanging(
    text: &mut String,
    marker: &str,
    indent: usize,
    words: &str,
    width: usize,
    screen: &Screen,
) {
    let hang = if marker.is_empty() { indent } else { indent + marker.len() + 1 };
    for (number, line) in wrapped(words, width.saturating_sub(hang), screen).iter().enumerate() {
        match number {
            0 if !marker.is_empty() => {
                text.push_str(&format!("{}{marker} {line}\n", " ".repeat(indent)));
            }
            _ => text.push_str(&format!("{}{line}\n", " ".repeat(hang))),
        }
    }
}

/// A text in lines of at most this many columns, broken between words only.
pub(crate) fn wrapped(text: &str, width: usize, screen: &Screen) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in words(text, screen) {
        if used > 0 && used + 1 + word.width > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word.shown);
        used += word.width;
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

/// The words of a text. Marks become tones, and stay as they are where there are none.
fn words(text: &str, screen: &Screen) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for span in spans(text) {
        let (content, tone, is_whole) = match span {
            Span::Plain(text) | Span::Link { text, .. } => (text.to_owned(), Tone::Plain, false),
            Span::Strong(text) => (text.to_owned(), Tone::Strong, false),
            Span::Code(text) => {
                let is_whole = width_of(text) <= CODE_WHOLE;
                let text = if screen.has_colors { text.to_owned() } else { format!("`{text}`") };
                (text, Tone::Strong, is_whole)
            }
        };
        let parts: Vec<&str> =
            if is_whole { vec![content.as_str()] } else { content.split(' ').collect() };
        for (number, part) in parts.into_iter().enumerate() {
            if number > 0 && word.width > 0 {
                words.push(std::mem::take(&mut word));
            }
            if !part.is_empty() {
                word.shown.push_str(&screen.toned(tone, part));
                word.width += width_of(part);
            }
        }
    }
    if word.width > 0 {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::markdown::blocks;

    fn sized(width: usize) -> Screen {
        Screen { width: Some(width), ..Screen::plain() }
    }

    #[test]
    fn a_paragraph_breaks_between_words_and_keeps_code_whole() {
        let lines = wrapped("Use `sortie run JOB` to send, then look.", 19, &Screen::plain());
        assert_eq!(lines, ["Use", "`sortie run JOB` to", "send, then look."]);
        let colored = Screen { has_colors: true, ..Screen::plain() };
        let lines = wrapped("Use `a b`.", 20, &colored);
        assert_eq!(console::strip_ansi_codes(&lines[0]), "Use a b.");
    }

    #[test]
    fn a_wide_table_wraps_its_last_column_or_becomes_records() {
        let found = blocks(
            "| name | what it does |\n|---|---|\n| `a` | says one thing after another until it ends |\n",
        );
        assert_eq!(capitals("`--at` and time"), "`--at` AND TIME");
        let whole = on_screen(&found, &sized(100));
        assert!(whole.contains("NAME  WHAT IT DOES\n  a     says one thing"), "{whole}");
        let wrapped = on_screen(&found, &sized(44));
        assert!(
            wrapped.contains("  a     says one thing after another until\n        it ends"),
            "{wrapped}"
        );
        let records = on_screen(&found, &sized(30));
        assert!(records.contains("  a\n      says one thing after\n"), "{records}");
    }

    #[test]
    fn headings_items_and_code_are_separated() {
        let found = blocks("# T\n\nWords.\n\n- one\n- two\n\n```sh\nsortie runs\n```\n");
        let text = on_screen(&found, &sized(80));
        assert_eq!(text, "T\n  Words.\n\n  - one\n  - two\n\n      sortie runs\n");
    }
}
