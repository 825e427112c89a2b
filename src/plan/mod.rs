//! From a job and an inventory to a frozen list of tasks, or to everything that speaks against it.
//!
//! Owns the matching of devices, the checks against their platforms, and the forecast. Pure: it is given
//! the inventory. Must never trust a filter of the API: what it returns is matched again here, exactly.

mod build;
mod earlier;
mod file;
mod forecast;
mod guards;
mod inventory;
mod objections;
mod select;

#[cfg(test)]
mod tests;

pub use build::{Plan, PlanOptions, RefusedRow, build};
pub use earlier::{Deleted, Earlier, EarlierTask};
pub use file::{PLAN_BYTES_MAX, PLAN_FORMAT, PlanFile, PlanFileError, PlannedCost, Wrapping};
pub use forecast::{ActionCount, Forecast, counts, forecast};
pub use guards::{ACTIVATION_LOCK_READS_MAX, DetailsWanted, details_wanted};
pub use inventory::{Inventory, Lookup, Need, Objection, ObjectionKind, need};
pub use select::is_selected;
