//! Runs: enter, drive, resume, retry, resolve, close.
//!
//! Owns what is done to runs. Must never send before the run is in the journal.

pub(crate) mod call_host;
pub(crate) mod close;
pub(crate) mod doubt;
pub(crate) mod end_reasons;
pub(crate) mod ending;
pub(crate) mod enter;
pub(crate) mod execution;
pub(crate) mod first_reports;
pub(crate) mod hand_over;
pub(crate) mod hand_over_reason;
pub(crate) mod held;
pub(crate) mod listing;
pub(crate) mod look_on;
mod open_records;
pub(crate) mod opened_run_reason;
pub(crate) mod operation;
pub(crate) mod prepare;
pub(crate) mod prepared;
pub(crate) mod report_again;
pub(crate) mod reporter;
pub(crate) mod resolve;
pub(crate) mod resume;
pub(crate) mod resume_reason;
pub(crate) mod retry;
pub(crate) mod run_view;
pub(crate) mod run_watch;
pub(crate) mod seen;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod trust;
pub(crate) mod verdict;
pub(crate) mod waiting;
pub(crate) mod watchdog;
