//! Devices that are not to be touched, and devices that are not what they were.
//!
//! Owns the protect list and the comparison of a target that was read again just before its request. No flag reaches
//! either. Must never read a device itself, and never name an action.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::device_field::DeviceField;
use crate::kandji::{ActionSpec, EndSpec, find_action};
use crate::model::{
    Device, DeviceFacts, DeviceId, DeviceIdError, Recheck, Risk, Task, comparable_by_quotes,
    is_alike, is_placeholder_serial, is_same_text,
};

/// What protects a device, by the key of the policy's table `protect`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Id,
    SerialNumber,
    UserEmail,
    Blueprint,
    Tag,
}

impl Trait {
    fn part(self) -> DeviceField {
        match self {
            Self::Id => DeviceField::Id,
            Self::SerialNumber => DeviceField::SerialNumber,
            Self::UserEmail => DeviceField::UserEmail,
            Self::Blueprint => DeviceField::Blueprint,
            Self::Tag => DeviceField::Tag,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Id => "device_ids",
            Self::SerialNumber => "serial_numbers",
            Self::UserEmail => "user_emails",
            Self::Blueprint => "blueprints",
            Self::Tag => "tags",
        }
    }
}

/// The policy's table `protect`, ready to be asked. Texts are compared whole, without regard to case, to how
/// their letters are composed, and to the kind of quotation marks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenProtect")]
pub struct Protect {
    /// As compared, to as written.
    entries: BTreeMap<(Trait, String), String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenProtect {
    device_ids: Vec<String>,
    serial_numbers: Vec<String>,
    user_emails: Vec<String>,
    blueprints: Vec<String>,
    tags: Vec<String>,
}

/// Why the table is none: an entry that can match nothing would protect nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum ProtectError {
    #[error("protect.{0} has an empty entry, which protects nothing")]
    Empty(&'static str),
    #[error("protect.device_ids: '{0}' is {1}")]
    Id(String, DeviceIdError),
    #[error("protect.serial_numbers: '{0}' is a placeholder that many devices share")]
    Placeholder(String),
}

impl TryFrom<WrittenProtect> for Protect {
    type Error = ProtectError;

    fn try_from(written: WrittenProtect) -> Result<Self, ProtectError> {
        let lists = [
            (Trait::Id, written.device_ids),
            (Trait::SerialNumber, written.serial_numbers),
            (Trait::UserEmail, written.user_emails),
            (Trait::Blueprint, written.blueprints),
            (Trait::Tag, written.tags),
        ];
        let mut protect = Self::default();
        for (kind, list) in lists {
            for text in list {
                let folded = comparable_by_quotes(&text);
                if folded.is_empty() {
                    return Err(ProtectError::Empty(kind.key()));
                }
                if kind == Trait::Id
                    && let Err(error) = DeviceId::parse(text.trim())
                {
                    return Err(ProtectError::Id(text, error));
                }
                if kind == Trait::SerialNumber && is_placeholder_serial(&text) {
                    return Err(ProtectError::Placeholder(text));
                }
                protect.entries.insert((kind, folded), text);
            }
        }
        Ok(protect)
    }
}

impl Protect {
    /// Whether the list protects no device.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its entries: what of a device each names, its key in the table, and the text as written.
    pub(super) fn entries(&self) -> impl Iterator<Item = (DeviceField, &'static str, &str)> {
        self.entries.iter().map(|((kind, _), text)| (kind.part(), kind.key(), text.as_str()))
    }

    /// Why nothing disruptive or irreversible may touch a device with these facts; `None` when it may.
    #[must_use]
    pub fn objection(&self, facts: &DeviceFacts) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let own = [
            (Trait::Id, facts.id.as_str()),
            (Trait::SerialNumber, facts.serial_number.as_str()),
            (Trait::UserEmail, &facts.user_email),
            (Trait::Blueprint, &facts.blueprint),
        ];
        let tags = facts.tags.iter().map(|tag| (Trait::Tag, tag.as_str()));
        let (kind, entry) = own.into_iter().chain(tags).find_map(|(kind, text)| {
            self.entries.get(&(kind, comparable_by_quotes(text))).map(|entry| (kind, entry))
        })?;
        Some(format!(
            "the device is protected by the policy (protect.{} '{entry}'), and no flag overrides that ({} '{}')",
            kind.key(),
            facts.serial_number,
            facts.name
        ))
    }

