//! A moment that may be unknown, of which there may be a million.
//!
//! Owns how it is kept: in 8 bytes, where an option takes 16. Must never be written or sent.

use super::UnixMillis;

/// The value of no moment: 292 million years ago.
const UNKNOWN: i64 = i64::MIN;

/// A moment, or none, in 8 bytes.
///
/// ```
/// use sortie::model::{PackedMoment, UnixMillis};
/// assert_eq!(PackedMoment::from(Some(UnixMillis(5))).get(), Some(UnixMillis(5)));
/// assert_eq!(PackedMoment::default().get(), None);
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackedMoment(i64);

impl PackedMoment {
    /// The moment; `None` where it is unknown.
    #[must_use]
    pub fn get(self) -> Option<UnixMillis> {
        (self.0 != UNKNOWN).then_some(UnixMillis(self.0))
    }
}

impl Default for PackedMoment {
    fn default() -> Self {
        Self(UNKNOWN)
    }
}

impl From<Option<UnixMillis>> for PackedMoment {
    fn from(moment: Option<UnixMillis>) -> Self {
        moment.map_or(Self(UNKNOWN), |moment| Self(moment.0))
    }
}

impl From<UnixMillis> for PackedMoment {
    fn from(moment: UnixMillis) -> Self {
        Self::from(Some(moment))
    }
}
