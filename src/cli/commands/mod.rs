//! The commands, one a file.
//!
//! Owns what each does with its options. No command uses another command.

pub(crate) mod actions;
pub(crate) mod approve;
pub(crate) mod attach;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod close;
pub(crate) mod completions;
pub(crate) mod device_commands;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod gather;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod notify;
mod pin_sheets;
pub(crate) mod pins;
mod pins_listing;
mod pins_recovery;
mod pins_verification;
pub(crate) mod plan;
pub(crate) mod plan_group;
pub(crate) mod plan_wishes;
pub(crate) mod profiles;
pub(crate) mod prune;
pub(crate) mod repair_clock;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod resume;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod send;
pub(crate) mod setting_list;
pub(crate) mod simulate;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod version;
