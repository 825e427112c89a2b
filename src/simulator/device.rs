//! One simulated device: what its record says and what state it is in.
//!
//! Owns the kinds of devices and what each of them can do. Must never answer a request.

use super::commands::Command;
use crate::kandji::ActionSpec;
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

/// What kind of device it is. What the API calls a platform is coarser.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceKind {
    /// A Mac with an Intel processor.
    MacIntel,
    /// A Mac with Apple silicon and macOS 11.5 or later.
    MacAppleSilicon,
    /// A Mac with Apple silicon before macOS 11.5: a lock deactivates it and makes no PIN.
    MacAppleSiliconOld,
    /// A supervised iPhone.
    IPhone,
    /// A personal iPhone, user-enrolled.
    IPhoneUserEnrolled,
    /// A supervised iPad.
    IPad,
    /// A supervised iPad on iPadOS 16, which knows no Return to Service.
    IPadOld,
    /// An iPad that is not supervised.
    IPadUnsupervised,
    /// A Shared iPad.
    SharedIPad,
    /// An Apple TV.
    AppleTv,
    /// A Vision Pro.
    Vision,
    /// A Windows PC.
    Windows,
    /// An Android device of the company.
    Android,
    /// A personal Android device with a work profile.
    AndroidWorkProfile,
}

/// What a kind's record says: model, OS version, processor.
pub(super) struct KindFacts {
    pub(super) models: &'static [&'static str],
    pub(super) os_versions: &'static [&'static str],
    pub(super) processor: &'static str,
}

impl DeviceKind {
    /// What the API calls it.
    #[must_use]
    pub fn platform(self) -> Platform {
        match self {
            Self::MacIntel | Self::MacAppleSilicon | Self::MacAppleSiliconOld => Platform::Mac,
            Self::IPhone | Self::IPhoneUserEnrolled => Platform::IPhone,
            Self::IPad | Self::IPadOld | Self::IPadUnsupervised | Self::SharedIPad => {
                Platform::IPad
            }
            Self::AppleTv => Platform::AppleTv,
            Self::Vision => Platform::Vision,
            Self::Windows => Platform::Windows,
            Self::Android | Self::AndroidWorkProfile => Platform::Android,
        }
    }

    /// The most common kind of a platform.
    #[must_use]
    pub fn of_platform(platform: Platform) -> Self {
        match platform {
            Platform::Mac | Platform::Unknown => Self::MacAppleSilicon,
            Platform::IPhone => Self::IPhone,
            Platform::IPad => Self::IPad,
            Platform::AppleTv => Self::AppleTv,
            Platform::Vision => Self::Vision,
            Platform::Windows => Self::Windows,
            Platform::Android => Self::Android,
        }
    }

    /// The local accounts of a new device: there are none outside Macs and Shared iPads.
    pub(super) fn local_users(self) -> Vec<String> {
        let has_users = self.platform() == Platform::Mac || self == Self::SharedIPad;
        if has_users { vec!["admin".to_owned()] } else { Vec::new() }
    }

    /// Whether a lock makes a PIN.
    #[must_use]
    pub fn has_lock_pin(self) -> bool {
        matches!(self, Self::MacIntel | Self::MacAppleSilicon)
    }

    /// Whether the tenant takes this action for this kind: the action table, and what Apple's protocol
    /// adds to it for devices that are not supervised, shared or personal.
    pub(super) fn allows(self, action: &ActionSpec) -> bool {
        let by_kind = match self {
            Self::IPhoneUserEnrolled => {
                !matches!(action.name, "erase" | "restart" | "shutdown" | "clear-passcode")
            }
            Self::IPadUnsupervised => {
                !matches!(action.name, "restart" | "shutdown" | "set-name" | "delete-user")
            }
            Self::SharedIPad => action.name != "clear-passcode",
            Self::IPad | Self::IPadOld => action.name != "delete-user",
            _ => true,
        };
        by_kind && action.supports(self.platform())
    }

