//! What the rules that stop a run count, since the run was last opened.
//!
//! Owns these counts. All of them follow from entries. Must never judge them: `stops` does.

use crate::model::{ApiRefusal, Event, TaskFacts, Verdict};

/// Counts since the run was last opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Errors since a request was last accepted or a task ended well.
    pub errors_in_a_row: u32,
    /// Requests whose answers were lost with the process before, and that are not in doubt yet. They come into doubt
    /// one after the other when the run is opened, which says nothing about the tenant.
    pub lost: u32,
    /// Locks of Macs whose answer had no usable PIN.
    pub locks_without_pin: u32,
    /// Number of answers to sends.
    pub answers: u32,
    /// Among them those that say that the tenant does not know the device.
    pub not_found: u32,
}

impl Tally {
    /// Counts an event of a task with these facts.
    pub(super) fn count(&mut self, facts: &TaskFacts, event: &Event) {
        let Event::Answered { verdict, .. } = event else { return };
        if !matches!(verdict, Verdict::NotSent { .. }) {
            self.answers += 1;
        }
        match verdict {
            Verdict::Refused { kind: ApiRefusal::NotFound, .. } => self.not_found += 1,
            Verdict::Accepted(answer) if facts.has_custody && answer.usable_pin().is_none() => {
                self.locks_without_pin += 1;
            }
            _ => {}
        }
    }

    /// Counts that a task became an error by this event.
    pub(super) fn count_error(&mut self, event: &Event) {
        match (event, self.lost) {
            (Event::Doubted { .. }, 1..) => self.lost -= 1,
            _ => self.errors_in_a_row += 1,
        }
    }
}
