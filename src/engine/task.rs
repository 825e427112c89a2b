//! The task machine: the life of one task.
//!
//! Owns what may follow what. It tells *not sent* (safe to send again) from *unknown* (never send
//! blindly). Must never know of queues, pace or other tasks.

use super::detours::{Detours, NO_DETOURS};
use super::phase::Phase;
use crate::model::{
    CommandStatus, Decision, Event, NoteResult, Outcome, PinReading, RecordLists, Repeat,
    TaskFacts, UnixMillis, Verdict,
};

/// Reads that have to show nothing before a task stays in doubt.
pub(super) const ABSENCES_MAX: u8 = 3;

/// The state of one task: what its entries add up to. Small enough for a million of them.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskState {
    /// The phase that the task is in.
    pub phase: Phase,
    /// Requests whose intent was recorded.
    pub attempts: u16,
    /// When the last request's intent was recorded.
    pub sent_at: UnixMillis,
    /// Commands that were queued from this moment on may be the task's: the last send, or the first one that may have
    /// been applied.
    pub traced_from: UnixMillis,
    /// One of its requests had no usable answer.
    pub was_in_doubt: bool,
    /// Requests that the tenant has answered.
    pub answers: u16,
    /// Reads for its doubt that showed nothing.
    pub absences: u8,
    /// Its doubt cannot be settled by reading.
    pub is_unreadable: bool,
    /// The last status that its command showed.
    pub seen: Option<CommandStatus>,
    /// How many commands of the history matched then.
    pub candidates: u16,
    /// A PIN is known.
    pub has_pin: bool,
    /// How many of its secrets were read before the send.
    pub captured: u8,
    /// The note about its device was about to be written, and the tenant may have it or has refused it.
    pub has_note: bool,
    /// The request for that note is out, and its answer is not known.
    pub is_note_open: bool,
    detours: Option<Box<Detours>>,
}

/// Why a task that waits for its turn is not sent. An earlier request of it may have been applied: that is said too.
pub(in crate::engine) fn not_sent(state: &TaskState, reason: &str) -> String {
    match state.was_in_doubt {
        false => format!("not sent: {reason}"),
        true => format!("not sent again: {reason}; an earlier request may have been applied"),
    }
}

