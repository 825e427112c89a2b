//! Finding the one device that a row means.
//!
//! Owns exact, unique matching: the API's own filters match parts, and a part of a serial number has
//! locked the wrong Macs elsewhere. Must never pick one of several.

use std::collections::{BTreeMap, BTreeSet};

use super::objection::{Objection, ObjectionKind};
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
    let lookups: BTreeSet<Lookup> = job.rows.iter().filter_map(|row| lookup(&row.target)).collect();
    if lookups.len() <= list_requests(fleet_size) as usize {
        Need::Lookups(lookups.into_iter().collect())
    } else {
        Need::Everything
    }
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
    by_id: BTreeMap<String, usize>,
    by_serial: BTreeMap<String, Vec<usize>>,
    by_email: BTreeMap<String, Vec<usize>>,
    unusable: Vec<Device>,
}

impl Inventory {
    /// Takes in devices; one that came twice, because the list moved while it was read, counts once.
    #[must_use]
    pub fn new(devices: impl IntoIterator<Item = Device>) -> Self {
        let mut inventory = Self::default();
        for device in devices {
            let id = device.id.as_str().to_lowercase();
            if inventory.by_id.contains_key(&id) {
                continue;
            }
            let at = inventory.devices.len();
            inventory.by_id.insert(id, at);
            let mut enter = |text: &str, by: fn(&mut Self) -> &mut BTreeMap<String, Vec<usize>>| {
                if !text.is_empty() {
                    by(&mut inventory).entry(comparable(text)).or_default().push(at);
                }
            };
            if !is_placeholder_serial(&device.serial_number) {
                enter(&device.serial_number, |inventory| &mut inventory.by_serial);
            }
            enter(&device.user_email, |inventory| &mut inventory.by_email);
            inventory.devices.push(device);
        }
        inventory
    }

    /// The same with rows as the tenant gave them. Devices whose ids have not the documented form are set aside: they can
    /// be told of, and no request can name them.
    #[must_use]
    pub fn of_tenant(devices: impl IntoIterator<Item = Device>) -> Self {
        let (usable, unusable): (Vec<Device>, Vec<Device>) =
            devices.into_iter().partition(|device| device.id.is_documented());
        Self { unusable, ..Self::new(usable) }
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
        self.by_id.get(&id.as_str().to_lowercase()).map(|&at| &self.devices[at])
    }

