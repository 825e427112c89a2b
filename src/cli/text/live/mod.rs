//! A run in progress in words: the view on a terminal, lines for logs, JSON for programs.
//!
//! Owns the texts, made from events and the time. Must never read a clock or write anything.

mod group_view;
mod live_group;
mod live_run;
mod log_lines;
mod progress_json;
mod reduced_rate;
mod run_news;
mod send_rate;
#[cfg(test)]
mod testing;
mod time_left;
mod view;

pub(crate) use group_view::{group_lines, group_status_line};
pub(crate) use live_group::LiveGroup;
pub(crate) use live_run::{LiveRun, Viewpoint};
pub(crate) use log_lines::{LogLevel, failure_line, log_lines, stamped, status_line};
pub(crate) use progress_json::{ProgressJson, group_end_json};
pub(crate) use run_news::{RunTold, wave_prompt};
pub(crate) use view::view_lines;
