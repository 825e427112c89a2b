//! The run machine, live: the PINs of locked Macs.
//!
//! Owns what follows from reads of them. Invariant: a lock counts as completed only after its PIN was looked for.
//! Invariant: only six digits replace or verify a PIN.

use super::decide::Engine;
use super::safety::{DIFFERING_PIN_READS_MAX, OLD_PIN_READS_MAX, PIN_READS_MAX};
use super::task::{Impossible, MAY_BE_OURS, Phase, Wait};
use crate::model::{
    Entry, Event, Outcome, PIN_MISSING, PinReading, Sealed, StopCause, TaskIndex, UnixMillis,
    Unreadable,
};

impl Engine {
    /// The end of a lock is known: reads its PIN, where that is allowed.
    pub(super) fn take_custody(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        self.follow.forget(task);
        self.take_known(now, task, entries)?;
        match self.safety.is_pin_forbidden.clone() {
            Some(reason) => self.end_custody(now, task, &reason, entries),
            None => {
                self.safety.put(task, now);
                Ok(())
            }
        }
    }

    /// Takes in the PIN of a Mac that was locked already, where this state directory has it.
    fn take_known(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let state = self.state.task(task);
        if state.phase != Phase::Custody(Outcome::AlreadyInEffect) || state.has_pin {
            return Ok(());
        }
        let Some(known) = self.known_pins.as_mut().and_then(|known_pins| known_pins(task)) else {
            return Ok(());
        };
        let reading = PinReading::Known { pin: known.pin, run: known.run };
        self.record(now, Event::PinRead { task, reading }, entries)
    }

