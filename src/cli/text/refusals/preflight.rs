//! Refusals of preflight that follow from the plan, the clock and the policy, in words.
//!
//! Owns the words. Must never name a flag that raises a cap: there is none.

use super::words::Words;
use crate::app::preflight::{
    ApprovalRequiredReason, CapsReason, ExportAgeReason, GateReason, GivenPinsReason,
    NoDeviceReason, PlanFileReason, RefusedRowsReason, SecretsAtRiskReason, SizeReason,
    StartTimeReason, StopFileReason, TimeReason, WindowReason, WorkReasonMissing,
};
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::policy::policy_at;
use crate::model::human_duration;
use crate::plan::{CapKind, OverCap};

/// Moments at which devices become free that a refusal names; the rest is one.
const FREES_SHOWN: usize = 3;
/// Rows that a message names.
const ROWS_NAMED_MAX: usize = 5;
/// How a plan is made again.
const AGAIN: &str = "make the plan again:\n  sortie plan JOB --out PLAN";

pub(super) fn refused_rows(reason: &RefusedRowsReason) -> Words {
    let mut text =
        format!("the plan is refused; {} cannot be done:", counted(reason.rows.len(), "row"));
    for refused in &reason.rows {
        let place = match refused.line {
            0 => format!("row {}", refused.row),
            line => format!("line {line}"),
        };
        text.push_str(&format!(
            "\n  {place}: {}: {}: {}",
            one_line(&refused.target),
            refused.objection,
            one_line(&refused.detail)
        ));
    }
    let next = match &reason.kinds_to_skip[..] {
        [] => "correct the job".to_owned(),
        kinds => {
            let kinds = kinds.join(",");
            format!("correct the job, or skip these rows with --skip-refused={kinds}")
        }
    };
    Words::new(text, next)
}

pub(super) fn secrets_at_risk(reason: &SecretsAtRiskReason) -> Words {
    Words::new(
        secrets_text(reason.devices),
        "keep them with --capture-secrets (in a YAML job: 'secrets: capture'), or confirm that you have them with --secrets-elsewhere ('secrets: elsewhere')",
    )
}

/// What goes with a plan that does not say what becomes of it.
pub(crate) fn secrets_text(devices: u32) -> String {
    format!(
        "the plan is refused: it would lose the FileVault key, bypass code and recovery password of {}, and the job does not say whether to keep them",
        counted(devices as usize, "device")
    )
}

pub(super) fn given_pins(reason: &GivenPinsReason) -> Words {
    let mut named: Vec<String> =
        reason.rows.iter().take(ROWS_NAMED_MAX).map(ToString::to_string).collect();
    if reason.rows.len() > named.len() {
        named.push("...".to_owned());
    }
    Words::new(
        format!(
            "the job gives PINs (row {}), which would be stored unencrypted until they are sent, but encrypt_to is set",
            named.join(", ")
        ),
        "remove the PIN (in a CSV file, its column): sortie generates and seals one for each erase of a Mac",
    )
}

pub(super) fn no_device(reason: &NoDeviceReason) -> Words {
    match reason {
        NoDeviceReason::NoneSelected => Words::new(
            "no device matches the selection",
            "correct the filter; list the devices:\n  sortie devices",
        ),
        NoDeviceReason::NoneListed { detail } => Words::new(
            detail,
            "check that the export is complete and the right one, then export it again",
        ),
    }
}

pub(super) fn size(reason: &SizeReason) -> Words {
    let SizeReason { devices, limit } = reason;
    Words::new(
        format!("the plan has {devices} devices, but the job allows {limit} (max_devices)"),
        "check the filter, or change max_devices in the job",
    )
}

pub(super) fn time(reason: &TimeReason) -> Words {
    let needed = human_duration(reason.needed_ms);
    Words::new(
        format!(
            "the quota does not allow {} requests before {}: they take about {needed}",
            reason.sends, reason.ends
        ),
        "split the job, or allow more time with send_until or --send-until",
    )
}

pub(super) fn stop_file(reason: &StopFileReason) -> Words {
    Words::new(
        format!("sending is blocked by the file {}", reason.path.display()),
        "remove it once it is safe to send",
    )
}

pub(super) fn policy_changed() -> Words {
    Words::new("the policy changed while the plan was being confirmed", "make the plan again")
}

pub(super) fn start_time(reason: &StartTimeReason) -> Words {
    Words::new(format!("the plan expired at {}", reason.start_until), "make the plan again")
}

pub(super) fn work_reason(reason: &WorkReasonMissing) -> Words {
    let policy = policy_at(reason.policy.as_deref());
    Words::new(
        format!("{policy} requires a reason for {} actions", reason.risk.word()),
        "give a reason with --reason TEXT, or with 'reason:' in the job",
    )
}

pub(super) fn approval_required(reason: &ApprovalRequiredReason) -> Words {
    let policy = policy_at(reason.policy.as_deref());
    Words::new(
        format!(
            "{policy} requires the approval of another person for {} actions",
            reason.risk.word()
        ),
        how_to_approve(reason.left_by.as_deref()),
    )
}

