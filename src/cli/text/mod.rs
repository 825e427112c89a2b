//! Data of the application in words.
//!
//! Owns the texts. Must never decide anything.

pub(crate) mod actions;
pub(crate) mod age;
pub(crate) mod answers;
pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod clock;
pub(crate) mod cron_hint;
pub(crate) mod devices;
pub(crate) mod diagnostics;
pub(crate) mod doctor;
pub(crate) mod doctor_facts;
pub(crate) mod doubts;
pub(crate) mod fields;
pub(crate) mod help_page;
pub(crate) mod history;
pub(crate) mod layout;
pub(crate) mod live;
pub(crate) mod notes;
pub(crate) mod notices;
pub(crate) mod outcomes;
pub(crate) mod pin_news;
mod pin_notices;
pub(crate) mod pin_sheets;
pub(crate) mod pins;
pub(crate) mod pins_compared;
pub(crate) mod pins_csv;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod preflight;
pub(crate) mod profiles;
pub(crate) mod prune;
pub(crate) mod refusals;
pub(crate) mod run_end;
pub(crate) mod run_next;
pub(crate) mod run_summary;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod screen;
pub(crate) mod setting_list;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod usage;
pub(crate) mod version;
pub(crate) mod welcome;
pub(crate) mod wrap;
