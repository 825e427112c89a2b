//! Problems of a job file, shown as a compiler shows them.
//!
//! Owns the layout: message, place, the line with the guilty part marked, help. Must never add text of its
//! own from the file: the job module has masked what must not be shown.

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::cli::text::layout::harmless;
use crate::cli::text::screen::Screen;
use crate::cli::text::wrap::broken;
use crate::job::Diagnostic;

/// Columns before a message: `error: `.
const MESSAGE_INDENT: usize = 7;
/// Columns before a help text beside the number of its line: `  = help: `.
const HELP_INDENT: usize = 9;

/// A problem in colors, for a screen of this width.
pub(crate) fn diagnostic(problem: &Diagnostic, screen: &Screen) -> String {
    let line = problem.line as usize;
    let Some(source) = problem.source_line.as_ref().filter(|_| line > 0) else {
        return format!("{}\n", harmless(&format!("error: {problem}")));
    };
    let fitted = |text: &str, indent: usize| {
        broken(text, screen.width.map(|width| width.saturating_sub(indent))).join("\n")
    };
    let message = fitted(&problem.message, MESSAGE_INDENT);
    let number_width = problem.line.to_string().len();
    let hint = problem.hint.as_ref().map(|hint| fitted(hint, HELP_INDENT + number_width));
    let span = span_in_bytes(source, problem.column as usize, problem.width as usize);
    let snippet = Snippet::source(source.as_str())
        .line_start(line)
        .path(problem.file.as_str())
        .annotation(AnnotationKind::Primary.span(span));
    let group = Level::ERROR.primary_title(message.as_str()).element(snippet);
    let group = match &hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    };
    let renderer = Renderer::styled().term_width(screen.width.unwrap_or(DEFAULT_TERM_WIDTH));
    let shown = renderer.render(&[group]);
    match &problem.cell {
        // A cell has a name, which people find faster than the column of a character.
        Some(cell) => {
            let place = format!(":{line}:{}", problem.column);
            format!("{}\n", shown.replacen(&place, &format!(", {cell}"), 1))
        }
        None => format!("{shown}\n"),
    }
}

/// The marked part, in bytes of the line. Column and width are in characters; 0 means the whole line.
fn span_in_bytes(line: &str, column: usize, width: usize) -> std::ops::Range<usize> {
    let byte_at =
        |characters: usize| line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at);
    if column == 0 {
        return 0..line.len();
    }
    let start = byte_at(column - 1);
    start..byte_at(column - 1 + width.max(1)).max(start)
}
