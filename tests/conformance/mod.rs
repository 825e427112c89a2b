//! The conformance suite: scenarios that define what a run does, as data. Every engine has to do the same.
//!
//! Owns the scenarios in `scenarios/`, the simulated tenant that each of them runs on, and the comparison. A test binary
//! takes it in with `#[path]` and brings an `Engine`. Must never know one engine more than another.

mod compare;
mod observed;
mod recorded;
mod scenario;
mod script;
#[allow(clippy::module_inception, reason = "the binaries name this folder as they like")]
mod suite;
mod tenant;
mod yaml;

pub use observed::{Observed, Row, sent_to};
pub use scenario::{Scenario, scenarios_in};
pub use script::{Act, Script};
#[allow(unused_imports, reason = "one binary plays single scenarios, too")]
pub use suite::{Engine, play, play_all};
pub use tenant::RunningTenant;
