//! All reasons.
//!
//! Owns their list. The types are beside the code that refuses. Must never hold a reason as text alone.

use serde::Serialize;
use std::fmt;

use super::facts::RefusalFacts;
use super::{NextStep, RefusalClass};
use crate::app::approval::ApprovalReason;
use crate::app::audit_reason::AuditReason;
use crate::app::consent::ConsentReason;
use crate::app::files::BindingFileReason;
use crate::app::gather::GatherReason;
use crate::app::group::reason::GroupReason;
use crate::app::history_reason::HistoryReason;
use crate::app::job_reason::JobReason;
use crate::app::notify::NotifyReason;
use crate::app::outside::{DriveReason, JournalReason, ReadReason};
use crate::app::planning::plan_file_reasons::PlanStorageReason;
use crate::app::planning::reason::{PlanningReason, RetryReason};
use crate::app::preflight::{
    ApprovalRequiredReason, CapsReason, DoubtElsewhereReason, ExportAgeReason, GateReason,
    GivenPinsReason, NoDeviceReason, OverlapReason, PlanFileReason, PolicyChangedReason,
    RefusedRowsReason, RowsReason, SecretsAtRiskReason, SizeReason, StartTimeReason,
    StopFileReason, TimeReason, WindowReason, WorkReasonMissing,
};
use crate::app::prune_reason::PruneReason;
use crate::app::records_reason::RecordsReason;
use crate::app::runs::doubt::DoubtReason;
use crate::app::runs::end_reasons::{BrokenOffReason, RunEndReason};
use crate::app::runs::first_reports::FirstReportReason;
use crate::app::runs::hand_over_reason::HandOverReason;
use crate::app::runs::opened_run_reason::OpenedRunReason;
use crate::app::runs::resume_reason::ResumeReason;
use crate::app::runs::run_view::ReportsReason;
use crate::app::schedule_reason::ScheduleReason;
use crate::app::secrets::SecretsReason;
use crate::app::settings::SettingsRefusal;
use crate::app::ssh_keygen::SigningReason;
use crate::app::tenant::{AddressReason, ConnectionReason, DeviceReason, TokenReason};
use crate::app::workspace_reason::WorkspaceReason;

