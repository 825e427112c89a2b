//! Classes of refusals.
//!
//! Owns what a front end may conclude from a refusal without knowing its reason. Must never name an exit code: front ends
//! have their own.

use serde::Serialize;

/// What kind of obstacle a refusal is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalClass {
    /// The request or the job is wrong.
    Usage,
    /// A target is not found, ambiguous or unsupported.
    Target,
    /// A rule or a person said no.
    Policy,
    /// Another process holds the run, the devices or the start of runs.
    Busy,
    /// The tenant does not accept the token.
    Authentication,
    /// The token lacks a permission.
    Permission,
    /// The quota cannot fit the work before its deadline.
    Quota,
    /// Sending is blocked, or a run stopped before its end.
    Stopped,
    /// The journal, the state directory or the disk failed, or is not what sortie wrote.
    Journal,
    /// Anything that no other class names.
    Unexpected,
}

impl RefusalClass {
    /// Whether the class itself says that nothing was sent. A refusal that comes after the first request gets another one.
    #[must_use]
    pub fn promises_nothing_sent(self) -> bool {
        matches!(self, Self::Usage | Self::Target | Self::Policy | Self::Busy)
    }
}
