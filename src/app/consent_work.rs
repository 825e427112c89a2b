//! Work that people are asked about, and what it needs before it may be carried out.
//!
//! Owns how much a consent has to say, by risk. Must never ask for less where the risk is higher.

use serde::Serialize;

use crate::model::Risk;
use crate::plan::{Plan, phrase};

/// Devices up to which benign work needs no question.
pub const DEVICES_WITHOUT_QUESTION: usize = 100;

/// What work needs before it may be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// Nothing.
    Nothing,
    /// A yes.
    Yes,
    /// The number of devices.
    Count(usize),
    /// Verb, count and tenant, such as `ERASE 37 ON acme`.
    Phrase(String),
}

/// The work that a consent is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// A plan is carried out.
    Plan {
        /// The highest risk of its tasks.
        risk: Risk,
        /// Distinct devices with something to do.
        devices: usize,
        /// The tenant as people know it.
        tenant: String,
    },
    /// The plans of several tenants are carried out.
    Group {
        /// The highest risk of their tasks.
        risk: Risk,
        /// Distinct devices with something to do, over all tenants.
        devices: usize,
        /// The tenants with their devices, in the order of the job.
        tenants: Vec<TenantDevices>,
    },
    /// Tasks are sent again that may have been applied already.
    SendAgain {
        /// Distinct devices.
        devices: usize,
        /// The tenant as people know it.
        tenant: String,
    },
    /// Something else that people are asked about: closing, pruning, deciding, approving, repairing.
    Other {
        /// What is done.
        what: &'static str,
    },
}

/// A tenant of a group of plans, and its devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantDevices {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Distinct devices with something to do.
    pub devices: usize,
}

impl Needed {
    /// What a plan needs on this tenant.
    #[must_use]
    pub fn of(plan: &Plan, tenant: &str) -> Self {
        Self::of_risk(plan.risk(), plan.devices(), || phrase(plan, tenant))
    }

    pub(super) fn of_risk(
        risk: Risk,
        devices: usize,
        phrase: impl FnOnce() -> Option<String>,
    ) -> Self {
        match risk {
            Risk::Read => Self::Nothing,
            Risk::Benign if devices <= DEVICES_WITHOUT_QUESTION => Self::Nothing,
            Risk::Benign => Self::Yes,
            Risk::Disruptive => Self::Count(devices),
            Risk::Irreversible => Self::Phrase(phrase().unwrap_or_default()),
        }
    }

    /// The words that confirm it; `None` where a plain yes does, or nothing is needed.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::Yes => None,
            Self::Count(count) => Some(count.to_string()),
            Self::Phrase(phrase) => Some(phrase.clone()),
        }
    }

    pub(super) fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Yes => is_yes(text),
            Self::Count(count) => text.trim() == count.to_string(),
            Self::Phrase(phrase) => text.trim() == phrase,
        }
    }

    /// Whether words that were given before the plan was made are for it. A number means these devices
    /// and not ten times as many, harmless or not.
    pub(super) fn is_met_in_advance(&self, text: &str, devices: usize) -> bool {
        match self {
            Self::Nothing | Self::Yes => {
                Self::Yes.is_met_by(text) || Self::Count(devices).is_met_by(text)
            }
            Self::Count(_) | Self::Phrase(_) => self.is_met_by(text),
        }
    }
}

/// Whether an answer to a plain question confirms.
#[must_use]
pub fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
