//! Reasons about notifications.
//!
//! Owns the facts. Must never hold an address or a secret.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why a request about notifications is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotifyReason {
    /// The profile has no channel of this name.
    #[serde(rename = "notify_channel_unknown")]
    UnknownChannel {
        /// The name.
        channel: String,
        /// The profile; empty where none is in use.
        profile: String,
        /// The channels that it has.
        known: Vec<String>,
    },
    /// The channel sends e-mail, and this build has no support for it.
    #[serde(rename = "notify_mail_not_built")]
    MailNotBuilt {
        /// Name of the channel.
        channel: String,
    },
    /// The thread that delivers cannot be started.
    #[serde(rename = "notify_not_started")]
    NotStarted {
        /// What the system says.
        why: String,
    },
}

impl RefusalFacts for NotifyReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        vec![match self {
            Self::UnknownChannel { .. } | Self::NotStarted { .. } => {
                NextStep::CorrectRequest { what: "notify" }
            }
            Self::MailNotBuilt { .. } => NextStep::Install { tool: "sortie with the feature mail" },
        }]
    }
}
