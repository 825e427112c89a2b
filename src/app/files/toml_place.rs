//! What is wrong in a file of settings.
//!
//! Owns the words for errors of TOML: place and message. Must never show a line of the file, nor a value in it:
//! tokens and keys are written there by mistake.

use std::fmt::Write;

use crate::model::nearest;

/// Longest quoted word that is repeated as it is, in characters. Names of settings are shorter than tokens and keys.
const WORD_CHARS_MAX: usize = 24;

/// `line 3, column 7: unknown key 'regoin'; did you mean 'region'?`.
pub(crate) fn described(text: &str, error: &toml::de::Error) -> String {
    let mut described = String::new();
    if let Some(span) = error.span() {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let _ = write!(described, "line {line}, column {column}: ");
    }
    let one_line = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let shown = without_secrets(&one_line);
    described.push_str(&unknown_key(&shown).unwrap_or(shown));
    described
}

/// The message about an unknown key, with the key that was probably meant, else with all keys.
fn unknown_key(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let key = quoted.next()?;
    let keys: Vec<&str> = quoted.collect();
    Some(match (nearest(key, keys.iter().copied()), keys.is_empty()) {
        (Some(near), _) => format!("unknown key '{key}'; did you mean '{near}'?"),
        (None, true) => format!("unknown key '{key}'"),
        (None, false) => format!("unknown key '{key}'; the keys here are {}", keys.join(", ")),
    })
}

/// Takes out what the library quotes from the file: values of a wrong type, and long words.
fn without_secrets(message: &str) -> String {
    let mut shown = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(['"', '`', '\'']) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let mark = &from[..1];
        let Some(end) = from[1..].find(mark) else {
            // Half a quotation may hold anything.
            return shown + "...";
        };
        let word = &from[1..=end];
        let is_value = before.ends_with("string ");
        if is_value || word.chars().count() > WORD_CHARS_MAX {
            let _ = write!(shown, "{mark}...{mark}");
        } else {
            let _ = write!(shown, "{mark}{word}{mark}");
        }
        rest = &from[end + 2..];
    }
    // Outside of quotation marks long words without spaces are no prose.
    let words = rest
        .split(' ')
        .map(|word| if word.chars().count() > WORD_CHARS_MAX { "..." } else { word });
    shown + &words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::Profile;

    #[test]
    fn an_error_shows_place_and_message_and_no_value() {
        let key = "AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
        for (text, expected) in [
            (format!("region = \"us\"\n{key}\n"), "line 2, column"),
            (format!("region = \"us\"\n\"{key}\" = 1\n"), "line 2, column 1: unknown key '...'"),
            (format!("per_hour = \"{key}\"\n"), "line 1, column 12: invalid type: string"),
            ("per_hour = \"s3cr3t\"\n".to_owned(), "expected u32"),
            (format!("region = [\"{key}\"\n"), "line"),
            (format!("region = \"{key}\n"), "line 1"),
            ("regoin = \"us\"\n".to_owned(), "unknown key 'regoin'; did you mean 'region'?"),
        ] {
            let error = toml::from_str::<Profile>(&text).map(drop).expect_err(expected);
            let described = described(&text, &error);
            assert!(described.contains(expected), "{expected}: {described}");
            for secret in [key, "s3cr3t", "SECRET"] {
                assert!(!described.contains(secret), "{described}");
            }
            assert_eq!(described.lines().count(), 1, "{described}");
        }
    }
}
