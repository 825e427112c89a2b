//! Which request leaves next.
//!
//! Owns the queue of sends, the rate of irreversible requests, what is read before a request, and the step to the next
//! wave. Must never know of looks, of doubt or of the rules that stop a run, and never record anything.

mod dispatch;
mod irreversible_rate;
mod next_wave;
mod preparation;
mod queue;

pub(super) use dispatch::{Dispatch, Sends};
pub(super) use next_wave::WaveStep;
