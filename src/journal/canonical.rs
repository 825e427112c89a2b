//! The text of a stored body as it is hashed: keys in order, without secrets.
//!
//! Owns the fast way to it, which cuts the text into tokens and copies them, without memory of its own for each. Invariant:
//! it gives the same bytes as reading the body into a JSON value and writing that; everything that it is not sure about
//! goes that way. Must never repeat text in an error: it may be a PIN.

use std::ops::Range;
use zeroize::Zeroize;

use super::chain::{Leave, is_secret_key, stored_json, write_without_secrets};

/// Deepest nesting that is cut; entries have five levels. Deeper ones go the slow way, which has its own limit.
const DEPTH_MAX: usize = 32;
/// Longest number that is copied unchanged: every integer of so many digits fits into 64 bits.
const DIGITS_MAX: usize = 18;
/// Bytes of a string that are read together.
const STRIDE: usize = size_of::<u64>();

/// Writes stored bodies as they are hashed, one after the other into the same memory.
#[derive(Default)]
pub(super) struct CanonicalWriter {
    text: Vec<u8>,
    fields: Vec<Field>,
    /// The fields of one object, while they are brought into order.
    ordered: Vec<u8>,
}

/// A field that was copied.
struct Field {
    /// Its key, as a part of the body.
    key: Range<usize>,
    /// Key and value, as a part of the text.
    written: Range<usize>,
    is_text: bool,
}

impl CanonicalWriter {
    /// Writes a stored body as it is hashed and returns it; `None` where it is not JSON.
    pub(super) fn write(&mut self, body: &str, leave: Leave) -> Option<&[u8]> {
        self.text.clear();
        self.fields.clear();
        let body_bytes = body.as_bytes();
        let mut cutter = Cutter { body: body_bytes, at: 0, leave, writer: self };
        if cutter.value(0).is_none() || cutter.at < body_bytes.len() {
            write_without_secrets(&stored_json(body)?, leave, &mut self.text);
        }
        Some(&self.text)
    }
}

/// Cuts text as this program writes it, and copies it. Everything else is `None`.
struct Cutter<'a> {
    body: &'a [u8],
    at: usize,
    leave: Leave,
    writer: &'a mut CanonicalWriter,
}

impl Cutter<'_> {
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        let end = match *self.body.get(self.at)? {
            b'{' => return self.object(depth),
            b'[' => return self.array(depth),
            b'"' => self.string_end()?,
            b't' => self.word_end(b"true")?,
            b'f' => self.word_end(b"false")?,
            b'n' => self.word_end(b"null")?,
            _ => self.number_end()?,
        };
        self.writer.text.extend_from_slice(&self.body[self.at..end]);
        self.at = end;
        Some(())
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.body.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn word_end(&self, word: &[u8]) -> Option<usize> {
        self.body[self.at..].starts_with(word).then_some(self.at + word.len())
    }

    /// Behind the closing quote. Escapes that can be written in more than one way, and what must be escaped, are not copied.
    fn string_end(&self) -> Option<usize> {
        let mut at = self.at + 1;
        loop {
            at = behind_plain(self.body, at);
            match *self.body.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => match *self.body.get(at + 1)? {
                    b'"' | b'\\' | b'n' | b'r' | b't' => at += 2,
                    _ => return None,
                },
                0..0x20 => return None,
                _ => at += 1,
            }
        }
    }

    fn number_end(&self) -> Option<usize> {
        let rest = &self.body[self.at..];
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_plain = (1..=DIGITS_MAX).contains(&digits)
            && (rest[sign] != b'0' || (digits == 1 && sign == 0))
            && !matches!(rest.get(sign + digits), Some(b'.' | b'e' | b'E'));
        is_plain.then_some(self.at + sign + digits)
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.eat(b'{')?;
        let (start, first) = (self.writer.text.len(), self.writer.fields.len());
        self.writer.text.push(b'{');
        if self.eat(b'}').is_some() {
            self.writer.text.push(b'}');
            return Some(());
        }
        loop {
            if self.body.get(self.at) != Some(&b'"') {
                return None;
            }
            let (from, end) = (self.writer.text.len(), self.string_end()?);
            let key = self.at + 1..end - 1;
            if self.body[key.clone()].contains(&b'\\') {
                return None;
            }
            self.writer.text.extend_from_slice(&self.body[self.at..end]);
            self.at = end;
            self.eat(b':')?;
            self.writer.text.push(b':');
            let is_text = self.body.get(self.at) == Some(&b'"');
            self.value(depth + 1)?;
            let written = from..self.writer.text.len();
            self.writer.fields.push(Field { key, written, is_text });
            self.writer.text.push(b',');
            if self.eat(b',').is_none() {
                self.eat(b'}')?;
                break;
            }
        }
        self.arrange(start, first)
    }

    /// Brings the fields of the object that began at `start` into order, and leaves out what is not hashed.
    fn arrange(&mut self, start: usize, first: usize) -> Option<()> {
        let CanonicalWriter { text, fields, ordered } = &mut *self.writer;
        let key = |field: &Field| &self.body[field.key.clone()];
        let own = &mut fields[first..];
        // This is how a sealed value is stored.
        if let [only] = &*own
            && only.is_text
            && matches!(key(only), b"clear" | b"age")
        {
            wipe(text, start);
            text.extend_from_slice(b"null");
            fields.truncate(first);
            return Some(());
        }
        let leave = self.leave;
        let is_kept = |field: &Field| leave == Leave::Keys || !is_secret_key(key(field));
        let is_ordered = own.windows(2).all(|two| key(&two[0]) < key(&two[1]));
        if !is_ordered || !own.iter().all(is_kept) {
            own.sort_unstable_by(|one, other| key(one).cmp(key(other)));
            // Of two fields with one name the last one counts: that is for the slow way.
            if own.windows(2).any(|two| key(&two[0]) == key(&two[1])) {
                return None;
            }
            ordered.clear();
            for field in own.iter().filter(|field| is_kept(field)) {
                ordered.extend_from_slice(&text[field.written.clone()]);
                ordered.push(b',');
            }
            wipe(text, start + 1);
            text.extend_from_slice(ordered);
        }
        close(text, start, b'}');
        fields.truncate(first);
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.eat(b'[')?;
        let start = self.writer.text.len();
        self.writer.text.push(b'[');
        if self.eat(b']').is_none() {
            loop {
                self.value(depth + 1)?;
                self.writer.text.push(b',');
                if self.eat(b',').is_none() {
                    self.eat(b']')?;
                    break;
                }
            }
        }
        close(&mut self.writer.text, start, b']');
        Some(())
    }
}

