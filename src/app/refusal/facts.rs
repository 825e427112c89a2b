//! What a reason says of itself.
//!
//! Owns the form. Must never hold text for people.

use serde::Serialize;
use std::fmt::Debug;

use super::{NextStep, RefusalClass};

/// What every type of reasons says of itself besides its facts, which are its fields.
pub trait RefusalFacts: Debug + Serialize {
    /// The kind of obstacle.
    fn class(&self) -> RefusalClass;

    /// What to do next, the best first; empty where nothing can be done.
    fn next(&self) -> Vec<NextStep>;
}
