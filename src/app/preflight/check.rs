//! One check.
//!
//! Owns its form. Must never hold text for people: front ends know checks by their names.

use super::candidate::Candidate;
use crate::app::refusal::Reason;

/// A check that has to hold before a run begins.
pub(crate) struct Check {
    /// Its name, for programs and for front ends that have words for it.
    pub name: &'static str,
    /// From which stage of a plan on it has to hold.
    pub stage: PlanStage,
    /// It may come out otherwise in an hour, without any change of plan, job or policy.
    pub is_momentary: bool,
    /// Makes the check.
    pub make: fn(&Candidate<'_>) -> Result<Holds, Reason>,
}

/// How far a plan has come. What has to hold at one stage has to hold at the later ones too.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PlanStage {
    /// It is only shown.
    Plan,
    /// It is written to a file for a later start.
    Writing,
    /// A run begins.
    Start,
}

/// How a check came out that refused nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It holds.
    Yes,
    /// It is not about this run.
    NotApplicable,
}

/// The result of one check of a rehearsal.
#[derive(Debug)]
pub struct CheckResult {
    /// Name of the check.
    pub check: &'static str,
    /// It may come out otherwise in an hour, without any change of plan, job or policy.
    pub is_momentary: bool,
    /// How it came out.
    pub outcome: CheckOutcome,
}

/// How a check came out.
#[derive(Debug)]
pub enum CheckOutcome {
    /// It holds.
    Passed,
    /// It is not about this run.
    NotApplicable,
    /// A run would be refused.
    Refused(Reason),
}
