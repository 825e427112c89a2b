//! Which verdict on a run applies.
//!
//! Owns the order in which verdicts outrank each other, and their numbers. Must never call a run ended well that left a doubt.

use crate::model::{Outcome, OutcomeCounts, RunVerdict, StopCause, Task, Turn};

/// The number of a verdict in the host's record. These numbers are kept forever.
pub(crate) fn number_of(verdict: RunVerdict) -> u8 {
    match verdict {
        RunVerdict::Well => 0,
        RunVerdict::Unexpected => 1,
        RunVerdict::Authentication => 3,
        RunVerdict::Permission => 5,
        RunVerdict::Quota => 6,
        RunVerdict::Partly => 7,
        RunVerdict::Stopped => 9,
        RunVerdict::Pending => 10,
        RunVerdict::Doubt => 11,
        RunVerdict::Aborted => 130,
    }
}

/// How much a verdict matters where several runs end together, the gravest the highest: a doubt, which only a person can
/// settle, then what ended a run early, then what it left.
pub(crate) fn gravity(verdict: RunVerdict) -> u8 {
    match verdict {
        RunVerdict::Well => 0,
        RunVerdict::Pending => 1,
        RunVerdict::Partly => 2,
        RunVerdict::Stopped => 3,
        RunVerdict::Quota => 4,
        RunVerdict::Unexpected => 5,
        RunVerdict::Permission => 6,
        RunVerdict::Authentication => 7,
        RunVerdict::Aborted => 8,
        RunVerdict::Doubt => 9,
    }
}

/// What decides the verdict of a run.
#[derive(Debug)]
pub(crate) struct VerdictFacts<'a> {
    pub counts: &'a OutcomeCounts,
    pub stop: Option<StopCause>,
    /// An action was stopped because the token lacks the permission.
    pub is_forbidden: bool,
    /// Skips that the request or the job asked for.
    pub skips_asked: u32,
    pub pending_ok: bool,
}

/// The verdict on a run: the gravest that applies.
pub(crate) fn verdict_of(end: &VerdictFacts<'_>) -> RunVerdict {
    let count = |outcome| end.counts.of(outcome);
    let partly = count(Outcome::Failed)
        + count(Outcome::Refused)
        + count(Outcome::NotAttempted)
        + end.skips_asked;
    let pending = count(Outcome::Pending) + count(Outcome::NotNow);
    // No matter what ended the run, a doubt is the one thing that only a person can settle.
    if count(Outcome::InDoubt) > 0 {
        return RunVerdict::Doubt;
    }
    match end.stop {
        Some(StopCause::Unreachable | StopCause::NotTheApi) => {
            return RunVerdict::Unexpected;
        }
        Some(StopCause::Unauthorized) => return RunVerdict::Authentication,
        _ => {}
    }
    if end.is_forbidden {
        return RunVerdict::Permission;
    }
    let is_left = count(Outcome::NotAttempted) + pending > 0;
    match end.stop {
        // Stopped when everything had ended already is not stopped.
        Some(StopCause::Deadline | StopCause::Throttled) => return RunVerdict::Quota,
        Some(_) if is_left => return RunVerdict::Stopped,
        _ => {}
    }
    if partly > 0 {
        return RunVerdict::Partly;
    }
    if pending > 0 && !end.pending_ok {
        return RunVerdict::Pending;
    }
    RunVerdict::Well
}

/// Tasks that the plan of a run left out.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct PlannedSkips {
    all: u32,
    /// Those that the request or the job asked for.
    asked: u32,
}

impl PlannedSkips {
    /// Those of a plan with these tasks.
    pub(crate) fn of(tasks: &[Task]) -> Self {
        let mut skips = Self::default();
        tasks.iter().for_each(|task| skips.add(task));
        skips
    }

    /// Takes in a task of the plan.
    pub(crate) fn add(&mut self, task: &Task) {
        if let Turn::Skip { asked, .. } = task.turn {
            self.all += 1;
            self.asked += u32::from(asked);
        }
    }

    /// Skips that the request or the job asked for, or that came up while the run was driven, of tasks that ended so.
    pub(crate) fn asked_of(self, counts: &OutcomeCounts) -> u32 {
        self.asked + counts.of(Outcome::Skipped).saturating_sub(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        outcomes: &[Outcome],
        stop: Option<StopCause>,
        skips_asked: u32,
        expected: RunVerdict,
    ) {
        let mut counts = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        let end = VerdictFacts {
            counts: &counts,
            stop,
            is_forbidden: false,
            skips_asked,
            pending_ok: false,
        };
        assert_eq!(verdict_of(&end), expected, "{outcomes:?} {stop:?}");
    }

    #[test]
    fn the_gravest_verdict_that_applies_counts() {
        use Outcome::{
            Accepted, AlreadyInEffect, Completed, Failed, InDoubt, NotAttempted, NotNow, Pending,
            Refused, Skipped,
        };
        check(&[Completed, Accepted, AlreadyInEffect, Skipped], None, 0, RunVerdict::Well);
        check(&[Completed, Skipped], None, 1, RunVerdict::Partly);
        check(&[Completed, NotNow], None, 0, RunVerdict::Pending);
        check(&[Failed, Pending], None, 0, RunVerdict::Partly);
        check(&[Refused, InDoubt], Some(StopCause::Errors), 0, RunVerdict::Doubt);
        check(&[Refused, NotAttempted], Some(StopCause::Errors), 0, RunVerdict::Stopped);
        check(&[NotAttempted], Some(StopCause::Operator), 0, RunVerdict::Stopped);
        check(&[Completed], Some(StopCause::Operator), 0, RunVerdict::Well);
        check(&[Completed, NotAttempted], Some(StopCause::Clock), 0, RunVerdict::Stopped);
        check(&[InDoubt, NotAttempted], Some(StopCause::Clock), 0, RunVerdict::Doubt);
        check(&[NotAttempted], Some(StopCause::Deadline), 0, RunVerdict::Quota);
        check(&[NotAttempted], Some(StopCause::Unauthorized), 0, RunVerdict::Authentication);
        check(&[NotAttempted], Some(StopCause::NotTheApi), 0, RunVerdict::Unexpected);
        for stop in [
            StopCause::Unauthorized,
            StopCause::NotTheApi,
            StopCause::Unreachable,
            StopCause::Clock,
            StopCause::Deadline,
            StopCause::WrongDevice,
        ] {
            check(&[InDoubt, NotAttempted], Some(stop), 0, RunVerdict::Doubt);
        }
        check(&[Pending], Some(StopCause::Throttled), 0, RunVerdict::Quota);
    }
}
