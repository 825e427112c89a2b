//! PINs and other secrets of runs.
//!
//! Owns their sealing, their custody and their recovery. Must never show one unasked.

mod age;
pub(crate) mod custody;
pub(crate) mod known_pins;
pub(crate) mod pins_found;
pub(crate) mod pins_recovery;
pub(crate) mod sealing;
