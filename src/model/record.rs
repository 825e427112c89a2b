//! What is known of one task, as a fold over its entries.
//!
//! Owns the reading of entries that progress, status, reports and the journal's state column share.
//! Invariant: the outcome follows from the entries alone, at any moment of a run and after any crash.

use std::ops::{Deref, DerefMut};

use super::standing::{TaskStage, TaskStanding};
use super::{
    CommandSeen, CommandStatus, Event, HeldPin, Outcome, PinOrigin, PinReading, Sealed, Secret,
    SharedText, Task, Turn, UnixMillis, Verdict,
};

/// What a run's entries say of one task: a fold over them, from which its outcome follows. Small, so that a million fit:
/// what few tasks have is in its details, which are read like its fields.
#[derive(Clone, Debug, Default)]
pub struct TaskRecord {
    pub(super) stage: TaskStage,
    /// Why it is in this state; the API's or the device's own words where there are any.
    pub reason: SharedText,
    /// Requests that were about to leave.
    pub attempts: u16,
    /// Status of the last answer.
    pub http_status: Option<u16>,
    /// When the first request left.
    pub requested_at: Option<UnixMillis>,
    /// When it ended: by the device's word where there is one, else by ours.
    pub completed_at: Option<UnixMillis>,
    /// Requests that may have been applied: those that the API took, and those without a usable answer.
    pub(super) maybe_applied: u16,
    /// The PIN of the last request was drawn for it, and its answer is not known yet.
    pub(super) has_drawn: bool,
    /// The API said that it was so before.
    pub(super) is_in_effect: bool,
    details: Option<Box<RecordDetails>>,
}

/// What is known of a task that was followed, has secrets, or reads something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordDetails {
    /// The command in the device's history.
    pub command: Option<CommandSeen>,
    /// Its PINs, newest first: the one to try first is the first.
    pub pins: Vec<HeldPin>,
    /// Secrets of the device that were kept before the request that takes them away.
    pub secrets: Vec<Secret>,
    /// What was odd about the answer.
    pub(super) note: Option<String>,
    /// The result of a read, as JSON text.
    pub result: Option<String>,
}

/// The details of a task that has none.
static NO_DETAILS: RecordDetails = RecordDetails {
    command: None,
    pins: Vec::new(),
    secrets: Vec::new(),
    note: None,
    result: None,
};

impl Deref for TaskRecord {
    type Target = RecordDetails;

    fn deref(&self) -> &RecordDetails {
        self.details.as_deref().unwrap_or(&NO_DETAILS)
    }
}

impl DerefMut for TaskRecord {
    fn deref_mut(&mut self) -> &mut RecordDetails {
        self.details.get_or_insert_default()
    }
}

impl PartialEq for TaskRecord {
    fn eq(&self, other: &Self) -> bool {
        let own = |record: &Self| {
            let Self { stage, attempts, http_status, requested_at, completed_at, .. } = *record;
            let Self { maybe_applied, has_drawn, is_in_effect, .. } = *record;
            let times = (requested_at, completed_at);
            (stage, attempts, http_status, times, maybe_applied, has_drawn, is_in_effect)
        };
        own(self) == own(other) && self.reason == other.reason && **self == **other
    }
}

impl Eq for TaskRecord {}

/// Between the reason of a doubt and what the last read for it showed.
const NOT_FOUND: &str = "; not found: ";

/// The word with which the reason of a lock without PIN begins.
pub const PIN_MISSING: &str = "pin_missing";

