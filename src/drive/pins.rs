//! Drawing the PINs that are sent with an erase.
//!
//! Owns their randomness, which is the system's and never a run's own: a run's seed is in its journal. Must
//! never keep a PIN: the engine writes it down, sealed, before it is sent.

use super::perform::Sealer;
use crate::engine::{DrawnPin, PinSource};
use crate::kandji::is_weak_pin;
use crate::model::Sealed;

/// Draws a PIN of six digits.
pub type DrawPin = Box<dyn FnMut() -> Sealed + Send>;

/// PINs, all equally likely; those below this are taken from a draw of 32 bits.
const PINS: u32 = 1_000_000;

/// PINs from the system's randomness.
#[must_use]
pub fn system_pins() -> DrawPin {
    Box::new(|| {
        loop {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).expect("a system without randomness has no TLS either");
            let number = u32::from_ne_bytes(bytes);
            // The last, incomplete round would make some PINs likelier than others.
            if number >= u32::MAX - u32::MAX % PINS {
                continue;
            }
            let pin = format!("{:06}", number % PINS);
            if !is_weak_pin(&pin) {
                return Sealed::clear(pin);
            }
        }
    })
}

/// PINs as the engine wants them: unencrypted to be sent, sealed to be kept.
pub(super) fn source(mut draw: DrawPin, sealer: Option<Sealer>) -> PinSource {
    Box::new(move || {
        let clear = draw();
        let kept = sealer.as_ref().map_or_else(|| clear.clone(), |sealer| sealer(&clear));
        DrawnPin { clear, kept }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_pins_are_six_digits_and_not_easy_to_guess() {
        let mut draw = system_pins();
        for _ in 0..1_000 {
            let pin = draw();
            let text = pin.expose().expect("in clear");
            assert!(text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(!is_weak_pin(text));
        }
    }
}
