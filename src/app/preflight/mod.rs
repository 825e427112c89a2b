//! What has to hold before a run begins.
//!
//! Owns every check between a plan and its first request. Must never send.

pub(crate) mod admission;
pub(crate) mod charging;
pub(crate) mod earlier;
pub(crate) mod origin;
pub(crate) mod overlap;
pub(crate) mod plan_checks;
