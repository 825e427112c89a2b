//! A short text of which there may be a million.
//!
//! Owns how these texts are kept: short ones in place, longer ones as a part of a block that several texts share. Must
//! never change a text: it is read, compared and written exactly as a `String` with the same content.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A text that does not change, of which up to `IN_PLACE` bytes are kept in place. To clone one costs no memory.
#[derive(Clone)]
pub struct PackedText<const IN_PLACE: usize>(Form<IN_PLACE>);

#[derive(Clone)]
enum Form<const IN_PLACE: usize> {
    InPlace {
        length: u8,
        bytes: [u8; IN_PLACE],
    },
    /// The pointer is a thin one, so that 14 bytes in place cost no more than this.
    InBlock {
        start: u16,
        length: u32,
        block: Arc<Box<str>>,
    },
}

/// A text that does not change, in 16 bytes: up to 14 bytes in place. To clone one costs no memory.
///
/// ```
/// use sortie::model::SharedText;
/// let serial = SharedText::from("C02XK1ABJG5J");
/// assert_eq!(serial, "C02XK1ABJG5J");
/// assert_eq!(serial.to_lowercase(), "c02xk1abjg5j");
/// ```
pub type SharedText = PackedText<14>;

impl<const IN_PLACE: usize> PackedText<IN_PLACE> {
    /// Longest text that is kept in place, in bytes.
    pub(super) const IN_PLACE_BYTES_MAX: usize = IN_PLACE;

    /// A part of `block`. `None` where it begins or reaches too far, or is cut through a letter.
    pub(super) fn part_of(block: &Arc<Box<str>>, start: usize, length: usize) -> Option<Self> {
        block.get(start..start + length)?;
        let (start, length) = (u16::try_from(start).ok()?, u32::try_from(length).ok()?);
        Some(Self(Form::InBlock { start, length, block: Arc::clone(block) }))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::InPlace { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)])
                .expect("the bytes were copied from a text"),
            Form::InBlock { start, length, block } => {
                &block[usize::from(*start)..usize::from(*start) + *length as usize]
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::InPlace { length, bytes } => &bytes[..usize::from(*length)],
            Form::InBlock { .. } => self.as_str().as_bytes(),
        }
    }

    /// The same text with its letters from A to Z in lower case.
    pub(super) fn in_ascii_lowercase(mut self) -> Self {
        match &mut self.0 {
            Form::InPlace { bytes, .. } => {
                bytes.make_ascii_lowercase();
                self
            }
            Form::InBlock { .. } => Self::from(self.to_ascii_lowercase()),
        }
    }

    /// Whether the text has no letter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Whether its bytes are outside of it: to keep one for many helps only with these texts.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Form::InBlock { .. })
    }
}

impl<const IN_PLACE: usize> From<&str> for PackedText<IN_PLACE> {
    fn from(text: &str) -> Self {
        let mut bytes = [0; IN_PLACE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Form::InPlace { length, bytes })
            }
            _ => {
                let length = u32::try_from(text.len()).expect("files and answers are far smaller");
                Self(Form::InBlock { start: 0, length, block: Arc::new(text.into()) })
            }
        }
    }
}

impl<const IN_PLACE: usize> From<String> for PackedText<IN_PLACE> {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl<const IN_PLACE: usize> From<&String> for PackedText<IN_PLACE> {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl<const IN_PLACE: usize> From<Cow<'_, str>> for PackedText<IN_PLACE> {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }
}

impl<const IN_PLACE: usize> From<&PackedText<IN_PLACE>> for String {
    fn from(text: &PackedText<IN_PLACE>) -> Self {
        text.as_str().to_owned()
    }
}

impl<const IN_PLACE: usize> Default for PackedText<IN_PLACE> {
    fn default() -> Self {
        Self::from("")
    }
}

impl<const IN_PLACE: usize> Deref for PackedText<IN_PLACE> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const IN_PLACE: usize> AsRef<str> for PackedText<IN_PLACE> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const IN_PLACE: usize> Borrow<str> for PackedText<IN_PLACE> {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<const IN_PLACE: usize> fmt::Debug for PackedText<IN_PLACE> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl<const IN_PLACE: usize> fmt::Display for PackedText<IN_PLACE> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl<const IN_PLACE: usize> PartialEq for PackedText<IN_PLACE> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl<const IN_PLACE: usize> Eq for PackedText<IN_PLACE> {}

impl<const IN_PLACE: usize> PartialEq<str> for PackedText<IN_PLACE> {
    fn eq(&self, other: &str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl<const IN_PLACE: usize> PartialEq<&str> for PackedText<IN_PLACE> {
    fn eq(&self, other: &&str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl<const IN_PLACE: usize> PartialEq<String> for PackedText<IN_PLACE> {
    fn eq(&self, other: &String) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl<const IN_PLACE: usize> PartialOrd for PackedText<IN_PLACE> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const IN_PLACE: usize> Ord for PackedText<IN_PLACE> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl<const IN_PLACE: usize> Hash for PackedText<IN_PLACE> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<const IN_PLACE: usize> Serialize for PackedText<IN_PLACE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const IN_PLACE: usize> Deserialize<'de> for PackedText<IN_PLACE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor<const IN_PLACE: usize>;

impl<const IN_PLACE: usize> serde::de::Visitor<'_> for TextVisitor<IN_PLACE> {
    type Value = PackedText<IN_PLACE>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(PackedText::from(text))
    }
}
