//! What an action does to some devices besides what it is for.
//!
//! Owns the shape of these facts, and what they mean for one device. What is not known of a device counts
//! against it. Must never name a single action, and never decide what a plan does about it.

use super::ActionSpec;
use crate::model::{Device, Os, Platform, SecretSource};

/// What an action does to some devices besides what it is for.
#[derive(Debug)]
pub struct Hazards {
    /// A Mac with Apple silicon and a macOS before this version is deactivated by it.
    pub deactivates_before: Option<&'static str>,
    /// A device with Activation Lock asks for the bypass code after it.
    pub meets_activation_lock: bool,
    /// On these platforms people miss the secrets that it takes away: FileVault key, bypass code, recovery
    /// password. The plan is refused unless it is said what becomes of them.
    pub secrets_needed_on: &'static [Platform],
    /// It is what somebody needs at once when a device is stolen: some of it stays free of the day's cap.
    pub is_emergency: bool,
    /// The verb that a person types before it is done; every irreversible action has one, no other has.
    pub phrase: Option<&'static str>,
}

impl Hazards {
    /// None at all.
    pub const NONE: Self = Self {
        deactivates_before: None,
        meets_activation_lock: false,
        secrets_needed_on: &[],
        is_emergency: false,
        phrase: None,
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

impl ActionSpec {
    /// The macOS version before which the action deactivates this device, if it may do so. What is not known
    /// of a Mac counts against it.
    #[must_use]
    pub fn deactivates(&self, device: &Device) -> Option<&'static str> {
        let version = self.hazards.deactivates_before?;
        (is_mac_before(device, version) && device.may_have_apple_silicon()).then_some(version)
    }

    /// Whether more has to be known about this device than the inventory says before it is known what the
    /// action does to it.
    #[must_use]
    pub fn needs_details(&self, device: &Device) -> Option<DetailsNeed> {
        let is_old = |version| is_mac_before(device, version);
        if self.hazards.deactivates_before.is_some_and(is_old) {
            return Some(DetailsNeed::Processor);
        }
        let asks = self.hazards.meets_activation_lock && device.platform.is_apple();
        asks.then_some(DetailsNeed::ActivationLock)
    }

    /// The secrets of a device that go with it on this platform.
    #[must_use]
    pub fn secrets_ended(&self, platform: Platform) -> &'static [SecretSource] {
        match platform {
            _ if !self.ends_secrets || !platform.is_apple() => &[],
            Platform::Mac => &SecretSource::ALL,
            _ => &[SecretSource::BypassCode],
        }
    }
}

/// Whether a device is a Mac before this version; one whose version is not known may be.
fn is_mac_before(device: &Device, version: &str) -> bool {
    let installed = Os::parse(&device.os_version);
    device.platform == Platform::Mac && installed.is_none_or(|os| Some(os) < Os::parse(version))
}
