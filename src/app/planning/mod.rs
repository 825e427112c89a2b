//! From a job to a plan, and plans in files.
//!
//! Owns the frozen plan of a run. Must never hold a transport that can write.

pub(crate) mod earlier;
pub(crate) mod filter_reads;
pub(crate) mod make;
mod names;
pub(crate) mod plan_file_reasons;
pub(crate) mod plan_files;
pub(crate) mod reason;
pub(crate) mod write;