/// Takes off what was copied from `start` on: there may be secrets in it.
fn wipe(text: &mut Vec<u8>, start: usize) {
    text[start..].zeroize();
    text.truncate(start);
}

/// Closes what was opened at `start`; a comma behind the last part gives way.
fn close(text: &mut Vec<u8>, start: usize, bracket: u8) {
    if text.len() > start + 1 {
        text.pop();
    }
    text.push(bracket);
}

/// Goes on from `at`, and stops at a quote, a backslash or a control character, or a few bytes before one.
fn behind_plain(body: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; STRIDE]);
    const HIGH: u64 = ONES << 7;
    // The high bit of each byte that is zero; of those above the first one it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    while let Some(part) = body[at..].first_chunk::<STRIDE>() {
        let word = u64::from_le_bytes(*part);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quotes | backslashes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += STRIDE;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(body: &str, leave: Leave) -> Option<Vec<u8>> {
        Some(write_without_secrets(&stored_json(body)?, leave, &mut Vec::new()).to_vec())
    }

    #[track_caller]
    fn same(body: &str) {
        for leave in [Leave::Nothing, Leave::Keys] {
            let mut writer = CanonicalWriter::default();
            let fast = writer.write(body, leave).map(<[u8]>::to_vec);
            assert_eq!(fast, slow(body, leave), "{body}");
        }
    }

    #[test]
    fn both_ways_write_the_same_bytes() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
        for name in ["entries-v1.jsonl", "entries-v1-added.jsonl", "entries-v3.jsonl"] {
            let text = std::fs::read_to_string(format!("{directory}{name}")).expect("a fixture");
            text.lines().for_each(same);
        }
        for body in [
            "{}",
            "[]",
            "null",
            "1",
            "-0",
            "0",
            "-1",
            "01",
            "1.0",
            "1e3",
            "123456789012345678901",
            "{\"b\":1,\"a\":[true,false,null,{}]}",
            "{\"a\":1,\"a\":2}",
            " {\"a\": 1}",
            "\"\\u00e4\"",
            "{\"pin\":1,\"x\":{\"secrets\":[1],\"result\":2,\"y\":3}}",
            "{\"\\u0070in\":1}",
            "{\"p\":{\"clear\":\"012345\"},\"q\":{\"age\":\"x\"},\"r\":{\"clear\":1}}",
            "[{\"clear\":\"1\",\"b\":2}]",
            "\"\\/\"",
            "\"a\\\"b\\\\\\n\\r\\t\"",
            "\"\\b\\f\"",
            "{\"a\":tru}",
            "{\"a\":1}x",
            "{\"a\":1,}",
            "{",
            "",
            "\"\u{7f}ä€😀\"",
            "{\"ä\":1,\"z\":2,\"é\":3}",
        ] {
            same(body);
        }
    }

    #[test]
    fn any_event_is_written_the_same_way() {
        let mut random = crate::model::Random::new(11);
        let words = ["", "a", "ä€", "\"q\"", "back\\slash", "line\nbreak\t", "\u{1}", "/"];
        let word = |random: &mut crate::model::Random| {
            words[random.below(words.len() as u64) as usize].to_owned()
        };
        for number in 0..500_u64 {
            let value = serde_json::json!({
                "task": number, "kind": word(&mut random), "z": [word(&mut random), -5, null],
                "pin": { "clear": word(&mut random) }, "a": { "b": { "age": word(&mut random) } },
            });
            same(&value.to_string());
        }
    }
}
