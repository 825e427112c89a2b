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
const AGAIN: &str = "make it again with: sortie plan JOB --out PLAN";

pub(super) fn refused_rows(reason: &RefusedRowsReason) -> Words {
    let mut text = format!("the plan is refused, {} rows cannot be done:", reason.rows.len());
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
            format!("correct the job, or leave such rows out with --skip-refused={kinds}")
        }
    };
    Words::new(text, next)
}

pub(super) fn secrets_at_risk(reason: &SecretsAtRiskReason) -> Words {
    Words::new(
        secrets_text(reason.devices),
        "keep them with --capture-secrets (in a YAML job 'secrets: capture'), or say that they are \
         kept with --secrets-elsewhere ('secrets: elsewhere')",
    )
}

/// What goes with a plan that does not say what becomes of it.
pub(crate) fn secrets_text(devices: u32) -> String {
    format!(
        "the plan is refused: FileVault key, bypass code and recovery password of {} go with what it does, and the \
         job does not say what becomes of them",
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
            "the job gives PINs (row {}), which would have to be kept in clear until they are sent, \
             and encrypt_to asks that none is",
            named.join(", ")
        ),
        "leave the PIN out (for a CSV, its column): one is drawn and sealed for each erase of a Mac",
    )
}

pub(super) fn no_device(reason: &NoDeviceReason) -> Words {
    match reason {
        NoDeviceReason::NoneSelected => Words::new(
            "no device is selected, so there is nothing to do",
            "check the filter with: sortie devices",
        ),
        NoDeviceReason::NoneListed { detail } => Words::new(
            detail,
            "see whether the export is the right one and whole, then export it again",
        ),
    }
}

pub(super) fn size(reason: &SizeReason) -> Words {
    let SizeReason { devices, limit } = reason;
    Words::new(
        format!("the plan comes to {devices} devices, and the job allows {limit} (max_devices)"),
        "check the filter, or change max_devices in the job",
    )
}

pub(super) fn time(reason: &TimeReason) -> Words {
    let needed = human_duration(reason.needed_ms);
    Words::new(
        format!(
            "the quota cannot fit {} requests before {}: they need about {needed}",
            reason.sends, reason.ends
        ),
        "split the job, or give it more time with send_until or --send-until",
    )
}

pub(super) fn stop_file(reason: &StopFileReason) -> Words {
    Words::new(
        format!("the file {} stands for: send nothing", reason.path.display()),
        "find out who put it there and why; when nothing speaks against it, remove it",
    )
}

pub(super) fn policy_changed() -> Words {
    Words::new("the policy was changed while this plan was looked at", "plan it again")
}

pub(super) fn start_time(reason: &StartTimeReason) -> Words {
    Words::new(format!("the plan had to be started by {}", reason.start_until), "plan it again")
}

pub(super) fn work_reason(reason: &WorkReasonMissing) -> Words {
    let policy = policy_at(reason.policy.as_deref());
    Words::new(
        format!("{policy} asks for a reason for {} work", reason.risk.word()),
        "give one with --reason, or 'reason:' in the job",
    )
}

pub(super) fn approval_required(reason: &ApprovalRequiredReason) -> Words {
    let policy = policy_at(reason.policy.as_deref());
    Words::new(
        format!("{policy} asks for an approval of {} work by somebody else", reason.risk.word()),
        how_to_approve(reason.left_by.as_deref()),
    )
}

/// How an approval comes about. What a run has left is approved as a plan of its own: neither a retry nor a resume can be.
fn how_to_approve(left_by: Option<&str>) -> String {
    let plan = match left_by {
        None => "write the plan with: sortie plan JOB --out PLAN".to_owned(),
        Some(run) => format!(
            "find what is left with: sortie report {run}; write a plan of its failed.csv or unprocessed.csv with: \
             sortie plan FILE --out PLAN"
        ),
    };
    format!(
        "{plan}; somebody else looks at it and signs it with: sortie approve PLAN; then: sortie run PLAN"
    )
}