    /// Adds what was read of a device; an unknown one is ignored.
    pub fn add_details(&mut self, id: &DeviceId, details: DeviceDetails) {
        if let Some(&at) = self.by_id.get(&id.as_str().to_lowercase()) {
            self.devices[at].details = Some(details);
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
        let (what, hits) = self.hits(target);
        if hits.is_empty() {
            return Err(objection(ObjectionKind::NotFound, format!("no device has {what}")));
        }
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
                    _ => Err(objection(ObjectionKind::Ambiguous, ambiguity(&what, several))),
                }
            }
        }
    }

    /// The devices that the target's most exact identity fits, and that identity for people.
    fn hits(&self, target: &Target) -> (String, Vec<&Device>) {
        let listed = |by: &BTreeMap<String, Vec<usize>>, text: &str| -> Vec<&Device> {
            let at = by.get(&comparable(text));
            at.map(|at| at.iter().map(|&at| &self.devices[at]).collect()).unwrap_or_default()
        };
        if let Some(id) = &target.device_id {
            return (format!("device_id {id}"), self.device(id).into_iter().collect());
        }
        if let Some(serial) = &target.serial_number {
            return (format!("serial_number {serial}"), listed(&self.by_serial, serial));
        }
        let email = target.user_email.as_deref().unwrap_or_default();
        (format!("user_email {email}"), listed(&self.by_email, email))
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
            let enrolled =
                device.last_enrollment.map(|at| format!(", enrolled {at}")).unwrap_or_default();
            format!("{} '{}'{enrolled}", device.id, device.name)
        })
        .collect();
    format!("{} devices have {what}: {}; name one by device_id", devices.len(), shown.join("; "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::Platform;

    pub(in crate::plan) fn device(id: &str, serial: &str, platform: Platform) -> Device {
        Device {
            id: DeviceId::from_api(id),
            serial_number: serial.to_owned(),
            name: format!("{serial}'s"),
            platform,
            os_version: "17.4".to_owned(),
            model: String::new(),
            user_email: format!("{serial}@example.com").to_lowercase(),
            user_name: String::new(),
            blueprint_name: "Design".to_owned(),
            blueprint_id: String::new(),
            asset_tag: String::new(),
            tags: Vec::new(),
            last_check_in: None,
            last_enrollment: None,
            mdm_enabled: true,
            is_removed: false,
            is_missing: false,
            details: None,
        }
    }

    fn serial(text: &str) -> Target {
        Target { serial_number: Some(text.to_owned()), ..Target::default() }
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
        mac.user_email = "ann@example.com".to_owned();
        pad.user_email = "Ann@example.com".to_owned();
        pad.mdm_enabled = false;
        let inventory = Inventory::new([mac, pad]);
        let ann = Target { user_email: Some("ann@example.com".to_owned()), ..Target::default() };
        assert_eq!(kind(inventory.resolve(&ann)), Err(ObjectionKind::Ambiguous));
    }

    #[test]
    fn a_placeholder_serial_number_identifies_no_device() {
        let mut old = device("a", "Default string", Platform::Windows);
        let mut new = device("b", "Default string", Platform::Windows);
        old.user_email = "ann@example.com".to_owned();
        new.user_email = "ann@example.com".to_owned();
        old.is_removed = true;
        let inventory = Inventory::new([old, new]);
        let found = kind(inventory.resolve(&serial("Default string")));
        assert_eq!(found, Err(ObjectionKind::NotFound));
        // Two PCs of one user are not one PC that enrolled anew.
        let ann = Target { user_email: Some("ann@example.com".to_owned()), ..Target::default() };
        assert_eq!(kind(inventory.resolve(&ann)), Err(ObjectionKind::Ambiguous));
    }

    #[test]
    fn names_and_addresses_agree_however_their_letters_are_composed() {
        let mut mac = device("a", "C02", Platform::Mac);
        mac.name = "Noe\u{301}mie".to_owned();
        mac.user_email = "noe\u{301}@example.com".to_owned();
        let inventory = Inventory::new([mac]);
        let given = Target { device_name: Some("Noémie".to_owned()), ..serial("C02") };
        assert_eq!(kind(inventory.resolve(&given)), Ok("a".to_owned()));
        let by_email =
            Target { user_email: Some("NOÉ@example.com".to_owned()), ..Target::default() };
        assert_eq!(kind(inventory.resolve(&by_email)), Ok("a".to_owned()));
        let other_case = Target { device_name: Some("noémie".to_owned()), ..serial("C02") };
        assert_eq!(kind(inventory.resolve(&other_case)), Err(ObjectionKind::Disagreement));
    }

    #[test]
    fn every_identity_must_agree() {
        let inventory = Inventory::new([device("a", "C02", Platform::Mac)]);
        let given = Target {
            device_id: Some(DeviceId::from_api("a")),
            serial_number: Some("C03".to_owned()),
            ..Target::default()
        };
        let objection = inventory.resolve(&given).expect_err("they disagree");
        assert_eq!(objection.kind, ObjectionKind::Disagreement);
        assert!(objection.reason.contains("C02") && objection.reason.contains("C03"));
        let given = Target { device_name: Some("c02's".to_owned()), ..serial("C02") };
        let objection = inventory.resolve(&given).expect_err("another case");
        assert_eq!(objection.kind, ObjectionKind::Disagreement);
        assert!(objection.reason.contains("--ignore-column device_name"), "{}", objection.reason);
    }
}
