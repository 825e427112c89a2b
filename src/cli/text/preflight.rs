//! Preflight in words.
//!
//! Owns the names of checks for people. Must never hide one that refused.

use crate::app::Needed;
use crate::app::preflight::{CheckOutcome, CheckResult};
use crate::cli::text::plan::{PlanView, plan_json};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};

/// What a check makes sure of.
fn name_of(check: &str) -> String {
    match check {
        "plan_file_may_start" => "plan file may start here and now",
        "rows_are_still_open" => "rows of an earlier report are still open",
        "rows_can_be_done" => "every row can be done",
        "secrets_are_provided_for" => "no secret is lost unnoticed",
        "devices_are_left" => "at least one device is left",
        "job_size" => "devices are within max_devices of the job",
        "time_to_send" => "sending ends before its deadline",
        "given_pins_can_be_sealed" => "PINs of the job can be encrypted",
        "sending_is_not_blocked" => "no STOP file blocks sending",
        "policy_is_unchanged" => "policy is unchanged",
        "plan_is_recent" => "plan is recent enough to start",
        "no_other_run_is_in_the_way" => "no other run holds these devices",
        "no_doubt_in_other_runs" => "no earlier run left these devices in doubt",
        "approval_counts" => "approval is valid",
        "reason_is_given" => "required reason is given",
        "approval_is_there" => "required approval is given",
        "gate_can_open" => "a person can confirm each wave",
        "caps" => "devices are within the caps",
        "window_is_open" => "window is open",
        "export_is_recent" => "required list is recent enough",
        "consent_is_given" => "plan is confirmed",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// The checks of a dry run with their results.
pub(crate) fn table_of_checks(
    view: &PlanView<'_>,
    checks: &[CheckResult],
    screen: &Screen,
) -> String {
    let is_asked =
        !view.is_refused && Needed::of(&view.file.plan, &view.file.tenant) != Needed::Nothing;
    let mut table =
        Table::new(&[TableColumn::whole("RESULT"), TableColumn::text("CHECK")]).indented(2);
    for check in checks {
        let result = match &check.outcome {
            CheckOutcome::Passed => TableCell::toned(Tone::Good, "passed"),
            // A dry run asks for no confirmation; the run itself does.
            CheckOutcome::NotApplicable if is_asked && check.check == "consent_is_given" => {
                TableCell::toned(Tone::Faint, "asked later")
            }
            CheckOutcome::NotApplicable => TableCell::toned(Tone::Faint, "not needed"),
            CheckOutcome::Refused(_) if check.is_momentary => {
                TableCell::toned(Tone::Caution, "refused now")
            }
            CheckOutcome::Refused(_) => TableCell::toned(Tone::Bad, "refused"),
        };
        table.row([result, name_of(check.check).into()]);
    }
    let heading = screen.toned(Tone::Strong, "Checks");
    format!("\n{heading}\n{}", table.render(screen))
}

/// The same for programs: the plan, and `checks` with `check`, `result`, `may_change` and `refusal`.
pub(crate) fn json_of_checks(view: &PlanView<'_>, checks: &[CheckResult]) -> String {
    let mut plan = plan_json(view);
    plan.insert("checks".to_owned(), json_of_results(checks));
    serde_json::Value::Object(plan).to_string()
}

/// The checks for programs.
pub(crate) fn json_of_results(checks: &[CheckResult]) -> serde_json::Value {
    let checks = checks.iter().map(|check| {
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
    });
    checks.collect()
}

/// The checks of several tenants: a line for each check that refuses, and one for a tenant whose checks all pass.
pub(crate) fn group_checks_table(tenants: &[(&str, Vec<CheckResult>)], screen: &Screen) -> String {
    let columns =
        [TableColumn::text("TENANT"), TableColumn::whole("RESULT"), TableColumn::text("CHECK")];
    let mut table = Table::new(&columns).indented(2);
    for (tenant, checks) in tenants {
        let refused: Vec<&CheckResult> =
            checks.iter().filter(|it| matches!(it.outcome, CheckOutcome::Refused(_))).collect();
        if refused.is_empty() {
            let result = TableCell::toned(Tone::Good, "passed");
            table.row([TableCell::from(*tenant), result, "every check".into()]);
        }
        for check in refused {
            let result = match check.is_momentary {
                true => TableCell::toned(Tone::Caution, "refused now"),
                false => TableCell::toned(Tone::Bad, "refused"),
            };
            table.row([TableCell::from(*tenant), result, name_of(check.check).into()]);
        }
    }
    let heading = screen.toned(Tone::Strong, "Checks");
    format!("\n{heading}\n{}", table.render(screen))
}
