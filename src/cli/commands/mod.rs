//! The commands, one a file.
//!
//! Owns what each does with its options. No command uses another command.

pub(crate) mod actions;
pub(crate) mod approve;
pub(crate) mod clock;
pub(crate) mod look;
pub(crate) mod pins;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod tenant;
