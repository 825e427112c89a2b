//! The kinds of devices and what each of them can do.
//!
//! Owns models, OS versions and the actions that a kind refuses. Must never know the state of a device.

use crate::kandji::ActionSpec;
use crate::model::Platform;

/// A kind of device. What the API calls a platform is coarser: the kinds differ in what Apple's protocol
/// allows for them (documented by Apple).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceKind {
    /// A Mac with an Intel processor: a lock makes a PIN. Documented.
    MacIntel,
    /// A Mac with Apple silicon and macOS 11.5 or later: a lock makes a PIN. Documented.
    MacAppleSilicon,
    /// A Mac with Apple silicon before macOS 11.5: a lock deactivates it and makes no PIN. Documented.
    MacAppleSiliconOld,
    /// A supervised iPhone.
    IPhone,
    /// A personal iPhone with User Enrollment: no erase, restart, shutdown or clearing of the passcode.
    IPhoneUserEnrolled,
    /// A supervised iPad.
    IPad,
    /// A supervised iPad on iPadOS 16, which has no Return to Service.
    IPadOld,
    /// An iPad that is not supervised: no restart, shutdown or rename.
    IPadUnsupervised,
    /// A Shared iPad: it has local users and no passcode of the device.
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

/// What records of a kind say.
pub(crate) struct KindFacts {
    /// Model names to draw from.
    pub(crate) models: &'static [&'static str],
    /// OS versions to draw from.
    pub(crate) os_versions: &'static [&'static str],
    /// The processor; an empty text where the API shows none.
    pub(crate) processor: &'static str,
}

impl DeviceKind {
    /// The platform as the API names it.
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

    /// The most common kind of a platform; a Mac with Apple silicon for an unknown one.
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

    /// Short names of the local users of a new device: none except on Macs and Shared iPads.
    pub(crate) fn local_users(self) -> Vec<String> {
        let has_users = self.platform() == Platform::Mac || self == Self::SharedIPad;
        if has_users { vec!["admin".to_owned()] } else { Vec::new() }
    }

    /// Whether a lock makes a PIN. Documented: Intel Macs, and Apple silicon with macOS 11.5 or later.
    #[must_use]
    pub fn has_lock_pin(self) -> bool {
        matches!(self, Self::MacIntel | Self::MacAppleSilicon)
    }

    /// Whether the tenant accepts this action for this kind: the action table, less what Apple's protocol
    /// denies to devices that are not supervised, are shared or are personal (documented by Apple; that the
    /// tenant refuses it is inferred).
    pub(crate) fn allows(self, action: &ActionSpec) -> bool {
        let by_kind = match self {
            Self::IPhoneUserEnrolled => {
                !matches!(action.name, "erase" | "restart" | "shutdown" | "clear-passcode")
                    && !is_of_lost_mode(action)
            }
            Self::IPadUnsupervised => {
                !matches!(action.name, "restart" | "shutdown" | "set-name" | "delete-user")
                    && !is_of_lost_mode(action)
            }
            Self::SharedIPad => action.name != "clear-passcode",
            Self::IPad | Self::IPadOld => action.name != "delete-user",
            _ => true,
        };
        by_kind && action.supports(self.platform())
    }

    /// Models, OS versions and processor of this kind.
    pub(crate) fn facts(self) -> KindFacts {
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

/// Whether an action turns Lost Mode on or off or needs it: for supervised devices only (documented by Apple).
fn is_of_lost_mode(action: &ActionSpec) -> bool {
    let names =
        ["enable-lost-mode", "disable-lost-mode", "play-lost-mode-sound", "update-location"];
    names.contains(&action.name)
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
        for kind in [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled] {
            assert!(!allows(kind, "enable-lost-mode") && !allows(kind, "update-location"));
        }
        assert!(allows(DeviceKind::SharedIPad, "enable-lost-mode"));
        assert!(!allows(DeviceKind::AppleTv, "shutdown"));
        assert!(!allows(DeviceKind::Windows, "restart"));
    }
}
