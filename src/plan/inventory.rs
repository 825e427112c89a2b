//! Finding the one device that a row means.
//!
//! Owns exact, unique matching: the API's own filters match parts, and a part of a serial number has
//! locked the wrong Macs elsewhere. Must never pick one of several.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use super::objection::{Objection, ObjectionKind};
use super::positions::Positions;
use super::unusable::{is_aimed_at, unusable_id};
use crate::job::{Job, Target};
use crate::kandji::list_requests;
use crate::model::{
    Device, DeviceDetails, DeviceId, comparable, is_alike, is_placeholder_serial, is_same_text,
};

/// What has to be asked of the tenant before a plan can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The whole inventory, page by page.
    Everything,
    /// Single look-ups, because they cost fewer requests.
    Lookups(Vec<Lookup>),
}

/// One look-up of devices in the tenant's device list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// By id.
    Id(DeviceId),
    /// By serial number; more may come back than were meant.
    Serial(String),
    /// By user; more may come back than were meant.
    Email(String),
}

/// Says what to ask, given how many devices the tenant is believed to have.
#[must_use]
pub fn need(job: &Job, fleet_size: u32) -> Need {
    if job.selection.is_some() {
        return Need::Everything;
    }
    let most = list_requests(fleet_size) as usize;
    let mut lookups: BTreeSet<Lookup> = BTreeSet::new();
    for row in &job.rows {
        lookups.extend(lookup(&row.target));
        if lookups.len() > most {
            return Need::Everything;
        }
    }
    Need::Lookups(lookups.into_iter().collect())
}

/// The identity to look a target up by: the most exact one.
fn lookup(target: &Target) -> Option<Lookup> {
    let by_id = target.device_id.clone().map(Lookup::Id);
    by_id
        .or_else(|| {
            target.serial_number.as_ref().map(|serial| Lookup::Serial(serial.to_uppercase()))
        })
        .or_else(|| target.user_email.as_ref().map(|email| Lookup::Email(email.to_lowercase())))
}

/// The devices that are known, each once.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    devices: Vec<Device>,
    /// Each is made when a device is first looked for in this way.
    by_id: OnceLock<Positions>,
    by_serial: OnceLock<Positions>,
    by_email: OnceLock<Positions>,
    unusable: Vec<Device>,
}

/// One of the texts of a device.
type TextOf = fn(&Device) -> &str;

impl Inventory {
    /// Takes in devices; one that came twice, because the list moved while it was read, counts once.
    #[must_use]
    pub fn new(devices: impl IntoIterator<Item = Device>) -> Self {
        let mut devices: Vec<Device> = devices.into_iter().collect();
        let by_id = ids_of(&devices);
        let mut twice = HashSet::new();
        for suspects in by_id.suspects() {
            let mut firsts: Vec<&Device> = Vec::new();
            for at in suspects {
                let device = &devices[at];
                match firsts.iter().any(|first| is_same_id(&first.id, &device.id)) {
                    true => drop(twice.insert(at)),
                    false => firsts.push(device),
                }
            }
        }
        if !twice.is_empty() {
            let mut positions = 0..;
            devices.retain(|_| positions.next().is_none_or(|at| !twice.contains(&at)));
        }
        Self { devices, ..Self::default() }
    }

    /// The same with rows as the tenant gave them. Devices whose ids have not the documented form are set aside: they can
    /// be told of, and no request can name them.
    #[must_use]
    pub fn of_tenant(devices: impl IntoIterator<Item = Device>) -> Self {
        let mut devices: Vec<Device> = devices.into_iter().collect();
        let is_unusable = |device: &mut Device| !device.id.is_documented();
        let unusable: Vec<Device> = devices.extract_if(.., is_unusable).collect();
        Self { unusable, ..Self::new(devices) }
    }

    /// Devices that no request can name, because the tenant calls them by something else than an id.
    #[must_use]
    pub fn unusable(&self) -> &[Device] {
        &self.unusable
    }