    /// The same for a device that was just read.
    #[must_use]
    pub fn objection_to(&self, device: &Device) -> Option<String> {
        self.objection(device)
    }
}

/// Whether a task acts on a device or on its record alone, which decides what the protect list refuses.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Aim {
    /// The device, which has to be under MDM for that.
    Device,
    /// Its record, which can be deleted in any state of the device.
    Record,
}

impl Aim {
    /// What an action acts on: the record where the action ends with the disappearance of the record, else the
    /// device.
    #[must_use]
    fn of(action: &ActionSpec) -> Self {
        match action.end {
            EndSpec::Gone => Self::Record,
            _ => Self::Device,
        }
    }
}

/// Whether a device that was just read may still be the target of a task. What cannot be undone needs the device as it was
/// planned; what can be undone may be done to one that has another user by now, unless it is protected.
#[must_use]
pub fn recheck(task: &Task, device: &Device, protect: &Protect) -> Recheck {
    match task.risk {
        Risk::Read | Risk::Benign => Recheck::Same,
        Risk::Disruptive => recheck_protection(device, protect),
        Risk::Irreversible => {
            let aim = find_action(&task.action).map_or(Aim::Device, Aim::of);
            recheck_target(&task.device, device, protect, aim)
        }
    }
}

/// Compares a device with what the plan froze of it.
fn recheck_target(facts: &DeviceFacts, device: &Device, protect: &Protect, aim: Aim) -> Recheck {
    match change(facts, device, aim).or_else(|| protect.objection_to(device)) {
        Some(reason) => Recheck::Changed { reason },
        None => Recheck::Same,
    }
}

/// The same as far as protection goes.
fn recheck_protection(device: &Device, protect: &Protect) -> Recheck {
    match protect.objection_to(device) {
        Some(reason) => Recheck::Changed { reason },
        None => Recheck::Same,
    }
}

