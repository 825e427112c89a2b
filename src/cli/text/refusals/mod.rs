//! Refusals in words.
//!
//! Owns what people read of a reason: what happened, what state things are in, what to do next. One file for each part of the
//! application. Must never decide anything: class and exit code are not made here.

mod approval;
pub(crate) mod consent;
mod every_reason;
mod files;
mod group;
mod hand_over;
mod job;
pub(crate) mod json;
mod looking;
pub(crate) mod notify;
mod opened_run;
mod other_runs;
mod outside;
mod planning;
mod plans;
pub(crate) mod preflight;
pub(crate) mod runs;
mod schedule;
mod secrets;
mod settings;
mod tenant;
mod words;

pub(crate) use every_reason::words;
pub(crate) use words::Words;
