//! Whether a plan may be carried out at all, before the policy or a person is asked.
//!
//! Owns the refusals that follow from the plan itself. Must never be passed over by a flag.

use std::collections::BTreeSet;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::text::plan::{refused_text, secrets_text};
use crate::job::{Job, SkipKind};
use crate::model::{UnixMillis, human_duration};
use crate::plan::{ObjectionKind, Plan, PlanFile, forecast};

/// Whether nothing in the plan speaks against carrying it out. `job` is what it was made from just now; a plan from a
/// file was checked against its job when it was written.
pub(crate) fn check_plan(
    file: &PlanFile,
    job: Option<&Job>,
    now: UnixMillis,
) -> Result<(), Failure> {
    let plan = &file.plan;
    if !plan.refused.is_empty() {
        let is_forbidden = plan.refused.iter().any(|row| {
            matches!(row.objection.kind, ObjectionKind::Protected | ObjectionKind::InDoubt)
        });
        let exit = if is_forbidden { Exit::Policy } else { Exit::Target };
        return Err(Failure::new(exit, refused_text(plan)).next(cure(plan)));
    }
    if plan.secrets_at_risk() > 0 {
        return Err(Failure::new(Exit::Policy, secrets_text(plan)).next(
            "keep them with --capture-secrets (in a YAML job 'secrets: capture'), or say that they are \
             kept with --secrets-elsewhere ('secrets: elsewhere')",
        ));
    }
    if plan.tasks.is_empty() {
        return Err(Failure::new(Exit::Target, "no device is selected, so there is nothing to do")
            .next("check the filter with: sortie devices"));
    }
    let require = job.and_then(|job| job.settings.require.as_ref());
    if let Some(what) = require.and_then(|requirement| plan.emptied_by(requirement)) {
        return Err(Failure::new(Exit::Target, what)
            .next("see whether the export is the right one and whole, then export it again"));
    }
    check_size(file)?;
    check_time(file, now)
}

fn check_size(file: &PlanFile) -> Result<(), Failure> {
    let devices = u32::try_from(file.plan.devices()).unwrap_or(u32::MAX);
    match file.wrapping.max_devices.filter(|limit| devices > *limit) {
        None => Ok(()),
        Some(limit) => Err(Failure::new(
            Exit::Policy,
            format!(
                "the plan comes to {devices} devices, and the job allows {limit} (max_devices)"
            ),
        )
        .next("check the filter, or change max_devices in the job")),
    }
}

/// By the most favourable reckoning: what does not fit even then cannot fit.
fn check_time(file: &PlanFile, now: UnixMillis) -> Result<(), Failure> {
    let cost = forecast(&file.plan, &file.rules, 0);
    let ends = file.sending_ends(now);
    let available_ms = ends.remaining_ms(now);
    if cost.seconds * 1_000 <= available_ms {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Quota,
        format!(
            "the quota cannot fit {} requests before {}: they need about {}",
            cost.sends,
            ends,
            human_duration(cost.seconds * 1_000)
        ),
    )
    .next("split the job, or give it more time with send_until or --send-until"))
}

/// What can be done about refused rows: the kinds that occur may be skipped, if they may be at all.
fn cure(plan: &Plan) -> String {
    let kinds: BTreeSet<&str> = plan
        .refused
        .iter()
        .filter_map(|row| row.objection.kind.skip_kind())
        .map(SkipKind::word)
        .collect();
    if kinds.is_empty() {
        return "correct the job".to_owned();
    }
    let kinds: Vec<&str> = kinds.into_iter().collect();
    format!("correct the job, or leave such rows out with --skip-refused={}", kinds.join(","))
}
