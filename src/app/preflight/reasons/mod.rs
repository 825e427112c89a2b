//! Reasons of preflight.
//!
//! Owns the facts that checks refuse with. They are apart from the checks, because the list of all reasons knows them and the
//! checks know that list.

mod other_runs;
mod plan;
mod policy;

pub use other_runs::{DoubtElsewhereReason, OverlapReason, RowsReason};
pub use plan::{
    ExportAgeReason, GivenPinsReason, NoDeviceReason, PlanFileReason, RefusedRowsReason,
    RowRefusal, SecretsAtRiskReason, SizeReason, StartTimeReason, TimeReason,
};
pub use policy::{
    ApprovalRequiredReason, CapsReason, GateReason, PolicyChangedReason, StopFileReason,
    WindowReason, WorkReasonMissing,
};
