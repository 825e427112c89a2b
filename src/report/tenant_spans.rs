//! Which rows of a report belong to which tenant, and how far the run of each is.
//!
//! Owns the facts about a tenant that a report shows. Must never look into a row.

use crate::model::{OutcomeCounts, RunVerdict, UnixMillis};

/// Whether a process still drives the run, which decides how an open task is worded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What has no outcome yet waits for its turn.
    GoesOn,
    /// What has no outcome was left.
    Ended,
}

impl Stage {
    /// The stage of a run that ended then.
    #[must_use]
    pub fn of(finished_at: Option<UnixMillis>) -> Self {
        if finished_at.is_some() { Self::Ended } else { Self::GoesOn }
    }
}

/// A tenant of a report about several, with how its run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFacts {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Id of its run; `None` where none began.
    pub run: Option<String>,
    /// How its run ended; `None` while it goes on, or where none began.
    pub verdict: Option<RunVerdict>,
    /// Number of its tasks.
    pub tasks: usize,
    /// Its tasks by outcome.
    pub counts: OutcomeCounts,
    /// Why no run began, in words.
    pub left_out: Option<String>,
}

/// Consecutive rows of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TenantSpan {
    pub tenant: String,
    pub run: String,
    pub finished_at: Option<UnixMillis>,
    /// Position of its first row.
    pub first: usize,
}

/// The span that a row is in; `None` in the report of a single run.
pub(super) fn span_of(spans: &[TenantSpan], at: usize) -> Option<&TenantSpan> {
    let after = spans.partition_point(|span| span.first <= at);
    spans.get(after.checked_sub(1)?)
}

/// The stage of a row: that of its own run.
pub(super) fn stage_of(span: Option<&TenantSpan>, otherwise: Stage) -> Stage {
    span.map_or(otherwise, |span| Stage::of(span.finished_at))
}