    /// Takes in what a read of a lock's PIN showed.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Option<Sealed>, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("a PIN")?;
        self.note_reached(!matches!(result, Err(Unreadable::Unreachable { .. })));
        let is_in_custody = matches!(self.state.task(task).phase, Phase::Custody(_));
        if result.is_ok() {
            self.safety.succeeded(task);
        }
        match result {
            Err(Unreadable::OtherDevice { reason }) => {
                return self.stop(now, StopCause::WrongDevice, &reason);
            }
            Err(Unreadable::Throttled { retry_after_ms }) => {
                self.safety.put(task, now);
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", &mut entries)?;
            }
            Err(Unreadable::Unreachable { reason }) => {
                self.safety.put(task, now);
                self.until(now, &Wait::Reachable, &reason, &mut entries)?;
            }
            Ok(Some(pin)) => {
                let known = self.state.pins.get(&task);
                let agrees = known.and_then(|known| known.is_same(&pin));
                let was_known = known.is_some();
                if is_in_custody && agrees == Some(false) && self.reads_on(task, now) {
                    return Ok(entries);
                }
                let reading = PinReading::Found { pin, agrees };
                self.record(now, Event::PinRead { task, reading }, &mut entries)?;
                if is_in_custody {
                    let note = self.note_of_read(task, agrees, was_known);
                    self.settle_custody(now, task, None, note, &mut entries)?;
                }
            }
            Ok(None) if is_in_custody => {
                let why = "the tenant shows none";
                self.no_pin_read(now, task, PinReading::Nothing, why, &mut entries)?;
            }
            Ok(None) => {}
            Err(Unreadable::Forbidden { reason } | Unreadable::Unauthorized { reason }) => {
                self.safety.is_pin_forbidden = Some(reason.clone());
                let reading = PinReading::Unreadable { reason: reason.clone(), is_forbidden: true };
                self.record(now, Event::PinRead { task, reading }, &mut entries)?;
                if is_in_custody {
                    self.end_custody(now, task, &reason, &mut entries)?;
                }
            }
            Err(Unreadable::Failed { reason }) => {
                if !self.safety.failed(task, now) {
                    let reading =
                        PinReading::Unreadable { reason: reason.clone(), is_forbidden: false };
                    self.record(now, Event::PinRead { task, reading }, &mut entries)?;
                    if is_in_custody {
                        self.end_custody(now, task, &reason, &mut entries)?;
                    }
                }
            }
        }
        Ok(entries)
    }

    /// The tenant shows another PIN than the answer to the lock: its record can lag behind, so it is read again a few
    /// times before both count.
    fn reads_on(&mut self, task: TaskIndex, now: UnixMillis) -> bool {
        let is_ours = !self.state.known_from.contains_key(&task);
        is_ours && self.safety.read_pin_again(task, now, DIFFERING_PIN_READS_MAX)
    }

    /// What is said of a PIN that the tenant shows beside the one that was known.
    fn note_of_read(&self, task: TaskIndex, agrees: Option<bool>, was_known: bool) -> &'static str {
        match (agrees, was_known) {
            (Some(true), _) => "",
            (Some(false), _) if self.state.known_from.contains_key(&task) => {
                "the tenant shows another PIN, which may be that of an older lock; both are kept, try the tenant's last"
            }
            (Some(false), _) => {
                "the tenant still shows another PIN than the answer to the lock; both are kept: try the tenant's first, \
                 because a later lock replaces the PIN, then the answer's, because the tenant's record can be out of date"
            }
            (None, true) => {
                "PIN unverified: the one of the answer was encrypted by another process; both are kept"
            }
            (None, false) => "the PIN was recovered from the tenant",
        }
    }

    /// Takes in that the tenant shows something which has not the form of a PIN: it counts as none, and is kept.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn odd_pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        pin: Sealed,
        flaw: String,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("a PIN")?;
        self.note_reached(true);
        self.safety.succeeded(task);
        let why = format!("the tenant's {flaw}");
        let reading = PinReading::Odd { pin, flaw };
        match self.state.task(task).phase {
            Phase::Custody(_) => self.no_pin_read(now, task, reading, &why, &mut entries)?,
            _ => self.record(now, Event::PinRead { task, reading }, &mut entries)?,
        }
        Ok(entries)
    }

    /// A read brought no PIN: it is made again, as long as one may be on its way.
    fn no_pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        reading: PinReading,
        why: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let state = self.state.task(task);
        let reads_max = match state.phase {
            Phase::Custody(Outcome::AlreadyInEffect) => OLD_PIN_READS_MAX,
            _ => PIN_READS_MAX,
        };
        if !state.has_pin && self.safety.read_pin_again(task, now, reads_max) {
            return Ok(());
        }
        self.record(now, Event::PinRead { task, reading }, entries)?;
        self.end_custody(now, task, why, entries)
    }

    /// The tenant shows no PIN, or does not let it be read.
    fn end_custody(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        why: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        if self.state.task(task).has_pin {
            let note = format!("PIN unverified: {why}");
            return self.settle_custody(now, task, None, &note, entries);
        }
        let note = format!(
            "{PIN_MISSING}: the Mac is locked, no answer brought a PIN of six digits, and {why}"
        );
        self.settle_custody(now, task, Some(Outcome::Failed), &note, entries)
    }

    fn settle_custody(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        instead: Option<Outcome>,
        note: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let state = self.state.task(task);
        let Phase::Custody(outcome) = state.phase else { return Ok(()) };
        let among = match state.candidates {
            0 | 1 => None,
            several => Some(super::answers::ambiguous(several)),
        };
        let was_so = match self.state.known_from.get(&task) {
            Some(run) => format!("locked by run {run}, which has the PIN"),
            None if state.may_be_ours() => format!("locked already, {MAY_BE_OURS}"),
            None => "locked before this run".to_owned(),
        };
        let was_so = (outcome == Outcome::AlreadyInEffect && instead.is_none()).then_some(was_so);
        let notes = [Some(note.to_owned()).filter(|note| !note.is_empty()), among, was_so];
        let reason = notes.into_iter().flatten().collect::<Vec<_>>().join("; ");
        self.end(now, task, instead.unwrap_or(outcome), reason, entries)
    }
}
