//! Everything random about the simulated tenant, drawn from its seed.
//!
//! Owns the labels of the draws. Invariant: a draw depends on the seed and on what is drawn, never on earlier
//! draws. So one more request does not change the fate of all others.
//! Must never take entropy from the machine.

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::model::Random;

/// Steps of a chance: finer than any percentage that is worth asking for.
const PARTS: u64 = 1_000_000_000;

/// What is drawn: one label for each, so that draws do not influence each other.
#[derive(Copy, Clone)]
pub(super) enum Draw {
    /// The fault of a request.
    Fault = 1,
    /// How long an answer takes.
    Latency,
    /// The commands of an action.
    Command,
    /// What becomes of a command.
    Life,
    /// The PIN of a lock.
    Pin,
    /// The secrets of a device.
    Secret,
    /// A device of the fleet.
    Device,
    /// A command that a device already had.
    Background,
    /// The shift of a page.
    Shift,
    /// The check-ins of a device.
    CheckIn,
    /// An outage that a test starts.
    Outage,
    /// What a record shows beside its facts.
    Record,
}

/// The generator for one thing, which the labels tell from others of its sort.
pub(super) fn draw(seed: u64, what: Draw, labels: [u64; 3]) -> Random {
    Random::for_labels(seed, &[what as u64, labels[0], labels[1], labels[2]])
}

/// A number of the range, both ends included.
pub(super) fn between(random: &mut Random, range: &RangeInclusive<u64>) -> u64 {
    let width = range.end().saturating_sub(*range.start());
    range.start() + random.below(width.saturating_add(1))
}

/// The item whose turn it is among items with chances in percent, or none of them. The chances add up:
/// beyond 100 percent in all, the last items never get a turn.
pub(super) fn pick<T>(
    random: &mut Random,
    chances: impl IntoIterator<Item = (f64, T)>,
) -> Option<T> {
    let drawn = random.below(PARTS) as f64;
    let mut end = 0.0;
    chances.into_iter().find_map(|(percent, item)| {
        end += percent * PARTS as f64 / 100.0;
        (drawn < end).then_some(item)
    })
}

/// One of the items. They are never none: all lists are constants of this module's callers.
pub(super) fn one_of<'a, T: ?Sized>(random: &mut Random, items: &[&'a T]) -> &'a T {
    items[usize::try_from(random.below(items.len() as u64)).unwrap_or(0)]
}

/// The UUID that belongs to a text in this tenant.
pub(super) fn uuid_of(seed: u64, text: &str) -> String {
    let digest = Sha256::digest(format!("{seed}/{text}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
