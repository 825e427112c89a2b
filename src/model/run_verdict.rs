//! How a run ended, in one word.
//!
//! Owns the verdicts on a run. Must never decide which of them applies: the application does.

use serde::{Deserialize, Serialize};

/// How a run ended: the gravest that applies.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Every task ended well.
    Well,
    /// Something that no other verdict names.
    Unexpected,
    /// The tenant does not accept the token.
    Authentication,
    /// The token lacks a permission.
    Permission,
    /// The quota cannot fit the run before its deadline.
    Quota,
    /// Some tasks failed.
    Partly,
    /// It stopped before its end.
    Stopped,
    /// Commands are still pending.
    Pending,
    /// It is not known whether something was applied.
    Doubt,
    /// The operator left at once.
    Aborted,
}
