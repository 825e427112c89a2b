//! Why a command ends without having done its work.
//!
//! Owns the form of such a message: what happened, what was sent, what to do next. Errors of other modules become
//! failures here, with the exit code that belongs to them. Must never say what was sent by default: a [`Failure`]
//! claims nothing, and only a [`Failed`], which can be printed, has to.

use crate::cli::exit::Exit;
use crate::drive::{DriveError, InventoryError, QuotaError, ReadError};
use crate::engine::Impossible;
use crate::journal::{Distrust, JournalError};

/// Why something cannot be done. It says nothing about what was sent: the caller knows, and makes it a [`Failed`].
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    /// What happened.
    pub what: String,
    /// What state things are in, besides what was sent; empty where there is nothing to add.
    pub state: String,
    /// What to do next; empty where the rest says it.
    pub next: String,
}

/// What a command had sent when it ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// No request that changes anything left.
    Nothing,
    /// Requests for so many tasks of the run left, those before a resume included.
    Some { tasks: u32 },
    /// Requests may have left, and nobody counted them.
    Unknown,
}

impl Sent {
    /// What was sent for so many tasks.
    pub(crate) fn of_tasks(tasks: u32) -> Self {
        match tasks {
            0 => Self::Nothing,
            tasks => Self::Some { tasks },
        }
    }

    /// In words.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Nothing => "nothing was sent".to_owned(),
            Self::Some { tasks: 1 } => "1 task was sent".to_owned(),
            Self::Some { tasks } => format!("{tasks} tasks were sent"),
            Self::Unknown => "it is unknown what was sent".to_owned(),
        }
    }
}

/// How a command ended that did its work.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Done {
    pub exit: Exit,
    pub sent: Sent,
}

impl Done {
    /// The end of a command, or of a part of one, that has sent nothing.
    pub(crate) fn unsent(exit: Exit) -> Self {
        Self { exit, sent: Sent::Nothing }
    }
}

/// A failure with what had been sent by then. There is no other way to end a command, and none to make one without
/// saying so.
#[derive(Debug)]
pub(crate) struct Failed {
    pub failure: Failure,
    pub sent: Sent,
}

impl Failed {
    /// What state things are in, in one line.
    pub(crate) fn state(&self) -> String {
        match self.failure.state.as_str() {
            "" => self.sent.text(),
            more => format!("{}; {more}", self.sent.text()),
        }
    }
}

/// Makes an error a [`Failed`] in code that comes before the first request of a command, or that cannot send.
pub(crate) trait BeforeSending<T> {
    /// The same result, whose error says that nothing was sent.
    fn before_sending(self) -> Result<T, Failed>;
}

impl<T, E: Into<Failure>> BeforeSending<T> for Result<T, E> {
    fn before_sending(self) -> Result<T, Failed> {
        self.map_err(|error| error.into().sent(Sent::Nothing))
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), state: String::new(), next: String::new() }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub(crate) fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// Says what had been sent when it happened. Codes that promise that nothing was sent give way to one that does not.
    pub(crate) fn sent(mut self, sent: Sent) -> Failed {
        if sent != Sent::Nothing && self.exit.promises_nothing_sent() {
            self.exit = Exit::Unexpected;
        }
        Failed { failure: self, sent }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let (exit, next) = match &error {
            JournalError::Busy { run } => (
                Exit::Busy,
                format!("wait for the other process, or look with: sortie status {run}"),
            ),
            JournalError::Starting { .. } => {
                (Exit::Busy, "see what the other process waits for, then try again".to_owned())
            }
            JournalError::Public { path, .. } => (
                Exit::Policy,
                format!(
                    "remove the permission with: chmod o-w {} (or name a directory inside it with --state-dir); then verify the runs with: sortie audit",
                    path.display()
                ),
            ),
            JournalError::NoSuchRun(_) => {
                (Exit::Usage, "list the runs with: sortie runs".to_owned())
            }
            JournalError::NotADirectory { .. } => (
                Exit::Usage,
                "name a directory with --state-dir or SORTIE_STATE_DIR, or move the file"
                    .to_owned(),
            ),
            _ => {
                (Exit::Journal, "check the disk and the state directory, then try again".to_owned())
            }
        };
        Self::new(exit, error.to_string()).next(next)
    }
}

