//! From a job to a plan, and plans in files.
//!
//! Owns the frozen plan of a run. Must never hold a transport that can write.

pub(crate) mod plan_source;
pub(crate) mod planning;
