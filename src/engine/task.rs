//! The task machine: the life of one task.
//!
//! Owns what may follow what. It tells *not sent* (safe to send again) from *unknown* (never send
//! blindly). Must never know of queues, pace or other tasks.

use crate::model::{
    CommandStatus, Decision, Event, Outcome, PinReading, Repeat, TaskFacts, UnixMillis, Verdict,
};

/// Reads that have to show nothing before a task stays in doubt.
pub(super) const ABSENCES_MAX: u8 = 3;

/// Where a task stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It waits for the step before it.
    Blocked,
    /// It may be sent from `due` on.
    Ready,
    /// Its intent is recorded, its answer is not.
    InFlight,
    /// Its answer is recorded, what follows from it is not. Never survives a whole batch.
    Judged(Box<Verdict>),
    /// It may have been applied, and nobody knows. Reading what it would have left behind settles it, or a
    /// person does.
    Doubt,
    /// The API took it; the device's report is awaited.
    Following,
    /// Its end is known; the PIN of the locked Mac is still to be read.
    Custody(Outcome),
    /// It has ended.
    Settled(Outcome),
}

/// One task, small enough for a million of them.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskState {
    /// Where it stands.
    pub phase: Phase,
    /// Requests whose intent was recorded.
    pub attempts: u16,
    /// Retries that were used up.
    pub retries: u32,
    /// Not to be sent before this moment.
    pub due: UnixMillis,
    /// When the last request's intent was recorded.
    pub sent_at: UnixMillis,
    /// Commands that were queued from this moment on may be its own: the last send, or the first one that
    /// may have been applied.
    pub traced_from: UnixMillis,
    /// When it came into doubt last.
    pub doubted_at: UnixMillis,
    /// One of its requests had no usable answer.
    pub was_in_doubt: bool,
    /// Requests that the tenant has answered.
    pub answers: u16,
    /// Reads for its doubt that showed nothing.
    pub absences: u8,
    /// Reading for its doubt came to nothing.
    pub is_unreadable: bool,
    /// The last status that its command showed.
    pub seen: Option<CommandStatus>,
    /// How many commands fitted then.
    pub candidates: u16,
    /// A PIN is known.
    pub has_pin: bool,
    /// Places whose secrets were read before the send.
    pub captured: u8,
    /// When its target was read again for the send that comes next.
    pub rechecked_at: Option<UnixMillis>,
}

/// An entry that cannot follow the ones before it: the journal was not written by this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task {task} cannot take {event} in phase {phase}")]
pub struct Impossible {
    /// Position of the task.
    pub task: u32,
    /// The kind of entry.
    pub event: &'static str,
    /// Where the task stood.
    pub phase: String,
}

impl TaskState {
    /// The task at its beginning.
    #[must_use]
    pub fn new(facts: &TaskFacts) -> Self {
        let phase = match (facts.ended, facts.after) {
            (Some(outcome), _) => Phase::Settled(outcome),
            (None, Some(_)) => Phase::Blocked,
            (None, None) => Phase::Ready,
        };
        Self {
            phase,
            attempts: 0,
            retries: 0,
            due: UnixMillis(0),
            sent_at: UnixMillis(0),
            traced_from: UnixMillis(0),
            doubted_at: UnixMillis(0),
            was_in_doubt: false,
            answers: 0,
            absences: 0,
            is_unreadable: false,
            seen: None,
            candidates: 0,
            has_pin: false,
            captured: 0,
            rechecked_at: None,
        }
    }

    /// Whether it is a lock of a Mac whose PIN nobody knows.
    #[must_use]
    pub fn lacks_pin(&self, facts: &TaskFacts) -> bool {
        facts.has_custody && !self.has_pin
    }

    /// Whether an earlier request of its own may be why the API says that it is so already.
    #[must_use]
    pub fn may_be_ours(&self) -> bool {
        self.answers > 1
    }

    /// Whether it is in doubt, and reading may still settle that.
    #[must_use]
    pub fn is_sought(&self, facts: &TaskFacts) -> bool {
        self.phase == Phase::Doubt
            && facts.repeat == Repeat::Once
            && facts.trace.exists()
            && self.absences < ABSENCES_MAX
            && !self.is_unreadable
    }

    /// Whether its device's report is awaited: always while a PIN depends on it.
    pub(super) fn is_awaited(&self, facts: &TaskFacts) -> bool {
        facts.followed || self.lacks_pin(facts)
    }