    /// All usable devices, in the order in which they came.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The device with this id; `None` where the inventory does not hold it.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.position(id).map(|at| &self.devices[at])
    }

    fn position(&self, id: &DeviceId) -> Option<usize> {
        let by_id = self.by_id.get_or_init(|| ids_of(&self.devices));
        by_id.find(&folded(id)).find(|at| is_same_id(&self.devices[*at].id, id))
    }

    /// Adds what was read of a device; an unknown one is ignored.
    pub fn add_details(&mut self, id: &DeviceId, details: DeviceDetails) {
        if let Some(at) = self.position(id) {
            self.devices[at].details = Some(Box::new(details));
        }
    }

    /// Notes whether FileVault is on; an unknown device is ignored.
    pub(super) fn set_filevault(&mut self, id: &DeviceId, is_on: bool) {
        if let Some(at) = self.position(id) {
            self.devices[at].filevault_enabled = Some(is_on);
        }
    }

    /// Finds the one device that a target means. Every identity that the target gives must agree with it.
    ///
    /// # Errors
    /// [`Objection`] when none or several fit.
    pub fn resolve(&self, target: &Target) -> Result<&Device, Objection> {
        if let Some(device) = self.unusable.iter().find(|device| is_aimed_at(target, device)) {
            return Err(unusable_id(device));
        }
        let mut hits = self.hits(target);
        let Some(first) = hits.next() else {
            let what = strongest_text(target);
            return Err(objection(ObjectionKind::NotFound, format!("no device has {what}")));
        };
        let others: Vec<&Device> = hits.collect();
        if others.is_empty() && disagreement(target, first).is_none() {
            return Ok(first);
        }
        let mut all = vec![first];
        all.extend(others);
        one_of(target, &all)
    }

    /// The devices that the target's most exact identity fits.
    fn hits<'a>(&'a self, target: &Target) -> impl Iterator<Item = &'a Device> {
        let (id, devices) = (target.device_id.as_ref(), &self.devices);
        let by_text: Option<(&str, &Positions, TextOf)> =
            match (id, &target.serial_number, &target.user_email) {
                (None, Some(serial), _) => Some((serial.as_str(), self.by_serial(), serial_of)),
                (None, None, Some(email)) => Some((email.as_str(), self.by_email(), email_of)),
                _ => None,
            };
        let by_text = by_text.into_iter().flat_map(move |(text, positions, of)| {
            let found = positions.find(&comparable(text)).map(move |at| &devices[at]);
            found.filter(move |device| is_alike(of(device), text))
        });
        id.and_then(|id| self.device(id)).into_iter().chain(by_text)
    }

    fn by_serial(&self) -> &Positions {
        self.by_serial.get_or_init(|| self.positions(serial_of))
    }

    fn by_email(&self) -> &Positions {
        self.by_email.get_or_init(|| self.positions(email_of))
    }

    fn positions(&self, of: TextOf) -> Positions {
        let texts = (0..).zip(&self.devices).map(|(at, device)| (of(device), at));
        let texts = texts.filter(|(text, _)| !text.is_empty());
        Positions::of(texts.map(|(text, at)| (comparable(text), at)))
    }
}

/// Finds the one device among several, or one that does not agree.
fn one_of<'a>(target: &Target, hits: &[&'a Device]) -> Result<&'a Device, Objection> {
    let agreeing: Vec<&Device> =
        hits.iter().copied().filter(|device| disagreement(target, device).is_none()).collect();
    match agreeing.as_slice() {
        [device] => Ok(device),
        [] => {
            let why = hits.iter().find_map(|device| disagreement(target, device));
            let reason =
                why.unwrap_or_else(|| "no device has all identities of the row".to_owned());
            Err(objection(ObjectionKind::Disagreement, reason))
        }
        several => {
            // A device that enrolled anew leaves its old record behind, with the same serial number.
            // Different devices of one user are never chosen between.
            let serial = &several[0].serial_number;
            let is_one_device = !is_placeholder_serial(serial)
                && several.iter().all(|device| is_alike(&device.serial_number, serial));
            let mut managed = several.iter().filter(|device| device.is_managed());
            match (managed.next(), managed.next()) {
                (Some(device), None) if is_one_device => Ok(device),
                _ => {
                    let what = strongest_text(target);
                    Err(objection(ObjectionKind::Ambiguous, ambiguity(&what, several)))
                }
            }
        }
    }
}

