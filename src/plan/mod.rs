//! From a job and an inventory to a frozen list of tasks, or to all its refusals.
//!
//! Owns the matching of devices, the checks against their platforms, and the forecast. Pure: it is given
//! the inventory. Must never trust a filter of the API: what it returns is matched again here, exactly.

mod budget;
mod build;
mod cap_rules;
mod caps;
mod device_field;
mod device_set;
mod earlier;
mod file;
mod filter_facts;
mod fit;
mod fleet_policy;
mod forecast;
mod guards;
mod inventory;
mod links;
mod objection;
mod options;
mod origins;
mod overview;
mod phrase;
mod plan_set;
mod positions;
mod protect;
mod released_rows;
mod select;
mod shared_work;
mod step_checks;
mod task_list;
mod task_writer;
mod unusable;
mod waves;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use budget::{
    ActionDevices, Approval, Budget, CapKind, Confirmation, OverCap, Reservation, Spent,
    devices_by_action,
};
pub use build::{build, build_and_release};
pub use cap_rules::Cap;
pub use caps::{
    CAP_FLOOR_DEVICES, CapError, CapException, CapKeys, CappedAction, Caps, Deadline, MaximumKeys,
    Maximums, Share,
};
pub use device_set::DeviceSet;
pub use earlier::{Deleted, Earlier, EarlierTask};
pub use file::{PLAN_BYTES_MAX, PLAN_FORMAT, PlanFile, PlanFileError, PlannedCost, Wrapping};
pub use filter_facts::{FILTER_DETAILS_MAX, FilterFacts, FilterIgnored};
pub use fit::{Extent, Fit, fit, fit_filter};
pub use fleet_policy::{ApprovalRules, EmergencyRules, FleetPolicy, ReasonRules};
pub use forecast::{Forecast, forecast};
pub use guards::{ACTIVATION_LOCK_READS_MAX, DetailsWanted, details_wanted};
pub use inventory::{Inventory, Lookup, Need, need};
pub use objection::{Objection, ObjectionKind};
pub use options::PlanOptions;
pub use origins::{LeftRows, Origins};
pub use overview::{
    LeftOut, NotSeen, ParameterCount, ParameterSource, PlanOverview, PlannedAction,
    PlannedRecordChange, PlannedRename, PlannedWave, SentParameter, StartsAfter, sampled,
};
pub use phrase::{phrase, phrase_of, phrase_of_group};
pub use plan_set::{
    PLAN_SET_BYTES_MAX, PLAN_SET_FORMAT, PlanSection, PlanSet, is_plan_set, set_digest,
};
pub use protect::{Protect, recheck};
pub use released_rows::is_built_once;
pub use select::is_selected;
pub use task_list::{Plan, RefusedRow};
pub use waves::assign_waves;
