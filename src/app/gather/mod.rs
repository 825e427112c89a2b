//! Sections of many devices: details, status and apps, read under the quota and kept until they are old.
//!
//! Owns what a gather costs, what of it is read again, and the file that keeps it. Must never read a secret, and never
//! decide about a device: plans read for themselves.

mod apps_file;
mod cost;
mod entries;
mod gathered;
mod kept_file;
mod prepared;
mod reason;

pub use cost::{GatherCost, SetAside};
pub use gathered::{Gathered, GatheredDevice, SectionFailure};
pub use prepared::{GatherRequest, PreparedGather};
pub use reason::GatherReason;
