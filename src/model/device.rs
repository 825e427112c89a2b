//! A device as the tenant's inventory shows it.
//!
//! Owns the device's identity, platform and OS version. Must never know how they are fetched.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::UnixMillis;

/// The API's id of a device: a lower-case UUID.
///
/// ```
/// use sortie::model::DeviceId;
/// let id = DeviceId::parse("D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F").expect("a UUID");
/// assert_eq!(id.as_str(), "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f");
/// assert!(DeviceId::parse("FVHHFKF7Q6L4").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(String);

/// Why a text is not a device id.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceIdError {
    /// Not 8-4-4-4-12 hexadecimal digits.
    #[error("not a UUID of the form 8-4-4-4-12 hexadecimal digits")]
    Form,
    /// All digits are 0 or all are f.
    #[error("a placeholder UUID, not a device")]
    Placeholder,
}

impl DeviceId {
    /// Reads a device id: exactly 8-4-4-4-12 hexadecimal digits, in any case; nothing in braces, no
    /// `urn:uuid:`, no placeholder.
    ///
    /// # Errors
    /// [`DeviceIdError`] says which of these it breaks.
    pub fn parse(text: &str) -> Result<Self, DeviceIdError> {
        let shape = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if !shape {
            return Err(DeviceIdError::Form);
        }
        let lower = text.to_ascii_lowercase();
        let mut digits = lower.bytes().filter(|byte| *byte != b'-');
        if digits.clone().all(|byte| byte == b'0') || digits.all(|byte| byte == b'f') {
            return Err(DeviceIdError::Placeholder);
        }
        Ok(Self(lower))
    }

    /// Takes an id as the API gave it, without looking at its form: what the tenant calls a device is
    /// what we must call it. Whether it may be used is [`DeviceId::is_documented`].
    #[must_use]
    pub fn from_api(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it has the documented form, in any case. Nothing else may name a device to the tenant: what a broken or
    /// hostile answer calls an id could lead to another endpoint.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        Self::parse(&self.0).is_ok()
    }

    /// The text; empty for a row whose device was never found.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Serial numbers that manufacturers leave in place of one, in lower case and without anything but letters and digits.
const PLACEHOLDER_SERIALS: [&str; 20] = [
    "tobefilledbyoem",
    "defaultstring",
    "none",
    "null",
    "na",
    "notavailable",
    "notapplicable",
    "notspecified",
    "unspecified",
    "unknown",
    "invalid",
    "empty",
    "oem",
    "serialnumber",
    "systemserialnumber",
    "chassisserialnumber",
    "baseboardserialnumber",
    "123456789",
    "1234567890",
    "0123456789",
];

/// Whether a serial number is a placeholder that many devices share, such as `To be filled by O.E.M.`: it names no
/// device.
///
/// ```
/// use sortie::model::is_placeholder_serial;
/// assert!(is_placeholder_serial("To be filled by O.E.M.") && is_placeholder_serial("0"));
/// assert!(!is_placeholder_serial("C02XK1ABJG5J"));
/// ```
#[must_use]
pub fn is_placeholder_serial(text: &str) -> bool {
    let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let letters = letters.to_lowercase();
    // A row of zeros of any length, or four times and more any other letter.
    let is_one_letter = letters.chars().next().is_some_and(|first| {
        letters.chars().all(|letter| letter == first) && (first == '0' || letters.len() > 3)
    });
    (letters.is_empty() && !text.trim().is_empty())
        || is_one_letter
        || PLACEHOLDER_SERIALS.contains(&letters.as_str())
}

impl fmt::Display for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What kind of device it is, in the API's words.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Platform {
    /// `Mac`
    Mac,
    /// `iPhone`
    #[serde(rename = "iPhone")]
    IPhone,
    /// `iPad`, Shared iPads included
    #[serde(rename = "iPad")]
    IPad,
    /// `AppleTV`
    #[serde(rename = "AppleTV")]
    AppleTv,
    /// `Vision`; the API's spelling was never published, several are understood
    Vision,
    /// `Windows`
    Windows,
    /// `Android`
    Android,
    /// Anything else, the empty text included
    #[default]
    Unknown,
}

impl Platform {
    /// All platforms that can be named in a job.
    pub const ALL: [Self; 7] = [
        Self::Mac,
        Self::IPhone,
        Self::IPad,
        Self::AppleTv,
        Self::Vision,
        Self::Windows,
        Self::Android,
    ];

