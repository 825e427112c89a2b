//! Prose that fits the screen.
//!
//! Owns where lines are broken: at spaces, never inside a word. Must never break a line that a person copies, such as a
//! command.

/// A line broken at its spaces so that no part is wider than `width`, unless a single word is; whole where there is no
/// width.
pub(crate) fn broken(line: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![line.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last)
                if console::measure_text_width(last) + 1 + console::measure_text_width(word)
                    <= width =>
            {
                last.push(' ');
                last.push_str(word);
            }
            // A gap of several spaces ends with its line.
            Some(_) if word.is_empty() => {}
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A text whose lines fit `width` beside an indent, which all but the first have. Lines that begin with a space are
/// commands or files: they stay whole.
pub(crate) fn hanging(text: &str, width: Option<usize>, indent: usize) -> String {
    let width = width.map(|width| width.saturating_sub(indent));
    let lines = text.lines().flat_map(|line| match line.starts_with(' ') {
        true => vec![line.to_owned()],
        false => broken(line, width),
    });
    lines.collect::<Vec<String>>().join(&format!("\n{}", " ".repeat(indent)))
}

/// A text whose lines fit `width`, but for indented lines; exactly as it is where there is no width.
pub(crate) fn prose(text: &str, width: Option<usize>) -> String {
    if width.is_none() {
        return text.to_owned();
    }
    let end = if text.ends_with('\n') { "\n" } else { "" };
    format!("{}{end}", hanging(text, width, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_words_and_only_there() {
        assert_eq!(broken("one two three", Some(8)), ["one two", "three"]);
        assert_eq!(broken("incomprehensibilities all", Some(8)), ["incomprehensibilities", "all"]);
        assert_eq!(broken("one two three", None), ["one two three"]);
        assert_eq!(broken("one two   three", Some(8)), ["one two", "three"]);
        assert_eq!(broken("", Some(8)), [""]);
    }

    #[test]
    fn prose_keeps_blank_lines_and_is_unchanged_without_a_width() {
        let text = "\none two three\n  a command line\n\n";
        assert_eq!(prose(text, Some(8)), "\none two\nthree\n  a command line\n\n");
        assert_eq!(prose(text, None), text);
    }

    #[test]
    fn a_command_is_never_broken() {
        let text = "follow the commands:\n  sortie watch 20261129-051142-abcde --once";
        assert_eq!(
            hanging(text, Some(20), 7),
            "follow the\n       commands:\n         sortie watch 20261129-051142-abcde --once"
        );
    }
}
