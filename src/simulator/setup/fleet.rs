//! Fleets made from a seed.
//!
//! Owns the mix of devices, people, blueprints and tags, and the oddities that every real inventory has.
//! Must never know what is asked of the devices later.

use super::device_kind::DeviceKind;
use super::named_devices::{NamedDevice, merge};
use super::new_device::{NewDevice, Presence, SimUser};
use crate::model::{Platform, Random, UnixMillis};
use crate::simulator::draws::{Draw, draw, one_of};

const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;
/// Every so-manyeth device has the beginning of its predecessor's serial number as its own.
const CONTAINED_SERIAL_EVERY: u32 = 61;
/// Every so-manyeth record is an old, removed one of its predecessor.
const OLD_RECORD_EVERY: u32 = 97;
/// Every so-manyeth record is of a removed device.
const REMOVED_EVERY: u32 = 83;
/// Every so-manyeth device has lost its MDM.
const UNMANAGED_EVERY: u32 = 101;
/// Every so-manyeth device was not seen for weeks.
const MISSING_EVERY: u32 = 43;
/// Share of the Apple devices whose user turned on Find My, in percent.
const ACTIVATION_LOCKED_PERCENT: f64 = 6.0;
/// Letters of serial numbers; Apple leaves out what is easily misread.
const SERIAL_LETTERS: &[u8] = b"0123456789CDFGHJKLMNPQRTVWXY";
/// How serial numbers begin; a letter, so that no spreadsheet takes them for a number.
const SERIAL_STARTS: [&str; 8] = ["C02", "FVF", "F", "DMP", "H", "GG7", "K", "J"];
/// Shares of the kinds, in percent.
const MIX: [(DeviceKind, u64); 14] = [
    (DeviceKind::MacAppleSilicon, 38),
    (DeviceKind::MacIntel, 12),
    (DeviceKind::MacAppleSiliconOld, 3),
    (DeviceKind::IPhone, 14),
    (DeviceKind::IPhoneUserEnrolled, 1),
    (DeviceKind::IPad, 10),
    (DeviceKind::IPadOld, 3),
    (DeviceKind::IPadUnsupervised, 1),
    (DeviceKind::SharedIPad, 4),
    (DeviceKind::AppleTv, 4),
    (DeviceKind::Vision, 1),
    (DeviceKind::Windows, 6),
    (DeviceKind::Android, 2),
    (DeviceKind::AndroidWorkProfile, 1),
];
const BLUEPRINTS: [&str; 6] = ["Engineering", "Design", "Sales", "Lab", "Shared iPads", "Kiosk"];
const TAGS: [&str; 5] = ["lab", "kiosk", "loaner", "vip", "pilot"];
const FIRST_NAMES: [&str; 16] = [
    "Ada", "Björn", "Chidi", "Dana", "Elif", "Farah", "Grace", "Hiro", "Inés", "Jonas", "Kavya",
    "Liam", "Mei", "Nils", "Olga", "Zoë",
];
const LAST_NAMES: [&str; 16] = [
    "Okafor",
    "Smith",
    "Nakamura",
    "García",
    "Müller",
    "Patel",
    "Rossi",
    "Kowalski",
    "Nguyen",
    "Haddad",
    "Lindqvist",
    "O'Brien",
    "Silva",
    "Weber",
    "Young",
    "Dubois",
];

/// Which fleet to make. The same spec at the same moment makes the same fleet.
///
/// ```
/// use sortie::simulator::{FleetSpec, NamedDevice};
/// let named = NamedDevice { serial_number: Some("C02ABC1234".into()), ..NamedDevice::default() };
/// let fleet = FleetSpec { devices: 500, seed: 3, naming: vec![named], ..FleetSpec::default() };
/// assert_eq!(fleet.offline_percent, 10.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FleetSpec {
    /// How many devices there are besides the named ones.
    pub devices: u32,
    /// The seed of everything random about the tenant, its token included.
    pub seed: u64,
    /// Share of the devices that are offline at the start, in percent.
    pub offline_percent: f64,
    /// Share of the offline devices that come back within eight hours, in percent.
    pub wakes_percent: f64,
    /// Share of the devices that are not assigned to a user, in percent.
    pub without_user_percent: f64,
    /// Whether removed, unmanaged, duplicate and missing records are among the devices.
    pub oddities: Oddities,
    /// Devices that a job names. Each exists, is managed, and is what the job says.
    pub naming: Vec<NamedDevice>,
}

impl Default for FleetSpec {
    fn default() -> Self {
        Self {
            devices: 200,
            seed: 1,
            offline_percent: 10.0,
            wakes_percent: 60.0,
            without_user_percent: 15.0,
            oddities: Oddities::Some,
            naming: Vec::new(),
        }
    }
}

/// Whether a fleet has the odd records of real inventories.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Oddities {
    /// One device in 43 to 101 is odd, by kind of oddity.
    Some,
    /// No odd records.
    None,
}

