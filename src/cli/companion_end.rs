//! How another program of this product ends, in the manner of `sortie`.
//!
//! Owns the two ends: work that is done, with its exit code, and a failure with what was sent. Must never say what was sent by
//! default.

use crate::app::{Reason, RefusalClass, RunVerdict, Sent};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failed, Failure};

/// How a program ends that did its work.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct CompanionEnd(Exit);

impl CompanionEnd {
    /// Everything is as it was asked for.
    pub const WELL: Self = Self(Exit::Well);

    /// The end that belongs to the verdict on a run.
    #[must_use]
    pub fn of_run(verdict: RunVerdict) -> Self {
        Self(Exit::of_run(verdict))
    }

    pub(crate) fn exit(self) -> Exit {
        self.0
    }

    /// The worse of two ends: the one that is not well, else this one.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if self == Self::WELL { other } else { self }
    }
}

/// Why a program ends without having done its work: what happened, what was sent, what to do next.
#[derive(Debug)]
pub struct CompanionError(Failed);

impl CompanionError {
    /// A refusal in words of one's own. Nothing was sent.
    #[must_use]
    pub fn new(class: RefusalClass, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self(Failure::new(Exit::of(class), what).next(next).sent(Sent::Nothing))
    }

    /// The same, with the state that things are in.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.0.failure.state = state.into();
        self
    }

    /// The same, after something may have been sent.
    #[must_use]
    pub fn after(self, sent: Sent) -> Self {
        Self(self.0.failure.sent(sent))
    }

    pub(crate) fn into_failed(self) -> Failed {
        self.0
    }

    /// What happened, for a log.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.failure.what
    }

    /// What to do next; empty where there is nothing to do.
    #[must_use]
    pub fn next(&self) -> &str {
        &self.0.failure.next
    }
}

impl From<Reason> for CompanionError {
    fn from(reason: Reason) -> Self {
        Self(Failure::from(reason).sent(Sent::Nothing))
    }
}

impl From<Failure> for CompanionError {
    fn from(failure: Failure) -> Self {
        Self(failure.sent(Sent::Nothing))
    }
}
