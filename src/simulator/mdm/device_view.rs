//! Devices as a reader sees them at one moment.
//!
//! Owns what is worked out when it is read: the last check-in, the hardware address. Must never change a
//! device.

use super::devices::Devices;
use super::simulated_device::SimulatedDevice;
use crate::model::{Platform, UnixMillis};
use crate::simulator::draws::{Draw, draw};
use crate::simulator::ids::TenantIds;
use crate::simulator::setup::new_device::NewDevice;
use crate::simulator::setup::switch_values::CheckIn;

/// Most hardware addresses begin with this byte: it is one of Apple's.
const MAC_PREFIX: u64 = 0xb8;

/// All devices at one moment.
#[derive(Copy, Clone)]
pub(crate) struct FleetView<'a> {
    /// The devices.
    pub(crate) devices: &'a Devices,
    /// The seed of the tenant.
    pub(crate) seed: u64,
    /// The moment.
    pub(crate) now: UnixMillis,
    /// What moves the last check-in.
    pub(crate) check_in: CheckIn,
}

/// One device at one moment.
#[derive(Copy, Clone)]
pub(crate) struct DeviceView<'a> {
    /// Its number in the tenant, from which facts are drawn.
    pub(crate) place: usize,
    /// The device.
    pub(crate) device: &'a SimulatedDevice,
    /// The seed of the tenant.
    pub(crate) seed: u64,
    now: UnixMillis,
    check_in: CheckIn,
}

impl<'a> FleetView<'a> {
    /// The device at this place.
    pub(crate) fn at(&self, place: usize) -> DeviceView<'a> {
        let device = self.devices.at(place);
        DeviceView { place, device, seed: self.seed, now: self.now, check_in: self.check_in }
    }
}

impl<'a> DeviceView<'a> {
    /// What its record says.
    pub(crate) fn facts(&self) -> &'a NewDevice {
        &self.device.facts
    }

    /// The platform as the API names it.
    pub(crate) fn platform(&self) -> Platform {
        self.device.platform()
    }

    /// The ids of the tenant.
    pub(crate) fn ids(&self) -> TenantIds {
        TenantIds::new(self.seed)
    }

    /// The last check-in; `None` if it never checked in.
    pub(crate) fn checked_in(&self) -> Option<UnixMillis> {
        self.device.checked_in(self.now, self.check_in)
    }

    /// The hardware address of its network, as six bytes with colons.
    pub(crate) fn mac_address(&self) -> String {
        let bits = draw(self.seed, Draw::Record, [self.place as u64, 0, 0]).below(1 << 40);
        let bytes = ((MAC_PREFIX << 40) | bits).to_be_bytes();
        bytes[2..].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }

    /// The address in a private network.
    pub(crate) fn ip_address(&self) -> String {
        let place = self.place;
        format!("10.{}.{}.{}", (place >> 16) % 250, (place >> 8) % 256, place % 254 + 1)
    }
}
