//! Why a device cannot be done, as data.
//!
//! Owns the kinds of reasons and which of them may become skips. Must never read a device.

use crate::job::SkipKind;

/// Why a named device cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Which kind of reason.
    pub kind: ObjectionKind,
    /// The reason, for people.
    pub reason: String,
}

/// The kinds of reasons for which a named device refuses a plan, or is skipped.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectionKind {
    /// No device fits.
    NotFound,
    /// Several fit.
    Ambiguous,
    /// The identities of the row belong to different devices.
    Disagreement,
    /// The device is no longer managed.
    Removed,
    /// The action or an option is not supported there.
    Unsupported,
    /// Two rows mean the same device.
    Duplicate,
    /// A step waits for an end that will never be seen.
    NeverBegins,
    /// The device is on the protect list of the policy.
    Protected,
    /// The same may have been done to the device by an earlier run, in doubt.
    InDoubt,
    /// The tenant's id of the device has not the documented form.
    UnusableId,
}

impl ObjectionKind {
    /// The kind as plans and refusals write it, in lower case.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Ambiguous => "ambiguous",
            Self::Disagreement => "identities disagree",
            Self::Removed => "removed",
            Self::Unsupported => "unsupported",
            Self::Duplicate => "named twice",
            Self::NeverBegins => "cannot begin",
            Self::Protected => "protected",
            Self::InDoubt => "in doubt",
            Self::UnusableId => "unusable id",
        }
    }

    /// The kind of skip that an operator may ask for instead; some can never be skipped, because they
    /// mean that the job itself is wrong.
    #[must_use]
    pub fn skip_kind(self) -> Option<SkipKind> {
        match self {
            Self::NotFound => Some(SkipKind::NotFound),
            Self::Removed => Some(SkipKind::Removed),
            Self::Unsupported => Some(SkipKind::Unsupported),
            Self::Ambiguous
            | Self::Disagreement
            | Self::Duplicate
            | Self::NeverBegins
            | Self::Protected
            | Self::InDoubt
            | Self::UnusableId => None,
        }
    }
}