    pub(super) fn facts(self) -> KindFacts {
        let (models, os_versions, processor): (&'static [&str], &'static [&str], &str) = match self
        {
            Self::MacIntel => (
                &["MacBook Pro (16-inch, 2019)", "iMac (Retina 5K, 27-inch, 2020)"],
                &["13.6.9", "14.7.1", "12.7.6"],
                "6-Core Intel Core i7",
            ),
            Self::MacAppleSilicon => (
                &["MacBook Air (M2, 2022)", "MacBook Pro (14-inch, M3, 2023)", "Mac mini (2023)"],
                &["14.7.1", "15.1", "15.6.1", "13.7.1", "26.0.1"],
                "Apple M2",
            ),
            Self::MacAppleSiliconOld => {
                (&["MacBook Air (M1, 2020)"], &["11.2.3", "11.4"], "Apple M1")
            }
            Self::IPhone => (&["iPhone 14", "iPhone SE (3rd generation)"], &["17.6.1", "18.1"], ""),
            Self::IPhoneUserEnrolled => (&["iPhone 13"], &["17.5"], ""),
            Self::IPad => (&["iPad (10th generation)", "iPad Air (M2)"], &["17.6.1", "18.1"], ""),
            Self::IPadOld => (&["iPad (5th generation)"], &["16.7.10", "16.7.8"], ""),
            Self::IPadUnsupervised => (&["iPad mini (6th generation)"], &["17.6.1"], ""),
            Self::SharedIPad => (&["iPad (9th generation)"], &["17.6.1", "18.1"], ""),
            Self::AppleTv => (&["Apple TV 4K (3rd generation)"], &["17.6", "18.1"], ""),
            Self::Vision => (&["Apple Vision Pro"], &["2.1"], ""),
            Self::Windows => (
                &["Latitude 5440", "ThinkPad X1 Carbon Gen 11"],
                &["24H2", "23H2"],
                "Intel(R) Core(TM) i7-1365U",
            ),
            Self::Android => (&["Pixel 8", "Galaxy Tab A9+"], &["14", "15"], ""),
            Self::AndroidWorkProfile => (&["Galaxy S23"], &["14"], ""),
        };
        KindFacts { models, os_versions, processor }
    }
}

/// A device of the tenant.
pub(super) struct Device {
    pub(super) facts: NewDevice,
    pub(super) first_enrollment: UnixMillis,
    pub(super) is_online: bool,
    /// The first check-in since it is online; `None` while it does not check in.
    pub(super) checks_in_from: Option<UnixMillis>,
    /// It is away because it restarts.
    pub(super) is_restarting: bool,
    /// When it last came back from being offline.
    pub(super) came_back: Option<UnixMillis>,
    /// Only Macs: until somebody types the PIN, nothing reaches it.
    pub(super) is_locked: bool,
    pub(super) is_deleted: bool,
    pub(super) commands: Vec<Command>,
    /// Commands that it already had, drawn when they are read.
    pub(super) background: u32,
    pub(super) pin: Option<StoredPin>,
    /// PINs issued so far.
    pub(super) pins_issued: u64,
    pub(super) notes: Vec<Note>,
}

/// A note about a device.
pub(super) struct Note {
    pub(super) id: String,
    pub(super) content: String,
    pub(super) created: UnixMillis,
    pub(super) updated: UnixMillis,
}

/// The PIN that the tenant keeps as a secret.
pub(super) struct StoredPin {
    pub(super) text: String,
    /// `None` while the device has not taken it.
    pub(super) visible_at: Option<UnixMillis>,
}

impl Device {
    pub(super) fn platform(&self) -> Platform {
        self.facts.kind.platform()
    }

    /// Whether actions are accepted for it.
    pub(super) fn is_managed(&self) -> bool {
        self.facts.mdm_enabled && !self.facts.is_removed && !self.is_deleted
    }

    /// Whether a push reaches it now.
    pub(super) fn is_reachable(&self) -> bool {
        self.is_online && !self.is_locked && self.is_managed()
    }

    /// Whether a command is still the device's business: a new enrolment begins with an empty queue.
    pub(super) fn is_current(&self, command: &Command) -> bool {
        command.requested >= self.facts.last_enrollment
    }

    /// Whether a command of this action has not come to its end.
    pub(super) fn has_open(&self, action: &str) -> bool {
        self.commands.iter().rev().any(|command| {
            command.action == Some(action) && command.is_open() && self.is_current(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::find_action;

    #[test]
    fn kinds_narrow_what_the_platform_allows() {
        let allows =
            |kind: DeviceKind, action| kind.allows(find_action(action).expect("an action"));
        assert!(allows(DeviceKind::IPad, "restart"));
        assert!(!allows(DeviceKind::IPadUnsupervised, "restart"));
        assert!(!allows(DeviceKind::IPhoneUserEnrolled, "erase"));
        assert!(allows(DeviceKind::IPhoneUserEnrolled, "lock"));
        assert!(!allows(DeviceKind::SharedIPad, "clear-passcode"));
        assert!(allows(DeviceKind::SharedIPad, "delete-user"));
        assert!(!allows(DeviceKind::IPad, "delete-user"));
        assert!(!allows(DeviceKind::AppleTv, "shutdown"));
        assert!(!allows(DeviceKind::Windows, "restart"));
    }
}
