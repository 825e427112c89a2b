//! The organization's policy: what it allows on its fleet, for every operator.
//!
//! Owns its keys, their meaning and the built-in rules that hold where it is silent. Must never read a file, and
//! never take a word from a job or a flag: the person whom it binds must not write it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::caps::{CapException, Caps, Maximums};
use super::protect::Protect;
use crate::model::{Risk, Window};

/// Devices that an emergency action may reach a day besides its cap, where the policy says nothing.
const EMERGENCY_DEVICES_PER_DAY: u32 = 10;
/// Requests an hour that are kept free for small runs that are urgent, where the policy says nothing.
const EMERGENCY_REQUESTS_PER_HOUR: u32 = 500;

/// The organization's policy; its default is the built-in rules.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FleetPolicy {
    /// How many devices an action may reach.
    pub caps: Caps,
    /// What an approval may raise that to.
    pub maximum: Maximums,
    /// What is allowed besides for a while.
    #[serde(rename = "exception")]
    pub exceptions: Vec<CapException>,
    /// Who may approve, and what needs it.
    pub approval: ApprovalRules,
    /// Devices that nothing disruptive or irreversible touches.
    pub protect: Protect,
    /// When disruptive and irreversible work may be sent; `None` for always.
    pub window: Option<Window>,
    /// What routine work may not use up.
    pub emergency: EmergencyRules,
    /// What has to have a reason.
    pub reason: ReasonRules,
}

/// The table `approval` of a policy file: what needs an approval, and who may approve it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenApproval")]
pub struct ApprovalRules {
    /// Every irreversible plan needs one, not only those over a cap.
    pub is_always_needed: bool,
    /// The file of the keys that may approve (`ssh-keygen`'s ALLOWED SIGNERS); relative to the policy file.
    pub allowed_signers: Option<PathBuf>,
    /// The principals of that file by their users on this host.
    pub people: BTreeMap<String, String>,
}

/// The table `emergency` of a policy file: devices and requests that routine work leaves free.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmergencyRules {
    /// Devices that each emergency action may reach a day besides its cap.
    pub lock_devices_per_day: u32,
    /// Requests an hour that are kept free for small runs that are urgent.
    pub requests_per_hour: u32,
}

/// The table `reason` of a policy file: from which risk on a job needs a reason.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReasonRules {
    /// From this risk on; `None` for never.
    pub required_from: Option<Risk>,
}

impl Default for EmergencyRules {
    fn default() -> Self {
        Self {
            lock_devices_per_day: EMERGENCY_DEVICES_PER_DAY,
            requests_per_hour: EMERGENCY_REQUESTS_PER_HOUR,
        }
    }
}

impl FleetPolicy {
    /// Whether every plan of this risk needs an approval, caps aside.
    #[must_use]
    pub fn always_needs_approval(&self, risk: Risk) -> bool {
        self.approval.is_always_needed && risk == Risk::Irreversible
    }

    /// Whether work of this risk needs a reason.
    #[must_use]
    pub fn needs_reason(&self, risk: Risk) -> bool {
        self.reason.required_from.is_some_and(|from| risk >= from)
    }

    /// The window that work of this risk is bound by.
    #[must_use]
    pub fn window_of(&self, risk: Risk) -> Option<&Window> {
        self.window.as_ref().filter(|_| risk >= Risk::Disruptive)
    }
}

/// The table `approval` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenApproval {
    always: bool,
    allowed_signers: Option<PathBuf>,
    people: BTreeMap<String, String>,
}

/// Why the table `approval` is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum ApprovalRulesError {
    #[error("approval.always needs approval.allowed_signers, the file of approvers' keys")]
    NoKeys,
    #[error("approval.allowed_signers is empty")]
    EmptyPath,
    #[error("approval.people maps users of this host to principals; neither may be empty")]
    EmptyName,
}

impl TryFrom<WrittenApproval> for ApprovalRules {
    type Error = ApprovalRulesError;

