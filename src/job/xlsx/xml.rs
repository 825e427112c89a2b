//! One part of a workbook as XML.
//!
//! Owns the limits while it is unpacked, and what counts as damaged. Must never keep more than one piece of the part in
//! memory, and never repeat its text in a message.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::limits::PIECE_BYTES_MAX;
use crate::job::diagnostics::Flaw;

/// What to do about a workbook that cannot be read.
const SAVE_AGAIN: &str = "open it in the spreadsheet program, and save it again as .xlsx";
/// Bytes that are unpacked ahead of the piece that is read.
const AHEAD_BYTES: usize = 16 * 1024;

/// Why a workbook is damaged.
pub(super) fn damaged(what: &str) -> Flaw {
    Flaw::new(format!("the workbook is damaged: {what}")).hint(SAVE_AGAIN)
}

/// What the unpacking ran into.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Stopped {
    Part,
    Piece,
}

#[derive(Default)]
struct Meter {
    piece: Cell<usize>,
    stopped: Cell<Option<Stopped>>,
}

/// An unpacking reader that counts what comes out; the archive's own numbers are not believed.
struct Metered<R> {
    inner: R,
    left: u64,
    meter: Rc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let piece = self.meter.piece.get() + length;
        self.meter.piece.set(piece);
        let stopped = match self.left.checked_sub(length as u64) {
            None => Some(Stopped::Part),
            Some(left) => {
                self.left = left;
                (piece > PIECE_BYTES_MAX + AHEAD_BYTES).then_some(Stopped::Piece)
            }
        };
        match stopped {
            None => Ok(length),
            Some(stopped) => {
                self.meter.stopped.set(Some(stopped));
                Err(io::Error::other("over the limit"))
            }
        }
    }
}

/// One part while it is read.
pub(super) struct Part<R: Read> {
    name: String,
    bytes_max: u64,
    reader: Reader<BufReader<Metered<R>>>,
    buffer: Vec<u8>,
    meter: Rc<Meter>,
}

impl<R: Read> Part<R> {
    /// Reads a part that unpacks to at most so many bytes.
    pub fn new(name: &str, inner: R, bytes_max: u64) -> Self {
        let meter = Rc::new(Meter::default());
        let metered = Metered { inner, left: bytes_max, meter: Rc::clone(&meter) };
        let mut reader = Reader::from_reader(BufReader::new(metered));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Self { name: name.to_owned(), bytes_max, reader, buffer: Vec::new(), meter }
    }

    /// The next event; `None` at the end of the part, whose checksum was right.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Flaw> {
        self.buffer.clear();
        self.meter.piece.set(0);
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::Eof) => Ok(None),
            Ok(Event::DocType(_)) => Err(damaged(&format!("{} defines entities", self.name))),
            Ok(event) => Ok(Some(event)),
            Err(_) => Err(match self.meter.stopped.get() {
                Some(Stopped::Part) => {
                    let (name, limit) = (&self.name, self.bytes_max / 1024 / 1024);
                    Flaw::new(format!("{name} unpacks to more than {limit} MiB"))
                        .hint("split the job into several files")
                }
                Some(Stopped::Piece) => {
                    let (name, limit) = (&self.name, PIECE_BYTES_MAX / 1024);
                    damaged(&format!("{name} has a piece of more than {limit} KiB"))
                }
                None => damaged(&format!("{} cannot be unpacked and read as XML", self.name)),
            }),
        }
    }

    /// Why this part is damaged.
    pub fn damaged(&self, what: &str) -> Flaw {
        damaged(&format!("{what} in {}", self.name))
    }

    /// The text up to the end of the element that was just opened; elements inside it are damage. At most so many bytes.
    pub fn text(&mut self, bytes_max: usize) -> Result<String, Flaw> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Some(Event::Text(piece)) => text.push_str(&piece.xml10_content()),
                Some(Event::CData(piece)) => text.push_str(&piece.xml10_content()),
                Some(Event::GeneralRef(reference)) => match referenced(&reference) {
                    Some(letters) => text.push_str(&letters),
                    None => return Err(self.damaged("there is an unknown reference")),
                },
                Some(Event::End(_)) => return Ok(text),
                Some(Event::Comment(_) | Event::PI(_)) => {}
                Some(_) => return Err(self.damaged("there is an element inside a text")),
                None => return Err(self.damaged("a text does not end")),
            }
            if text.len() > bytes_max {
                let flaw = format!("the text has more than {bytes_max} bytes");
                return Err(Flaw::new(flaw));
            }
        }
    }

    /// Skips the element that was just opened, with everything in it.
    pub fn skip(&mut self) -> Result<(), Flaw> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()? {
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) => depth -= 1,
                Some(_) => {}
                None => return Err(self.damaged("an element does not end")),
            }
        }
        Ok(())
    }
}

