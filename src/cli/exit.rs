//! Exit codes.
//!
//! Owns their numbers, and which class of refusals and which end of a run has which. They are a compatibility surface:
//! cron jobs and scripts build on them.

use std::process::ExitCode;

use crate::app::{RefusalClass, RunVerdict};

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
    /// Left at once by a second Ctrl-C, or by a signal while it waited for another run.
    Aborted = 130,
}

impl Exit {
    /// Whether scripts may conclude from this code that nothing was sent.
    pub(crate) fn promises_nothing_sent(self) -> bool {
        matches!(self, Self::Usage | Self::Target | Self::Policy | Self::Busy)
    }
}

impl Exit {
    /// Every code with what it means, in ascending order.
    pub(crate) const MEANINGS: [(Self, &'static str); 15] = [
        (Self::Well, "every task ended well"),
        (Self::Unexpected, "unexpected error"),
        (Self::Usage, "wrong usage or invalid input; nothing was sent"),
        (Self::Authentication, "the tenant does not accept the token"),
        (Self::Target, "a device is unknown, ambiguous or unsupported; nothing was sent"),
        (Self::Permission, "the token lacks a permission"),
        (Self::Quota, "the quota cannot fit the job before its deadline"),
        (Self::Partly, "some tasks failed"),
        (Self::Policy, "refused by the policy, by a check or by you; nothing was sent"),
        (Self::Stopped, "the run stopped early; sortie resume continues it"),
        (Self::Pending, "commands are still pending"),
        (Self::Doubt, "it is unknown whether some requests were applied"),
        (Self::Journal, "the journal or the disk failed"),
        (Self::Busy, "another process uses the run or a device; nothing was sent"),
        (Self::Aborted, "interrupted by a second Ctrl-C, or while it waited for another run"),
    ];

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

impl Exit {
    /// The code of a run that ended so.
    pub(crate) fn of_run(verdict: RunVerdict) -> Self {
        match verdict {
            RunVerdict::Well => Self::Well,
            RunVerdict::Unexpected => Self::Unexpected,
            RunVerdict::Authentication => Self::Authentication,
            RunVerdict::Permission => Self::Permission,
            RunVerdict::Quota => Self::Quota,
            RunVerdict::Partly => Self::Partly,
            RunVerdict::Stopped => Self::Stopped,
            RunVerdict::Pending => Self::Pending,
            RunVerdict::Doubt => Self::Doubt,
            RunVerdict::Aborted => Self::Aborted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_promise_that_nothing_was_sent_as_the_codes_do() {
        let codes = Exit::MEANINGS.map(|(exit, _)| exit as u8);
        assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
        for (exit, meaning) in Exit::MEANINGS {
            let says_so = meaning.ends_with("nothing was sent");
            assert_eq!(says_so, exit.promises_nothing_sent(), "{exit:?}");
        }
    }
}