    /// Takes in one event of this task: the only change of its state.
    ///
    /// # Errors
    /// [`Impossible`] when the event cannot follow; the state is unchanged then.
    pub fn apply(
        &mut self,
        facts: &TaskFacts,
        at: UnixMillis,
        event: &Event,
    ) -> Result<(), Impossible> {
        let next = match (event, &self.phase) {
            (Event::SecretsRead { .. }, Phase::Ready) => {
                self.captured = self.captured.saturating_add(1);
                Phase::Ready
            }
            (Event::Rechecked { .. }, Phase::Ready) => {
                self.rechecked_at = Some(at);
                Phase::Ready
            }
            (Event::Intent { attempt, .. }, Phase::Ready)
                if *attempt == self.attempts.saturating_add(1)
                    && self.captured >= facts.captures
                    && (self.rechecked_at.is_some() || !facts.is_rechecked) =>
            {
                self.rechecked_at = None;
                self.attempts = *attempt;
                self.sent_at = at;
                if !self.was_in_doubt {
                    self.traced_from = at;
                }
                Phase::InFlight
            }
            (Event::Answered { attempt, verdict, .. }, Phase::InFlight)
                if *attempt == self.attempts =>
            {
                self.was_in_doubt |=
                    matches!(verdict, Verdict::Unknown { .. } | Verdict::OtherDevice { .. });
                let is_answer = !matches!(verdict, Verdict::NotSent { .. });
                self.answers = self.answers.saturating_add(u16::from(is_answer));
                let is_ours = match verdict {
                    Verdict::Accepted(answer) => {
                        self.has_pin |= answer.usable_pin().is_some();
                        true
                    }
                    Verdict::InEffect { .. } => self.was_in_doubt,
                    _ => false,
                };
                match verdict {
                    _ if is_ours && self.is_awaited(facts) => Phase::Following,
                    Verdict::InEffect { .. } if facts.has_custody => {
                        Phase::Custody(Outcome::AlreadyInEffect)
                    }
                    verdict => Phase::Judged(Box::new(verdict.clone())),
                }
            }
            (Event::Postponed { until, counted, .. }, phase) if may_be_postponed(phase, facts) => {
                self.was_in_doubt |= self.phase == Phase::InFlight;
                self.due = *until;
                self.retries += u32::from(*counted);
                Phase::Ready
            }
            (Event::Doubted { .. }, Phase::InFlight | Phase::Judged(_)) => {
                self.was_in_doubt = true;
                self.is_unreadable = false;
                self.doubted_at = at;
                Phase::Doubt
            }
            (Event::Absent { .. }, Phase::Doubt) => {
                self.absences = self.absences.saturating_add(1);
                Phase::Doubt
            }
            (Event::Adopted { .. }, Phase::Doubt) => Phase::Following,
            (Event::Resolved { decision, .. }, Phase::Doubt) => match decision {
                Decision::Done => Phase::Settled(Outcome::Completed),
                Decision::NotDone => Phase::Settled(Outcome::Failed),
                Decision::SendAgain => {
                    self.due = at;
                    self.absences = 0;
                    Phase::Ready
                }
            },
            (Event::Observed { command, .. }, Phase::Following) => {
                self.seen = Some(command.status);
                self.candidates = command.candidates;
                match command.status {
                    CommandStatus::Completed if facts.has_custody => {
                        Phase::Custody(Outcome::Completed)
                    }
                    _ => Phase::Following,
                }
            }
            (Event::PinRead { reading, .. }, phase) if facts.has_custody => {
                // Before the Mac has taken the lock the tenant may show the PIN of an older one.
                let is_its_own = matches!(phase, Phase::Custody(_) | Phase::Settled(_));
                let has_pin =
                    matches!(reading, PinReading::Found { .. } | PinReading::Known { .. });
                self.has_pin |= is_its_own && has_pin;
                phase.clone()
            }
            (Event::Unseen { .. }, Phase::Following) => Phase::Following,
            (Event::Unseen { .. }, Phase::Doubt) => {
                self.is_unreadable = true;
                Phase::Doubt
            }
            (
                Event::Settled { outcome, .. },
                Phase::Judged(_) | Phase::Following | Phase::Custody(_),
            ) => Phase::Settled(*outcome),
            // A plan that ends before the send: its secrets could not be kept, or its target could not be read
            // again.
            (Event::Settled { outcome: outcome @ Outcome::Refused, .. }, Phase::Ready)
                if facts.captures > 0 || facts.is_rechecked =>
            {
                Phase::Settled(*outcome)
            }
            // Its target is not what was planned any more, or is protected by now.
            (Event::Settled { outcome: Outcome::Skipped, .. }, Phase::Ready) => {
                Phase::Settled(Outcome::Skipped)
            }
            // A lock without PIN whose PIN was recovered later.
            (Event::Settled { outcome, .. }, Phase::Settled(Outcome::Failed))
                if facts.has_custody && self.has_pin =>
            {
                Phase::Settled(*outcome)
            }
            // Another run has taken the task over: this one must not send it any more.
            (
                Event::Settled { outcome: Outcome::NotAttempted, .. },
                Phase::Ready | Phase::Blocked,
            ) => Phase::Settled(Outcome::NotAttempted),
            (event, phase) => {
                return Err(Impossible {
                    task: event.task().map_or(u32::MAX, |task| task.0),
                    event: event.word(),
                    phase: format!("{phase:?}"),
                });
            }
        };
        self.phase = next;
        Ok(())
    }
}

/// Doubt about what is safe to repeat ends with the process: a resume may send it again.
fn may_be_postponed(phase: &Phase, facts: &TaskFacts) -> bool {
    match phase {
        Phase::InFlight | Phase::Judged(_) => true,
        Phase::Doubt => facts.repeat == Repeat::Safe,
        _ => false,
    }
}
