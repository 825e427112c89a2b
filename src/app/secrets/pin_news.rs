//! What is new about PINs while a run goes on.
//!
//! Owns what a committed entry says about them, as data. Must never hand out a PIN.

use crate::engine::PIN_SOUGHT_MS;
use crate::model::{Entry, Event, PinReading, UnixMillis, Verdict};

/// Something that is wrong with a PIN, or with its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinWarning {
    /// The tenant shows another PIN than the lock answered; both are kept.
    Differs,
    /// The answer holds something that has not the form of a PIN; it is kept, and the tenant is asked.
    Odd {
        /// What is wrong with it.
        flaw: String,
    },
    /// A lock was answered without a PIN, which is read from the tenant.
    Missing {
        /// Until when it is read at the latest.
        sought_until: UnixMillis,
    },
}

/// Whether an entry holds a PIN that was not known before.
pub(crate) fn has_new_pin(event: &Event) -> bool {
    match event {
        Event::Intent { pin, .. } => pin.is_some(),
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.usable_pin().is_some(),
        Event::PinRead { reading: PinReading::Found { agrees, .. }, .. } => *agrees != Some(true),
        Event::PinRead { reading: PinReading::Known { .. }, .. } => true,
        _ => false,
    }
}

/// Whether an entry holds a PIN that differs from the one that was known.
fn has_disagreement(event: &Event) -> bool {
    let Event::PinRead { reading, .. } = event else { return false };
    matches!(reading, PinReading::Found { agrees: Some(false), .. })
}

/// What is wrong with what an answer brought where its PIN belongs.
fn flaw_of(event: &Event) -> Option<&str> {
    match event {
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.pin_flaw.as_deref(),
        _ => None,
    }
}

/// Whether a lock was answered without a PIN that can be used.
fn lacks_pin(event: &Event) -> bool {
    matches!(event, Event::Answered { verdict: Verdict::Accepted(answer), .. } if answer.pin_missing)
}

/// Sees entries of a run in order, and says what is wrong about PINs.
#[derive(Debug)]
pub(crate) struct PinWatch {
    /// The latest end of reads for missing PINs that was told.
    sought_until: UnixMillis,
}

impl PinWatch {
    /// Before the first entry.
    pub(crate) fn new() -> Self {
        Self { sought_until: UnixMillis(0) }
    }

    /// What is wrong, by this entry. Missing PINs are told again only once the moment passed that was told last.
    pub(crate) fn warnings(&mut self, entry: &Entry) -> Vec<PinWarning> {
        let mut warnings = Vec::new();
        if has_disagreement(&entry.event) {
            warnings.push(PinWarning::Differs);
        }
        if let Some(flaw) = flaw_of(&entry.event) {
            warnings.push(PinWarning::Odd { flaw: flaw.to_owned() });
        }
        if lacks_pin(&entry.event) && entry.at >= self.sought_until {
            self.sought_until = entry.at.plus_ms(PIN_SOUGHT_MS);
            warnings.push(PinWarning::Missing { sought_until: self.sought_until });
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sealed, TaskIndex};

    #[test]
    fn only_what_was_not_known_is_news() {
        let task = TaskIndex(0);
        let read = |agrees| {
            let pin = Sealed::clear("1".to_owned());
            Event::PinRead { task, reading: PinReading::Found { pin, agrees } }
        };
        for (agrees, is_new, is_other) in
            [(Some(true), false, false), (Some(false), true, true), (None, true, false)]
        {
            let event = read(agrees);
            assert_eq!((has_new_pin(&event), has_disagreement(&event)), (is_new, is_other));
        }
        let pin = Some(Sealed::clear("1".to_owned()));
        assert!(has_new_pin(&Event::Intent { task, attempt: 1, pin, sends: None }));
        assert!(!has_new_pin(&Event::Intent { task, attempt: 1, pin: None, sends: None }));
        assert!(!has_new_pin(&Event::PinRead { task, reading: PinReading::Nothing }));
    }
}
