//! The terminal: output, questions, progress, signals.
//!
//! Owns what is written and read there. Must never be given a secret but to reveal it.

pub(crate) mod confirm;
pub(crate) mod key_test;
pub(crate) mod live_region;
pub(crate) mod memory;
pub(crate) mod output;
pub(crate) mod pager;
pub(crate) mod printer;
pub(crate) mod progress;
pub(crate) mod question;
pub(crate) mod setup_questions;
pub(crate) mod signals;
pub(crate) mod surroundings;
