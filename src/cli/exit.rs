//! Exit codes.
//!
//! Owns their numbers and the order in which they outrank each other. They are a compatibility surface:
//! cron jobs and scripts build on them.

use std::process::ExitCode;

use crate::app::RefusalClass;
use crate::model::{Outcome, OutcomeCounts, StopCause};

/// How the program ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every task ended well.
    Well = 0,
    /// Something that no other code names.
    Unexpected = 1,
    /// Wrong usage or invalid input; nothing was sent.
    Usage = 2,
    /// The token is not accepted.
    Authentication = 3,
    /// A target is not found, ambiguous or unsupported; nothing was sent.
    Target = 4,
    /// The token lacks a permission.
    Permission = 5,
    /// The quota cannot fit the job before its deadline.
    Quota = 6,
    /// Some tasks failed.
    Partly = 7,
    /// A rule or a person said no; nothing was sent.
    Policy = 8,
    /// Stopped before the end.
    Stopped = 9,
    /// Commands are still pending.
    Pending = 10,
    /// It is not known whether something was applied.
    Doubt = 11,
    /// The journal or the disk failed.
    Journal = 12,
    /// Another process is at it.
    Busy = 13,
    /// Left at once by a second Ctrl-C.
    Aborted = 130,
}

impl Exit {
    /// Whether scripts may conclude from this code that nothing was sent.
    pub(crate) fn promises_nothing_sent(self) -> bool {
        matches!(self, Self::Usage | Self::Target | Self::Policy | Self::Busy)
    }
}

impl Exit {
    /// One word for programs; that of the class where the code is that of a class.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Unexpected => "unexpected",
            Self::Usage => "usage",
            Self::Authentication => "authentication",
            Self::Target => "target",
            Self::Permission => "permission",
            Self::Quota => "quota",
            Self::Partly => "partly_failed",
            Self::Policy => "policy",
            Self::Stopped => "stopped",
            Self::Pending => "pending",
            Self::Doubt => "in_doubt",
            Self::Journal => "journal",
            Self::Busy => "busy",
            Self::Aborted => "aborted",
        }
    }

    /// The code of a class of refusals.
    pub(crate) fn of(class: RefusalClass) -> Self {
        match class {
            RefusalClass::Usage => Self::Usage,
            RefusalClass::Target => Self::Target,
            RefusalClass::Policy => Self::Policy,
            RefusalClass::Busy => Self::Busy,
            RefusalClass::Authentication => Self::Authentication,
            RefusalClass::Permission => Self::Permission,
            RefusalClass::Quota => Self::Quota,
            RefusalClass::Stopped => Self::Stopped,
            RefusalClass::Journal => Self::Journal,
            RefusalClass::Unexpected => Self::Unexpected,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What decides the exit code of a run.
#[derive(Debug)]
pub(crate) struct RunEnd<'a> {
    pub counts: &'a OutcomeCounts,
    pub stop: Option<StopCause>,
    /// An action was stopped because the token lacks the permission.
    pub is_forbidden: bool,
    /// Skips that a flag or the job asked for.
    pub skips_asked: u32,
    pub pending_ok: bool,
}

/// The exit code of a run: the gravest that applies.
pub(crate) fn exit_of(end: &RunEnd<'_>) -> Exit {
    let count = |outcome| end.counts.of(outcome);
    let partly = count(Outcome::Failed)
        + count(Outcome::Refused)
        + count(Outcome::NotAttempted)
        + end.skips_asked;
    let pending = count(Outcome::Pending) + count(Outcome::NotNow);
    // Whatever else ended the run: a doubt is the one thing that only a person can settle.
    if count(Outcome::InDoubt) > 0 {
        return Exit::Doubt;
    }
    match end.stop {
        Some(StopCause::Unreachable | StopCause::NotTheApi) => {
            return Exit::Unexpected;
        }
        Some(StopCause::Unauthorized) => return Exit::Authentication,
        _ => {}
    }
    if end.is_forbidden {
        return Exit::Permission;
    }
    let is_left = count(Outcome::NotAttempted) + pending > 0;
    match end.stop {
        // Stopped when everything had ended already is not stopped.
        Some(StopCause::Deadline | StopCause::Throttled) => return Exit::Quota,
        Some(_) if is_left => return Exit::Stopped,
        _ => {}
    }
    if partly > 0 {
        return Exit::Partly;
    }
    if pending > 0 && !end.pending_ok {
        return Exit::Pending;
    }
    Exit::Well
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcomes: &[Outcome], stop: Option<StopCause>, skips_asked: u32, expected: Exit) {
        let mut counts = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        let end =
            RunEnd { counts: &counts, stop, is_forbidden: false, skips_asked, pending_ok: false };
        assert_eq!(exit_of(&end), expected, "{outcomes:?} {stop:?}");
    }

    #[test]
    fn the_gravest_code_that_applies_is_returned() {
        use Outcome::{
            Accepted, AlreadyInEffect, Completed, Failed, InDoubt, NotAttempted, NotNow, Pending,
            Refused, Skipped,
        };
        check(&[Completed, Accepted, AlreadyInEffect, Skipped], None, 0, Exit::Well);
        check(&[Completed, Skipped], None, 1, Exit::Partly);
        check(&[Completed, NotNow], None, 0, Exit::Pending);
        check(&[Failed, Pending], None, 0, Exit::Partly);
        check(&[Refused, InDoubt], Some(StopCause::Errors), 0, Exit::Doubt);
        check(&[Refused, NotAttempted], Some(StopCause::Errors), 0, Exit::Stopped);
        check(&[NotAttempted], Some(StopCause::Operator), 0, Exit::Stopped);
        check(&[Completed], Some(StopCause::Operator), 0, Exit::Well);
        check(&[Completed, NotAttempted], Some(StopCause::Clock), 0, Exit::Stopped);
        check(&[InDoubt, NotAttempted], Some(StopCause::Clock), 0, Exit::Doubt);
        check(&[NotAttempted], Some(StopCause::Deadline), 0, Exit::Quota);
        check(&[NotAttempted], Some(StopCause::Unauthorized), 0, Exit::Authentication);
        check(&[NotAttempted], Some(StopCause::NotTheApi), 0, Exit::Unexpected);
        for stop in [
            StopCause::Unauthorized,
            StopCause::NotTheApi,
            StopCause::Unreachable,
            StopCause::Clock,
            StopCause::Deadline,
            StopCause::WrongDevice,
        ] {
            check(&[InDoubt, NotAttempted], Some(stop), 0, Exit::Doubt);
        }
        check(&[Pending], Some(StopCause::Throttled), 0, Exit::Quota);
    }
}