/// The serial number by which a device can be found; empty where it is a placeholder.
fn serial_of(device: &Device) -> &str {
    let serial = &device.serial_number;
    if is_placeholder_serial(serial) { "" } else { serial }
}

fn email_of(device: &Device) -> &str {
    &device.user_email
}

fn ids_of(devices: &[Device]) -> Positions {
    Positions::of((0..).zip(devices).map(|(at, device)| (folded(&device.id), at)))
}

fn is_same_id(left: &DeviceId, right: &DeviceId) -> bool {
    left == right || folded(left) == folded(right)
}

/// An id in lower case, in which it is compared. Nearly all are.
fn folded(id: &DeviceId) -> Cow<'_, str> {
    let text = id.as_str();
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// The target's most exact identity, for people.
fn strongest_text(target: &Target) -> String {
    match (&target.device_id, &target.serial_number, target.user_email.as_deref()) {
        (Some(id), _, _) => format!("device_id {id}"),
        (None, Some(serial), _) => format!("serial_number {serial}"),
        (None, None, email) => format!("user_email {}", email.unwrap_or_default()),
    }
}

fn objection(kind: ObjectionKind, reason: String) -> Objection {
    Objection { kind, reason }
}

/// A target for people.
pub(super) fn target_text(target: &Target) -> String {
    let id = target.device_id.as_ref().map(|id| id.to_string());
    let parts = [
        ("device_id", id.as_deref()),
        ("serial_number", target.serial_number.as_deref()),
        ("user_email", target.user_email.as_deref()),
    ];
    let given: Vec<String> =
        parts.iter().filter_map(|(what, text)| Some(format!("{what} {}", (*text)?))).collect();
    given.join(", ")
}

/// Which of the target's identities does not belong to the device, if one does not.
fn disagreement(target: &Target, device: &Device) -> Option<String> {
    let serial = target.serial_number.as_deref();
    let email = target.user_email.as_deref();
    let name = target.device_name.as_deref();
    let asset_tag = target.asset_tag.as_deref();
    let checks = [
        ("serial_number", serial, &device.serial_number, true),
        ("user_email", email, &device.user_email, true),
        ("device_name", name, &device.name, false),
        ("asset_tag", asset_tag, &device.asset_tag, false),
    ];
    checks.into_iter().find_map(|(what, given, found, ignores_case)| {
        let given = given?;
        let is_same =
            if ignores_case { is_alike(given, found) } else { is_same_text(given, found) };
        // Enough to check a device by, and not to find it: to leave it out changes nothing else.
        let cure = match ignores_case {
            true => String::new(),
            false => format!("; to compare without it, give --ignore-column {what}"),
        };
        (!is_same).then(|| {
            format!("device {} has {what} '{found}', but the row has '{given}'{cure}", device.id)
        })
    })
}

