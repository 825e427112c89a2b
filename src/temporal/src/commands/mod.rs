//! Commands: what an operator does with runs on Temporal.
//!
//! Owns one file per command. Must never make a request to a tenant: workers do.

pub mod cancel;
pub mod lookup;
pub mod report;
pub mod schedule;
pub mod status;
pub mod submit;
pub mod worker;
