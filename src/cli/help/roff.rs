//! Topics and plain texts as roff, for man pages.
//!
//! Owns the escaping and the macros. Must never write a text that roff could take for a request.

use crate::cli::help::markdown::{Span, TopicBlock, TopicTable, spans};
use crate::cli::help::on_screen::labelled;

/// The head of a man page.
pub(super) fn head(name: &str, section: u8, about: &str) -> String {
    format!(
        ".TH \"{}\" \"{section}\" \"\" \"sortie {}\" \"sortie\"\n.ad l\n.nh\n.SH NAME\n{} \\- {}\n",
        escaped(&name.to_uppercase()),
        env!("CARGO_PKG_VERSION"),
        escaped(name),
        line(about)
    )
}

/// The blocks of a topic.
pub(super) fn of_blocks(blocks: &[TopicBlock]) -> String {
    let mut text = String::new();
    for block in blocks {
        match block {
            TopicBlock::Heading { level: 1, .. } | TopicBlock::Derived(_) => {}
            TopicBlock::Heading { level: 2, text: heading } => {
                text.push_str(&format!(".SH {}\n", quoted(&heading.to_uppercase())));
            }
            TopicBlock::Heading { text: heading, .. } => {
                text.push_str(&format!(".SS {}\n", quoted(heading)));
            }
            TopicBlock::Paragraph(words) => text.push_str(&format!(".PP\n{}\n", marked(words))),
            TopicBlock::Items(items) => {
                for (marker, item) in items {
                    let marker = if marker == "-" { "\\(bu" } else { marker.as_str() };
                    text.push_str(&format!(".IP {marker} 4\n{}\n", marked(item)));
                }
            }
            TopicBlock::Table(table) => of_table(&mut text, table),
            TopicBlock::Code { lines, .. } => of_code(&mut text, lines.iter().copied()),
        }
    }
    text
}

/// Lines exactly as they are.
pub(super) fn of_code<'a>(text: &mut String, lines: impl Iterator<Item = &'a str>) {
    text.push_str(".PP\n.RS -3\n.nf\n");
    for code in lines {
        text.push_str(&line(code));
        text.push('\n');
    }
    text.push_str(".fi\n.RE\n");
}

fn of_table(text: &mut String, table: &TopicTable) {
    for row in &table.rows {
        let first = row.first().map(|cell| marked(cell)).unwrap_or_default();
        let others = match row.as_slice() {
            [_, only] => marked(only),
            _ => labelled(&table.header, row)
                .iter()
                .map(|words| marked(words))
                .collect::<Vec<_>>()
                .join("\n.br\n"),
        };
        text.push_str(&format!(".TP\n{first}\n{others}\n"));
    }
}

/// A line of Markdown: code and strong text are bold, links between topics become references.
pub(super) fn marked(text: &str) -> String {
    let span = |span: &Span<'_>| match *span {
        Span::Plain(text) => escaped(text),
        Span::Code(text) | Span::Strong(text) => format!("\\fB{}\\fR", escaped(text)),
        Span::Link { text, target } => match target.strip_suffix(".md") {
            Some(topic) if !topic.contains('/') => {
                format!("\\fBsortie\\-{}\\fR(7)", escaped(topic))
            }
            _ => escaped(text),
        },
    };
    guarded(spans(text).iter().map(span).collect())
}

/// A plain text as one line.
pub(super) fn line(text: &str) -> String {
    guarded(escaped(text))
}

/// A text as the argument of a macro.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('"', "\\(dq"))
}

/// A line that begins with `.` or `'` would be a request.
fn guarded(line: String) -> String {
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

/// Letters that mean something to roff, or that it turns into typographic ones.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\e"),
            '-' => escaped.push_str("\\-"),
            '\'' => escaped.push_str("\\(aq"),
            '`' => escaped.push_str("\\(ga"),
            '^' => escaped.push_str("\\(ha"),
            '~' => escaped.push_str("\\(ti"),
            letter if letter.is_ascii() => escaped.push(letter),
            letter => escaped.push_str(&format!("\\[u{:04X}]", u32::from(letter))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::markdown::blocks;

    #[test]
    fn no_text_becomes_a_request_or_an_escape() {
        assert_eq!(line(".SH evil"), "\\&.SH evil");
        assert_eq!(line("'br"), "\\(aqbr");
        assert_eq!(line(r"C:\new --yes ~ ^ ` é"), r"C:\enew \-\-yes \(ti \(ha \(ga \[u00E9]");
        assert_eq!(quoted("say \"no\""), "\"say \\(dqno\\(dq\"");
        let text = of_blocks(&blocks("```sh\n.so /etc/passwd\n'x\n\\n\n```\n"));
        assert!(text.contains("\n\\&.so /etc/passwd\n\\(aqx\n\\en\n"), "{text}");
    }

    #[test]
    fn links_between_topics_become_references() {
        assert_eq!(
            marked("See [sortie help quota](quota.md) and `--yes`."),
            "See \\fBsortie\\-quota\\fR(7) and \\fB\\-\\-yes\\fR."
        );
    }

    #[test]
    fn a_table_becomes_a_list_of_its_rows() {
        let text = of_blocks(&blocks("| a | b | c |\n|---|---|---|\n| 1 | `2` | 3 |\n"));
        assert_eq!(text, ".TP\n1\nb: \\fB2\\fR; c: 3\n");
    }
}
