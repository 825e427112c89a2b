//! The Lost Mode of one device.
//!
//! Owns what was asked for and what the device has done since. Must never know commands or answer a request.

use crate::model::UnixMillis;

/// The Lost Mode of a device, from the moment at which the tenant knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LostMode {
    /// The texts on the lock screen.
    pub(crate) texts: LostModeTexts,
    /// When it was turned on.
    pub(crate) enabled_at: UnixMillis,
    /// When the device last told where it is.
    pub(crate) located_at: Option<UnixMillis>,
    /// When the device last played the sound.
    pub(crate) sounded_at: Option<UnixMillis>,
}

/// What the lock screen of a device in Lost Mode shows; an empty text shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LostModeTexts {
    /// The message.
    pub(crate) message: String,
    /// The phone number.
    pub(crate) phone_number: String,
    /// The text below.
    pub(crate) footnote: String,
}

impl LostMode {
    /// One that begins now.
    pub(crate) fn new(texts: LostModeTexts, enabled_at: UnixMillis) -> Self {
        Self { texts, enabled_at, located_at: None, sounded_at: None }
    }
}