impl TaskRecord {
    /// The record of a task of which nothing has happened yet.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        let reason = match &task.turn {
            Turn::Do => SharedText::default(),
            Turn::Skip { reason, .. } | Turn::Done { reason } => (**reason).into(),
        };
        Self { stage: TaskStage::of(task), reason, ..Self::default() }
    }

    /// Takes in one event of this task, formed at `at`; others must not be given to it.
    pub fn apply(&mut self, at: UnixMillis, event: &Event) {
        self.stage = self.stage.after(event);
        match event {
            Event::Intent { attempt, pin, .. } => {
                if let Some(pin) = pin {
                    self.hold(pin, PinOrigin::Drawn, at);
                }
                self.has_drawn = pin.is_some();
                self.maybe_applied = self.maybe_applied.saturating_add(1);
                self.attempts = *attempt;
                self.requested_at = self.requested_at.or(Some(at));
                self.reason = "sent, and no answer yet".into();
            }
            Event::Answered { http_status, verdict, .. } => {
                self.http_status = *http_status;
                self.take_verdict(at, verdict);
            }
            Event::Postponed { reason, .. } => {
                self.reason = reason.as_str().into();
            }
            Event::Doubted { reason, .. } => {
                self.reason = reason.as_str().into();
            }
            Event::Absent { evidence, .. } => {
                let (doubt, _) =
                    self.reason.split_once(NOT_FOUND).unwrap_or((self.reason.as_str(), ""));
                self.reason = format!("{doubt}{NOT_FOUND}{evidence}").into();
            }
            Event::Adopted { evidence, .. } => {
                self.reason = evidence.as_str().into();
            }
            Event::Resolved { decision, by, .. } => {
                self.reason = format!("{} by {by}", decision.word()).into();
                self.completed_at = self.is_settled().then_some(at);
            }
            Event::PinRead { reading: PinReading::Found { pin, agrees }, .. } => {
                self.take_pin(at, pin, *agrees);
            }
            Event::PinRead { reading: PinReading::Known { pin, run }, .. } => {
                self.hold(pin, PinOrigin::OtherRun, at);
                if let Some(newest) = self.pins.first_mut() {
                    newest.run = Some(run.clone());
                }
            }
            Event::PinRead { reading: PinReading::Odd { pin, flaw }, .. } => {
                self.hold_odd(pin, self.origin_of_read(), at, flaw);
            }
            Event::SecretsRead { secrets, .. } => {
                self.secrets.retain(|known| secrets.iter().all(|new| new.name != known.name));
                self.secrets.extend(secrets.iter().cloned());
            }
            Event::Observed { command, .. } => {
                self.reason = command.reason.as_str().into();
                self.command = Some(command.clone());
            }
            Event::Unseen { reason, .. } => {
                self.reason = format!("its end is not visible: {reason}").into();
            }
            Event::Settled { reason, .. } => {
                self.reason = self.with_note(reason);
                let reported = self.command.as_ref().and_then(|command| command.completed_at);
                self.completed_at = reported.or(Some(at));
            }
            _ => {}
        }
    }

    /// A reason with what was odd about the answer. That, a PIN of unusual form above all, is not forgotten.
    fn with_note(&self, reason: &str) -> SharedText {
        let separator = if reason.is_empty() { "" } else { "; " };
        match self.note.as_ref().filter(|note| !reason.contains(*note)) {
            Some(note) => format!("{reason}{separator}{note}").into(),
            None => reason.into(),
        }
    }

    fn hold(&mut self, pin: &Sealed, origin: PinOrigin, at: UnixMillis) {
        let pin = pin.clone();
        self.pins.insert(
            0,
            HeldPin {
                pin,
                origin,
                at,
                is_verified: false,
                may_be_older: false,
                flaw: None,
                run: None,
            },
        );
    }

    /// Keeps what is no PIN by its form behind all that are: it must not be tried first.
    fn hold_odd(&mut self, pin: &Sealed, origin: PinOrigin, at: UnixMillis, flaw: &str) {
        let (pin, flaw) = (pin.clone(), Some(flaw.to_owned()));
        self.pins.push(HeldPin {
            pin,
            origin,
            at,
            is_verified: false,
            may_be_older: false,
            flaw,
            run: None,
        });
    }

    fn origin_of_read(&self) -> PinOrigin {
        if self.is_settled() { PinOrigin::RecoveredLater } else { PinOrigin::Recovered }
    }

    /// Takes in a PIN that the tenant shows. Before the device has reported the lock done it may be that of
    /// an older lock, and verifies nothing.
    fn take_pin(&mut self, at: UnixMillis, pin: &Sealed, agrees: Option<bool>) {
        let is_taken =
            self.command.as_ref().is_some_and(|seen| seen.status == CommandStatus::Completed);
        if agrees != Some(true) {
            self.hold(pin, self.origin_of_read(), at);
        }
        // While the lock of another run waits for the Mac the tenant may show the PIN of one before that.
        let is_known = self.pins.iter().any(|held| held.origin == PinOrigin::OtherRun);
        let is_its_own = is_taken || (self.is_in_effect && !is_known) || self.is_settled();
        if let Some(newest) = self.deref_mut().pins.first_mut() {
            newest.is_verified |= is_taken;
            if agrees != Some(true) {
                newest.may_be_older = !is_its_own;
            } else if is_its_own {
                newest.may_be_older = false;
            }
        }
    }

    /// Forgets the last request: it was not applied, so a PIN that was drawn for it was never set.
    fn forget_request(&mut self) {
        self.maybe_applied = self.maybe_applied.saturating_sub(1);
        let drawn = self.pins.iter().position(|held| held.origin == PinOrigin::Drawn);
        if let Some(drawn) = drawn.filter(|_| self.has_drawn) {
            self.pins.remove(drawn);
        }
        self.has_drawn = false;
    }

    /// Whether a request of this task may have been applied. Where none was, no PIN that was sent with one is set.
    #[must_use]
    pub fn may_be_applied(&self) -> bool {
        self.maybe_applied > 0
    }

    fn take_verdict(&mut self, at: UnixMillis, verdict: &Verdict) {
        match verdict {
            Verdict::InEffect { .. }
            | Verdict::Refused { .. }
            | Verdict::Throttled { .. }
            | Verdict::NotSent { .. } => self.forget_request(),
            Verdict::Accepted(_) | Verdict::Unknown { .. } | Verdict::OtherDevice { .. } => {}
        }
        match verdict {
            Verdict::Accepted(answer) => {
                self.reason = answer.note.as_deref().unwrap_or_default().into();
                if self.note != answer.note {
                    self.note.clone_from(&answer.note);
                }
                match (&answer.pin, &answer.pin_flaw) {
                    (Some(pin), None) => self.hold(pin, PinOrigin::Answer, at),
                    (Some(pin), Some(flaw)) => self.hold_odd(pin, PinOrigin::Answer, at, flaw),
                    (None, _) => {}
                }
                if self.result != answer.result {
                    self.result.clone_from(&answer.result);
                }
            }
            Verdict::InEffect { reason } => {
                self.is_in_effect = true;
                self.reason = reason.as_str().into();
            }
            Verdict::Refused { reason, .. }
            | Verdict::Throttled { reason, .. }
            | Verdict::NotSent { reason, .. }
            | Verdict::OtherDevice { reason }
            | Verdict::Unknown { reason, .. } => self.reason = reason.as_str().into(),
        }
    }

    /// The PIN to try first on a locked device: the first that has the form of a PIN and is not that of an older
    /// lock.
    #[must_use]
    pub fn pin(&self) -> Option<&Sealed> {
        self.first_pin().map(|held| &held.pin)
    }

    /// The same with what is known about it. One that may be that of an older lock is none, and neither is what has
    /// not the form of a PIN.
    #[must_use]
    pub fn first_pin(&self) -> Option<&HeldPin> {
        self.pins.iter().find(|held| !held.may_be_older && held.flaw.is_none())
    }

    /// What came where a PIN belongs, where no PIN did.
    #[must_use]
    pub fn odd_pin(&self) -> Option<&HeldPin> {
        self.pins.iter().find(|held| held.flaw.is_some()).filter(|_| self.first_pin().is_none())
    }

    /// Whether a Mac was locked and no PIN can be read.
    #[must_use]
    pub fn is_pin_missing(&self) -> bool {
        self.outcome() == Outcome::Failed && self.reason.starts_with(PIN_MISSING)
    }

    /// The state of the task now, as one of the ten outcomes.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.stage.outcome(self.command.as_ref().map(|command| command.status))
    }

    /// Where the task stands: what is left of the record without its texts and times.
    #[must_use]
    pub fn standing(&self) -> TaskStanding {
        let seen = self.command.as_ref().map(|command| command.status);
        TaskStanding::at(self.stage, seen, self.attempts > 0)
    }

    /// Whether the task has ended for good.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.stage, TaskStage::Settled(_))
    }

    /// Whether a request is out whose answer is not known.
    #[must_use]
    pub fn is_sent_without_answer(&self) -> bool {
        self.stage == TaskStage::Sent
    }
}

#[cfg(test)]
mod tests;
