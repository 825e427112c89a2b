//! What an action does to some devices besides what it is for.
//!
//! Owns the shape of these facts. Must never name a single action, and never decide what a plan does about it.

use crate::model::Platform;

/// What an action does to some devices besides what it is for.
#[derive(Debug)]
pub struct Hazards {
    /// A Mac with Apple silicon and a macOS before this version is deactivated by it.
    pub deactivates_before: Option<&'static str>,
    /// A device with Activation Lock asks for the bypass code after it.
    pub meets_activation_lock: bool,
    /// On these platforms people miss the secrets that it removes: FileVault key, bypass code, recovery
    /// password. The plan is refused unless it is said what becomes of them.
    pub secrets_needed_on: &'static [Platform],
    /// It is needed at once when a device is stolen: some of it stays free of the day's cap.
    pub is_emergency: bool,
    /// The verb that a person types before it is done; every irreversible action has one, no other has.
    pub phrase: Option<&'static str>,
    /// It is benign without any of these parameters.
    pub disruptive_with: Option<&'static [&'static str]>,
}

impl Hazards {
    /// No hazard: the action does to a device what it is for, and nothing else.
    pub const NONE: Self = Self {
        deactivates_before: None,
        meets_activation_lock: false,
        secrets_needed_on: &[],
        is_emergency: false,
        phrase: None,
        disruptive_with: None,
    };
}

/// What of a device's details has to be known.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DetailsNeed {
    /// Its processor decides what the action does.
    Processor,
    /// Whether Activation Lock is on is worth knowing.
    ActivationLock,
}
