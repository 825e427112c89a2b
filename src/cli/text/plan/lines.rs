//! Headings, labelled facts and counted reasons.
//!
//! Owns their form. Must never write a letter of others that steers the terminal.

use super::view::PlanExtent;
use crate::cli::text::layout::{one_line, thousands};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::width_of;
use crate::cli::text::wrap::broken;
use crate::plan::sampled;

/// Longest text of a device or a plan that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 200;
/// Longest sentence of a plan that is shown, in characters.
const SENTENCE_CHARS_MAX: usize = 600;
/// Narrowest room for a text beside its label; a terminal that leaves less gets longer lines.
const TEXT_WIDTH_MIN: usize = 20;
/// Rows of a long list that are shown without `--full`.
pub(super) const ROWS_SHOWN: usize = 10;

/// A text of the plan on one line of limited length.
pub(crate) fn shown(text: &str) -> String {
    one_line(text).chars().take(SHOWN_CHARS_MAX).collect()
}

/// A sentence of the plan on one line of limited length.
pub(super) fn shown_sentence(text: &str) -> String {
    one_line(text).chars().take(SENTENCE_CHARS_MAX).collect()
}

/// The heading of a section, below an empty line.
pub(super) fn heading(text: &str, tone: Tone, screen: &Screen) -> String {
    format!("\n{}\n", screen.toned(tone, &one_line(text)))
}

/// A text after its label, on lines that fit the screen and begin below the text. The label carries no letters of others.
pub(super) fn labelled(label: &str, text: &str, screen: &Screen) -> String {
    let indent = width_of(label);
    let width = screen.width.map(|width| width.saturating_sub(indent).max(TEXT_WIDTH_MIN));
    let lines = broken(&one_line(text), width).join(&format!("\n{}", " ".repeat(indent)));
    format!("{label}{lines}\n")
}

/// Facts with their labels, each in lines that fit the screen.
pub(crate) fn facts<T: AsRef<str>>(rows: &[(&str, T)], screen: &Screen) -> String {
    let widest = rows.iter().map(|(label, _)| width_of(label)).max().unwrap_or(0);
    let line = |(label, text): &(&str, T)| {
        let pad = " ".repeat(widest - width_of(label));
        labelled(&format!("  {label}{pad}  "), text.as_ref(), screen)
    };
    rows.iter().map(line).collect()
}

/// Texts with the number of what each is true of, under a header of two words.
pub(super) fn counted_texts(
    [header, what]: [&str; 2],
    rows: &[(u32, String)],
    screen: &Screen,
) -> String {
    let width = header.len();
    let mut text = format!("  {}\n", screen.toned(Tone::Strong, &format!("{header}  {what}")));
    for (count, row) in rows {
        text.push_str(&labelled(&format!("  {:>width$}  ", thousands(*count)), row, screen));
    }
    text
}

/// A list of sentences.
pub(super) fn bullets(sentences: &[String], screen: &Screen) -> String {
    sentences.iter().map(|sentence| labelled("  - ", sentence, screen)).collect()
}

/// The rows of a list that are shown, and its heading with how many there are.
pub(super) fn rows_of<'t, T>(
    what: &str,
    list: &'t [T],
    extent: PlanExtent,
) -> (String, Vec<&'t T>) {
    let most = match extent {
        PlanExtent::Short => ROWS_SHOWN,
        PlanExtent::Full => list.len(),
    };
    let rows: Vec<&T> = sampled(list, most).collect();
    let heading = match rows.len() < list.len() {
        true => {
            format!("{what} ({} of {}; --full shows all)", rows.len(), thousands(list.len()))
        }
        false => format!("{what} ({})", thousands(list.len())),
    };
    (heading, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_begin_below_the_text() {
        let screen = Screen { width: Some(28), ..Screen::plain() };
        let text = labelled("  why  ", "one two three four five six seven", &screen);
        assert_eq!(text, "  why  one two three four\n       five six seven\n");
        let evil = labelled("  ", "name\nerror: x\u{1b}[2J", &Screen::plain());
        assert!(evil.lines().count() == 1 && !evil.contains('\u{1b}'));
    }
}
