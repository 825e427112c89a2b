//! The id of a device as the key of a large table.
//!
//! Owns the short form of an id: 16 bytes where it is a UUID. Invariant: two keys are equal exactly where their ids are.
//! Must never be written or sent.

use super::DeviceId;

/// Bytes of a written UUID, hyphens included.
const WRITTEN_BYTES: usize = 36;
/// Where a written UUID has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The id of a device in 24 bytes. Tables of a million devices keep these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackedDeviceId {
    /// The bytes of a lower-case UUID.
    Uuid([u8; 16]),
    /// An id of another form.
    Other(Box<str>),
}

impl PackedDeviceId {
    /// The key of an id.
    #[must_use]
    pub fn of(id: &DeviceId) -> Self {
        bytes_of(id.as_str()).map_or_else(|| Self::Other(id.as_str().into()), Self::Uuid)
    }
}

/// The bytes of a UUID that is written in lower case; `None` for any other text.
fn bytes_of(text: &str) -> Option<[u8; 16]> {
    if text.len() != WRITTEN_BYTES {
        return None;
    }
    let (mut bytes, mut digits) = ([0_u8; 16], 0);
    for (at, letter) in text.bytes().enumerate() {
        if HYPHENS.contains(&at) {
            if letter != b'-' {
                return None;
            }
            continue;
        }
        let digit = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'f' => letter - b'a' + 10,
            _ => return None,
        };
        let byte = bytes.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lower_case_uuid_is_kept_as_bytes() {
        let key = |text| PackedDeviceId::of(&DeviceId::from_api(text));
        let uuid = key("d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f");
        let PackedDeviceId::Uuid(bytes) = &uuid else { panic!("{uuid:?}") };
        assert_eq!((bytes[0], bytes[15]), (0xd2, 0x9f));
        assert_ne!(uuid, key("d2b2eafe-2dc2-4b13-bd2b-f93735f0e59e"));
        for other in [
            "",
            "d0",
            "d2b2eafe02dc2-4b13-bd2b-f93735f0e59f",
            "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59\u{e9}",
        ] {
            assert!(matches!(key(other), PackedDeviceId::Other(_)), "{other}");
        }
        assert!(size_of::<PackedDeviceId>() <= 24);
    }
}