/// All devices of a fleet, the named ones first.
pub(crate) fn generate(spec: &FleetSpec, now: UnixMillis) -> Vec<NewDevice> {
    let mut devices: Vec<NewDevice> = Vec::new();
    for (at, named) in merge(&spec.naming).into_iter().enumerate() {
        let mut random = draw(spec.seed, Draw::Device, [at as u64, 2, 0]);
        let mut device = ordinary(spec, named.wished_kind(), &mut random, now);
        named.put_on(&mut device);
        devices.push(device);
    }
    for at in 1..=spec.devices {
        let mut random = draw(spec.seed, Draw::Device, [u64::from(at), 0, 0]);
        let kind = draw_kind(&mut random);
        let mut device = ordinary(spec, kind, &mut random, now);
        // Named devices keep their serial numbers to themselves: an oddity there would refuse the job.
        let predecessor = if at > 1 { devices.last() } else { None };
        if spec.oddities == Oddities::Some {
            make_odd(&mut device, predecessor, at, now);
        }
        devices.push(device);
    }
    devices
}

/// Draws what a device leaves empty: id, serial number, model, OS version, name. `place` is the device's
/// number in the tenant.
pub(crate) fn fill_blanks(facts: &mut NewDevice, place: usize, random: &mut Random) {
    if facts.device_id.is_empty() {
        facts.device_id = random.uuid();
    }
    facts.device_id.make_ascii_lowercase();
    if facts.serial_number.is_empty() {
        facts.serial_number = draw_serial(random);
    }
    let kind = facts.kind.facts();
    if facts.model.is_empty() {
        facts.model = one_of(random, kind.models).to_owned();
    }
    if facts.os_version.is_empty() {
        facts.os_version = one_of(random, kind.os_versions).to_owned();
    }
    if facts.name.is_empty() {
        let owner = facts.user.as_ref().and_then(|user| user.name.split(' ').next());
        let platform = facts.kind.platform();
        facts.name = match owner {
            Some(owner) => format!("{owner}'s {platform}"),
            None => format!("{platform}-{place:05}"),
        };
    }
}

/// A serial number of 10 or 12 letters and digits.
fn draw_serial(random: &mut Random) -> String {
    let mut serial = one_of(random, &SERIAL_STARTS).to_owned();
    let length = if random.percent(50.0) { 12 } else { 10 };
    while serial.len() < length {
        let at = usize::try_from(random.below(SERIAL_LETTERS.len() as u64)).unwrap_or(0);
        serial.push(char::from(SERIAL_LETTERS[at]));
    }
    serial
}

fn draw_kind(random: &mut Random) -> DeviceKind {
    let total: u64 = MIX.iter().map(|(_, share)| share).sum();
    let mut left = random.below(total);
    for (kind, share) in MIX {
        if left < share {
            return kind;
        }
        left -= share;
    }
    DeviceKind::MacAppleSilicon
}

fn ordinary(spec: &FleetSpec, kind: DeviceKind, random: &mut Random, now: UnixMillis) -> NewDevice {
    let blueprint = match kind {
        DeviceKind::SharedIPad => "Shared iPads",
        _ => one_of(random, &BLUEPRINTS),
    };
    let tags = match (blueprint, random.percent(30.0)) {
        ("Lab", _) => vec!["lab".to_owned()],
        ("Kiosk", _) => vec!["kiosk".to_owned()],
        (_, true) => vec![one_of(random, &TAGS).to_owned()],
        _ => Vec::new(),
    };
    let user = (!random.percent(spec.without_user_percent)).then(|| draw_user(random));
    let presence = draw_presence(spec, random, now);
    let age_ms = match presence {
        Presence::Online => random.below(HOUR_MS),
        _ => HOUR_MS + random.below(3 * DAY_MS),
    };
    let has_agent = matches!(kind.platform(), Platform::Mac | Platform::Windows);
    let enrolled_ms = 10 * DAY_MS + random.below(900 * DAY_MS);
    let asset_tag =
        if random.percent(60.0) { format!("A{:05}", random.below(100_000)) } else { String::new() };
    let mut local_users = kind.local_users();
    if !local_users.is_empty() {
        local_users.extend(user.as_ref().map(|user: &SimUser| short_name(user).to_owned()));
    }
    NewDevice {
        device_id: random.uuid(),
        serial_number: draw_serial(random),
        user,
        asset_tag,
        blueprint: blueprint.to_owned(),
        tags,
        presence,
        last_check_in: (has_agent || random.percent(80.0)).then(|| before(now, age_ms)),
        last_enrollment: before(now, enrolled_ms),
        remote_desktop: kind.platform() == Platform::Mac && random.percent(20.0),
        filevault: kind.platform() == Platform::Mac && random.percent(90.0),
        is_activation_locked: kind.platform().is_apple()
            && random.percent(ACTIVATION_LOCKED_PERCENT),
        local_users,
        ..NewDevice::new(kind)
    }
}

