//! Devices that a job names, so that a rehearsal finds them.
//!
//! Owns the question which of the names mean one device. Must never invent a second device for an identity
//! that is already taken.

use std::collections::HashMap;

use super::device_kind::DeviceKind;
use super::new_device::{NewDevice, SimUser};
use crate::model::Platform;

/// A device as a job names it: its identities, and what it has to be. `None` leaves a field to the draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedDevice {
    /// The device id.
    pub device_id: Option<String>,
    /// The serial number.
    pub serial_number: Option<String>,
    /// The e-mail address of its user.
    pub user_email: Option<String>,
    /// The device name.
    pub device_name: Option<String>,
    /// The asset tag.
    pub asset_tag: Option<String>,
    /// The platform; a Mac if `None`.
    pub platform: Option<Platform>,
    /// The kind, where the platform alone is too coarse: a Shared iPad, for example. It overrules the platform.
    pub kind: Option<DeviceKind>,
    /// The OS version.
    pub os_version: Option<String>,
    /// The name of the blueprint.
    pub blueprint: Option<String>,
    /// The name of a tag, added to the drawn ones.
    pub tag: Option<String>,
}

impl NamedDevice {
    /// What kind of device it has to be.
    pub(crate) fn wished_kind(&self) -> DeviceKind {
        let of_platform = || DeviceKind::of_platform(self.platform.unwrap_or(Platform::Mac));
        self.kind.unwrap_or_else(of_platform)
    }

    /// Gives a device the named facts.
    pub(crate) fn put_on(self, device: &mut NewDevice) {
        let set = |place: &mut String, text: Option<String>| {
            if let Some(text) = text {
                *place = text;
            }
        };
        set(&mut device.device_id, self.device_id);
        set(&mut device.serial_number, self.serial_number);
        set(&mut device.name, self.device_name);
        set(&mut device.asset_tag, self.asset_tag);
        set(&mut device.os_version, self.os_version);
        set(&mut device.blueprint, self.blueprint);
        device.tags.extend(self.tag);
        if let Some(email) = self.user_email {
            let name = email.split('@').next().unwrap_or_default().replace('.', " ");
            device.user = Some(SimUser { email, name });
        }
    }

    /// Its identities, each with the word that keeps kinds apart.
    fn identities(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("id", &self.device_id),
            ("serial", &self.serial_number),
            ("email", &self.user_email),
            ("name", &self.device_name),
        ]
        .into_iter()
        .filter_map(|(word, text)| text.as_ref().map(|text| (word, text.to_lowercase())))
    }

    /// Whether both can be one device: what both say is the same.
    fn agrees(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, two: &Option<String>| match (one, two) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            _ => true,
        };
        same(&self.device_id, &other.device_id)
            && same(&self.serial_number, &other.serial_number)
            && same(&self.user_email, &other.user_email)
            && same(&self.device_name, &other.device_name)
    }

    fn learn(&mut self, other: &Self) {
        let fill = |place: &mut Option<String>, text: &Option<String>| {
            if place.is_none() {
                place.clone_from(text);
            }
        };
        fill(&mut self.device_id, &other.device_id);
        fill(&mut self.serial_number, &other.serial_number);
        fill(&mut self.user_email, &other.user_email);
        fill(&mut self.device_name, &other.device_name);
        fill(&mut self.asset_tag, &other.asset_tag);
        fill(&mut self.os_version, &other.os_version);
        fill(&mut self.blueprint, &other.blueprint);
        fill(&mut self.tag, &other.tag);
        self.platform = self.platform.or(other.platform);
        self.kind = self.kind.or(other.kind);
    }
}

/// One entry for each device that the names mean: names that share an identity and contradict each other in
/// none are one device. A name without any identity means no device.
pub(crate) fn merge(names: &[NamedDevice]) -> Vec<NamedDevice> {
    let mut devices: Vec<NamedDevice> = Vec::new();
    let mut known: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
    for name in names {
        let identities: Vec<_> = name.identities().collect();
        if identities.is_empty() {
            continue;
        }
        let hit = identities
            .iter()
            .filter_map(|identity| known.get(identity))
            .flatten()
            .copied()
            .find(|at| devices[*at].agrees(name));
        let at = hit.unwrap_or(devices.len());
        match hit {
            Some(at) => devices[at].learn(name),
            None => devices.push(name.clone()),
        }
        for identity in identities {
            let places = known.entry(identity).or_default();
            if !places.contains(&at) {
                places.push(at);
            }
        }
    }
    devices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;
    use crate::simulator::setup::fleet::{FleetSpec, generate};

    fn name(id: &str, serial: &str, email: &str) -> NamedDevice {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        NamedDevice {
            device_id: some(id),
            serial_number: some(serial),
            user_email: some(email),
            ..NamedDevice::default()
        }
    }

    #[test]
    fn one_device_by_several_names_is_one_device() {
        let merged = merge(&[
            name("", "", "a@x.org"),
            name("", "SER1", "a@x.org"),
            name("ID1", "ser1", ""),
            name("id1", "", ""),
            name("", "", ""),
        ]);
        assert_eq!(merged, [name("ID1", "SER1", "a@x.org")]);
    }

    #[test]
    fn one_person_may_have_two_devices() {
        let merged = merge(&[name("", "SER1", "a@x.org"), name("", "SER2", "a@x.org")]);
        assert_eq!(merged.len(), 2);
    }

    #[test]
    fn a_wished_kind_is_finer_than_a_platform() {
        let mut named = name("", "S1", "");
        assert_eq!(named.wished_kind(), DeviceKind::MacAppleSilicon);
        named.platform = Some(Platform::IPad);
        assert_eq!(named.wished_kind(), DeviceKind::IPad);
        named.kind = Some(DeviceKind::SharedIPad);
        assert_eq!(named.wished_kind(), DeviceKind::SharedIPad);
    }

    #[test]
    fn named_devices_exist_are_managed_and_are_what_was_wished() {
        let wish = NamedDevice {
            platform: Some(Platform::IPad),
            os_version: Some("17.5".to_owned()),
            device_name: Some("Front desk".to_owned()),
            tag: Some("lab".to_owned()),
            ..name("", "DMPZ00000001", "desk@x.org")
        };
        let spec = FleetSpec { devices: 3, naming: vec![wish], ..FleetSpec::default() };
        let fleet = generate(&spec, UnixMillis(1_750_000_000_000));
        assert_eq!(fleet.len(), 4);
        let device = &fleet[0];
        assert_eq!(device.kind.platform(), Platform::IPad);
        assert_eq!(
            (device.serial_number.as_str(), device.name.as_str()),
            ("DMPZ00000001", "Front desk")
        );
        assert_eq!(device.os_version, "17.5");
        assert!(device.mdm_enabled && device.tags.contains(&"lab".to_owned()));
        assert_eq!(device.user.as_ref().map(|user| user.email.as_str()), Some("desk@x.org"));
    }
}
