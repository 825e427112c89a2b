//! Preflight in words.
//!
//! Owns the names of checks for people. Must never hide one that refused.

use crate::app::preflight::{CheckOutcome, CheckResult};
use crate::cli::text::layout::table;
use crate::plan::PlanFile;

/// What a check holds, for people.
fn name_of(check: &str) -> String {
    match check {
        "caps" => "devices are within the caps".to_owned(),
        "job_size" => "devices are within max_devices of the job".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The checks of a dry run with their results.
pub(crate) fn table_of_checks(checks: &[CheckResult]) -> String {
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            let result = match &check.outcome {
                CheckOutcome::Passed => "passed",
                CheckOutcome::NotApplicable => "-",
                CheckOutcome::Refused(_) if check.is_momentary => "refused now",
                CheckOutcome::Refused(_) => "refused",
            };
            vec![result.to_owned(), name_of(check.check)]
        })
        .collect();
    table(&["RESULT", "CHECK"], &rows)
}

/// The same for programs, with the plan's digest and size.
pub(crate) fn json_of_checks(plan: &PlanFile, checks: &[CheckResult]) -> String {
    let checks: Vec<serde_json::Value> = checks
        .iter()
        .map(|check| {
            let (result, refusal) = match &check.outcome {
                CheckOutcome::Passed => ("passed", None),
                CheckOutcome::NotApplicable => ("not_applicable", None),
                CheckOutcome::Refused(reason) => ("refused", Some(reason)),
            };
            serde_json::json!({
                "check": check.check,
                "result": result,
                "may_change": check.is_momentary,
                "refusal": refusal,
            })
        })
        .collect();
    serde_json::json!({
        "job": plan.job,
        "tenant": plan.tenant,
        "plan": plan.digest(),
        "risk": plan.plan.risk().word(),
        "devices": plan.plan.devices(),
        "checks": checks,
    })
    .to_string()
}
