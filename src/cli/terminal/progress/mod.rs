//! Progress of a run, shown while it goes on.
//!
//! Owns where it is shown: a live view on a terminal, lines in a log, JSON on standard output. Must never show a PIN: it is never told
//! one.

mod gather_display;
mod group_display;
mod run_display;
mod shown;
mod ticker;

pub(crate) use gather_display::GatherDisplay;
pub(crate) use shown::show_progress;
