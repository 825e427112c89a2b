//! What is known of one task, as a fold over its entries.
//!
//! Owns the reading of entries that progress, status, reports and the journal's state column share.
//! Invariant: the outcome follows from the entries alone, at any moment of a run and after any crash.

use serde::{Deserialize, Serialize};

use super::{
    CommandSeen, CommandStatus, Event, Outcome, Sealed, Task, Turn, UnixMillis, Verdict, at_rest,
};

/// What is known of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    stage: Stage,
    /// Why it stands as it does; the API's or the device's own words where there are any.
    pub reason: String,
    /// Requests that were about to leave.
    pub attempts: u16,
    /// Status of the last answer.
    pub http_status: Option<u16>,
    /// When the first request left.
    pub requested_at: Option<UnixMillis>,
    /// When it ended: by the device's word where there is one, else by ours.
    pub completed_at: Option<UnixMillis>,
    /// The command in the device's history.
    pub command: Option<CommandSeen>,
    /// The PIN that the answer brought.
    #[serde(default, with = "at_rest::option")]
    pub pin: Option<Sealed>,
    /// The result of a read, as JSON text.
    pub result: Option<String>,
}

/// Where a task stands, as far as its outcome goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    #[default]
    Unsent,
    /// An intent without an answer: nobody can tell whether the request left.
    Sent,
    Doubted,
    Taken,
    Settled(Outcome),
}

impl TaskRecord {
    /// The record of a task of which nothing has happened yet.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        match &task.turn {
            Turn::Do => Self::default(),
            Turn::Skip { reason, .. } => Self {
                stage: Stage::Settled(Outcome::Skipped),
                reason: reason.clone(),
                ..Self::default()
            },
        }
    }

    /// Takes in one event of this task, formed at `at`; others must not be given to it.
    pub fn apply(&mut self, at: UnixMillis, event: &Event) {
        match event {
            Event::Intent { attempt, .. } => {
                self.stage = Stage::Sent;
                self.attempts = *attempt;
                self.requested_at = self.requested_at.or(Some(at));
                "sent, and no answer yet".clone_into(&mut self.reason);
            }
            Event::Answered { http_status, verdict, .. } => {
                self.http_status = *http_status;
                self.take_verdict(verdict);
            }
            Event::Postponed { reason, .. } => {
                self.stage = Stage::Unsent;
                self.reason.clone_from(reason);
            }
            Event::Doubted { reason, .. } => {
                self.stage = Stage::Doubted;
                self.reason.clone_from(reason);
            }
            Event::Observed { command, .. } => {
                self.reason.clone_from(&command.reason);
                self.command = Some(command.clone());
            }
            Event::Unseen { reason, .. } => {
                self.reason = format!("its end cannot be seen: {reason}");
            }
            Event::Settled { outcome, reason, .. } => {
                self.stage = Stage::Settled(*outcome);
                self.reason.clone_from(reason);
                let reported = self.command.as_ref().and_then(|command| command.completed_at);
                self.completed_at = reported.or(Some(at));
            }
            _ => {}
        }
    }

    fn take_verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Accepted(answer) => {
                self.stage = Stage::Taken;
                self.reason = answer.note.clone().unwrap_or_default();
                self.pin = answer.pin.clone().or_else(|| self.pin.take());
                self.result.clone_from(&answer.result);
            }
            Verdict::InEffect { reason }
            | Verdict::Refused { reason, .. }
            | Verdict::Throttled { reason, .. }
            | Verdict::NotSent { reason, .. }
            | Verdict::Unknown { reason, .. } => self.reason.clone_from(reason),
        }
    }

    /// How the task stands now, as one of the ten outcomes.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (&self.stage, self.command.as_ref().map(|command| command.status)) {
            (Stage::Settled(outcome), _) => *outcome,
            (Stage::Unsent, _) => Outcome::NotAttempted,
            (Stage::Sent | Stage::Doubted, _) => Outcome::InDoubt,
            (Stage::Taken, Some(CommandStatus::NotNow)) => Outcome::NotNow,
            (Stage::Taken, _) => Outcome::Pending,
        }
    }

    /// Whether the task has ended for good.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Settled(_))
    }

    /// Whether a request is out whose answer is not known.
    #[must_use]
    pub fn is_sent_without_answer(&self) -> bool {
        self.stage == Stage::Sent
    }
}