impl From<Distrust> for Failure {
    fn from(error: Distrust) -> Self {
        let what = error.to_string();
        match error {
            Distrust::Journal(error) => error.into(),
            Distrust::NeverBegun(_) => {
                Self::usage(what).next("start the job again with: sortie run")
            }
            Distrust::Run { run, .. } => Self::new(Exit::Journal, what)
                .state("the run was not opened, because its database is not what sortie wrote")
                .next(format!(
                    "restore runs/{run}.db from a backup made after the run was last left; see what does not fit with: sortie audit {run}"
                )),
            Distrust::Host { .. } => Self::new(Exit::Journal, what)
                .state("no run was opened, because sortie.db is not what sortie wrote")
                .next("restore sortie.db from a backup; see what does not fit with: sortie audit"),
        }
    }
}

impl From<QuotaError> for Failure {
    fn from(error: QuotaError) -> Self {
        let QuotaError::Ledger(error) = error;
        error.into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let (exit, next) = match &error {
            ReadError::Unauthorized(_) => (
                Exit::Authentication,
                "make a token under Settings > Access, or grant it 'Device list'",
            ),
            ReadError::Forbidden(_) => {
                (Exit::Permission, "grant the token the permission 'Device list'")
            }
            ReadError::QuotaSpent(_) => (Exit::Quota, "try again then, or raise --per-hour"),
            ReadError::Quota(_) => (Exit::Journal, "check the disk and the state directory"),
            ReadError::Unreachable(_) => (Exit::Unexpected, "check the address and the network"),
            ReadError::OtherDevice(_) => (
                Exit::Unexpected,
                "check for a proxy or cache that mixes up answers; rely on no answer until it is fixed",
            ),
            ReadError::Unusable(_) => (Exit::Unexpected, "check the base URL, and try again later"),
        };
        Self::new(exit, error.to_string()).next(next)
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Read(error) => error.into(),
            other => Self::new(Exit::Unexpected, format!("the inventory cannot be read: {other}"))
                .next("check the base URL"),
        }
    }
}

impl From<Impossible> for Failure {
    fn from(error: Impossible) -> Self {
        DriveError::from(error).into()
    }
}

impl From<DriveError> for Failure {
    fn from(error: DriveError) -> Self {
        let exit = match &error {
            DriveError::Journal(_) | DriveError::Quota(_) => Exit::Journal,
            DriveError::Impossible(_) => Exit::Unexpected,
        };
        Self::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_promise_nothing_was_sent_give_way_after_a_send() {
        for exit in [Exit::Usage, Exit::Target, Exit::Policy, Exit::Busy] {
            for (sent, expected) in [
                (Sent::Nothing, exit),
                (Sent::Some { tasks: 1 }, Exit::Unexpected),
                (Sent::Unknown, Exit::Unexpected),
            ] {
                assert_eq!(Failure::new(exit, "x").sent(sent).failure.exit, expected);
            }
        }
        let late = Failure::new(Exit::Journal, "x").sent(Sent::of_tasks(2));
        assert_eq!(
            (late.failure.exit, late.state().as_str()),
            (Exit::Journal, "2 tasks were sent")
        );
    }

    #[test]
    fn a_failure_without_details_still_says_what_was_sent() {
        for (sent, text) in [
            (Sent::of_tasks(0), "nothing was sent"),
            (Sent::of_tasks(1), "1 task was sent"),
            (Sent::Unknown, "it is unknown what was sent"),
        ] {
            assert_eq!(Failure::usage("x").sent(sent).state(), text);
            let more = Failure::usage("x").state("none was shown").sent(sent);
            assert_eq!(more.state(), format!("{text}; none was shown"));
        }
    }
}
