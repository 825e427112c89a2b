//! Everything that happened, in order, on disk.
//!
//! Owns the state directory and its SQLite databases: one index for the host, one journal for each run.
//! The only writer of databases. Must never decide anything and never hold a lock longer than one batch.
//!
//! Invariant: when an append returns, its entries survive a power cut.

mod database;
mod index;
mod prune;
mod run;
mod state_dir;
#[cfg(test)]
mod tests;
mod writer;

pub use database::JournalError;
pub use index::{DeviceEvent, DeviceTask, Index, LeaseRow, Pruning, RunRow, RunState};
pub use prune::{PruneShare, Pruned, prune_run, prune_share};
pub use run::{RequestCounts, RunHeader, RunJournal, RunReader, TaskEnd};
pub use state_dir::StateDir;
pub use writer::{Batch, Commit, Committed, Inline, Writer};
