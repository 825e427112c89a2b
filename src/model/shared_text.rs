//! A short text of which there may be a million.
//!
//! Owns how these texts are kept: up to 22 bytes in place, longer ones once for all that share them. Must never change a
//! text: it is read, compared and written exactly as a `String` with the same content.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Longest text that is kept in place: with its length and a mark it has the size of a `String`.
const IN_PLACE_BYTES_MAX: usize = 22;

/// A text that does not change, in 24 bytes. To clone one costs no memory.
///
/// ```
/// use sortie::model::SharedText;
/// let serial = SharedText::from("C02XK1ABJG5J");
/// assert_eq!(serial, "C02XK1ABJG5J");
/// assert_eq!(serial.to_lowercase(), "c02xk1abjg5j");
/// ```
#[derive(Clone)]
pub struct SharedText(Form);

#[derive(Clone)]
enum Form {
    InPlace { length: u8, bytes: [u8; IN_PLACE_BYTES_MAX] },
    Shared(Arc<str>),
}

impl SharedText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::InPlace { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)])
                .expect("the bytes were copied from a text"),
            Form::Shared(text) => text,
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::InPlace { length, bytes } => &bytes[..usize::from(*length)],
            Form::Shared(text) => text.as_bytes(),
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
        matches!(self.0, Form::Shared(_))
    }
}

/// Most texts that are known: what more devices or tasks have apart is not worth a search.
const KNOWN_TEXTS_MAX: usize = 4_096;

/// Texts that came before, so that equal long ones are kept once: thousands of devices have the same model.
#[derive(Debug, Default)]
pub struct KnownTexts(HashSet<SharedText>);

impl KnownTexts {
    /// Puts the text that came first in the place of an equal one.
    pub fn share(&mut self, text: &mut SharedText) {
        if !text.is_shared() {
            return;
        }
        match self.0.get(text.as_str()) {
            Some(known) => *text = known.clone(),
            None if self.0.len() < KNOWN_TEXTS_MAX => drop(self.0.insert(text.clone())),
            None => {}
        }
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        let mut bytes = [0; IN_PLACE_BYTES_MAX];
        let place = bytes.get_mut(..text.len());
        match (place, u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Form::InPlace { length, bytes })
            }
            _ => Self(Form::Shared(Arc::from(text))),
        }
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for SharedText {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Cow<'_, str>> for SharedText {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }
}

impl From<&SharedText> for String {
    fn from(text: &SharedText) -> Self {
        text.as_str().to_owned()
    }
}

impl Default for SharedText {
    fn default() -> Self {
        Self::from("")
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for SharedText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for SharedText {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for SharedText {}

impl PartialEq<str> for SharedText {
    fn eq(&self, other: &str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl PartialEq<String> for SharedText {
    fn eq(&self, other: &String) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl PartialOrd for SharedText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SharedText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Hash for SharedText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for SharedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SharedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl serde::de::Visitor<'_> for TextVisitor {
    type Value = SharedText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SharedText, E> {
        Ok(SharedText::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_read_as_it_was_given() {
        assert_eq!(size_of::<SharedText>(), size_of::<String>());
        assert_eq!(size_of::<Option<SharedText>>(), size_of::<String>());
        for text in
            ["", "C02", "Noémie’s MacBook", &"x".repeat(22), &"é".repeat(11), &"x".repeat(23)]
        {
            let shared = SharedText::from(text);
            assert_eq!(shared.as_str(), text);
            assert_eq!(shared.is_shared(), text.len() > IN_PLACE_BYTES_MAX);
            assert_eq!(shared.clone(), shared);
            let json = serde_json::to_string(&shared).expect("a text");
            assert_eq!(json, serde_json::to_string(text).expect("a text"));
            assert_eq!(serde_json::from_str::<SharedText>(&json).expect("a text"), shared);
        }
        let mut known = KnownTexts::default();
        let (first, mut again) =
            (SharedText::from("x".repeat(30)), SharedText::from("x".repeat(30)));
        known.share(&mut first.clone());
        known.share(&mut again);
        assert_eq!((again.as_ptr(), &again), (first.as_ptr(), &first));
        let (short, long) = (SharedText::from("a"), SharedText::from("b".repeat(30)));
        assert!(short < long);
    }
}
