//! What an action does to one device besides what it is for.
//!
//! Owns what the hazards of an action mean for a device. What is not known of a device counts against it. Must never
//! name a single action, and never decide what a plan does about it.

use super::hazards::DetailsNeed;
use super::spec::ActionSpec;
use crate::model::{Device, Os, Params, Platform, Risk, SecretSource};

impl ActionSpec {
    /// The risk with these parameters: less than the action's where the parameter is not given that makes it so.
    #[must_use]
    pub fn risk_of(&self, params: &Params) -> Risk {
        let is_mild = |keys: &[&str]| !keys.iter().any(|key| params.contains_key(*key));
        if self.hazards.disruptive_with.is_some_and(is_mild) { Risk::Benign } else { self.risk }
    }

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

    /// Whether there is a device whose details this action has to know: [`ActionSpec::needs_details`] says which.
    #[must_use]
    pub fn may_need_details(&self) -> bool {
        self.hazards.deactivates_before.is_some() || self.hazards.meets_activation_lock
    }

    /// Whether a second one does harm after the first: it cannot be undone, or replaces the PIN of the first.
    #[must_use]
    pub fn harms_twice(&self) -> bool {
        self.risk == Risk::Irreversible || self.gives_pin
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
    let installed = Os::parse(&device.make.os_version);
    device.platform == Platform::Mac && installed.is_none_or(|os| Some(os) < Os::parse(version))
}
