//! The PINs of locked Macs.
//!
//! Owns what follows from reads of them. Invariant: a lock counts as completed only after its PIN was looked for.
//! Invariant: only six digits replace or verify a PIN.

use super::safety_reads::{DIFFERING_PIN_READS_MAX, OLD_PIN_READS_MAX, PIN_READS_MAX, SafetyReads};
use crate::engine::calls::KnownPins;
use crate::engine::consequence::{MAY_BE_OURS, ambiguous};
use crate::engine::phase::Phase;
use crate::engine::proposal::Proposal;
use crate::engine::state::EngineState;
use crate::model::{
    Event, Outcome, PIN_MISSING, PinReading, Sealed, StopCause, TaskIndex, UnixMillis, Unreadable,
};

/// What this process knows about reading PINs.
#[derive(Default)]
pub(super) struct Custody {
    /// Why the token may not read secrets, once the tenant has said so.
    forbidden: Option<String>,
    known_pins: Option<KnownPins>,
}

impl Custody {
    /// Asks the state directory from here on.
    pub(super) fn set_known_pins(&mut self, known_pins: KnownPins) {
        self.known_pins = Some(known_pins);
    }

    /// Whether the tenant lets this token read PINs, as far as that is known.
    pub(super) fn may_read(&self) -> bool {
        self.forbidden.is_none()
    }

    /// The PIN of a Mac that was locked already, where this state directory has it.
    pub(super) fn known_pin(&mut self, task: TaskIndex, state: &EngineState) -> Option<Event> {
        let standing = state.task(task);
        if standing.phase != Phase::Custody(Outcome::AlreadyInEffect) || standing.has_pin {
            return None;
        }
        let known = self.known_pins.as_mut().and_then(|known_pins| known_pins(task))?;
        let reading = PinReading::Known { pin: known.pin, run: known.run };
        Some(Event::PinRead { task, reading })
    }

    /// Plans the read of a PIN, or ends the task where the tenant does not let it be read.
    pub(super) fn begin(
        &self,
        reads: &mut SafetyReads,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) -> Option<Proposal> {
        match &self.forbidden {
            Some(reason) => end_without(task, reason, state),
            None => {
                reads.put(task, now);
                None
            }
        }
    }

    /// A read found a PIN of six digits, or showed that there is none.
    pub(super) fn shown(
        &self,
        reads: &mut SafetyReads,
        now: UnixMillis,
        task: TaskIndex,
        pin: Option<Sealed>,
        state: &EngineState,
    ) -> Vec<Proposal> {
        let is_in_custody = is_in_custody(task, state);
        let Some(pin) = pin else {
            if !is_in_custody {
                return Vec::new();
            }
            return no_pin(reads, now, task, PinReading::Nothing, "the tenant has none", state);
        };
        let known = state.pins.get(&task);
        let agrees = known.and_then(|known| known.is_same(&pin));
        if is_in_custody && agrees == Some(false) && reads_on(reads, now, task, state) {
            return Vec::new();
        }
        let note = note_of_read(task, agrees, known.is_some(), state);
        let end = if is_in_custody { end(task, None, note, state) } else { None };
        let reading = PinReading::Found { pin, agrees };
        recorded(task, reading, end)
    }

    /// A read could not be used.
    pub(super) fn unreadable(
        &mut self,
        reads: &mut SafetyReads,
        now: UnixMillis,
        task: TaskIndex,
        error: Unreadable,
        state: &EngineState,
    ) -> Vec<Proposal> {
        let (reason, is_forbidden) = match error {
            Unreadable::OtherDevice { reason } => {
                return vec![Proposal::Stop { cause: StopCause::WrongDevice, reason }];
            }
            Unreadable::Throttled { retry_after_ms } => {
                reads.put(task, now);
                return vec![Proposal::read_throttled(retry_after_ms)];
            }
            Unreadable::Unreachable { reason } => {
                reads.put(task, now);
                return vec![Proposal::PauseUntilReachable { reason }];
            }
            Unreadable::Forbidden { reason } | Unreadable::Unauthorized { reason } => {
                self.forbidden = Some(reason.clone());
                (reason, true)
            }
            Unreadable::Failed { .. } if reads.failed(task, now) => return Vec::new(),
            Unreadable::Failed { reason } => (reason, false),
        };
        let end = match is_in_custody(task, state) {
            true => end_without(task, &reason, state),
            false => None,
        };
        recorded(task, PinReading::Unreadable { reason, is_forbidden }, end)
    }

