//! What will happen in the tenant, by its moment.
//!
//! Owns the order of events. Invariant: events of one moment happen in the order in which they were added.
//! The schedule holds a few events for each accepted command, so accepted requests limit it. Must never
//! carry an event out.

use std::collections::BTreeMap;

use crate::model::UnixMillis;
use crate::simulator::wire::exchange::SimRequest;

/// Something that will happen.
pub(crate) enum ScheduledEvent {
    /// A push reaches the device, or fails to.
    Deliver {
        /// Of the device.
        place: usize,
        /// Of the command in the device's queue.
        command: usize,
    },
    /// The device ends a command.
    Finish {
        /// Of the device.
        place: usize,
        /// Of the command in the device's queue.
        command: usize,
    },
    /// The device comes online.
    Wake {
        /// Of the device.
        place: usize,
    },
    /// A person types the PIN.
    Unlock {
        /// Of the device.
        place: usize,
    },
    /// The device enrolls again.
    Enroll {
        /// Of the device.
        place: usize,
    },
    /// A request whose connection was closed is applied.
    Apply {
        /// The request.
        request: Box<SimRequest>,
    },
}

/// Everything that will happen, in order.
#[derive(Default)]
pub(crate) struct Schedule {
    events: BTreeMap<(UnixMillis, u64), ScheduledEvent>,
    next: u64,
}

impl Schedule {
    /// Adds an event.
    pub(crate) fn add(&mut self, at: UnixMillis, event: ScheduledEvent) {
        self.events.insert((at, self.next), event);
        self.next += 1;
    }

    /// Takes the first event that is due by this moment.
    pub(crate) fn take_due(&mut self, by: UnixMillis) -> Option<(UnixMillis, ScheduledEvent)> {
        let entry = self.events.first_entry()?;
        let at = entry.key().0;
        (at <= by).then(|| (at, entry.remove()))
    }
}
