//! The workflows: what Temporal replays.
//!
//! Owns the adapter between the machines of this package and Temporal's futures. All of it must be deterministic: no clock, no randomness, no
//! map whose order varies. Must never decide anything that a machine decides.

#![allow(missing_docs, reason = "macros of Temporal make constants of documented functions")]

mod outgoing;
mod quota;
mod section;
mod shard;
mod waiting;

pub use quota::Quota;
pub use section::Section;
pub use shard::{SendAttempts, Shard, set_send_attempts};
