//! The API's id of a device.
//!
//! Owns the form of ids, and how one is kept: in place where it is no longer than a UUID. Must never change an id that the
//! API gave.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::PackedText;

/// Longest id that is kept in place: a UUID has 36 bytes, and two more are free in 40.
const IN_PLACE_BYTES_MAX: usize = 38;

/// The API's id of a device: a lower-case UUID.
///
/// ```
/// use sortie::model::DeviceId;
/// let id = DeviceId::parse("D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F").expect("a UUID");
/// assert_eq!(id.as_str(), "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f");
/// assert!(DeviceId::parse("FVHHFKF7Q6L4").is_err());
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(PackedText<IN_PLACE_BYTES_MAX>);

/// Why a text is not a device id.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceIdError {
    /// Not 8-4-4-4-12 hexadecimal digits.
    #[error("not a UUID of the form 8-4-4-4-12 hexadecimal digits")]
    Form,
    /// All digits are 0 or all are f.
    #[error("a placeholder UUID, not a device")]
    Placeholder,
}

impl DeviceId {
    /// Reads a device id: exactly 8-4-4-4-12 hexadecimal digits, in any case; nothing in braces, no
    /// `urn:uuid:`, no placeholder.
    ///
    /// # Errors
    /// [`DeviceIdError`] says which of these it breaks.
    pub fn parse(text: &str) -> Result<Self, DeviceIdError> {
        let shape = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if !shape {
            return Err(DeviceIdError::Form);
        }
        let mut digits = text.bytes().filter(|byte| *byte != b'-');
        let is_last = |byte: u8| byte.eq_ignore_ascii_case(&b'f');
        if digits.clone().all(|byte| byte == b'0') || digits.all(is_last) {
            return Err(DeviceIdError::Placeholder);
        }
        Ok(Self(PackedText::from(text).in_ascii_lowercase()))
    }

    /// Takes an id as the API gave it, without looking at its form: what the tenant calls a device is
    /// what we must call it. Whether it may be used is [`DeviceId::is_documented`].
    #[must_use]
    pub fn from_api(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether it has the documented form, in any case. Nothing else may name a device to the tenant: what a broken or
    /// hostile answer calls an id could lead to another endpoint.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        Self::parse(self.as_str()).is_ok()
    }

    /// The text; empty for a row whose device was never found.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("DeviceId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_uuid_spellings_are_refused() {
        for text in [
            "{d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f}",
            "urn:uuid:d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f",
            "d2b2eafe2dc24b13bd2bf93735f0e59f",
            "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59",
            "",
        ] {
            assert_eq!(DeviceId::parse(text), Err(DeviceIdError::Form), "{text}");
        }
        for digit in ["0", "f", "F"] {
            let text = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".replace('x', digit);
            assert_eq!(DeviceId::parse(&text), Err(DeviceIdError::Placeholder), "{text}");
        }
    }

    #[test]
    fn an_id_of_any_form_is_kept_as_the_api_gave_it() {
        assert_eq!(size_of::<DeviceId>(), 40);
        for text in [
            "",
            "7",
            "D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F",
            "../é",
            &"x".repeat(38),
            &"x".repeat(39),
        ] {
            let id = DeviceId::from_api(text);
            assert_eq!(id.as_str(), text);
            assert_eq!(serde_json::to_value(&id).expect("a text"), serde_json::json!(text));
        }
    }
}