    /// A read found something that is not a PIN.
    pub(super) fn odd(
        &self,
        reads: &mut SafetyReads,
        now: UnixMillis,
        task: TaskIndex,
        pin: Sealed,
        flaw: String,
        state: &EngineState,
    ) -> Vec<Proposal> {
        let why = format!("the tenant's {flaw}");
        let reading = PinReading::Odd { pin, flaw };
        match is_in_custody(task, state) {
            true => no_pin(reads, now, task, reading, &why, state),
            false => recorded(task, reading, None),
        }
    }
}

fn is_in_custody(task: TaskIndex, state: &EngineState) -> bool {
    matches!(state.task(task).phase, Phase::Custody(_))
}

fn recorded(task: TaskIndex, reading: PinReading, end: Option<Proposal>) -> Vec<Proposal> {
    let read = Proposal::Record(Event::PinRead { task, reading });
    std::iter::once(read).chain(end).collect()
}

/// The tenant shows another PIN than the answer to the lock: its record can lag behind, so it is read again a few times
/// before both count.
fn reads_on(
    reads: &mut SafetyReads,
    now: UnixMillis,
    task: TaskIndex,
    state: &EngineState,
) -> bool {
    let is_ours = !state.known_from.contains_key(&task);
    is_ours && reads.read_pin_again(task, now, DIFFERING_PIN_READS_MAX)
}

/// What the report says of a PIN that the tenant shows beside the one that was known.
fn note_of_read(
    task: TaskIndex,
    agrees: Option<bool>,
    was_known: bool,
    state: &EngineState,
) -> &'static str {
    match (agrees, was_known) {
        (Some(true), _) => "",
        (Some(false), _) if state.known_from.contains_key(&task) => {
            "the tenant has a different PIN, possibly from an older lock; both are kept: try the tenant's PIN last"
        }
        (Some(false), _) => {
            "the tenant's PIN still differs from the one in the answer; both are kept: try the tenant's first (a later lock replaces the PIN), then the one in the answer (the tenant's record can be out of date)"
        }
        (None, true) => {
            "PIN unverified: the one in the answer was encrypted by another process; both are kept"
        }
        (None, false) => "the PIN was recovered from the tenant",
    }
}

/// A read found no PIN: it is repeated as long as one may still come.
fn no_pin(
    reads: &mut SafetyReads,
    now: UnixMillis,
    task: TaskIndex,
    reading: PinReading,
    why: &str,
    state: &EngineState,
) -> Vec<Proposal> {
    let standing = state.task(task);
    let reads_max = match standing.phase {
        Phase::Custody(Outcome::AlreadyInEffect) => OLD_PIN_READS_MAX,
        _ => PIN_READS_MAX,
    };
    if !standing.has_pin && reads.read_pin_again(task, now, reads_max) {
        return Vec::new();
    }
    recorded(task, reading, end_without(task, why, state))
}

/// The end of a lock whose PIN the tenant does not show, or does not let be read.
fn end_without(task: TaskIndex, why: &str, state: &EngineState) -> Option<Proposal> {
    if state.task(task).has_pin {
        return end(task, None, &format!("PIN unverified: {why}"), state);
    }
    let note =
        format!("{PIN_MISSING}: the Mac is locked, no answer had a six-digit PIN, and {why}");
    end(task, Some(Outcome::Failed), &note, state)
}

/// The end of a lock: as its command ended, or `instead` of that.
fn end(
    task: TaskIndex,
    instead: Option<Outcome>,
    note: &str,
    state: &EngineState,
) -> Option<Proposal> {
    let standing = state.task(task);
    let Phase::Custody(outcome) = standing.phase else { return None };
    let among = match standing.candidates {
        0 | 1 => None,
        several => Some(ambiguous(several)),
    };
    let was_so = match state.known_from.get(&task) {
        Some(run) => format!("locked by run {run}, which has the PIN"),
        None if standing.may_be_ours() => format!("locked already, {MAY_BE_OURS}"),
        None => "locked before this run".to_owned(),
    };
    let was_so = (outcome == Outcome::AlreadyInEffect && instead.is_none()).then_some(was_so);
    let notes = [Some(note.to_owned()).filter(|note| !note.is_empty()), among, was_so];
    let reason = notes.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Some(Proposal::End { task, outcome: instead.unwrap_or(outcome), reason })
}
