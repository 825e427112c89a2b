//! The run as a state machine: no async, no clock, no disk, no network.
//!
//! Owns every decision to send. Two machines, one inside the other: the task machine is the life of one
//! task, the run machine around it owns the queue, the pace and the stop rules.
//!
//! Invariant: state changes only by applying entries, live and at replay alike.
//! Invariant: a call is returned together with the entries that have to be committed before it is made.
//! Invariant: what may have been applied and is not safe to repeat is never sent again.

mod answers;
mod calls;
mod custody;
mod decide;
mod ends;
mod follow;
mod pages;
mod pauses;
mod preparing;
mod queue;
mod rules;
mod run;
mod safety;
mod settle;
mod slow;
mod sweep;
mod task;
#[cfg(test)]
mod tests;
mod waves;

pub use calls::{Ask, Call, DrawnPin, Effects, KnownPins, PinSource, PlaceSource, Scope};
pub use decide::Engine;
pub use rules::OperatorAnswer;
pub use run::{EngineState, Progress};
pub use safety::PIN_SOUGHT_MS;
pub use task::{Impossible, Phase, TaskState};
