//! A device as a test or a rehearsal puts it into the tenant.
//!
//! Owns the facts of its record, its presence, and how its commands end. Must never hold what the tenant
//! learns later: that is `mdm::simulated_device`.

use super::device_kind::DeviceKind;
use crate::model::{Platform, UnixMillis};

/// A device to put into the tenant. Fields are what the API shows of a device; an empty id, serial number,
/// name, model or OS version is drawn from the seed.
///
/// ```
/// use sortie::simulator::{DeviceKind, NewDevice, Presence};
/// let mac = NewDevice { presence: Presence::Offline, ..NewDevice::new(DeviceKind::MacIntel) };
/// assert!(mac.mdm_enabled);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewDevice {
    /// The id, stored in lower case; drawn when empty.
    pub device_id: String,
    /// The serial number; drawn when empty.
    pub serial_number: String,
    /// The name; made from the user's name when empty.
    pub name: String,
    /// The kind, from which the platform follows.
    pub kind: DeviceKind,
    /// Model name; the kind's when empty.
    pub model: String,
    /// OS version; the kind's when empty.
    pub os_version: String,
    /// The assigned user; `None` if there is none.
    pub user: Option<SimUser>,
    /// The asset tag; may be empty.
    pub asset_tag: String,
    /// The name of the blueprint, which exists by being named.
    pub blueprint: String,
    /// The names of the tags.
    pub tags: Vec<String>,
    /// Whether it is under MDM: other devices refuse every action.
    pub mdm_enabled: bool,
    /// Whether the record is of a removed device, which the list still shows and which refuses every action.
    pub is_removed: bool,
    /// Whether its check-in is overdue. The flag changes nothing but the row.
    pub is_missing: bool,
    /// Whether commands reach it now.
    pub presence: Presence,
    /// The last check-in of the agent before the tenant opens; `None` is written as an empty text (observed).
    pub last_check_in: Option<UnixMillis>,
    /// The last enrollment.
    pub last_enrollment: UnixMillis,
    /// Whether remote desktop is on; Macs only.
    pub remote_desktop: bool,
    /// Whether FileVault is on; Macs only.
    pub filevault: bool,
    /// Whether the user turned on Activation Lock; Apple devices only.
    pub is_activation_locked: bool,
    /// Whether it is in Lost Mode when the tenant opens; supervised iPhones and iPads only.
    pub is_in_lost_mode: bool,
    /// Short names of the local users; Macs and Shared iPads only.
    pub local_users: Vec<String>,
    /// How the device ends its commands.
    pub command_end: CommandEnd,
}

impl NewDevice {
    /// A managed device of this kind that is online, is not assigned to a user, has no tags, and was enrolled on
    /// 2023-11-14.
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
            is_in_lost_mode: false,
            local_users: kind.local_users(),
            command_end: CommandEnd::ByChance,
        }
    }

    /// The address of the assigned user; an empty text if there is none.
    pub(crate) fn email(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.email.as_str())
    }
}

/// A user of the tenant, to whom devices are assigned. The address identifies the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimUser {
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub name: String,
}

/// Whether a device is switched on and has a network.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Commands reach it at once.
    Online,
    /// Commands wait until this moment.
    OfflineUntil(UnixMillis),
    /// Commands wait until a test wakes it (`World::wake`).
    Offline,
}

/// How a device ends its commands. The states are the API's (documented).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// As the chances of the switches say: completed, failed, or Not Now first.
    ByChance,
    /// Completed.
    Completes,
    /// Failed, with an error of the device.
    Fails,
    /// Not Now once, then completed.
    NotNowFirst {
        /// How long Not Now lasts, in milliseconds.
        ms: u64,
    },
    /// Never: the command stays at running.
    NeverEnds,
}
