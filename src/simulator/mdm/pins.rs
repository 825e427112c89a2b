//! The PINs of locked devices, as the tenant keeps them.
//!
//! Owns which PIN of a device is valid and from when it can be read as a secret. Must never write a PIN
//! into an answer or a log.

use std::collections::HashMap;

use crate::model::UnixMillis;
use crate::simulator::draws::{Draw, draw};

/// The PINs of all devices, by place.
pub(crate) struct IssuedPins {
    seed: u64,
    devices: HashMap<usize, DevicePins>,
}

/// The PINs of one device. They are secrets, so there is no `Debug`.
#[derive(Default)]
struct DevicePins {
    valid: Option<StoredPin>,
    /// How many PINs were issued so far.
    issued: u64,
}

struct StoredPin {
    text: String,
    /// `None` while the device has not taken the lock.
    readable_from: Option<UnixMillis>,
}

impl IssuedPins {
    /// No PINs yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, devices: HashMap::new() }
    }

    /// Issues a PIN of six digits, drawn unless the request chose one. It makes an earlier one invalid.
    /// `readable_from` is `None` until the device takes the lock.
    pub(crate) fn issue(
        &mut self,
        place: usize,
        chosen: Option<&str>,
        readable_from: Option<UnixMillis>,
    ) -> String {
        let pins = self.devices.entry(place).or_default();
        pins.issued += 1;
        let mut random = draw(self.seed, Draw::Pin, [place as u64, pins.issued, 0]);
        let drawn = format!("{:06}", random.below(1_000_000));
        let text = chosen.map_or(drawn, str::to_owned);
        pins.valid = Some(StoredPin { text: text.clone(), readable_from });
        text
    }

    /// Makes the valid PIN of a device readable from this moment on.
    pub(crate) fn make_readable(&mut self, place: usize, from: UnixMillis) {
        if let Some(pin) = self.devices.get_mut(&place).and_then(|pins| pins.valid.as_mut()) {
            pin.readable_from = Some(from);
        }
    }

    /// The valid PIN of a device, if it can be read now.
    pub(crate) fn readable(&self, place: usize, now: UnixMillis) -> Option<&str> {
        let pin = self.devices.get(&place)?.valid.as_ref()?;
        let is_readable = pin.readable_from.is_some_and(|moment| moment <= now);
        is_readable.then_some(pin.text.as_str())
    }

    /// Deletes the valid PIN of a device.
    pub(crate) fn forget(&mut self, place: usize) {
        if let Some(pins) = self.devices.get_mut(&place) {
            pins.valid = None;
        }
    }
}
