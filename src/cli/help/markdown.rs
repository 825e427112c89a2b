//! The Markdown of the topics: text in, blocks and spans out.
//!
//! Owns the part of Markdown that the topics use: headings, paragraphs, lists, tables, fenced code, and code, strong text
//! and links inside a line. Must never lay anything out: each renderer does that for its own medium.

/// One block of a topic. Names of headings and languages are parts of the embedded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TopicBlock {
    Heading {
        level: usize,
        text: &'static str,
    },
    Paragraph(String),
    /// Items with their markers: `-` or `1.`.
    Items(Vec<(String, String)>),
    Table(TopicTable),
    Code {
        language: &'static str,
        lines: Vec<&'static str>,
    },
    /// A table that the program fills: `<!-- table: NAME -->`.
    Derived(&'static str),
}

/// A table with its header. Cells may hold spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicTable {
    pub header: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    Plain(&'a str),
    Code(&'a str),
    Strong(&'a str),
    Link { text: &'a str, target: &'a str },
}

/// The blocks of a topic.
pub(crate) fn blocks(text: &'static str) -> Vec<TopicBlock> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        if let Some((indent, language)) = fence(line) {
            let code = lines.by_ref().take_while(|line| fence(line).is_none());
            let code = code.map(|line| without_indent(line, indent)).collect();
            blocks.push(TopicBlock::Code { language, lines: code });
        } else if let Some(name) = derived(line) {
            blocks.push(TopicBlock::Derived(name));
        } else if line.starts_with('#') {
            let text = line.trim_start_matches('#');
            blocks.push(TopicBlock::Heading { level: line.len() - text.len(), text: text.trim() });
        } else if line.starts_with('|') {
            let mut table = vec![line];
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                table.push(line);
            }
            blocks.push(TopicBlock::Table(table_of(&table)));
        } else {
            let mut part = vec![line];
            while let Some(line) = lines.next_if(|line| continues(line)) {
                part.push(line);
            }
            match marker(line) {
                Some(_) => blocks.push(TopicBlock::Items(items(&part))),
                None => blocks.push(TopicBlock::Paragraph(part.join(" "))),
            }
        }
    }
    blocks
}

/// The indent and the language of a line that begins or ends code. Code of an item is indented as the item is.
fn fence(line: &'static str) -> Option<(usize, &'static str)> {
    let inner = line.trim_start();
    Some((line.len() - inner.len(), inner.strip_prefix("```")?))
}

fn without_indent(line: &'static str, indent: usize) -> &'static str {
    let indented = line.len() - line.trim_start_matches(' ').len();
    line.get(indent.min(indented)..).unwrap_or(line)
}

/// The name of the table that a line asks for.
pub(crate) fn derived(line: &'static str) -> Option<&'static str> {
    line.trim().strip_prefix("<!-- table: ")?.strip_suffix(" -->")
}

/// Whether a line belongs to the paragraph or list above it.
fn continues(line: &'static str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['#', '|', '<']) && fence(line).is_none()
}

/// The marker that a line of a list begins with.
fn marker(line: &str) -> Option<&str> {
    let (marker, rest) = line.split_once(' ')?;
    let number = marker.strip_suffix('.').unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    ((marker == "-" || is_number) && !rest.is_empty()).then_some(marker)
}

fn items(lines: &[&str]) -> Vec<(String, String)> {
    let mut items: Vec<(String, String)> = Vec::new();
    for line in lines {
        match (marker(line), items.last_mut()) {
            (Some(marker), _) => {
                items.push((marker.to_owned(), line[marker.len()..].trim().to_owned()));
            }
            (None, Some((_, text))) => {
                text.push(' ');
                text.push_str(line.trim());
            }
            (None, None) => {}
        }
    }
    items
}

fn table_of(lines: &[&'static str]) -> TopicTable {
    let cells = |line: &'static str| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(str::trim).collect::<Vec<&'static str>>()
    };
    let header = lines.first().map(|line| cells(line)).unwrap_or_default();
    let owned = |line: &&'static str| cells(line).into_iter().map(str::to_owned).collect();
    TopicTable { header, rows: lines.iter().skip(2).map(owned).collect() }
}

/// The spans of a line. What is not closed is plain.
pub(crate) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        match marked(&rest[at..]) {
            Some((span, length)) => {
                if at > 0 {
                    spans.push(Span::Plain(&rest[..at]));
                }
                spans.push(span);
                rest = &rest[at + length..];
            }
            None => {
                spans.push(Span::Plain(&rest[..=at]));
                rest = &rest[at + 1..];
            }
        }
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest));
    }
    spans
}

