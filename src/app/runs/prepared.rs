//! A run that is ready to be confirmed.
//!
//! Owns everything that starting it needs, and what a front end may see of it before. Must never be changed after it was shown: what
//! is confirmed is what is started.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::app::approval::{
    ApprovalCheck, Approved, approval_beside, read_approval, verify, verify_again,
};
use crate::app::charging::{Used, used_today};
use crate::app::operator::Operator;
use crate::app::planning::make::Planned;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{
    self, Attended, Candidate, CheckResult, Fresh, GivenApproval, Moment, PlanStage,
};
use crate::app::queue_place::queue_of_job;
use crate::app::refusal::Reason;
use crate::app::runs::retry::Takeover;
use crate::app::secrets::{Recipients, SecretsStorage};
use crate::app::tenant::Connection;
use crate::app::{Consent, Question, Workspace};
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::model::UnixMillis;
use crate::plan::PlanFile;

/// Where the plan of a run comes from.
pub(crate) enum PlanSource {
    /// A job, just now.
    Job,
    /// What an earlier run left, which is taken over.
    Retry(Box<Takeover>),
    /// A file, as it is there.
    PlanFile(PathBuf),
}

/// A run that is ready to be confirmed and started.
pub struct Prepared {
    pub(crate) connection: Connection,
    pub(crate) planned: Planned,
    pub(crate) source: PlanSource,
    /// What the plan was made from just now; `None` for a plan from a file.
    pub(crate) job: Option<Job>,
    pub(crate) recipients: Option<Recipients>,
    pub(crate) policy: PolicyFile,
    /// The approval that comes with the plan, as it was read.
    pub(crate) approval: Option<Vec<u8>>,
    /// The same, as it counted before a person was asked.
    pub(crate) approved_before: OnceLock<Approved>,
    pub(crate) attended: Attended,
    /// Pending commands at the end are no error.
    pub(crate) pending_ok: bool,
}

impl Prepared {
    /// The plan, as it would be written to a file.
    #[must_use]
    pub fn plan(&self) -> &PlanFile {
        &self.planned.file
    }

