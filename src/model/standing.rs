//! Where a task stands, in a few bytes.
//!
//! Owns which event leads to which stage, and the outcome that follows. Invariant: the stage follows from the events alone, for
//! the record of a task and for its standing alike. Must never keep a text.

use serde::{Deserialize, Serialize};

use super::{CommandStatus, Decision, Event, Outcome, Task, Verdict};

/// The state of a task, as far as its outcome goes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TaskStage {
    #[default]
    Unsent,
    /// An intent without an answer: it is unknown whether the request left.
    Sent,
    Doubted,
    Taken,
    Settled(Outcome),
}

impl TaskStage {
    /// The stage of a task of which nothing has happened yet.
    pub(super) fn of(task: &Task) -> Self {
        task.turn.outcome().map_or(Self::Unsent, Self::Settled)
    }

    /// The stage after an event of the task.
    #[must_use]
    pub(super) fn after(self, event: &Event) -> Self {
        match event {
            Event::Intent { .. } => Self::Sent,
            Event::Answered {
                verdict: Verdict::Accepted(_) | Verdict::InEffect { .. }, ..
            }
            | Event::Adopted { .. } => Self::Taken,
            Event::Postponed { .. } | Event::Resolved { decision: Decision::SendAgain, .. } => {
                Self::Unsent
            }
            Event::Doubted { .. } => Self::Doubted,
            Event::Resolved { decision: Decision::Done, .. } => Self::Settled(Outcome::Completed),
            Event::Resolved { decision: Decision::NotDone, .. } => Self::Settled(Outcome::Failed),
            Event::Settled { outcome, .. } => Self::Settled(*outcome),
            _ => self,
        }
    }

    /// The outcome of a task at this stage whose command was last seen in this status.
    pub(super) fn outcome(self, seen: Option<CommandStatus>) -> Outcome {
        match (self, seen) {
            (Self::Settled(outcome), _) => outcome,
            (Self::Unsent, _) => Outcome::NotAttempted,
            (Self::Sent | Self::Doubted, _) => Outcome::InDoubt,
            (Self::Taken, Some(CommandStatus::NotNow)) => Outcome::NotNow,
            (Self::Taken, _) => Outcome::Pending,
        }
    }
}

/// Where a task stands: its outcome and whether it was sent, folded from its entries as its record is. A run of a
/// million tasks keeps one for each.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskStanding {
    stage: TaskStage,
    /// The last status of its command.
    seen: Option<CommandStatus>,
    has_intent: bool,
}

impl TaskStanding {
    /// The standing of a task of which nothing has happened yet.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        Self { stage: TaskStage::of(task), ..Self::default() }
    }

    /// The standing of a task at this stage, with the last status of its command, and whether it had an intent.
    pub(super) fn at(stage: TaskStage, seen: Option<CommandStatus>, has_intent: bool) -> Self {
        Self { stage, seen, has_intent }
    }

    /// Takes in one event of this task; others must not be given to it.
    pub fn apply(&mut self, event: &Event) {
        self.stage = self.stage.after(event);
        match event {
            Event::Observed { command, .. } => self.seen = Some(command.status),
            Event::Intent { .. } => self.has_intent = true,
            _ => {}
        }
    }

    /// The state of the task now, as one of the ten outcomes.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.stage.outcome(self.seen)
    }

    /// Whether the task has ended for good.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self.stage, TaskStage::Settled(_))
    }

    /// Whether a request of the task was about to leave.
    #[must_use]
    pub fn has_intent(self) -> bool {
        self.has_intent
    }
}
