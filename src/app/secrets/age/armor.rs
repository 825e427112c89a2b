//! ASCII armor: a file as text, for places that take only text.
//!
//! Owns both directions. Must never accept more than one way to write the same bytes, but for two allowances of the
//! format: lines may end with CR LF, and white space may be before and after the armor.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
/// Columns of a line; only the last one may be shorter.
const LINE_COLUMNS: usize = 64;

/// The bytes as armored text, with a line feed at its end.
pub(super) fn write(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.len() / LINE_COLUMNS + 1;
    let mut text = String::with_capacity(encoded.len() + lines + BEGIN.len() + END.len() + 2);
    text.push_str(BEGIN);
    text.push('\n');
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE_COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// The bytes of an armored text; `None` when it is malformed.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
    let text = text.trim_matches(WHITE_SPACE);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if lines.next()? != BEGIN {
        return None;
    }
    let mut encoded = String::with_capacity(text.len());
    let mut is_last_line = false;
    for line in lines.by_ref() {
        if line == END {
            return lines.next().is_none().then(|| STANDARD.decode(&encoded).ok())?;
        }
        if is_last_line || line.is_empty() || line.len() > LINE_COLUMNS {
            return None;
        }
        is_last_line = line.len() < LINE_COLUMNS;
        encoded.push_str(line);
    }
    None
}
