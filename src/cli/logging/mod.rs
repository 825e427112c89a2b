//! The log file: what a command did, line by line.
//!
//! Owns its lines, its targets and the file. A log never changes what a command does or its exit code: a file that cannot be
//! written is a warning. Must never show anything on the terminal, and never hold a secret.

mod file;
mod filter;
mod lines;
mod marks;
mod run_events;

pub(crate) use file::LogFile;
pub(crate) use filter::{LOG_LEVELS, LOG_TARGETS, LogFilter};
pub(crate) use lines::{LineForm, LogLines};
pub(crate) use marks::{
    checked, command_began, command_ended, confirmed, failure_shown, plan_made, problem_shown,
    warned,
};
pub(crate) use run_events::EventLog;