pub(super) fn gate(_: &GateReason) -> Words {
    Words::new(
        "the gate 'operator' needs a terminal to ask on between waves, and there is none",
        "run it on a terminal, or choose another gate: settled or accepted",
    )
}

pub(super) fn window(reason: &WindowReason) -> Words {
    match reason {
        WindowReason::OpensTooLate { windows, opens_at, ends } => {
            let windows = windows.join(" and ");
            Words::new(
                format!("the window ({windows}) opens at {opens_at}, and sending ends at {ends}"),
                "give it more time with send_until",
            )
        }
        WindowReason::Closed { windows, opens_at } => {
            let windows = windows.join(" and ");
            Words::new(
                format!("the window ({windows}) is closed; it opens at {opens_at}"),
                "start it then, let the job wait for it ('outside: wait' in its window), or in an emergency give \
                 --break-glass REASON",
            )
        }
    }
}

pub(super) fn export_age(reason: &ExportAgeReason) -> Words {
    let file = &reason.file;
    Words::new(&*reason.detail, format!("export {file} again, or change max_age in the job"))
}

pub(super) fn plan_file(reason: &PlanFileReason) -> Words {
    let what = match reason {
        PlanFileReason::OtherDatabase { database } => format!(
            "the plan was made with another state directory (database {database}), whose caps and runs it was checked against"
        ),
        PlanFileReason::Unknown => {
            "the plan was not made by this program with this state directory".to_owned()
        }
        PlanFileReason::AlreadyRan { run: Some(run) } => {
            return Words::new(
                format!("the plan already ran, as run {run}"),
                format!("go on with: sortie resume {run}; or make a new plan"),
            );
        }
        PlanFileReason::AlreadyRan { run: None } => {
            return Words::new("the plan already ran", "make a new one");
        }
        PlanFileReason::ClockSetBack { made_at, now } => {
            format!("the plan was made at {made_at}, and it is {now} now: the clock was set back")
        }
        PlanFileReason::Expired { made_at, start_until } => format!(
            "the plan was made at {made_at} and had to be started by {start_until}; what it was checked against may have changed"
        ),
        PlanFileReason::OtherPolicy { policy } => format!(
            "the plan was made under another policy than {} as it is now",
            policy_at(policy.as_deref())
        ),
    };
    Words::new(what, AGAIN)
}

pub(super) fn caps(reason: &CapsReason) -> Words {
    let lines: Vec<String> = reason.over.iter().map(cap_text).collect();
    let place = match &reason.policy {
        Some(path) => format!("in {}", path.display()),
        None => "in a policy.toml in the state directory (there is none)".to_owned(),
    };
    let raise = format!(
        "no flag raises a cap: do it in parts, or let whoever answers for it raise it {place}"
    );
    let next = if reason.may_be_approved() {
        let how = how_to_approve(reason.left_by.as_deref());
        format!("an approval is enough: {how}; or {raise}")
    } else {
        raise
    };
    Words::new(format!("over a cap: {}", lines.join("; ")), next)
}

fn cap_text(cap: &OverCap) -> String {
    let OverCap { action, devices, limit, spent, why, .. } = cap;
    let devices = counted(*devices as usize, "device");
    match cap.kind {
        CapKind::PerRun => {
            format!("{action}: {devices} in one run, and at most {limit} are allowed ({why})")
        }
        CapKind::PerDay => format!(
            "{action}: {devices}, {spent} were reached in the last 24 hours, and at most {limit} are allowed ({why}); {}",
            free_text(cap)
        ),
    }
}

/// How many are left now, and when how many become free.
fn free_text(cap: &OverCap) -> String {
    let mut text = format!("{} are left now", cap.limit.saturating_sub(cap.spent));
    for (at, devices) in cap.frees.iter().take(FREES_SHOWN) {
        text.push_str(&format!(", {devices} more from {at}"));
    }
    if let [.., (last, _)] = cap.frees.get(FREES_SHOWN..).unwrap_or_default() {
        text.push_str(&format!(", all of them from {last}"));
    }
    text
}
