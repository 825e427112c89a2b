//! What the host knows of one run.
//!
//! Owns what a run's database is compared with before anything of it is believed. Must never look into the run.

use super::super::chain::AuditFault;
use super::super::error::JournalError;
use super::super::kept::KeptHead;
use super::{HeadRow, Index};

/// What the host's record says of one run.
#[derive(Clone, Debug, Default)]
pub struct RunAccount {
    /// Heads that its chain has to contain.
    pub kept: Vec<KeptHead>,
    /// How far it has come; `None` where only older programs wrote to it.
    pub row: Option<HeadRow>,
    /// The note of its start, without what is sealed in it; null where there is none.
    pub started: serde_json::Value,
    /// The first place at which the host's record itself does not fit.
    pub fault: Option<AuditFault>,
}

impl Index {
    /// What the host's record says of a run. The record is verified for it, note by note.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read.
    pub fn account_of(&self, run: &str) -> Result<RunAccount, JournalError> {
        let mut account = RunAccount::default();
        let audit = self.for_each_note(|note| {
            if note.run.as_deref() != Some(run) {
                return;
            }
            account.kept.extend(KeptHead::in_note(&note).map(|(_, kept)| kept));
            if note.kind == "started" {
                account.started = note.body;
            }
        })?;
        account.fault = audit.fault;
        account.row = self.head_of(run)?;
        Ok(account)
    }
}
