//! The runtime of a command.
//!
//! Owns how many threads work for it. Must never begin where the system does not give as many as a run uses.

use super::exit::Exit;
use super::failure::Failure;
use super::terminal::surroundings::check_threads;

/// The runtime of a command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    check_threads()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("no runtime: {error}")))
}
