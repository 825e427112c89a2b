//! How texts are laid out: counts, and which letters reach people.
//!
//! Owns the names under which the command line uses the wording of `model`. Must never write anything.

pub(crate) use crate::model::{counted, harmless, one_line, steers, thousands};
