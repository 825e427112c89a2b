//! What the engine of a shard draws from: places among the irreversible requests, and PINs.
//!
//! Owns how many PINs are drawn beforehand. Must never give a PIN to two requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sortie::app::PinPair;
use sortie::drive::KeptPin;
use sortie::engine::{DrawnPin, PinSource, PlaceSource};
use sortie::model::{Sealed, UnixMillis};

use crate::wire::ShardInput;

/// How soon a task asks again for a place among the irreversible requests, in milliseconds.
pub const PLACE_PAUSE_MS: u64 = 2_000;

/// Places among the irreversible requests: how many are there, and how many are missing.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) left: u32,
    pub(crate) until: Option<UnixMillis>,
    pub(crate) missing: u32,
}

/// Spare PINs of a task: for requests that a worker had to give back, because they could not leave in time.
const SPARE_PINS: u32 = 3;

/// How many PINs are drawn for a shard.
#[must_use]
pub fn draws(input: &ShardInput) -> u32 {
    let requests = 1 + input.policy.retries.count + SPARE_PINS;
    let tasks = input.facts.iter().filter(|facts| facts.draws_pin && facts.ended.is_none());
    u32::try_from(tasks.count()).unwrap_or(u32::MAX).saturating_mul(requests)
}

/// Places as the engine takes them.
pub(crate) fn place_source(places: &Arc<Mutex<Places>>) -> PlaceSource {
    let places = Arc::clone(places);
    Box::new(move |now, _per_minute| {
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.left > 0 && places.until.is_some_and(|until| now < until) {
            places.left -= 1;
            return Ok(());
        }
        places.missing += 1;
        Err(now.plus_ms(PLACE_PAUSE_MS))
    })
}

/// PINs in the order in which they were drawn.
pub(crate) fn pin_source(pins: Vec<PinPair>) -> PinSource {
    let mut pins: VecDeque<PinPair> = pins.into();
    Box::new(move || {
        match pins.pop_front() {
            Some(PinPair { to_send: KeptPin(clear), kept: KeptPin(kept) }) => {
                DrawnPin { clear, kept }
            }
            // No worker can open this one, so the request is not made and the run stops.
            None => {
                let none = Sealed::encrypted(String::new(), None);
                DrawnPin { clear: none.clone(), kept: none }
            }
        }
    })
}
