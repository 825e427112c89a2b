//! The form of a PIN: six digits, and nothing else.
//!
//! Owns what is wrong with something in the place of a PIN. Must never repeat it, nor drop it: it may be the
//! PIN after all.

use serde_json::Value;

use crate::model::{Sealed, ShownPin};

/// Digits of a PIN, as documented.
const DIGITS: usize = 6;

/// The value in the place of a PIN; null, false, an empty text and nothing at all mean none.
pub(super) fn shown_pin(value: &Value) -> Option<ShownPin> {
    let (text, flaw) = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => (text.clone(), flaw_of(text)),
        Value::Number(number) => {
            let text = number.to_string();
            let lost = |flaw| format!("{flaw}; the answer has a number, which loses leading zeros");
            let flaw = flaw_of(&text).map(lost);
            (text, flaw)
        }
        Value::Bool(true) => ("true".to_owned(), Some("is 'true' instead of text".to_owned())),
        Value::Array(_) => (value.to_string(), Some("is a list instead of text".to_owned())),
        Value::Object(_) => (value.to_string(), Some("is an object instead of text".to_owned())),
    };
    Some(ShownPin { pin: Sealed::clear(text), flaw })
}

/// What is wrong with the text of a PIN, as the rest of a sentence that begins with "the PIN".
fn flaw_of(text: &str) -> Option<String> {
    let count = text.chars().count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let spaces = text.chars().filter(|letter| letter.is_whitespace()).count();
    Some(if digits == count && count == DIGITS {
        return None;
    } else if digits == count {
        format!("has {} instead of six", counted(digits, "digit"))
    } else if spaces == count {
        "is blank".to_owned()
    } else if spaces > 0 && digits + spaces == count {
        format!(
            "has {} and {} instead of six digits",
            counted(digits, "digit"),
            counted(spaces, "space")
        )
    } else if text.chars().all(char::is_alphabetic) {
        format!("is {} instead of six digits", counted(count, "letter"))
    } else if digits == 0 {
        format!("is {} without a digit, like a placeholder", counted(count, "character"))
    } else {
        format!("has {} and other characters instead of six digits", counted(digits, "digit"))
    })
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flaw_says_what_is_wrong_and_never_the_text() {
        for (value, text, flaw) in [
            (json!("496406"), "496406", None),
            (json!("012345"), "012345", None),
            (json!(496406), "496406", None),
            (json!("4964"), "4964", Some("has 4 digits instead of six")),
            (json!("1"), "1", Some("has 1 digit instead of six")),
            (json!("4964069"), "4964069", Some("has 7 digits instead of six")),
            (json!("letter"), "letter", Some("is 6 letters instead of six digits")),
            (json!("496 406"), "496 406", Some("has 6 digits and 1 space instead of six digits")),
            (json!("   "), "   ", Some("is blank")),
            (
                json!("******"),
                "******",
                Some("is 6 characters without a digit, like a placeholder"),
            ),
            (json!("N/A"), "N/A", Some("is 3 characters without a digit, like a placeholder")),
            (
                json!("49640a"),
                "49640a",
                Some("has 5 digits and other characters instead of six digits"),
            ),
            (
                json!("٤٩٦٤٠٦"),
                "٤٩٦٤٠٦",
                Some("is 6 characters without a digit, like a placeholder"),
            ),
            (json!(["496406"]), "[\"496406\"]", Some("is a list instead of text")),
            (
                json!({"value": "496406"}),
                "{\"value\":\"496406\"}",
                Some("is an object instead of text"),
            ),
            (json!(true), "true", Some("is 'true' instead of text")),
            (
                json!(12345),
                "12345",
                Some(
                    "has 5 digits instead of six; the answer has a number, which loses leading zeros",
                ),
            ),
        ] {
            let shown = shown_pin(&value).expect("something is there");
            assert_eq!(shown.pin.expose(), Some(text), "{value}");
            assert_eq!(shown.flaw.as_deref(), flaw, "{value}");
        }
        for value in [json!(null), json!(""), json!(false)] {
            assert!(shown_pin(&value).is_none(), "{value}");
        }
    }
}
