//! A device as a test or a rehearsal puts it into the tenant.
//!
//! Owns the facts of its record, its presence, and how its commands end. Must never hold what the tenant
//! learns later: that is `mdm::simulated_device`.

use super::device_kind::DeviceKind;
use crate::model::{Platform, UnixMillis};

/// A device to put into the tenant. Texts may be empty; an empty id and serial number are drawn.
///
/// ```
/// use sortie::simulator::{DeviceKind, NewDevice, Presence};
/// let mac = NewDevice { presence: Presence::Offline, ..NewDevice::new(DeviceKind::MacIntel) };
/// assert!(mac.mdm_enabled);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewDevice {
    /// The id; drawn when empty.
    pub device_id: String,
    /// The serial number; drawn when empty.
    pub serial_number: String,
    /// The name; made from the user's name when empty.
    pub name: String,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// Model name; the kind's when empty.
    pub model: String,
    /// OS version; the kind's when empty.
    pub os_version: String,
    /// The assigned user.
    pub user: Option<SimUser>,
    /// Asset tag.
    pub asset_tag: String,
    /// Name of the blueprint.
    pub blueprint: String,
    /// Names of the tags.
    pub tags: Vec<String>,
    /// Whether it is under MDM.
    pub mdm_enabled: bool,
    /// Whether the record is of a removed device.
    pub is_removed: bool,
    /// Whether it is overdue.
    pub is_missing: bool,
    /// Whether commands reach it.
    pub presence: Presence,
    /// Last check-in of the agent when the tenant starts; `None` is written as an empty text.
    pub last_check_in: Option<UnixMillis>,
    /// Last enrolment.
    pub last_enrollment: UnixMillis,
    /// Whether remote desktop is on.
    pub remote_desktop: bool,
    /// Whether FileVault is on.
    pub filevault: bool,
    /// Whether Activation Lock is on.
    pub is_activation_locked: bool,
    /// Short names of the local accounts.
    pub local_users: Vec<String>,
    /// How its commands end.
    pub command_end: CommandEnd,
}

impl NewDevice {
    /// A managed device of this kind that is online, belongs to nobody and has no tags.
    #[must_use]
    pub fn new(kind: DeviceKind) -> Self {
        Self {
            device_id: String::new(),
            serial_number: String::new(),
            name: String::new(),
            kind,
            model: String::new(),
            os_version: String::new(),
            user: None,
            asset_tag: String::new(),
            blueprint: "Engineering".to_owned(),
            tags: Vec::new(),
            mdm_enabled: true,
            is_removed: false,
            is_missing: false,
            presence: Presence::Online,
            last_check_in: None,
            last_enrollment: UnixMillis(1_700_000_000_000),
            remote_desktop: false,
            filevault: kind.platform() == Platform::Mac,
            is_activation_locked: false,
            local_users: kind.local_users(),
            command_end: CommandEnd::ByChance,
        }
    }

    /// The address of the assigned user; an empty text for nobody.
    pub(crate) fn email(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.email.as_str())
    }
}

/// A user of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimUser {
    /// Address.
    pub email: String,
    /// Full name.
    pub name: String,
}

/// Whether commands reach a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// They do.
    Online,
    /// Not until this moment.
    OfflineUntil(UnixMillis),
    /// Not until it is woken.
    Offline,
}

/// How the commands of a device end.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// As the switches' chances say.
    ByChance,
    /// Well.
    Completes,
    /// With an error of the device.
    Fails,
    /// With Not Now for so long, and then well.
    NotNowFirst {
        /// How long.
        ms: u64,
    },
    /// Never: the device stays at running.
    NeverEnds,
}
