//! The run as a state machine: no async, no clock, no disk, no network.
//!
//! Owns every decision to send. The task machine (`task`) is the life of one task, and [`EngineState`] is what all
//! entries of a run add up to. Around it are four parts that own their queues and limits and do not know each other:
//! `sends`, `looks`, `settlement` and `stops`. A part proposes; only `decide` disposes. [`Engine`] is what a shell
//! sees. Where a run is driven in parts on several hosts, an [`Overseer`] judges what belongs to the whole.
//!
//! Invariant: state changes only by applying entries, live and at replay alike.
//! Invariant: a call is returned together with the entries that have to be committed before it is made.
//! Invariant: what may have been applied and is not safe to repeat is never sent again.

mod allowance;
mod calls;
mod consequence;
mod decide;
mod detours;
mod looks;
mod machine;
mod notes;
mod oversight;
mod phase;
mod progress;
mod proposal;
mod sends;
mod settlement;
mod state;
mod stops;
mod tally;
mod task;
#[cfg(test)]
mod tests;
mod wanted;
mod wave_counts;
mod waves;

pub use calls::{
    Ask, Call, DrawnPin, Effects, KnownPins, OperatorAnswer, PinSource, PlaceSource, Scope,
};
pub use machine::Engine;
pub use oversight::{Overseer, Oversight};
pub use phase::Phase;
pub use progress::{Progress, WaveWait};
pub use settlement::PIN_SOUGHT_MS;
pub use state::EngineState;
pub use task::{Impossible, TaskState};
