//! Problems of a job file, shown as a compiler shows them.
//!
//! Owns the layout: message, place, the line with the guilty part marked, help. Must never add text of its
//! own from the file: the job module has masked what must not be shown.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::app::JobReason;
use crate::cli::failure::Failure;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::harmless;
use crate::job::{Diagnostic, Diagnostics};

/// Shows all problems and returns the failure that ends the command.
pub(crate) fn invalid_job(problems: Diagnostics, printer: &Printer) -> Failure {
    for problem in &problems.items {
        printer.styled(&render(problem));
    }
    JobReason::Invalid { problems }.into()
}

fn render(problem: &Diagnostic) -> String {
    let renderer = Renderer::styled();
    let line = problem.line as usize;
    let report = match &problem.source_line {
        Some(source) if line > 0 => {
            let span = span_in_bytes(source, problem.column as usize, problem.width as usize);
            let snippet = Snippet::source(source.as_str())
                .line_start(line)
                .path(problem.file.as_str())
                .annotation(AnnotationKind::Primary.span(span));
            let group = Level::ERROR.primary_title(problem.message.as_str()).element(snippet);
            match &problem.hint {
                Some(hint) => renderer.render(&[group.element(Level::HELP.message(hint.as_str()))]),
                None => renderer.render(&[group]),
            }
        }
        _ => harmless(&format!("error: {problem}")).into_owned(),
    };
    format!("{report}\n")
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
