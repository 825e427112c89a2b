//! From a job and an inventory to a frozen list of tasks, or to everything that speaks against it.
//!
//! Owns the matching of devices, the checks against their platforms, and the forecast. Pure: it is given
//! the inventory. Must never trust a filter of the API: what it returns is matched again here, exactly.

mod build;
mod earlier;
mod forecast;
mod inventory;
mod select;

pub use build::{Plan, PlanOptions, RefusedRow, build};
pub use earlier::{Deleted, Earlier, EarlierTask};
pub use forecast::{ActionCount, Forecast, counts, forecast};
pub use inventory::{Inventory, Lookup, Need, Objection, ObjectionKind, need};
pub use select::is_selected;