    fn try_from(written: WrittenApproval) -> Result<Self, ApprovalRulesError> {
        let WrittenApproval { always, allowed_signers, people } = written;
        if allowed_signers.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(ApprovalRulesError::EmptyPath);
        }
        if always && allowed_signers.is_none() {
            return Err(ApprovalRulesError::NoKeys);
        }
        if people.iter().any(|(user, who)| user.trim().is_empty() || who.trim().is_empty()) {
            return Err(ApprovalRulesError::EmptyName);
        }
        Ok(Self { is_always_needed: always, allowed_signers, people })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::plan) fn policy(text: &str) -> FleetPolicy {
        toml::from_str(text).expect("a policy")
    }

    #[test]
    fn an_empty_file_is_the_built_in_rules() {
        assert_eq!(policy(""), FleetPolicy::default());
        let emergency = policy("[emergency]\nrequests_per_hour = 0").emergency;
        assert_eq!((emergency.lock_devices_per_day, emergency.requests_per_hour), (10, 0));
    }

    #[test]
    fn every_key_is_read() {
        let whole = policy(
            r#"
            [caps.disruptive]
            per_run = 200
            per_day = 200
            share = "20%"
            [caps.irreversible]
            share = "2.5%"
            [caps.action.lock]
            per_run = 400
            [maximum.irreversible]
            per_run = 400
            [maximum.action.erase]
            per_day = 50
            [[exception]]
            job = "offboarding"
            action = "erase"
            max = 400
            until = "2026-12-31"
            [approval]
            always = true
            allowed_signers = "signers"
            [approval.people]
            alice = "alice@example.com"
            [protect]
            device_ids = ["D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F"]
            serial_numbers = ["C02"]
            user_emails = ["ceo@example.com"]
            blueprints = ["Kiosk"]
            tags = ["vip"]
            [window]
            days = ["sat"]
            from = "22:00"
            to = "06:00"
            timezone = "Europe/Berlin"
            [emergency]
            lock_devices_per_day = 5
            requests_per_hour = 100
            [reason]
            required_from = "disruptive"
            "#,
        );
        assert!(whole.always_needs_approval(Risk::Irreversible));
        assert!(!whole.always_needs_approval(Risk::Disruptive));
        assert!(whole.needs_reason(Risk::Irreversible) && !whole.needs_reason(Risk::Benign));
        assert!(whole.window_of(Risk::Disruptive).is_some());
        assert!(whole.window_of(Risk::Benign).is_none());
        assert_eq!(whole.exceptions.len(), 1);
        assert!(!whole.protect.is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_reason() {
        let exception = |until: &str, action: &str| {
            format!("[[exception]]\njob = \"x\"\naction = \"{action}\"\nmax = 4\nuntil = {until}")
        };
        for (text, expected) in [
            ("[caps.disruptive]\nshare = \"0%\"".to_owned(), "more than 0%"),
            ("[caps.disruptive]\nshare = \"101%\"".to_owned(), "at most 100%"),
            ("[caps.disruptive]\nshare = \"20\"".to_owned(), "not a share"),
            ("[caps.disruptive]\nshare = \"NaN%\"".to_owned(), "not a share"),
            ("[caps.disruptive]\nper_run = -1".to_owned(), "-1"),
            ("[caps.benign]\nper_run = 1".to_owned(), "unknown field `benign`"),
            ("[caps.action.lokc]\nper_run = 1".to_owned(), "unknown action 'lokc'"),
            ("[caps.action.lockDevice]\nper_run = 1".to_owned(), "write 'lock'"),
            ("[caps.action.blank-push]\nper_run = 1".to_owned(), "benign and cannot have a cap"),
            ("[maximum.action.wipe]\nper_run = 1".to_owned(), "'wipe' is not an action"),
            ("[maximum.irreversible]\nshare = \"9%\"".to_owned(), "unknown field `share`"),
            (exception("\"soon\"", "erase"), "is not a date"),
            (exception("2026-12-31", "erase"), "in quotation marks"),
            (exception("\"2026-12-31\"", "set-name"), "cannot have a cap"),
            (exception("\"2026-12-31\"", "erase").replace("\"x\"", "\" \""), "the text is empty"),
            ("[approval]\nalways = true".to_owned(), "needs approval.allowed_signers"),
            ("[approval.people]\nalice = \"\"".to_owned(), "neither may be empty"),
            ("[protect]\ntags = [\"vip\", \" \"]".to_owned(), "protect.tags"),
            ("[protect]\nserial_numbers = [\"Default string\"]".to_owned(), "placeholder"),
            ("[protect]\ndevice_ids = [\"C02XL0GYJGH5\"]".to_owned(), "C02XL0GYJGH5"),
            (
                "[window]\ndays = []\nfrom = \"1\"\nto = \"2\"\ntimezone = \"UTC\"".to_owned(),
                "days",
            ),
            ("[reason]\nrequired_from = \"always\"".to_owned(), "unknown variant `always`"),
            ("[cap]\n".to_owned(), "unknown field `cap`"),
        ] {
            let error = toml::from_str::<FleetPolicy>(&text).expect_err(&text).to_string();
            assert!(error.contains(expected), "{text}\n{error}");
        }
    }
}
