//! Lines of the file that keeps what was gathered.
//!
//! Owns their form: a checksum, and the JSON that it is of. Must never take a line for good whose checksum differs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{UnixMillis, sha256};

/// The number of the form. Files of another number are not read.
pub(super) const FORM: u32 = 1;
/// Hexadecimal digits of a checksum: enough to notice a damaged line.
const SUM_DIGITS: usize = 16;

/// What a line is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LineKind {
    /// A gather begins: the first line.
    Begins,
    /// One section of one device.
    Section,
    /// All that was asked for has been read.
    Ends,
}

/// A line. `B` is the body of a section, or nothing where only its place matters.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptLine<B> {
    pub line: LineKind,
    pub at: UnixMillis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<B>,
}

impl KeptLine<Value> {
    /// A line of this kind, without anything else.
    pub fn of(line: LineKind, at: UnixMillis) -> Self {
        let (tenant, device, section) = (String::new(), String::new(), String::new());
        Self { line, at, form: None, tenant, device, section, body: None }
    }
}

/// A line as it stands in the file.
pub(super) fn written(line: &KeptLine<Value>) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(line)?;
    Ok(format!("{} {text}\n", sum_of(&text)))
}

/// The JSON of a line whose checksum is right.
pub(super) fn verified(line: &str) -> Option<&str> {
    let (sum, text) = line.split_at_checked(SUM_DIGITS)?;
    let text = text.strip_prefix(' ')?;
    (sum == sum_of(text)).then_some(text)
}

fn sum_of(text: &str) -> String {
    let mut sum = sha256(text.as_bytes());
    sum.truncate(SUM_DIGITS);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_changed_is_not_verified() {
        let line = KeptLine::of(LineKind::Ends, UnixMillis(7));
        let text = written(&line).expect("a line");
        let text = text.trim_end();
        assert!(verified(text).is_some());
        assert!(verified(&text.replace('7', "8")).is_none());
        assert!(verified("").is_none() && verified("0123456789abcdef").is_none());
        assert!(verified("é123456789abcde{}").is_none());
    }
}
