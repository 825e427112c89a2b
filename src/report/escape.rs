//! Texts in a page.
//!
//! Owns the escaping, which templates/askama.toml names for all templates. Must never let a text of others become markup,
//! hide letters or turn the order of others round.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::model::one_line;

/// The escaper of all pages.
#[derive(Copy, Clone, Debug)]
pub(crate) struct PageText;

impl Escaper for PageText {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &one_line(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup_or_turns_others_round() {
        let mut written = String::new();
        let evil = "<script>alert('1')</script>&\"\u{202e}gnp.exe\u{2066}\u{0}\n";
        PageText.write_escaped_str(&mut written, evil).expect("memory takes everything");
        assert!(!written.contains(['<', '>', '"', '\'', '\u{202e}', '\u{2066}', '\n', '\0']));
        assert!(written.starts_with("&#60;script&#62;"), "{written}");
        assert!(written.contains("gnp.exe"));
    }
}
