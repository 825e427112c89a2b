//! What people are shown of a plan, as facts.
//!
//! Owns no facts itself: each file derives one kind of them from a plan file alone. Text and JSON are made from these. Must
//! never hold a secret of a parameter.

mod actions;
mod left_out;
mod parameters;
mod plan_overview;
mod record_changes;
mod renames;
mod sampled;
mod waves;

pub use actions::{PlannedAction, StartsAfter};
pub use left_out::LeftOut;
pub use parameters::{ParameterCount, ParameterSource, SentParameter};
pub use plan_overview::{NotSeen, PlanOverview};
pub use record_changes::PlannedRecordChange;
pub use renames::PlannedRename;
pub use sampled::sampled;
pub use waves::PlannedWave;
