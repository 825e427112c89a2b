//! A device as the tenant's inventory shows it.
//!
//! Owns the device's platform, OS version and state. Must never know how they are fetched.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{DeviceFacts, DeviceMake, KnownTexts, PackedMoment, Platform, SharedText};

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

/// Most letters and digits of a short serial number: more than any placeholder has.
const SHORT_SERIAL_BYTES_MAX: usize = 32;

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
    // Asked for each device of an inventory, and nearly every serial number is short and ASCII: that takes no memory.
    let mut short = [0; SHORT_SERIAL_BYTES_MAX];
    let letters = match short_letters(text, &mut short) {
        Some(letters) => Cow::Borrowed(letters),
        None => {
            let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
            Cow::Owned(letters.to_lowercase())
        }
    };
    // A row of zeros of any length, or four times and more any other letter.
    let is_one_letter = letters.chars().next().is_some_and(|first| {
        letters.chars().all(|letter| letter == first) && (first == '0' || letters.len() > 3)
    });
    (letters.is_empty() && !text.trim().is_empty())
        || is_one_letter
        || PLACEHOLDER_SERIALS.contains(&&*letters)
}

/// The letters and digits of a text in lower case. `None` where they are not ASCII, or too many.
fn short_letters<'b>(text: &str, bytes: &'b mut [u8; SHORT_SERIAL_BYTES_MAX]) -> Option<&'b str> {
    let mut length = 0;
    for byte in text.bytes() {
        if !byte.is_ascii() {
            return None;
        }
        if byte.is_ascii_alphanumeric() {
            *bytes.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    std::str::from_utf8(&bytes[..length]).ok()
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

    /// Reads a version that is dotted numbers alone, but for a build or a letter in parentheses behind it: `14.4.1 (a)`.
    /// `None` for `24H2`, which begins with a number and cannot be compared as one.
    #[must_use]
    pub fn of_numbers(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|letter: char| letter.is_whitespace() || letter == '(');
        let (head, rest) = text.split_at(end.unwrap_or(text.len()));
        let rest = rest.trim_start();
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
        let is_whole = rest.is_empty() || rest.starts_with('(');
        (is_whole && head.split('.').all(is_number)).then(|| Self::parse(head)).flatten()
    }
}

/// One device of the inventory. Texts are empty where the API says nothing.
///
/// The tasks that a plan has for it share its facts, which are read like its fields. To change a fact makes a copy of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// What a plan freezes of it.
    pub facts: Arc<DeviceFacts>,
    /// What it has in common with others.
    pub make: Arc<DeviceMake>,
    /// Asset tag.
    pub asset_tag: SharedText,
    /// Last enrollment, where known.
    pub last_enrollment: PackedMoment,
    /// Whether the agent is installed, where the list says so. It says so of iPhones too, which have none.
    pub agent_installed: Option<bool>,
    /// Whether FileVault is on; `None` while it has not been asked for, and where the tenant does not say.
    pub filevault_enabled: Option<bool>,
    /// Whether the device is under MDM.
    pub mdm_enabled: bool,
    /// Whether the record is of a device that has been removed.
    pub is_removed: bool,
    /// Whether the device is overdue.
    pub is_missing: bool,
    /// The record shows no list of tags, or one that cannot be read: its tags are unknown, and not none.
    pub has_unread_tags: bool,
    /// The record of its user is an archived one: the address may be that of another user too.
    pub is_user_archived: bool,
    /// What the list does not tell; `None` while it has not been read.
    pub details: Option<Box<DeviceDetails>>,
}

impl Deref for Device {
    type Target = DeviceFacts;

    fn deref(&self) -> &DeviceFacts {
        &self.facts
    }
}

impl DerefMut for Device {
    fn deref_mut(&mut self) -> &mut DeviceFacts {
        Arc::make_mut(&mut self.facts)
    }
}

/// What only a request for the one device tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceDetails {
    /// Processor, such as `Apple M1`; empty where the API says nothing.
    pub processor_name: String,
    /// Whether Activation Lock is on; `None` where the API says nothing.
    pub is_activation_locked: Option<bool>,
    /// Whether the device is supervised; `None` where the API says nothing.
    pub is_supervised: Option<bool>,
}

impl Device {
    /// Keeps texts that many devices have once for all of them.
    pub fn share_texts(&mut self, known: &mut KnownTexts) {
        known.share_make(&mut self.make);
        // Facts that are shared already are left alone.
        if let Some(facts) = Arc::get_mut(&mut self.facts) {
            known.share_group(&mut facts.group);
        }
    }

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
    fn a_placeholder_is_known_at_any_length() {
        let zeros = "0".repeat(SHORT_SERIAL_BYTES_MAX + 1);
        for text in ["0", "xxxx", "---", "N/A", "Default string", "ÉÉÉÉ", "éé", &zeros] {
            assert!(is_placeholder_serial(text), "{text}");
        }
        let long = "C02".repeat(SHORT_SERIAL_BYTES_MAX);
        for text in ["", " ", "xxx", "C02", "Default strings", "É", "C02É", &long] {
            assert!(!is_placeholder_serial(text), "{text}");
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
        assert_eq!(Os::of_numbers("14.4.1 (a)"), Some(os("14.4.1")));
        for text in ["", "24H2", "14.", "14.5 beta", "v14", "14-5", "14.5b1"] {
            assert_eq!(Os::of_numbers(text), None, "{text}");
        }
    }
}
