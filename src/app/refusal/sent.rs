//! What had been sent when something was refused.
//!
//! Owns the statement and the only ways to make it. Must never have a default.

use serde::Serialize;
use std::fmt;

use super::{NextStep, Reason, RefusalClass};

/// What had been sent by the time of a refusal.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// No request that changes anything left.
    Nothing,
    /// Requests for so many tasks of the run left, those before a resume included.
    Some {
        /// Number of tasks.
        tasks: u32,
    },
    /// Requests may have left, and their number is unknown.
    Unknown,
}

impl Sent {
    /// What was sent for so many tasks.
    #[must_use]
    pub fn of_tasks(tasks: u32) -> Self {
        match tasks {
            0 => Self::Nothing,
            tasks => Self::Some { tasks },
        }
    }
}

/// Why sortie did not do something, and what had been sent by then.
#[derive(Debug)]
pub struct Refusal {
    /// What happened, with its facts.
    pub reason: Reason,
    /// What had been sent by then.
    pub sent: Sent,
}

impl Refusal {
    /// The kind of obstacle. A class that promises that nothing was sent gives way after a request left.
    #[must_use]
    pub fn class(&self) -> RefusalClass {
        let class = self.reason.class();
        let is_broken_promise = self.sent != Sent::Nothing && class.promises_nothing_sent();
        if is_broken_promise { RefusalClass::Unexpected } else { class }
    }

    /// What to do next, the best first; empty where nothing can be done.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        self.reason.next()
    }
}

impl fmt::Display for Refusal {
    /// The facts as JSON: words for people are a front end's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(formatter)
    }
}

impl std::error::Error for Refusal {}

impl Reason {
    /// The refusal for this reason, which says what had been sent.
    #[must_use]
    pub fn after(self, sent: Sent) -> Refusal {
        Refusal { reason: self, sent }
    }
}

/// Makes an error a [`Refusal`] in code that comes before the first request, or that cannot send.
pub trait BeforeSending<T> {
    /// The same result, whose error says that nothing was sent.
    ///
    /// # Errors
    /// The error of `self`.
    fn before_sending(self) -> Result<T, Refusal>;
}

impl<T, E: Into<Reason>> BeforeSending<T> for Result<T, E> {
    fn before_sending(self) -> Result<T, Refusal> {
        self.map_err(|error| error.into().after(Sent::Nothing))
    }
}
