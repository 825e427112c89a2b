//! When nothing is sent: the rules that stop a run, windows, pauses, protected devices, and the ends of a run.
//!
//! Owns these limits. Must never know what is sent or read, and never record anything.

mod ends;
mod limits;
mod pauses;
mod rules;
mod window;

pub(super) use ends::Ends;
pub(super) use limits::Stops;
