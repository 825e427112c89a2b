//! Why a delivery failed, as data.
//!
//! Owns the faults, which the outbox keeps. Must never hold an address, a secret or a text of the receiver.

use serde::{Deserialize, Serialize};

/// Why a notice was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The profile no longer has the channel.
    NoChannel,
    /// The address, the signing secret or the password cannot be read.
    Secret {
        /// The key that names its place, such as `url_file`.
        key: String,
        /// Why.
        why: String,
    },
    /// The CA file cannot be read.
    Certificates {
        /// Why.
        why: String,
    },
    /// The receiver did not answer.
    NoAnswer {
        /// Why.
        why: String,
    },
    /// The receiver did not accept it.
    Status {
        /// Its HTTP status.
        status: u16,
    },
    /// The channel can never be reached as it is set up.
    Unusable {
        /// Why.
        why: String,
    },
}

impl DeliveryFault {
    /// Whether another try soon makes sense; else a person has to change something.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Status { status } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::NoChannel
            | Self::Secret { .. }
            | Self::Certificates { .. }
            | Self::Unusable { .. } => false,
        }
    }

    /// As the outbox keeps it.
    pub(super) fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of what the outbox keeps; `None` where a newer program wrote it.
    pub(super) fn of_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