fn ambiguity(what: &str, devices: &[&Device]) -> String {
    let shown: Vec<String> = devices
        .iter()
        .take(4)
        .map(|device| {
            let enrolled = device
                .last_enrollment
                .get()
                .map(|at| format!(", enrolled {at}"))
                .unwrap_or_default();
            format!("{} '{}'{enrolled}", device.id, device.name)
        })
        .collect();
    format!("{} devices have {what}: {}; name one by device_id", devices.len(), shown.join("; "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{DeviceFacts, DeviceGroup, DeviceMake, Platform};
    use std::sync::Arc;

    pub(in crate::plan) fn device(id: &str, serial: &str, platform: Platform) -> Device {
        let facts = DeviceFacts {
            id: DeviceId::from_api(id),
            serial_number: serial.into(),
            name: format!("{serial}'s").into(),
            user_email: format!("{serial}@example.com").to_lowercase().into(),
            group: Arc::new(DeviceGroup {
                platform,
                blueprint: "Design".into(),
                ..DeviceGroup::default()
            }),
            ..DeviceFacts::default()
        };
        Device {
            facts: Arc::new(facts),
            make: Arc::new(DeviceMake { os_version: "17.4".into(), ..DeviceMake::default() }),
            mdm_enabled: true,
            ..Device::default()
        }
    }

    fn serial(text: &str) -> Target {
        Target::by_serial(text)
    }

    fn user(email: &str) -> Target {
        let mut target = Target::default();
        target.user_email = Some(email.into());
        target
    }

    fn named(mut target: Target, name: &str) -> Target {
        target.device_name = Some(name.into());
        target
    }

    fn kind(found: Result<&Device, Objection>) -> Result<String, ObjectionKind> {
        found.map(|device| device.id.to_string()).map_err(|objection| objection.kind)
    }

    #[test]
    fn part_of_a_serial_number_matches_no_device() {
        let inventory = Inventory::new([
            device("a", "C02XL0GYJGH5", Platform::Mac),
            device("b", "C02XL0GYJGH5X", Platform::Mac),
        ]);
        assert_eq!(kind(inventory.resolve(&serial("c02xl0gyjgh5"))), Ok("a".to_owned()));
        for text in ["C02XL0GYJGH", "C02", ""] {
            assert_eq!(
                kind(inventory.resolve(&serial(text))),
                Err(ObjectionKind::NotFound),
                "{text}"
            );
        }
    }

    #[test]
    fn of_two_records_with_one_serial_only_the_managed_one_matches() {
        let mut old = device("a", "C02", Platform::Mac);
        let new = device("b", "C02", Platform::Mac);
        let both = Inventory::new([old.clone(), new.clone()]);
        assert_eq!(kind(both.resolve(&serial("C02"))), Err(ObjectionKind::Ambiguous));
        old.is_removed = true;
        let one = Inventory::new([old, new]);
        assert_eq!(kind(one.resolve(&serial("C02"))), Ok("b".to_owned()));
    }

    #[test]
    fn of_two_devices_of_one_user_none_is_chosen() {
        let mut mac = device("a", "C02", Platform::Mac);
        let mut pad = device("b", "DMP", Platform::IPad);
        mac.user_email = "ann@example.com".into();
        pad.user_email = "Ann@example.com".into();
        pad.mdm_enabled = false;
        let inventory = Inventory::new([mac, pad]);
        let ann = user("ann@example.com");
        assert_eq!(kind(inventory.resolve(&ann)), Err(ObjectionKind::Ambiguous));
    }

    #[test]
    fn a_placeholder_serial_number_identifies_no_device() {
        let mut old = device("a", "Default string", Platform::Windows);
        let mut new = device("b", "Default string", Platform::Windows);
        old.user_email = "ann@example.com".into();
        new.user_email = "ann@example.com".into();
        old.is_removed = true;
        let inventory = Inventory::new([old, new]);
        let found = kind(inventory.resolve(&serial("Default string")));
        assert_eq!(found, Err(ObjectionKind::NotFound));
        // Two PCs of one user are not one PC that enrolled anew.
        let ann = user("ann@example.com");
        assert_eq!(kind(inventory.resolve(&ann)), Err(ObjectionKind::Ambiguous));
    }

    #[test]
    fn names_and_addresses_agree_however_their_letters_are_composed() {
        let mut mac = device("a", "C02", Platform::Mac);
        mac.name = "Noe\u{301}mie".into();
        mac.user_email = "noe\u{301}@example.com".into();
        let inventory = Inventory::new([mac]);
        let given = named(serial("C02"), "Noémie");
        assert_eq!(kind(inventory.resolve(&given)), Ok("a".to_owned()));
        let by_email = user("NOÉ@example.com");
        assert_eq!(kind(inventory.resolve(&by_email)), Ok("a".to_owned()));
        let other_case = named(serial("C02"), "noémie");
        assert_eq!(kind(inventory.resolve(&other_case)), Err(ObjectionKind::Disagreement));
    }

    #[test]
    fn every_identity_must_agree() {
        let inventory = Inventory::new([device("a", "C02", Platform::Mac)]);
        let mut given = serial("C03");
        given.device_id = Some(DeviceId::from_api("a"));
        let objection = inventory.resolve(&given).expect_err("they disagree");
        assert_eq!(objection.kind, ObjectionKind::Disagreement);
        assert!(objection.reason.contains("C02") && objection.reason.contains("C03"));
        let given = named(serial("C02"), "c02's");
        let objection = inventory.resolve(&given).expect_err("another case");
        assert_eq!(objection.kind, ObjectionKind::Disagreement);
        assert!(objection.reason.contains("--ignore-column device_name"), "{}", objection.reason);
    }
}