fn draw_user(random: &mut Random) -> SimUser {
    let first = one_of(random, &FIRST_NAMES);
    let last = one_of(random, &LAST_NAMES);
    let number = random.below(1_000);
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
    };
    SimUser {
        email: format!("{}.{}{number}@example.com", plain(first), plain(last)),
        name: format!("{first} {last}"),
    }
}

fn short_name(user: &SimUser) -> &str {
    user.email.split('@').next().unwrap_or_default()
}

fn draw_presence(spec: &FleetSpec, random: &mut Random, now: UnixMillis) -> Presence {
    if !random.percent(spec.offline_percent) {
        return Presence::Online;
    }
    if random.percent(spec.wakes_percent) {
        return Presence::OfflineUntil(now.plus_ms(120_000 + random.below(8 * HOUR_MS)));
    }
    Presence::Offline
}

fn make_odd(device: &mut NewDevice, predecessor: Option<&NewDevice>, at: u32, now: UnixMillis) {
    let is_turn = |every: u32| at.is_multiple_of(every);
    if let Some(predecessor) = predecessor {
        if is_turn(CONTAINED_SERIAL_EVERY) && predecessor.serial_number.len() > 9 {
            device.serial_number = predecessor.serial_number[..9].to_owned();
        }
        if is_turn(OLD_RECORD_EVERY) {
            device.serial_number.clone_from(&predecessor.serial_number);
            device.is_removed = true;
            device.mdm_enabled = false;
            device.last_enrollment = before(predecessor.last_enrollment, 200 * DAY_MS);
        }
    }
    if is_turn(REMOVED_EVERY) {
        device.is_removed = true;
        device.mdm_enabled = false;
    }
    if is_turn(UNMANAGED_EVERY) {
        device.mdm_enabled = false;
    }
    if is_turn(MISSING_EVERY) {
        device.is_missing = true;
        device.presence = Presence::Offline;
        device.last_check_in = Some(before(now, 25 * DAY_MS + u64::from(at) * HOUR_MS));
    }
}

fn before(moment: UnixMillis, ms: u64) -> UnixMillis {
    UnixMillis(moment.0.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

    fn fleet(devices: u32) -> Vec<NewDevice> {
        generate(&FleetSpec { devices, seed: 4, ..FleetSpec::default() }, NOW)
    }

    #[test]
    fn a_fleet_has_every_kind_and_every_oddity() {
        let fleet = fleet(2_000);
        assert_eq!(fleet.len(), 2_000);
        let kinds: BTreeSet<DeviceKind> = fleet.iter().map(|device| device.kind).collect();
        assert_eq!(kinds.len(), MIX.len());
        assert!(fleet.iter().any(|device| device.is_removed));
        assert!(fleet.iter().any(|device| !device.mdm_enabled && !device.is_removed));
        assert!(fleet.iter().any(|device| device.is_missing));
        assert!(fleet.iter().any(|device| device.user.is_none()));
        let offline = fleet.iter().filter(|device| device.presence != Presence::Online).count();
        assert!((150..350).contains(&offline), "{offline}");
        for (blueprint, tag) in [("Design", "vip"), ("Lab", "lab"), ("Kiosk", "kiosk")] {
            assert!(fleet.iter().any(|device| device.blueprint == blueprint));
            assert!(fleet.iter().any(|device| device.tags.iter().any(|known| known == tag)));
        }
    }

    #[test]
    fn shared_serials_have_one_live_record_and_some_contain_others() {
        let fleet = fleet(1_000);
        let mut by_serial: BTreeMap<&str, Vec<&NewDevice>> = BTreeMap::new();
        for device in &fleet {
            by_serial.entry(&device.serial_number).or_default().push(device);
            let serial = &device.serial_number;
            assert!((9..=12).contains(&serial.len()), "{serial}");
            assert!(serial.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        }
        let shared: Vec<_> = by_serial.values().filter(|devices| devices.len() > 1).collect();
        assert!(!shared.is_empty());
        for devices in shared {
            assert!(devices.iter().filter(|device| !device.is_removed).count() <= 1);
        }
        let contained = by_serial.keys().zip(by_serial.keys().skip(1));
        assert!(contained.filter(|(one, two)| two.starts_with(**one)).count() > 0);
    }

    #[test]
    fn a_seed_makes_the_same_fleet_again_and_no_oddities_means_none() {
        assert_eq!(fleet(100), fleet(100));
        let spec = FleetSpec { devices: 500, oddities: Oddities::None, ..FleetSpec::default() };
        let plain = generate(&spec, NOW);
        assert!(plain.iter().all(|device| device.mdm_enabled && !device.is_removed));
    }
}
