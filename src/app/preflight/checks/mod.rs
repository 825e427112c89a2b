//! The checks, one a file.
//!
//! Owns nothing but their list of files. A check reads a candidate and passes, or refuses with its reason.

pub(super) mod approval;
pub(super) mod approval_required;
pub(super) mod caps;
pub(super) mod consent;
pub(super) mod doubts;
pub(super) mod export_age;
pub(super) mod gate;
pub(super) mod given_pins;
pub(super) mod no_device;
pub(super) mod overlap;
pub(super) mod plan_file;
pub(super) mod policy_changed;
pub(super) mod refused_rows;
pub(super) mod rows;
pub(super) mod secrets_at_risk;
pub(super) mod size;
pub(super) mod start_time;
pub(super) mod stop_file;
pub(super) mod time;
pub(super) mod window;
pub(super) mod work_reason;

pub(crate) use doubts::doubts_about;
pub(crate) use plan_file::plan_file_may_start;
