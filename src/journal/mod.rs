//! Everything that happened, in order, on disk.
//!
//! Owns the state directory and its SQLite databases: one index for the host, one journal for each run.
//! The only writer of databases. Must never decide anything and never hold a lock longer than one batch.
//!
//! Invariant: when an append returns, its entries survive a power cut.
//!
//! The views `outcomes`, `entries_readable` and `runs_readable` serve `sqlite3`. Formats are numbered by `user_version`; a
//! newer format is never written to.

mod batch;
mod canonical;
mod chain;
mod database;
mod error;
mod held_lock;
mod index;
mod kept;
mod measures;
mod provenance;
mod prune;
mod run;
mod run_audit;
mod run_chain;
mod run_fold;
mod run_format;
mod run_header;
mod run_reader;
mod state_dir;
mod stored_event;
mod stored_tasks;
mod stretches;
#[cfg(test)]
mod tests;
mod trust;
mod writer;

pub use batch::Batch;
pub use chain::{AuditFault, AuditRecord, ChainAudit};
pub use error::JournalError;
pub use held_lock::HeldLock;
pub use index::{
    Ahead, Charge, DeviceEvent, DeviceTask, GroupMember, GroupPlace, GroupRow, HandOver, HeadRow,
    Index, LeaseRow, OutboxNotice, OutboxState, PlanRow, Pruning, RunAccount, RunRow, RunState,
    SentDevices,
};
pub use kept::{KeptHead, KeptHeads};
pub use provenance::Provenance;
pub use prune::{PruneShare, Pruned, prune_run, prune_share};
pub use run::RunJournal;
pub use run_audit::AuditedEntry;
pub use run_chain::RunHead;
pub use run_header::{RequestCounts, RunHeader};
pub use run_reader::{RunReader, TaskEnd};
pub use state_dir::{STOP_FILE, StateDir};
pub use trust::{Distrust, Opening, TrustedRun};
pub use writer::{Commit, Committed, Inline, Writer};

/// The version of SQLite that this program runs.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