    /// Reads a platform without regard to case and spaces.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let folded: String =
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match folded.as_str() {
            "mac" | "macos" => Self::Mac,
            "iphone" => Self::IPhone,
            "ipad" => Self::IPad,
            "appletv" => Self::AppleTv,
            "vision" | "visionpro" | "applevision" | "applevisionpro" => Self::Vision,
            "windows" => Self::Windows,
            "android" => Self::Android,
            _ => Self::Unknown,
        }
    }

    /// The platform as the API spells it in device records, such as `Mac` or `iPhone`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mac => "Mac",
            Self::IPhone => "iPhone",
            Self::IPad => "iPad",
            Self::AppleTv => "AppleTV",
            Self::Vision => "Vision",
            Self::Windows => "Windows",
            Self::Android => "Android",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the device uses Apple's MDM protocol, which is what the command history covers.
    #[must_use]
    pub fn is_apple(self) -> bool {
        !matches!(self, Self::Windows | Self::Android | Self::Unknown)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// An OS version as dotted numbers, for comparing with a minimum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Os(Vec<u32>);

impl Os {
    /// Reads `17`, `17.4.1`, `14.5 (23F79)`. `None` when it does not begin with a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let head =
            text.trim().split(|letter: char| !letter.is_ascii_digit() && letter != '.').next()?;
        let numbers: Option<Vec<u32>> =
            head.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
        let mut numbers = numbers?;
        while numbers.last() == Some(&0) && numbers.len() > 1 {
            numbers.pop();
        }
        Some(Self(numbers))
    }
}

/// One device of the inventory. Texts are empty where the API says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The API's id.
    pub id: DeviceId,
    /// Serial number as the API writes it.
    pub serial_number: String,
    /// The device's name.
    pub name: String,
    /// The platform.
    pub platform: Platform,
    /// OS version, such as `17.4.1`; for Windows such as `24H2`.
    pub os_version: String,
    /// Model name.
    pub model: String,
    /// Address of the assigned user.
    pub user_email: String,
    /// Name of the assigned user.
    pub user_name: String,
    /// Name of the blueprint.
    pub blueprint_name: String,
    /// Id of the blueprint.
    pub blueprint_id: String,
    /// Asset tag.
    pub asset_tag: String,
    /// Names of the tags.
    pub tags: Vec<String>,
    /// Last check-in of the agent, where known.
    pub last_check_in: Option<UnixMillis>,
    /// Last enrollment, where known.
    pub last_enrollment: Option<UnixMillis>,
    /// Whether the device is under MDM.
    pub mdm_enabled: bool,
    /// Whether the record is of a device that has been removed.
    pub is_removed: bool,
    /// Whether the device is overdue.
    pub is_missing: bool,
    /// What the list does not tell; `None` while it has not been read.
    pub details: Option<DeviceDetails>,
}

/// What only a request for the one device tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceDetails {
    /// Processor, such as `Apple M1`; empty where the API says nothing.
    pub processor_name: String,
    /// Whether Activation Lock is on; `None` where the API says nothing.
    pub is_activation_locked: Option<bool>,
}

impl Device {
    /// Whether commands to it can arrive at all: not removed and under MDM.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        self.mdm_enabled && !self.is_removed
    }

    /// Whether it is a Mac with Apple silicon, as far as is known: one whose processor is not known may be.
    #[must_use]
    pub fn may_have_apple_silicon(&self) -> bool {
        let processor = self.details.as_ref().map_or("", |details| details.processor_name.trim());
        self.platform == Platform::Mac && (processor.is_empty() || processor.starts_with("Apple"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_uuid_spellings_are_refused() {
        for text in [
            "{d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f}",
            "urn:uuid:d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f",
            "d2b2eafe2dc24b13bd2bf93735f0e59f",
            "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59",
            "",
        ] {
            assert_eq!(DeviceId::parse(text), Err(DeviceIdError::Form), "{text}");
        }
        for digit in ["0", "f", "F"] {
            let text = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".replace('x', digit);
            assert_eq!(DeviceId::parse(&text), Err(DeviceIdError::Placeholder), "{text}");
        }
    }

    #[test]
    fn os_versions_compare_by_number() {
        let os = |text| Os::parse(text).expect("a version");
        assert!(os("9.3") < os("17"));
        assert!(os("17") >= os("17.0"));
        assert!(os("11.5") > os("11.4.9"));
        assert_eq!(os("14.5 (23F79)"), os("14.5"));
        assert_eq!(Os::parse(""), None);
    }
}