/// What is not as it was.
fn change(facts: &DeviceFacts, device: &Device, aim: Aim) -> Option<String> {
    if device.is_removed {
        return Some("the device was removed from management after the plan was made".to_owned());
    }
    if aim == Aim::Device && !device.mdm_enabled {
        return Some("the device is no longer enrolled in MDM".to_owned());
    }
    let changed = |what: &str, old: &str, new: &str| {
        format!("the {what} changed from '{old}' in the plan to '{new}'")
    };
    let folding = [
        ("serial number", &facts.serial_number, &device.serial_number),
        ("user", &facts.user_email, &device.user_email),
    ];
    for (what, old, new) in folding {
        if !is_alike(old, new) {
            return Some(changed(what, old, new));
        }
    }
    // A plan of an older program does not tell the blueprint.
    let (old, new) = (&facts.blueprint, &device.blueprint);
    (!old.is_empty() && !is_same_text(old, new)).then(|| changed("blueprint", old, new))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fleet_policy::tests::policy;
    use super::super::inventory::tests::device;
    use super::super::testing::plan;
    use super::*;
    use crate::kandji::ACTIONS;
    use crate::model::Platform;

    const ID: &str = "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f";

    fn mac() -> Device {
        let mut device = device(ID, "C02XL0GYJGH5", Platform::Mac);
        device.tags = ["loan", "VIP"].into_iter().collect();
        device
    }

    #[test]
    fn a_device_is_protected_by_any_whole_trait_in_any_case() {
        for (entry, expected) in [
            (format!("device_ids = [\"{}\"]", ID.to_uppercase()), Some("device_ids")),
            ("serial_numbers = [\"c02xl0gyjgh5\"]".to_owned(), Some("serial_numbers")),
            ("serial_numbers = [\"C02XL0GYJGH\"]".to_owned(), None),
            ("user_emails = [\" C02XL0GYJGH5@Example.com \"]".to_owned(), Some("user_emails")),
            ("blueprints = [\"design\"]".to_owned(), Some("blueprints")),
            ("blueprints = [\"Design 2\"]".to_owned(), None),
            ("tags = [\"vip\"]".to_owned(), Some("tags")),
            ("tags = [\"Design\"]".to_owned(), None),
            (String::new(), None),
        ] {
            let protect = policy(&format!("[protect]\n{entry}")).protect;
            let objection = protect.objection_to(&mac());
            assert_eq!(objection, protect.objection(&mac()));
            let is_named = |key| objection.as_ref().is_some_and(|text| text.contains(key));
            assert!(expected.map_or(objection.is_none(), is_named), "{entry}: {objection:?}");
            assert!(objection.is_none_or(|text| text.contains("no flag overrides")));
        }
    }

    #[test]
    fn a_name_that_looks_equal_protects_too() {
        let mut device = mac();
        device.blueprint = "Noe\u{301}mie’s Kiosk".into();
        for entry in ["Noémie’s Kiosk", "NOÉMIE'S KIOSK", "Noe\u{301}mie's kiosk"] {
            let protect = policy(&format!("[protect]\nblueprints = [\"{entry}\"]")).protect;
            assert!(protect.objection_to(&device).is_some(), "{entry}");
        }
        let mut composed = mac();
        composed.blueprint = "Noémie’s Kiosk".into();
        assert_eq!(
            recheck_target(&device, &composed, &Protect::default(), Aim::Device),
            Recheck::Same
        );
    }

    /// Reads the changed device again; `expected` occurs in the reason, or is `same`.
    fn check(facts: &DeviceFacts, aim: Aim, protect: &str, edit: fn(&mut Device), expected: &str) {
        let mut read = mac();
        edit(&mut read);
        let protect = policy(protect).protect;
        let found = match recheck_target(facts, &read, &protect, aim) {
            Recheck::Same => "same".to_owned(),
            Recheck::Changed { reason } => reason,
            other => format!("{other:?}"),
        };
        assert!(found.contains(expected), "{expected}: {found}");
    }

    #[test]
    fn a_target_that_is_not_what_it_was_is_not_touched() {
        let facts = (*mac().facts).clone();
        type Row = (Aim, &'static str, fn(&mut Device), &'static str);
        let rows: [Row; 11] = [
            (Aim::Device, "", |_| {}, "same"),
            (Aim::Device, "", |read| read.name = "new".into(), "same"),
            (Aim::Device, "", |read| read.serial_number = "c02xl0gyjgh5".into(), "same"),
            (Aim::Device, "", |read| read.user_email = "C02XL0GYJGH5@EXAMPLE.COM".into(), "same"),
            (
                Aim::Device,
                "",
                |read| read.serial_number = "C02XL0GYJGH5X".into(),
                "to 'C02XL0GYJGH5X'",
            ),
            (Aim::Device, "", |read| read.user_email = "".into(), "to ''"),
            (Aim::Record, "", |read| read.blueprint = "Design2".into(), "'Design' in the plan"),
            (Aim::Device, "", |read| read.mdm_enabled = false, "no longer enrolled in MDM"),
            (Aim::Record, "", |read| read.mdm_enabled = false, "same"),
            (Aim::Record, "", |read| read.is_removed = true, "removed"),
            (Aim::Record, "[protect]\ntags = [\"vip\"]", |_| {}, "no flag overrides"),
        ];
        for (aim, protect, edit, expected) in rows {
            check(&facts, aim, protect, edit, expected);
        }
        let old = DeviceFacts { ..facts };
        check(&old, Aim::Device, "", |_| {}, "same");
    }

    #[test]
    fn the_risk_decides_what_a_target_is_compared_with() {
        let vip = policy("[protect]\ntags = [\"vip\"]").protect;
        for (action, when_moved, when_protected) in
            [("blank-push", true, true), ("restart", true, false), ("erase", false, false)]
        {
            let mut task = plan(&[(action, ID)]).tasks.remove(0);
            task.device = Arc::clone(&mac().facts);
            let mut moved = mac();
            moved.user_email = "another@example.com".into();
            let is_same = |device: &Device, protect: &Protect| {
                recheck(&task, device, protect) == Recheck::Same
            };
            assert!(is_same(&mac(), &Protect::default()), "{action}");
            assert_eq!(is_same(&moved, &Protect::default()), when_moved, "{action}");
            assert_eq!(is_same(&mac(), &vip), when_protected, "{action}");
        }
    }

    #[test]
    fn only_the_deletion_of_a_record_aims_at_the_record() {
        for action in ACTIONS {
            let is_delete = action.method == crate::model::wire::Method::Delete;
            let is_of_record = is_delete && action.path_suffix.is_empty();
            assert_eq!(Aim::of(action) == Aim::Record, is_of_record, "{}", action.name);
        }
        assert_eq!(Aim::of(find_action("erase").expect("an action")), Aim::Device);
    }
}
