//! Whether a run may begin: what the policy and the clock say.
//!
//! Owns these checks; caps are `charging`'s, and what other runs say is `overlap`'s. They are made twice: before anybody is asked, so that nobody types a phrase in
//! vain, and again while no other run can begin, in the moment in which the run is entered. Must never send, and never
//! let a flag raise a cap.

use std::path::Path;

use crate::app::Workspace;
use crate::app::policy_file::PolicyFile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::policy::policy_name;
use crate::journal::RunHeader;
use crate::model::{OutsideWindow, Risk, Rollout, UnixMillis, WaveGate, WindowState};
use crate::plan::{Approval, PlanFile};

/// What a run is that asks to be let in.
#[derive(Copy, Clone)]
pub(crate) struct Applicant<'a> {
    pub base_url: &'a str,
    pub job: &'a str,
    pub job_digest: &'a str,
    /// Its job is a file whose name tells it from others.
    pub is_named: bool,
    /// Its own id; empty for one that does not exist yet.
    pub run: &'a str,
    /// The run whose work it takes over, which this process holds; empty where there is none.
    pub takes_over: &'a str,
}

impl<'a> Applicant<'a> {
    /// The run that a plan would become.
    pub(crate) fn of_plan(file: &'a PlanFile) -> Self {
        Self {
            base_url: &file.base_url,
            job: &file.job,
            job_digest: &file.job_digest,
            is_named: file.is_named,
            run: "",
            takes_over: "",
        }
    }

    /// A run that is taken up again.
    pub(crate) fn of_run(header: &'a RunHeader) -> Self {
        Self {
            base_url: &header.base_url,
            job: &header.job,
            job_digest: &header.job_digest,
            is_named: header.provenance.is_named,
            run: &header.run.0,
            takes_over: "",
        }
    }
}

/// Refuses while somebody wants nothing to be sent at all.
pub(crate) fn check_stop_file(state: &Workspace) -> Result<(), Failure> {
    let path = state.dir.stop_file();
    // A link to nowhere is a sign as well, as it is for a run under way.
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Stopped,
        format!("the file {} stands for: send nothing", path.display()),
    )
    .next("find out who put it there and why; when nothing speaks against it, remove it"))
}

/// Whether anybody can be asked between waves.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// On this terminal, if there is one.
    Here,
    /// Nobody may be asked.
    Forbidden,
    /// The run begins later, perhaps elsewhere.
    Later,
}

/// What the policy says of a plan, apart from caps and windows. `left_by` is the run whose work a retry takes over.
pub(crate) fn check_policy(
    file: &PlanFile,
    house: &PolicyFile,
    approval: Approval,
    asking: Asking,
    left_by: Option<&str>,
) -> Result<(), Failure> {
    check_house(house, file.plan.risk(), file.reason.as_deref(), approval, left_by)?;
    check_gate(file.rules.rollout.as_ref(), asking)
}

/// Whether the reason and the approval are there that the policy asks for.
pub(crate) fn check_house(
    house: &PolicyFile,
    risk: Risk,
    reason: Option<&str>,
    approval: Approval,
    left_by: Option<&str>,
) -> Result<(), Failure> {
    if house.policy.needs_reason(risk) && reason.unwrap_or("").trim().is_empty() {
        let what = format!("{} asks for a reason for {} work", policy_name(house), risk.word());
        return Err(Failure::new(Exit::Policy, what)
            .next("give one with --reason, or 'reason:' in the job"));
    }
    if approval == Approval::Missing && house.policy.always_needs_approval(risk) {
        let what = format!(
            "{} asks for an approval of {} work by somebody else",
            policy_name(house),
            risk.word()
        );
        return Err(Failure::new(Exit::Policy, what).next(how_to_approve(left_by)));
    }
    Ok(())
}

/// Whether somebody can be asked between waves, where that is what opens them.
pub(crate) fn check_gate(rollout: Option<&Rollout>, asking: Asking) -> Result<(), Failure> {
    let asks = rollout.is_some_and(|it| it.gate == WaveGate::Operator);
    let is_mute = match asking {
        Asking::Here => !can_ask(),
        Asking::Forbidden => true,
        Asking::Later => false,
    };
    if asks && is_mute {
        let what =
            "the gate 'operator' needs a terminal to ask on between waves, and there is none";
        return Err(Failure::new(Exit::Policy, what)
            .next("run it on a terminal, or choose another gate: settled or accepted"));
    }
    Ok(())
}

/// How an approval comes about. What a run has left is approved as a plan of its own: neither a retry nor a resume can be.
pub(crate) fn how_to_approve(left_by: Option<&str>) -> String {
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

/// Whether the plan may be sent at this moment, or at least waits until it may.
pub(crate) fn check_window(file: &PlanFile, now: UnixMillis) -> Result<(), Failure> {
    let (rules, ends) = (&file.rules, file.sending_ends(now));
    let Some(WindowState::Closed { opens_at }) = rules.window_at(now) else { return Ok(()) };
    let windows: Vec<String> = rules.windows.iter().map(crate::model::Window::shown).collect();
    let windows = windows.join(" and ");
    if opens_at >= ends && rules.outside_window == OutsideWindow::Wait {
        let what =
            format!("the window ({windows}) opens at {opens_at}, and sending ends at {ends}");
        return Err(Failure::new(Exit::Policy, what).next("give it more time with send_until"));
    }
    if rules.outside_window == OutsideWindow::Wait {
        return Ok(());
    }
    Err(Failure::new(Exit::Policy, format!("the window ({windows}) is closed; it opens at {opens_at}"))
        .next(
            "start it then, let the job wait for it ('outside: wait' in its window), or in an emergency give \
             --break-glass REASON",
        ))
}

/// The state directory that caps and overlaps cover, and the host.
pub(crate) fn place_of(state: &Workspace, host: &str) -> Result<String, Failure> {
    let path: &Path = state.dir.path();
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(format!("{} (database {}) on {host}", shown.display(), state.index().database_id()?))
}
