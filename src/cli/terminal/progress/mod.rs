//! Progress of a run, shown while it goes on.
//!
//! Owns where it is shown: a live view on a terminal, lines in a log, JSON on standard output. Must never show a PIN: it is never told
//! one.

mod run_display;
mod ticker;

pub(crate) use run_display::show_progress;