/// An entry that cannot follow the ones before it: the journal was not written by this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task {task} cannot take {event} in phase {phase}")]
pub struct Impossible {
    /// Position of the task.
    pub task: u32,
    /// The kind of entry.
    pub event: &'static str,
    /// The state of the task before.
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
            sent_at: UnixMillis(0),
            traced_from: UnixMillis(0),
            was_in_doubt: false,
            answers: 0,
            absences: 0,
            is_unreadable: false,
            seen: None,
            candidates: 0,
            has_pin: false,
            captured: 0,
            has_note: false,
            is_note_open: false,
            detours: None,
        }
    }

    fn detours(&self) -> &Detours {
        self.detours.as_deref().unwrap_or(&NO_DETOURS)
    }

    fn detours_mut(&mut self) -> &mut Detours {
        self.detours.get_or_insert_default()
    }

    /// Retries that were used up.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.detours().retries
    }

    /// It is not sent before this moment.
    #[must_use]
    pub fn due(&self) -> UnixMillis {
        self.detours().due
    }

    /// When it last came into doubt.
    #[must_use]
    pub fn doubted_at(&self) -> UnixMillis {
        self.detours().doubted_at
    }

    /// When its target was read again for the send that comes next.
    #[must_use]
    pub fn rechecked_at(&self) -> Option<UnixMillis> {
        self.detours().rechecked_at
    }

    /// The lists of the record that its last request was built on.
    #[must_use]
    pub fn lists(&self) -> Option<&RecordLists> {
        self.detours().lists.as_deref()
    }

    /// Forgets that its target was read again: the next send needs a new read.
    pub(super) fn forget_recheck(&mut self) {
        if let Some(detours) = &mut self.detours {
            detours.rechecked_at = None;
        }
    }

    /// Whether it is a lock of a Mac whose PIN is unknown.
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
            && is_sought_after(facts)
            && self.absences < ABSENCES_MAX
            && !self.is_unreadable
    }

    /// Whether the device's record is read before its next request: where it always is, and where an earlier request may
    /// have done already what the record would show.
    #[must_use]
    pub fn is_read_first(&self, facts: &TaskFacts) -> bool {
        facts.is_rechecked || facts.builds_on_lists || (facts.is_recorded && self.was_in_doubt)
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
        let next = match event {
            Event::SecretsRead { .. } | Event::Rechecked { .. } | Event::Intent { .. } => {
                self.before_answer(facts, at, event)
            }
            Event::Answered { attempt, verdict, .. } => self.answered(facts, *attempt, verdict),
            Event::Postponed { until, counted, .. } if may_be_postponed(&self.phase, facts) => {
                self.was_in_doubt |= self.phase == Phase::InFlight;
                let detours = self.detours_mut();
                detours.due = *until;
                detours.retries += u32::from(*counted);
                Some(Phase::Ready)
            }
            Event::Doubted { .. }
            | Event::Absent { .. }
            | Event::Adopted { .. }
            | Event::Resolved { .. } => self.in_doubt(at, event),
            Event::Observed { .. } | Event::PinRead { .. } | Event::Unseen { .. } => {
                self.read(facts, event)
            }
            Event::NoteIntended { .. } | Event::NoteAnswered { .. } => self.noted(event),
            Event::Settled { outcome, .. } if self.may_end(facts, *outcome) => {
                Some(Phase::Settled(*outcome))
            }
            _ => None,
        };
        self.phase = next.ok_or_else(|| Impossible {
            task: event.task().map_or(u32::MAX, |task| task.0),
            event: event.word(),
            phase: format!("{:?}", self.phase),
        })?;
        Ok(())
    }

    /// What was read before the request, and the intent of the request.
    fn before_answer(&mut self, facts: &TaskFacts, at: UnixMillis, event: &Event) -> Option<Phase> {
        if self.phase != Phase::Ready {
            return None;
        }
        match event {
            Event::SecretsRead { .. } => {
                self.captured = self.captured.saturating_add(1);
                Some(Phase::Ready)
            }
            Event::Rechecked { .. } => {
                self.detours_mut().rechecked_at = Some(at);
                Some(Phase::Ready)
            }
            Event::Intent { attempt, lists, .. }
                if *attempt == self.attempts.saturating_add(1)
                    && self.captured >= facts.captures
                    && (self.rechecked_at().is_some() || !self.is_read_first(facts))
                    && (lists.is_some() || !facts.builds_on_lists) =>
            {
                if self.lists() != lists.as_deref() {
                    self.detours_mut().lists.clone_from(lists);
                }
                self.forget_recheck();
                self.attempts = *attempt;
                self.sent_at = at;
                if !self.was_in_doubt {
                    self.traced_from = at;
                }
                Some(Phase::InFlight)
            }
            _ => None,
        }
    }

    /// The answer to the request in progress.
    fn answered(&mut self, facts: &TaskFacts, attempt: u16, verdict: &Verdict) -> Option<Phase> {
        if self.phase != Phase::InFlight || attempt != self.attempts {
            return None;
        }
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
        Some(match verdict {
            _ if is_ours && self.is_awaited(facts) && !is_proven(verdict) => Phase::Following,
            Verdict::InEffect { .. } if facts.has_custody => {
                Phase::Custody(Outcome::AlreadyInEffect)
            }
            verdict => Phase::Judged(Box::new(verdict.clone())),
        })
    }

    /// The way into doubt, and the ways out of it.
    fn in_doubt(&mut self, at: UnixMillis, event: &Event) -> Option<Phase> {
        match (event, &self.phase) {
            (Event::Doubted { .. }, Phase::InFlight | Phase::Judged(_)) => {
                self.was_in_doubt = true;
                self.is_unreadable = false;
                self.detours_mut().doubted_at = at;
                Some(Phase::Doubt)
            }
            (Event::Absent { .. }, Phase::Doubt) => {
                self.absences = self.absences.saturating_add(1);
                Some(Phase::Doubt)
            }
            (Event::Adopted { .. }, Phase::Doubt) => Some(Phase::Following),
            (Event::Resolved { decision, .. }, Phase::Doubt) => Some(match decision {
                Decision::Done => Phase::Settled(Outcome::Completed),
                Decision::NotDone => Phase::Settled(Outcome::Failed),
                Decision::SendAgain => {
                    self.detours_mut().due = at;
                    self.absences = 0;
                    Phase::Ready
                }
            }),
            _ => None,
        }
    }

    /// What a read after the request showed.
    fn read(&mut self, facts: &TaskFacts, event: &Event) -> Option<Phase> {
        match (event, &self.phase) {
            (Event::Observed { command, .. }, Phase::Following) => {
                self.seen = Some(command.status);
                self.candidates = command.candidates;
                let is_completed = command.status == CommandStatus::Completed;
                Some(match is_completed && facts.has_custody {
                    true => Phase::Custody(Outcome::Completed),
                    false => Phase::Following,
                })
            }
            (Event::PinRead { reading, .. }, phase) if facts.has_custody => {
                // Before the Mac has taken the lock the tenant may show the PIN of an older one.
                let is_its_own = matches!(phase, Phase::Custody(_) | Phase::Settled(_));
                let has_pin =
                    matches!(reading, PinReading::Found { .. } | PinReading::Known { .. });
                self.has_pin |= is_its_own && has_pin;
                Some(phase.clone())
            }
            (Event::Unseen { .. }, Phase::Following) => Some(Phase::Following),
            (Event::Unseen { .. }, Phase::Doubt) => {
                self.is_unreadable = true;
                Some(Phase::Doubt)
            }
            _ => None,
        }
    }

    /// A note about the device of a task that has ended: its intent, then what came of it.
    fn noted(&mut self, event: &Event) -> Option<Phase> {
        let is_settled = matches!(self.phase, Phase::Settled(_));
        match event {
            Event::NoteIntended { .. } if is_settled && !self.has_note => {
                (self.has_note, self.is_note_open) = (true, true);
            }
            Event::NoteAnswered { result, .. } if self.is_note_open => {
                self.is_note_open = false;
                self.has_note = !matches!(result, NoteResult::Later { .. });
            }
            _ => return None,
        }
        Some(self.phase.clone())
    }

    /// Whether the task may end in this way from its phase.
    fn may_end(&self, facts: &TaskFacts, outcome: Outcome) -> bool {
        match (outcome, &self.phase) {
            (_, Phase::Judged(_) | Phase::Following | Phase::Custody(_)) => true,
            // Before the send: its secrets could not be kept, or its target could not be read again.
            (Outcome::Refused, Phase::Ready) => facts.captures > 0 || self.is_read_first(facts),
            // The read before the send shows that nothing is left to do.
            (Outcome::Completed | Outcome::AlreadyInEffect, Phase::Ready) => facts.is_recorded,
            // Before the send: its target is no longer what was planned, or is protected by now.
            (Outcome::Skipped, Phase::Ready) => true,
            // Another run has taken the task over: this one must no longer send it.
            (Outcome::NotAttempted, Phase::Ready | Phase::Blocked) => true,
            // A lock without PIN whose PIN was recovered later.
            (_, Phase::Settled(Outcome::Failed)) => facts.has_custody && self.has_pin,
            _ => false,
        }
    }
}

/// Whether what its request would have left behind is read, to settle doubt.
pub(super) fn is_sought_after(facts: &TaskFacts) -> bool {
    (facts.repeat == Repeat::Once || facts.is_recorded) && facts.trace.exists()
}

/// Whether the answer shows the end by itself.
fn is_proven(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted(answer) if answer.proven.is_some())
}

/// Doubt about what is safe to repeat ends with the process: a resume may send it again.
fn may_be_postponed(phase: &Phase, facts: &TaskFacts) -> bool {
    match phase {
        Phase::InFlight | Phase::Judged(_) => true,
        Phase::Doubt => facts.repeat == Repeat::Safe,
        _ => false,
    }
}