    /// Requests that making the plan took.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.planned.requests.values().sum()
    }

    /// What named the tenant's address, the profile, and where the token came from, for people.
    #[must_use]
    pub fn reached_by(&self) -> &str {
        &self.connection.reached_by
    }

    /// It runs against a simulated tenant.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.connection.simulated.is_some()
    }

    /// The policy file; `None` for the built-in rules.
    #[must_use]
    pub fn policy_path(&self) -> Option<&Path> {
        self.policy.path.as_deref()
    }

    /// Whom its secrets are encrypted to; `None` if there is none.
    #[must_use]
    pub fn recipients(&self) -> Option<&Recipients> {
        self.recipients.as_ref()
    }

    /// How its secrets would be stored.
    #[must_use]
    pub fn secrets_storage(&self, workspace: &Workspace) -> SecretsStorage {
        SecretsStorage::of(&self.plan().plan.tasks, self.recipients(), workspace)
    }

    /// For each of its actions that has a cap, how many devices it has reached in the last 24 hours, of how many.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn used_today(&self, workspace: &Workspace) -> Result<Vec<Used>, Reason> {
        used_today(workspace, self.plan(), &self.policy, WallClock.now())
    }

    /// What has to be confirmed.
    #[must_use]
    pub fn question(&self) -> Question {
        let file = self.plan();
        Question::of_plan(&file.plan, &file.tenant, file.wrapping)
    }

    /// Makes every check that does not need the consent, so that no prompt is in vain.
    ///
    /// # Errors
    /// The reason of the first check that refuses.
    pub fn verify(&self, workspace: &Workspace) -> Result<(), Reason> {
        let now = WallClock.now();
        let file = self.plan();
        let (name, digest) = (&file.job, &file.job_digest);
        workspace.place.want(queue_of_job(&file.base_url, name, digest, file.is_named));
        let candidate = self.candidate(workspace, Moment::BeforeConsent, now);
        workspace.noted(&self.plan().job, preflight::verify(&candidate, PlanStage::Start))?;
        if let Some(approved) = self.approved(now)? {
            // The first one is kept: the same plan may be verified many times before it is confirmed.
            let _ = self.approved_before.set(approved);
        }
        Ok(())
    }

    /// Another person's approval that comes with the plan, where there is one. It must be the one that counted before a person
    /// was asked.
    pub(crate) fn approved(&self, now: UnixMillis) -> Result<Option<Approved>, Reason> {
        let Some(bytes) = &self.approval else { return Ok(None) };
        let runner = Operator::current();
        let check = ApprovalCheck { plan: self.plan(), policy: &self.policy, runner: &runner, now };
        match self.approved_before.get() {
            Some(before) => verify_again(before, &check).map(Some),
            None => verify(bytes, &check).map(Some),
        }
    }

    /// Makes every check that does not need the consent, and returns what each says.
    #[must_use]
    pub fn rehearse(&self, workspace: &Workspace) -> Vec<CheckResult> {
        preflight::rehearse(&self.candidate(workspace, Moment::BeforeConsent, WallClock.now()))
    }

    /// Makes the checks of a plan that is only shown: those that follow from the plan, and the caps.
    ///
    /// # Errors
    /// The reason of the first check that refuses.
    pub fn verify_plan(&self, workspace: &Workspace) -> Result<(), Reason> {
        preflight::verify(&self.later(workspace, GivenApproval::None), PlanStage::Plan)
    }

    /// Makes the checks of a plan that is written to a file: an approval may still come.
    pub(crate) fn verify_for_writing(&self, workspace: &Workspace) -> Result<(), Reason> {
        preflight::verify(&self.later(workspace, GivenApproval::ToCome), PlanStage::Writing)
    }

    /// Whether the plan cannot be started without an approval.
    pub(crate) fn needs_approval(&self, workspace: &Workspace) -> bool {
        self.policy.policy.always_needs_approval(self.plan().plan.risk())
            || self.verify_plan(workspace).is_err()
    }

    fn later<'a>(&'a self, workspace: &'a Workspace, approval: GivenApproval<'a>) -> Candidate<'a> {
        let now = WallClock.now();
        let candidate = self.candidate(workspace, Moment::BeforeConsent, now);
        Candidate { approval, ..candidate }
    }

    /// Makes every check, while no other run can begin.
    pub(crate) fn verify_entering(
        &self,
        workspace: &Workspace,
        run: &str,
        consent: &Consent,
        now: UnixMillis,
    ) -> Result<(), Reason> {
        let candidate = self.candidate(workspace, Moment::Entering, now);
        let fresh = candidate.fresh.map(|fresh| Fresh { consent: Some(consent), ..fresh });
        preflight::verify(&Candidate { run, fresh, ..candidate }, PlanStage::Start)
    }

    /// What drives the run, once it was entered.
    pub(crate) fn into_parts(self) -> (Connection, Planned, PolicyFile) {
        (self.connection, self.planned, self.policy)
    }

    /// The run whose work is taken over.
    pub(crate) fn left_by(&self) -> Option<&str> {
        match &self.source {
            PlanSource::Retry(old) => Some(&old.row.id),
            PlanSource::Job | PlanSource::PlanFile(_) => None,
        }
    }

    fn candidate<'a>(
        &'a self,
        workspace: &'a Workspace,
        moment: Moment,
        now: UnixMillis,
    ) -> Candidate<'a> {
        let file = self.plan();
        let plan_path: Option<&Path> = match &self.source {
            PlanSource::PlanFile(path) => Some(path),
            PlanSource::Job | PlanSource::Retry(_) => None,
        };
        Candidate {
            workspace,
            policy: &self.policy,
            base_url: &file.base_url,
            job_name: &file.job,
            job_digest: &file.job_digest,
            is_named: file.is_named,
            is_simulated: self.connection.simulated.is_some(),
            run: "",
            takes_over: self.left_by().unwrap_or_default(),
            tasks: file.plan.to_do().collect(),
            rules: &file.rules,
            reason: file.reason.as_deref(),
            approval: match &self.approval {
                Some(bytes) => GivenApproval::File(bytes),
                None => GivenApproval::None,
            },
            attended: self.attended,
            fresh: Some(Fresh {
                file,
                job: self.job.as_ref(),
                plan_path,
                recipients: self.recipients.as_ref(),
                consent: None,
            }),
            moment,
            now,
        }
    }
}

/// The approval of a plan in a file: the one that is named, else the one beside the plan.
///
/// # Errors
/// It cannot be read.
pub(crate) fn approval_of(plan: &Path, named: Option<&Path>) -> Result<Option<Vec<u8>>, Reason> {
    let beside = approval_beside(plan);
    match named {
        Some(path) => read_approval(path).map(Some).map_err(Reason::from),
        None if !beside.exists() => Ok(None),
        None => read_approval(&beside).map(Some).map_err(Reason::from),
    }
}
