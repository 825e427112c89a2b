//! Preflight: what has to hold before a run begins.
//!
//! Owns the list of checks, each in a file of its own. The list is run before a person is asked, and once more while no other
//! run can begin; a dry run shows it with its results. Must never send, and no front end can begin a run past it.

mod candidate;
mod check;
mod checks;
mod list;
mod reasons;

pub use candidate::Attended;
pub(crate) use candidate::{Candidate, Fresh, GivenApproval, Moment};
pub(crate) use check::PlanStage;
pub use check::{CheckOutcome, CheckResult};
pub(crate) use checks::{doubts_about, plan_file_may_start};
pub(crate) use list::{rehearse, verify};
pub use reasons::{
    ApprovalRequiredReason, CapsReason, DoubtElsewhereReason, ExportAgeReason, GateReason,
    GivenPinsReason, NoDeviceReason, OverlapReason, PlanFileReason, PolicyChangedReason,
    RefusedRowsReason, RowRefusal, RowsReason, SecretsAtRiskReason, SizeReason, StartTimeReason,
    StopFileReason, TimeReason, WindowReason, WorkReasonMissing,
};
