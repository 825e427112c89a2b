//! The text of a stored body as it is hashed: keys in order, without secrets.
//!
//! Owns the fast way to it, which cuts the text into tokens and copies them. Invariant: it gives the same bytes as
//! reading the body into a JSON value and writing that; everything that it is not sure about goes that way. Must never repeat
//! text in an error: it may be a PIN.

use super::chain::{Leave, is_secret_key, stored_json, write_without_secrets};

/// Deepest nesting that is cut; entries have five levels. Deeper ones go the slow way, which has its own limit.
const DEPTH_MAX: usize = 32;
/// Longest number that is copied unchanged: every integer of so many digits fits into 64 bits.
const DIGITS_MAX: usize = 18;

/// Writes a stored body as it is hashed into `text` and returns it; `None` where it is not JSON.
pub(super) fn write_canonical<'a>(
    body: &str,
    leave: Leave,
    text: &'a mut Vec<u8>,
) -> Option<&'a [u8]> {
    let mut cutter = Cutter { rest: body.as_bytes() };
    match cutter.value(0).filter(|_| cutter.rest.is_empty()) {
        Some(value) => {
            text.clear();
            value.write(leave, text);
            Some(text)
        }
        None => Some(write_without_secrets(&stored_json(body)?, leave, text)),
    }
}

/// A value, as slices of the text.
enum Cut<'a> {
    /// Anything without fields or items, unchanged.
    Plain(&'a [u8]),
    Object(Vec<(&'a [u8], Cut<'a>)>),
    Array(Vec<Cut<'a>>),
}

impl Cut<'_> {
    /// Whether this is how a sealed value is stored.
    fn is_sealed(&self) -> bool {
        match self {
            Self::Object(fields) => match fields.as_slice() {
                [(key, Self::Plain(value))] => {
                    (*key == b"clear" || *key == b"age") && value.starts_with(b"\"")
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn write(&self, leave: Leave, text: &mut Vec<u8>) {
        match self {
            sealed if sealed.is_sealed() => text.extend_from_slice(b"null"),
            Self::Plain(plain) => text.extend_from_slice(plain),
            Self::Object(fields) => {
                text.push(b'{');
                let mut is_first = true;
                for (key, value) in fields {
                    if leave == Leave::Nothing && is_secret_key(key) {
                        continue;
                    }
                    if !std::mem::take(&mut is_first) {
                        text.push(b',');
                    }
                    text.push(b'"');
                    text.extend_from_slice(key);
                    text.extend_from_slice(b"\":");
                    value.write(leave, text);
                }
                text.push(b'}');
            }
            Self::Array(items) => {
                text.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        text.push(b',');
                    }
                    item.write(leave, text);
                }
                text.push(b']');
            }
        }
    }
}

/// Cuts text as this program writes it. Everything else is `None`.
struct Cutter<'a> {
    rest: &'a [u8],
}

impl<'a> Cutter<'a> {
    fn value(&mut self, depth: usize) -> Option<Cut<'a>> {
        if depth > DEPTH_MAX {
            return None;
        }
        match *self.rest.first()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Cut::Plain),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == byte).then(|| self.rest = rest)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn word(&mut self, word: &[u8]) -> Option<Cut<'a>> {
        self.rest.starts_with(word).then(|| Cut::Plain(self.take(word.len())))
    }

    /// With its quotes. Escapes that can be written in more than one way, and what must be escaped, are not copied.
    fn string(&mut self) -> Option<&'a [u8]> {
        let mut at = 1;
        loop {
            match *self.rest.get(at)? {
                b'"' => return Some(self.take(at + 1)),
                b'\\' => match *self.rest.get(at + 1)? {
                    b'"' | b'\\' | b'n' | b'r' | b't' => at += 2,
                    _ => return None,
                },
                0..0x20 => return None,
                _ => at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<Cut<'a>> {
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let digits = self.rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_plain = (1..=DIGITS_MAX).contains(&digits)
            && (self.rest[sign] != b'0' || (digits == 1 && sign == 0))
            && !matches!(self.rest.get(sign + digits), Some(b'.' | b'e' | b'E'));
        is_plain.then(|| Cut::Plain(self.take(sign + digits)))
    }

    fn object(&mut self, depth: usize) -> Option<Cut<'a>> {
        self.eat(b'{')?;
        let mut fields = Vec::new();
        if self.eat(b'}').is_some() {
            return Some(Cut::Object(fields));
        }
        loop {
            if self.rest.first() != Some(&b'"') {
                return None;
            }
            let quoted = self.string()?;
            let key = &quoted[1..quoted.len() - 1];
            if key.contains(&b'\\') {
                return None;
            }
            self.eat(b':')?;
            fields.push((key, self.value(depth + 1)?));
            if self.eat(b',').is_none() {
                self.eat(b'}')?;
                break;
            }
        }
        fields.sort_unstable_by_key(|(key, _)| *key);
        // Of two fields with one name the last one counts: that is for the slow way.
        let is_twice = fields.windows(2).any(|two| two[0].0 == two[1].0);
        (!is_twice).then_some(Cut::Object(fields))
    }

    fn array(&mut self, depth: usize) -> Option<Cut<'a>> {
        self.eat(b'[')?;
        let mut items = Vec::new();
        if self.eat(b']').is_some() {
            return Some(Cut::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat(b',').is_none() {
                self.eat(b']')?;
                return Some(Cut::Array(items));
            }
        }
    }
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
            let mut text = Vec::new();
            let fast = write_canonical(body, leave, &mut text).map(<[u8]>::to_vec);
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