/// The marked span that a text begins with, and its length in bytes.
fn marked(text: &str) -> Option<(Span<'_>, usize)> {
    let closed = |mark: &str| {
        let inner = text.strip_prefix(mark)?;
        let end = inner.find(mark).filter(|end| *end > 0)?;
        Some((&inner[..end], end + 2 * mark.len()))
    };
    if let Some((inner, length)) = closed("`") {
        return Some((Span::Code(inner), length));
    }
    if let Some((inner, length)) = closed("**") {
        return Some((Span::Strong(inner), length));
    }
    let (inner, after) = text.strip_prefix('[')?.split_once("](")?;
    let (target, _) = after.split_once(')')?;
    let is_one_link = !inner.contains(['[', ']']);
    is_one_link
        .then_some((Span::Link { text: inner, target }, inner.len() + target.len() + "[]()".len()))
}

/// A line without its marks.
pub(crate) fn plain(text: &str) -> String {
    let plain = |span: &Span<'_>| match *span {
        Span::Plain(text) | Span::Code(text) | Span::Strong(text) | Span::Link { text, .. } => {
            text.to_owned()
        }
    };
    spans(text).iter().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_block_is_found() {
        let found = blocks(
            "# Title\n\nOne\ntwo.\n\n- a\n  b\n- c\n\n1. x\n\n| h | i |\n|---|---|\n| 1 | `2` |\n\n\
             ```yaml\na: 1\n\nb: 2\n```\n<!-- table: actions -->\n",
        );
        let item = |marker: &str, text: &str| (marker.to_owned(), text.to_owned());
        assert_eq!(
            found,
            [
                TopicBlock::Heading { level: 1, text: "Title" },
                TopicBlock::Paragraph("One two.".to_owned()),
                TopicBlock::Items(vec![item("-", "a b"), item("-", "c")]),
                TopicBlock::Items(vec![item("1.", "x")]),
                TopicBlock::Table(TopicTable {
                    header: vec!["h", "i"],
                    rows: vec![vec!["1".to_owned(), "`2`".to_owned()]],
                }),
                TopicBlock::Code { language: "yaml", lines: vec!["a: 1", "", "b: 2"] },
                TopicBlock::Derived("actions"),
            ]
        );
    }

    #[test]
    fn code_in_an_item_is_code() {
        let found = blocks(
            "1. a:\n\n   ```toml\n   b = 1\n     c\n\n   ```\n\n2. d\n   ```sh\n   e\n   ```\n",
        );
        let item = |marker: &str, text: &str| (marker.to_owned(), text.to_owned());
        assert_eq!(
            found,
            [
                TopicBlock::Items(vec![item("1.", "a:")]),
                TopicBlock::Code { language: "toml", lines: vec!["b = 1", "  c", ""] },
                TopicBlock::Items(vec![item("2.", "d")]),
                TopicBlock::Code { language: "sh", lines: vec!["e"] },
            ]
        );
    }

    #[test]
    fn spans_are_marked_and_what_is_not_closed_is_plain() {
        assert_eq!(
            spans("a `b c` **d** [e](f.md) g"),
            [
                Span::Plain("a "),
                Span::Code("b c"),
                Span::Plain(" "),
                Span::Strong("d"),
                Span::Plain(" "),
                Span::Link { text: "e", target: "f.md" },
                Span::Plain(" g"),
            ]
        );
        assert_eq!(plain("2 * 3 [x] `y"), "2 * 3 [x] `y");
        assert_eq!(plain("use `--yes` in **jobs**"), "use --yes in jobs");
    }
}
