//! The run that wants to begin.
//!
//! Owns what checks read. Must never change while they do.

use std::path::Path;

use crate::app::policy_file::PolicyFile;
use crate::app::secrets::sealing::Recipients;
use crate::app::{Consent, Workspace};
use crate::job::Job;
use crate::journal::RunHeader;
use crate::model::{Policy, Risk, Task, UnixMillis};
use crate::plan::{Approval, PlanFile};

/// Whether a person can be asked between waves.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Attended {
    /// A person can be asked now.
    Now,
    /// No person can be prompted.
    No,
    /// The run begins later, perhaps elsewhere.
    Later,
}

/// When the checks are made.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before a person is asked, so that no phrase is typed in vain.
    BeforeConsent,
    /// While no other run can begin. Caps are charged in one transaction after the other checks.
    Entering,
}

/// The approval that comes with a run.
pub(crate) enum GivenApproval<'a> {
    /// None.
    None,
    /// A file, which is verified now.
    File(&'a [u8]),
    /// The one that was kept with the run, which counts still.
    Kept,
    /// One that is still to be given to a plan that is only written now.
    ToCome,
}

/// What a run has that begins for the first time.
pub(crate) struct Fresh<'a> {
    /// The plan of the run.
    pub file: &'a PlanFile,
    /// What the plan was made from just now; `None` for a plan from a file.
    pub job: Option<&'a Job>,
    /// Where its plan was read from; `None` for a plan that was made just now.
    pub plan_path: Option<&'a Path>,
    /// Whom its secrets are encrypted to.
    pub recipients: Option<&'a Recipients>,
    /// The consent that was given. It is verified when the run is entered.
    pub consent: Option<&'a Consent>,
}

/// A run that wants to begin, or to go on.
pub(crate) struct Candidate<'a> {
    /// Where it is entered.
    pub workspace: &'a Workspace,
    /// The policy that it was planned under, or that holds when it goes on.
    pub policy: &'a PolicyFile,
    /// The tenant's base URL.
    pub base_url: &'a str,
    /// Name of its job.
    pub job_name: &'a str,
    /// Digest of its job.
    pub job_digest: &'a str,
    /// Its job is a file whose name tells it from others.
    pub is_named: bool,
    /// It runs against a simulated tenant, which has no past.
    pub is_simulated: bool,
    /// Its own id; empty for one that does not exist yet.
    pub run: &'a str,
    /// The run whose work it takes over, which this process holds; empty where there is none.
    pub takes_over: &'a str,
    /// What it would do.
    pub tasks: Vec<&'a Task>,
    /// The run's limits and stop rules.
    pub rules: &'a Policy,
    /// The reason that was given for it.
    pub reason: Option<&'a str>,
    /// The approval that comes with it.
    pub approval: GivenApproval<'a>,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
    /// What only a run has that begins for the first time.
    pub fresh: Option<Fresh<'a>>,
    /// When the checks are made.
    pub moment: Moment,
    /// The moment, by the clock.
    pub now: UnixMillis,
}

impl<'a> Candidate<'a> {
    /// The highest risk of what it would do; `None` where it would do nothing.
    pub(crate) fn risk(&self) -> Option<Risk> {
        self.tasks.iter().map(|task| task.risk).max()
    }

    /// Whether an approval comes with it. Whether a file is one that counts is a check of its own.
    pub(crate) fn has_approval(&self) -> Approval {
        match self.approval {
            GivenApproval::File(_) | GivenApproval::Kept | GivenApproval::ToCome => Approval::Given,
            GivenApproval::None => Approval::Missing,
        }
    }

    /// The run whose work is approved as a plan of its own: neither a retry nor a resume can be approved.
    pub(crate) fn left_by(&self) -> Option<&'a str> {
        let run = if self.fresh.is_some() { self.takes_over } else { self.run };
        Some(run).filter(|run| !run.is_empty())
    }

    /// A run that is entered as `header` says.
    pub(crate) fn of_run(
        workspace: &'a Workspace,
        policy: &'a PolicyFile,
        header: &'a RunHeader,
        now: UnixMillis,
    ) -> Self {
        Self {
            workspace,
            policy,
            base_url: &header.base_url,
            job_name: &header.job,
            job_digest: &header.job_digest,
            is_named: header.provenance.is_named,
            is_simulated: header.simulated,
            run: &header.run.0,
            takes_over: "",
            tasks: Vec::new(),
            rules: &header.policy,
            reason: header.reason.as_deref(),
            approval: GivenApproval::None,
            attended: Attended::No,
            fresh: None,
            moment: Moment::Entering,
            now,
        }
    }
}