macro_rules! reasons {
    ($($(#[doc = $text:literal])* $name:ident($type:ty),)*) => {
        /// Why sortie did not do something. It serializes as its facts, with their `kind`.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        pub enum Reason {
            $($(#[doc = $text])* $name(Box<$type>),)*
        }

        impl Reason {
            fn facts(&self) -> &dyn FactsOf {
                match self {
                    $(Self::$name(reason) => &**reason,)*
                }
            }
        }

        $(impl From<$type> for Reason {
            fn from(reason: $type) -> Self {
                Self::$name(Box::new(reason))
            }
        })*
    };
}

/// [`RefusalFacts`] without its serialization, so that all types can be asked alike.
trait FactsOf {
    fn class(&self) -> RefusalClass;
    fn next(&self) -> Vec<NextStep>;
}

impl<T: RefusalFacts> FactsOf for T {
    fn class(&self) -> RefusalClass {
        RefusalFacts::class(self)
    }

    fn next(&self) -> Vec<NextStep> {
        RefusalFacts::next(self)
    }
}

reasons! {
    /// The address of a tenant is not used.
    Address(AddressReason),
    /// An approval does not count, or cannot be given.
    Approval(ApprovalReason),
    /// The policy asks for an approval, and none comes with the run.
    ApprovalRequired(ApprovalRequiredReason),
    /// An audit does not say that everything is what was written.
    Audit(AuditReason),
    /// The policy, or another file that binds people, cannot be obeyed.
    BindingFile(BindingFileReason),
    /// A run broke off.
    BrokenOff(BrokenOffReason),
    /// The devices are over a cap.
    Caps(CapsReason),
    /// There is no connection to the tenant, though address and token are right.
    Connection(ConnectionReason),
    /// The consent that was given is not enough.
    Consent(ConsentReason),
    /// A device is not found.
    Device(DeviceReason),
    /// Another run may have done the same already.
    Doubt(DoubtReason),
    /// Another run may have done the same already.
    DoubtElsewhere(DoubtElsewhereReason),
    /// The loop of a run failed.
    Drive(DriveReason),
    /// The list that the job requires is too old.
    ExportAge(ExportAgeReason),
    /// The reports of a run could not be written before it began.
    FirstReports(FirstReportReason),
    /// No person can be prompted between waves.
    Gate(GateReason),
    /// Sections of devices are not gathered.
    Gather(GatherReason),
    /// The job gives PINs unencrypted, and secrets are to be encrypted.
    GivenPins(GivenPinsReason),
    /// A job for several tenants is not planned.
    Group(GroupReason),
    /// A plan is not handed over to an engine elsewhere.
    HandOver(HandOverReason),
    /// The history of a device is not had, or not in full.
    History(HistoryReason),
    /// A job is not taken.
    Job(JobReason),
    /// The journal or the state directory failed, or is not what sortie wrote.
    Journal(JournalReason),
    /// The plan has nothing to do.
    NoDevice(NoDeviceReason),
    /// A notification cannot be set up as asked.
    Notify(NotifyReason),
    /// A run that can be read cannot be resumed.
    OpenedRun(OpenedRunReason),
    /// Another run blocks this one.
    Overlap(OverlapReason),
    /// A plan from a file may not be started here and now.
    PlanFile(PlanFileReason),
    /// A plan cannot be read from a file or written to one.
    PlanStorage(PlanStorageReason),
    /// A plan could not be made.
    Planning(PlanningReason),
    /// The policy was changed since the plan was made.
    PolicyChanged(PolicyChangedReason),
    /// Not everything was pruned.
    Prune(PruneReason),
    /// The tenant cannot be read.
    Read(ReadReason),
    /// Rows of the plan cannot be done.
    RefusedRows(RefusedRowsReason),
    /// Records make no run.
    Records(RecordsReason),
    /// Reports of a run are not written.
    Reports(ReportsReason),
    /// A run cannot go on as asked.
    Resume(ResumeReason),
    /// A run could not be retried.
    Retry(RetryReason),
    /// The end of a run could not be recorded in full.
    RunEnd(RunEndReason),
    /// Rows come from files of a run that may have done them since.
    Rows(RowsReason),
    /// Settings contradict each other.
    Settings(SettingsRefusal),
    /// The job does not say whether to keep the secrets that the plan removes.
    SecretsAtRisk(SecretsAtRiskReason),
    /// A scheduler may not start a job.
    Schedule(ScheduleReason),
    /// PINs and other secrets are not sealed, shown or recovered.
    Secrets(SecretsReason),
    /// A statement was not signed.
    Signing(SigningReason),
    /// The plan comes to more devices than the job allows.
    Size(SizeReason),
    /// The plan had to be started earlier.
    StartTime(StartTimeReason),
    /// A file blocks all sending.
    StopFile(StopFileReason),
    /// The quota cannot fit the requests in time.
    Time(TimeReason),
    /// Nothing is started for any tenant of a job.
    Tenants(TenantsRefused),
    /// There is no token to send.
    Token(TokenReason),
    /// A check refused that the approval of the run would have passed, had it still counted.
    VoidApproval(VoidApproval),
    /// The window is closed.
    Window(WindowReason),
    /// The policy asks for a reason, and none was given.
    WorkReason(WorkReasonMissing),
    /// The workspace has nothing of what was asked for.
    Workspace(WorkspaceReason),
}

impl fmt::Display for Reason {
    /// The facts as JSON: words for people are a front end's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_string(self) {
            Ok(facts) => formatter.write_str(&facts),
            Err(_) => write!(formatter, "{self:?}"),
        }
    }
}

impl std::error::Error for Reason {}

impl Reason {
    /// The kind of obstacle.
    #[must_use]
    pub fn class(&self) -> RefusalClass {
        self.facts().class()
    }

    /// What to do next, the best first; empty where nothing can be done.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        self.facts().next()
    }
}

/// A refusal that the approval of a run would have prevented, had it still counted.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "approval_void")]
pub struct VoidApproval {
    /// The check that refused.
    pub refused: Reason,
    /// Why the approval of the run does not count.
    pub void_approval: Reason,
}

impl RefusalFacts for VoidApproval {
    fn class(&self) -> RefusalClass {
        self.refused.class()
    }

    fn next(&self) -> Vec<NextStep> {
        self.refused.next()
    }
}

/// A tenant that a job names and for which nothing is started.
#[derive(Debug, Serialize)]
pub struct LeftOutTenant {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Why nothing is started for it.
    pub reason: Reason,
}

/// Nothing is started for any tenant of a job.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "tenants_refused")]
pub struct TenantsRefused {
    /// All of them, each with its reason. There is at least one.
    pub left_out: Vec<LeftOutTenant>,
}

impl RefusalFacts for TenantsRefused {
    fn class(&self) -> RefusalClass {
        self.left_out.first().map_or(RefusalClass::Unexpected, |first| first.reason.class())
    }

    fn next(&self) -> Vec<NextStep> {
        self.left_out.first().map_or_else(Vec::new, |first| first.reason.next())
    }
}