fn referenced(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    match reference.resolve_char_ref() {
        Ok(Some(letter)) => Some(Cow::Owned(letter.to_string())),
        Ok(None) => resolve_xml_entity(reference).map(Cow::Borrowed),
        Err(_) => None,
    }
}

/// The values of attributes, by their names without a prefix.
pub(super) fn attributes<'e, const N: usize>(
    element: &'e BytesStart<'_>,
    names: [&str; N],
) -> Result<[Option<Cow<'e, str>>; N], Flaw> {
    let mut values = [const { None }; N];
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| damaged("an attribute cannot be read"))?;
        let key = attribute.key.local_name();
        if let Some(at) = names.iter().position(|name| *name == key.as_ref()) {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            values[at] = Some(value.map_err(|_| damaged("an attribute cannot be read"))?);
        }
    }
    Ok(values)
}

/// The value of one attribute; empty where it is not there.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, Flaw> {
    let [value] = attributes(element, [name])?;
    Ok(value.map(Cow::into_owned).unwrap_or_default())
}

/// Whether the value of an attribute switches something on.
pub(super) fn is_on(value: Option<&str>) -> bool {
    value.is_some_and(|value| matches!(value, "1" | "true"))
}

/// A text with the escapes of the format, such as `_x000D_`, as the characters that they mean.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut letters = String::with_capacity(text.len());
    let mut units = Vec::new();
    let mut rest = text;
    let flush = |units: &mut Vec<u16>, letters: &mut String| {
        let decoded = char::decode_utf16(units.drain(..));
        letters.extend(decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    };
    while !rest.is_empty() {
        if let Some(unit) = escape_at(rest) {
            units.push(unit);
            rest = &rest[7..];
            continue;
        }
        flush(&mut units, &mut letters);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let next = rest[first..].find("_x").map_or(rest.len(), |at| first + at);
        letters.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    flush(&mut units, &mut letters);
    Cow::Owned(letters)
}

/// The UTF-16 unit of an escape with which a text begins.
fn escape_at(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hexadecimal.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_the_format_are_the_characters_they_mean() {
        for (text, expect) in [
            ("plain _x text", "plain _x text"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDCF7_!", "\u{1f4f7}!"),
            ("_xD83D_ä", "\u{fffd}ä"),
            ("ä_x0041_", "äA"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_x00", "_x00"),
        ] {
            assert_eq!(unescaped(text), expect, "{text}");
        }
    }

    #[test]
    fn a_part_is_unpacked_up_to_its_limit_only() {
        let text = format!("<a>{}</a>", "<b/>".repeat(1_000));
        let mut part = Part::new("a.xml", text.as_bytes(), 1_000);
        let flaw = loop {
            match part.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("over the limit"),
                Err(flaw) => break flaw,
            }
        };
        assert!(flaw.message.contains("more than"), "{}", flaw.message);
        let text = format!("<a>{}</a>", "x".repeat(2 * PIECE_BYTES_MAX));
        let mut part = Part::new("a.xml", text.as_bytes(), u64::MAX);
        part.next().expect("the start");
        let flaw = part.next().map(|_| ()).expect_err("over the limit");
        assert!(flaw.message.contains("a piece of more than"), "{}", flaw.message);
    }

    #[test]
    fn entities_that_a_part_defines_are_refused() {
        let text = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        let mut part = Part::new("a.xml", text.as_bytes(), 1_000);
        let flaw = part.next().map(|_| ()).expect_err("refused");
        assert!(flaw.message.contains("defines entities"), "{}", flaw.message);
    }
}
