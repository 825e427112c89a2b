//! Versions of software that the tenant shows.
//!
//! Owns the agents' versions and how a build follows from an OS version. Must never know a device's state.

use crate::model::Platform;
use crate::simulator::mdm::simulated_device::SimulatedDevice;

/// Version of the agent on a Mac. Documented as an example.
pub(super) const MAC_AGENT: &str = "4.7.3 (5310)";
/// Version of the agent on Windows. Documented as an example.
pub(super) const WINDOWS_AGENT: &str = "1.0.00002.0002";
/// The month of Android's security fixes.
pub(super) const ANDROID_PATCH: &str = "2025-05-05";
/// The full version of Windows.
pub(super) const WINDOWS_VERSION: &str = "10.0.26100.6584";

/// The build of an Apple device's system; an empty text elsewhere.
pub(super) fn build_of(device: &SimulatedDevice) -> String {
    let mut parts = device.facts.os_version.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    // Apple counts builds by year: macOS 14 and iOS 17 came out in the same one, and all are 26 at once.
    let year = match device.platform() {
        Platform::Windows | Platform::Android | Platform::Unknown => return String::new(),
        _ if major >= 26 => major - 1,
        Platform::Mac => major + 9,
        Platform::Vision => major + 20,
        _ => major + 4,
    };
    format!("{year}{}81", char::from(b'A' + minor.min(25)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{DeviceKind, NewDevice};

    #[test]
    fn builds_follow_the_version() {
        for (kind, os_version, build) in [
            (DeviceKind::MacIntel, "14.4.1", "23E81"),
            (DeviceKind::MacAppleSilicon, "26.0.1", "25A81"),
            (DeviceKind::IPad, "17.5.1", "21F81"),
            (DeviceKind::Windows, "24H2", ""),
        ] {
            let device = NewDevice { os_version: os_version.to_owned(), ..NewDevice::new(kind) };
            assert_eq!(build_of(&SimulatedDevice::new(1, 0, device)), build);
        }
    }
}
