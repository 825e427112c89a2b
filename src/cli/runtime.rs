//! The runtime of a command.
//!
//! Owns how many threads work for it. Must never begin where the system does not give as many as a run uses.

use tokio::runtime::{Builder, Runtime};

use super::exit::Exit;
use super::failure::Failure;
use super::terminal::surroundings::check_threads;

/// The runtime of a command.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    build(Builder::new_multi_thread().worker_threads(2))
}

/// The runtime of a command that drives one run: its loop and its connections take turns, and no thread wakes another for each
/// answer. The journal has a thread of its own in any case.
pub(crate) fn run_runtime() -> Result<Runtime, Failure> {
    build(&mut Builder::new_current_thread())
}

fn build(builder: &mut Builder) -> Result<Runtime, Failure> {
    check_threads()?;
    builder
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("no runtime: {error}")))
}
