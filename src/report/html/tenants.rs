//! The tenants of a group of runs.
//!
//! Owns their table. Must never leave out a tenant for which no run began.

use super::headline::verdict;
use super::words::PageTone;
use crate::model::Outcome;
use crate::report::RunFacts;

/// One tenant.
pub(super) struct TenantLine {
    pub(super) tenant: String,
    pub(super) run: String,
    pub(super) class: &'static str,
    /// How its run ended, or why none began.
    pub(super) result: String,
    pub(super) tasks: usize,
    pub(super) good: u32,
    pub(super) bad: u32,
    pub(super) doubt: u32,
    pub(super) pending: u32,
    pub(super) unsent: u32,
}

/// The tenants of a report; none where it is about a single run.
pub(super) fn tenants_of(facts: &RunFacts) -> Vec<TenantLine> {
    let lines = facts.tenants.iter().map(|tenant| {
        let count = |outcomes: &[Outcome]| {
            outcomes.iter().map(|outcome| tenant.counts.of(*outcome)).sum::<u32>()
        };
        let (result, tone) = match &tenant.left_out {
            Some(why) => (format!("not started: {why}"), PageTone::Bad),
            None => {
                let (title, tone) = verdict(tenant.verdict);
                (title.to_owned(), tone)
            }
        };
        TenantLine {
            tenant: tenant.tenant.clone(),
            run: tenant.run.clone().unwrap_or_default(),
            class: tone.cell_class(),
            result,
            tasks: tenant.tasks,
            good: count(&[Outcome::Completed, Outcome::Accepted, Outcome::AlreadyInEffect]),
            bad: count(&[Outcome::Failed, Outcome::Refused]),
            doubt: count(&[Outcome::InDoubt]),
            pending: count(&[Outcome::Pending, Outcome::NotNow]),
            unsent: count(&[Outcome::NotAttempted]),
        }
    });
    lines.collect()
}
