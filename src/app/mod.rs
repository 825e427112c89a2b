//! What sortie can do, for any front end: plan, preflight, start, resume, retry, watch, resolve, close, PINs, history, audit.
//!
//! Owns everything between a job and a run, and everything that is done to runs. Must never read flags, the terminal or the
//! environment, and never write a sentence for people or an exit code: results and refusals are data. Texts that journals, plans and
//! the host's record keep are made here, because they are content.

pub(crate) mod approval;
pub(crate) mod audit;
mod audit_reason;
pub(crate) mod charging;
mod clock_repair;
mod consent;
mod consent_work;
pub mod doctor;
mod events;
pub(crate) mod files;
pub(crate) mod gather;
pub(crate) mod group;
pub(crate) mod history;
mod history_reason;
pub(crate) mod job_files;
mod job_reason;
mod metrics;
mod note_filter;
pub(crate) mod notify;
pub(crate) mod operator;
mod outside;
pub(crate) mod planning;
pub(crate) mod policy_file;
pub mod preflight;
pub(crate) mod prune;
mod prune_reason;
pub(crate) mod queue_place;
mod records;
mod records_reason;
pub(crate) mod refusal;
mod refusal_note;
pub(crate) mod runs;
mod schedule_reason;
mod scheduled_job;
pub(crate) mod secrets;
pub mod settings;
pub(crate) mod signatures;
pub(crate) mod ssh_keygen;
pub(crate) mod takeover;
pub mod tenant;
pub(crate) mod workspace;
mod workspace_reason;

pub use crate::model::RunVerdict;
pub use approval::{
    ApprovalBound, ApprovalDraft, ApprovalReason, Approved, ApprovedFact, PlanRole, Statement,
    approval_beside, write_approval,
};
pub use audit::{Anchor, HASH_DIGITS, HostAudit, RunAudit};
pub use audit_reason::{AuditReason, ChainFault};
pub use charging::Used;
pub use clock_repair::ClockRepair;
pub use consent::{Confirmed, Consent, ConsentReason, GroupShare, NotAsked, Question};
pub use consent_work::{DEVICES_WITHOUT_QUESTION, Needed, TenantDevices, Work, is_yes};
pub use events::{
    AppEvent, Events, GroupBegins, Leftover, NoticeFailure, PinFact, RunAdvanced, RunBegins,
    RunNews, SeenEntry, SeenTask,
};
pub use files::{BindingFileReason, NotBelieved, PrivateFileFault};
pub use gather::{
    GatherCost, GatherReason, GatherRequest, Gathered, GatheredDevice, PreparedGather,
    SectionFailure, SetAside,
};
pub use group::ended::{GroupEnded, TenantEnd, TenantEnded};
pub use group::prepare::SectionRequest;
pub use group::prepared_group::{PreparedGroup, TenantSection};
pub use group::question::{GroupConfirmed, GroupConsent, GroupQuestion};
pub use group::reason::GroupReason;
pub use group::report::GroupReportsWritten;
pub use group::resume::GroupGoOnRequest;
pub use group::set::{PlanSetRequest, WrittenPlanSet};
pub use group::standing::{GroupStatus, TenantStatus};
pub use history::{DeviceHistory, HistoryRequest};
pub use history_reason::{HistoryCoverage, HistoryReason};
pub use job_files::{JobBytes, check_requirement};
pub use job_reason::{JobFileFault, JobReason, SecretLike};
pub use metrics::{JobNameSource, MetricsFailure, MetricsMoment, MetricsRequest, save_metrics};
pub use note_filter::{NOTE_KINDS, NoteFilter, NotesRequest};
pub use notify::{
    ChannelWay, DeliveryFault, EmailChannel, NOTICE_VERSION, NoticeFacts, NoticeKind,
    NoticeListing, NoticeWords, NoticesTried, Notifications, NotifyChannel, NotifyChoice,
    NotifyReason, SecretPlace, TenantKind, TestedChannel, WordNotice,
};
pub use outside::{DriveReason, JournalReason, ReadReason};
pub use planning::plan_file_reasons::PlanStorageReason;
pub use planning::plan_files::{read_plan, read_plan_set};
pub use planning::reason::{NameProblem, PlanningReason, RetryReason, UnusableName};
pub use planning::write::WrittenPlan;
pub use preflight::{Attended, CheckOutcome, CheckResult};
pub use prune::{LeftAlone, Prunable, PrunableRun, PruneCounts, PruneOutcome, PruneRequest};
pub use prune_reason::PruneReason;
pub use queue_place::QueuePlace;
pub use records::{RecordsPart, RunRecords};
pub use records_reason::RecordsReason;
pub use refusal::{
    BeforeSending, LeftOutTenant, NextStep, Reason, Refusal, RefusalClass, RefusalFacts, Sent,
    TenantsRefused, VoidApproval,
};
pub use runs::call_host::{CallHost, CallPlace, CallTime, HostAnswer, PinPair};
pub use runs::close::{ClosableRun, Closing};
pub use runs::doubt::{Doubt, DoubtReason, Evidence, EvidenceFact};
pub use runs::end_reasons::{BrokenOffReason, RunEndFault, RunEndReason};
pub use runs::ending::RunEnded;
pub use runs::first_reports::FirstReportReason;
pub use runs::hand_over_reason::HandOverReason;
pub use runs::listing::{RunListing, RunsRequest};
pub use runs::look_on::{Driver, LookedOn, Onlooker};
pub use runs::opened_run_reason::{OpenedRunReason, OpeningPurpose};
pub use runs::operation::{AskOperator, Operation, RUNS_AT_ONCE, RunQuestion};
pub use runs::prepare::{PlanFileRequest, PrepareRequest, Retry, RetryWork};
pub use runs::prepared::Prepared;
pub use runs::report_again::{ReportRequest, ReportsWritten};
pub use runs::resolve::{DoubtDecision, DoubtsFound, DoubtsResolved, HeldDoubts, ResolveRequest};
pub use runs::resume::{GoOn, GoOnRequest, Reopened, ReopenedRun};
pub use runs::resume_reason::ResumeReason;
pub use runs::run_view::ReportsReason;
pub use runs::stats::RunFigures;
pub use runs::status::RunStatus;
pub use runs::waiting::BlockingRun;
pub use schedule_reason::{ScheduleLack, ScheduleReason};
pub use scheduled_job::{LateStart, ScheduleConsent, ScheduleRequest, ScheduledJob, schedule_job};
pub use secrets::{
    ComparedPin, FoundPin, FoundSecret, HiddenValue, IdentityFault, KeyFault, KeyPlace,
    PinComparison, PinLack, PinProvenance, PinRecovery, PinsCompared, PinsRequest, PinsViewer,
    Recipients, RecoveredPin, RecoveryEnd, RecoveryRequest, RevealedValue, SecretsReason,
    SecretsStorage, ShownAs, TaskPins, WhyClosed,
};
pub use settings::{Profile, RunSettings};
pub use ssh_keygen::{SIGNING_VARIABLES, SigningKey, SigningReason};
pub use tenant::{
    AddressReason, Connection, ConnectionReason, DeviceName, DeviceReason, DevicesFound,
    DevicesRequest, KeyringError, NamedAddress, NamedToken, ReadPace, TenantPlace, TenantProfile,
    TenantReader, TenantRequest, TokenCommandError, TokenFlaw, TokenPlace, TokenReason,
    forget_in_keyring, has_keyring, keep_token,
};
pub use workspace::Workspace;
pub use workspace_reason::WorkspaceReason;