/// How an approval comes about. What a run has left is approved as a plan of its own: neither a retry nor a resume can be.
fn how_to_approve(left_by: Option<&str>) -> String {
    match left_by {
        None => "have another person approve the plan:\n  \
                 sortie plan JOB --out PLAN\n  \
                 sortie approve PLAN  # run by the approver\n  \
                 sortie run PLAN"
            .to_owned(),
        Some(run) => format!(
            "have another person approve what is left as a new plan:\n  \
             sortie report {run}\n  \
             sortie plan FILE --out PLAN  # failed.csv or unprocessed.csv of the report\n  \
             sortie approve PLAN  # run by the approver\n  \
             sortie run PLAN"
        ),
    }
}

pub(super) fn gate(_: &GateReason) -> Words {
    Words::new(
        "the gate 'operator' prompts between waves, but there is no terminal",
        "run the job on a terminal, or choose another gate: settled or accepted",
    )
}

pub(super) fn window(reason: &WindowReason) -> Words {
    match reason {
        WindowReason::OpensTooLate { windows, opens_at, ends } => {
            let windows = windows.join(" and ");
            Words::new(
                format!("the window ({windows}) opens at {opens_at}, after sending ends at {ends}"),
                "allow more time with send_until",
            )
        }
        WindowReason::Closed { windows, opens_at } => {
            let windows = windows.join(" and ");
            Words::new(
                format!("the window ({windows}) is closed until {opens_at}"),
                "start the run then, let it wait ('outside: wait' in the job's window), or in an emergency give --break-glass REASON",
            )
        }
    }
}

pub(super) fn export_age(reason: &ExportAgeReason) -> Words {
    let file = &reason.file;
    Words::new(&*reason.detail, format!("export {file} again, or raise max_age in the job"))
}

pub(super) fn plan_file(reason: &PlanFileReason) -> Words {
    let what = match reason {
        PlanFileReason::OtherDatabase { database } => format!(
            "the plan was made with another state directory (database {database}) and checked against its caps and runs"
        ),
        PlanFileReason::Unknown => {
            "the plan was not made by sortie with this state directory".to_owned()
        }
        PlanFileReason::AlreadyRan { run: Some(run) } => {
            return Words::new(
                format!("the plan was already run, as run {run}"),
                format!(
                    "resume that run, or make a new plan:\n  sortie resume {run}\n  sortie plan JOB --out PLAN"
                ),
            );
        }
        PlanFileReason::AlreadyRan { run: None } => {
            return Words::new("the plan was already run", "make a new plan");
        }
        PlanFileReason::ClockSetBack { made_at, now } => {
            format!(
                "the plan was made at {made_at}, but this host's clock says {now}: the clock was set back"
            )
        }
        PlanFileReason::Expired { made_at, start_until } => format!(
            "the plan of {made_at} expired at {start_until}; the devices may have changed since"
        ),
        PlanFileReason::OtherPolicy { policy } => format!(
            "the policy changed after the plan was made; {} applies now",
            policy_at(policy.as_deref())
        ),
    };
    Words::new(what, AGAIN)
}

pub(super) fn caps(reason: &CapsReason) -> Words {
    let lines: Vec<String> = reason.over.iter().map(cap_text).collect();
    let place = match &reason.policy {
        Some(path) => format!("in {}", path.display()),
        None => "in policy.toml in the state directory (the file does not exist yet)".to_owned(),
    };
    let raise = format!(
        "no flag raises a cap: split the job, or ask the policy owner to raise the cap {place}"
    );
    let next = if reason.may_be_approved() {
        let how = how_to_approve(reason.left_by.as_deref());
        format!("{how}\n{raise}")
    } else {
        raise
    };
    // A run and a day are mostly limited by one and the same line of the policy: it is said once.
    let mut whys: Vec<&str> = reason.over.iter().map(|cap| cap.why.as_str()).collect();
    whys.dedup();
    Words::new(format!("over the cap: {} ({})", lines.join("; "), whys.join("; ")), next)
}

fn cap_text(cap: &OverCap) -> String {
    let OverCap { action, devices, limit, spent, .. } = cap;
    let devices = counted(*devices as usize, "device");
    match cap.kind {
        CapKind::PerRun => format!("{action}: {devices}, but at most {limit} are allowed per run"),
        CapKind::PerDay => format!(
            "{action}: {devices} plus {spent} in the last 24 hours, but at most {limit} are allowed per day; {}",
            free_text(cap)
        ),
    }
}

/// How many are left now, and when how many become free.
fn free_text(cap: &OverCap) -> String {
    let mut text = format!("{} left now", cap.limit.saturating_sub(cap.spent));
    for (at, devices) in cap.frees.iter().take(FREES_SHOWN) {
        text.push_str(&format!(", {devices} more from {at}"));
    }
    if let [.., (last, _)] = cap.frees.get(FREES_SHOWN..).unwrap_or_default() {
        text.push_str(&format!(", all of them from {last}"));
    }
    text
}
