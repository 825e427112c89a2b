//! Rows of the plan that cannot be done.
//!
//! Owns the refusal of a plan with refused rows: a part of it is not what the operator asked for. No flag may skip the check; a
//! flag can only skip these rows while the plan is made.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::{RefusedRowsReason, RowRefusal};
use crate::app::refusal::Reason;
use crate::job::SkipKind;
use crate::plan::{ObjectionKind, Plan};
use std::collections::BTreeSet;

pub(crate) const CHECK: Check =
    Check { name: "rows_can_be_done", stage: PlanStage::Plan, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let plan = &fresh.file.plan;
    if plan.refused.is_empty() {
        return Ok(Holds::Yes);
    }
    let rows = plan.refused.iter().map(|row| RowRefusal {
        row: row.row,
        line: row.line,
        target: row.target.clone(),
        objection: row.objection.kind.word(),
        detail: row.objection.reason.clone(),
    });
    let is_forbidden = plan
        .refused
        .iter()
        .any(|row| matches!(row.objection.kind, ObjectionKind::Protected | ObjectionKind::InDoubt));
    let rows = rows.collect();
    Err(RefusedRowsReason { rows, kinds_to_skip: kinds_to_skip(plan), is_forbidden }.into())
}

fn kinds_to_skip(plan: &Plan) -> Vec<&'static str> {
    let kinds: BTreeSet<&'static str> = plan
        .refused
        .iter()
        .filter_map(|row| row.objection.kind.skip_kind())
        .map(SkipKind::word)
        .collect();
    kinds.into_iter().collect()
}
