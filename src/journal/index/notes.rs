//! The host's record: what people did here, each note tied to the one before it.
//!
//! Owns the table of notes and its chain. Invariant: notes are only ever added, one after the other, and no two
//! processes add at the same place. Must never hold a secret, nor know what a note means.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::path::Path;

use super::super::chain::{AuditRecord, ChainAudit, Link, Walk, without_sealed};
use super::super::database::version_of;
use super::super::error::{At, JournalError};
use super::Index;
use super::format::MIGRATIONS;
use crate::model::UnixMillis;

/// What the first note is tied to.
const BEGINNING: &str = "sortie host record 1";

impl Index {
    /// Adds a note to the host's record and returns the record's new head: a hash that only this record has, with
    /// everything in it. Nothing in `body` may be a secret.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has been added then.
    pub fn note(
        &mut self,
        at: UnixMillis,
        kind: &str,
        run: Option<&str>,
        body: &serde_json::Value,
    ) -> Result<String, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let (last, head) = end(&transaction, path)?;
        let (seq, body) = (last + 1, body.to_string());
        let hash = link(&head, seq, at.0, kind, run, &body);
        transaction
            .execute(
                "INSERT INTO audit (seq, at, kind, run, body, hash) VALUES (?,?,?,?,?,?)",
                params![seq, at.0, kind, run, body, hash],
            )
            .at(path)?;
        transaction.commit().at(path)?;
        Ok(hash)
    }

    /// Whether the host's record is what was written, note by note.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read; a record that does not fit is a fault and no error.
    pub fn audit(&self) -> Result<ChainAudit, JournalError> {
        self.for_each_note(|_| {})
    }

    /// The bodies of the notes of one kind, by the run that each names.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn notes_of_runs(&self, kind: &str) -> Result<Vec<(String, String)>, JournalError> {
        if !self.has_table("audit")? {
            return Ok(Vec::new());
        }
        let mut select = self
            .connection
            .prepare("SELECT run, body FROM audit WHERE kind = ? AND run IS NOT NULL")
            .at(&self.path)?;
        let rows = select.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?))).at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Gives every note to `take`, in order, and says whether the record is what was written. It may be added to
    /// meanwhile: what is read is as it was at one moment. Empty where an older program wrote the index.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn for_each_note(
        &self,
        mut take: impl FnMut(AuditRecord),
    ) -> Result<ChainAudit, JournalError> {
        let path = &self.path;
        let format = version_of(&self.connection, path)?;
        let mut walk = Walk::new(beginning());
        if !self.has_table("audit")? {
            return Ok(walk.end(format, MIGRATIONS.len()));
        }
        walk.is_chained_from(1);
        let mut select = self
            .connection
            .prepare("SELECT seq, at, kind, run, body, hash FROM audit ORDER BY seq")
            .at(path)?;
        let mut rows = select.query([]).at(path)?;
        while let Some(row) = rows.next().at(path)? {
            let (seq, at): (i64, i64) = (row.get(0).at(path)?, row.get(1).at(path)?);
            let (kind, run): (String, Option<String>) =
                (row.get(2).at(path)?, row.get(3).at(path)?);
            let (body, hash): (String, String) = (row.get(4).at(path)?, row.get(5).at(path)?);
            let expected = link(walk.head(), seq, at, &kind, run.as_deref(), &body);
            let fits = walk.step(seq, Some(&expected), Some(&hash));
            take(AuditRecord {
                seq: seq.unsigned_abs(),
                at: UnixMillis(at),
                kind,
                run,
                body: without_sealed(&body).unwrap_or_default(),
                hash: walk.head().to_owned(),
                fits,
            });
        }
        Ok(walk.end(format, MIGRATIONS.len()))
    }
}

fn beginning() -> String {
    Link::new(BEGINNING).hash()
}

/// The number and the hash of the last note.
fn end(connection: &Connection, path: &Path) -> Result<(i64, String), JournalError> {
    let last = connection
        .query_row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .at(path)?;
    Ok(last.unwrap_or_else(|| (0, beginning())))
}

fn link(head: &str, seq: i64, at: i64, kind: &str, run: Option<&str>, body: &str) -> String {
    Link::new(head).number(seq).number(at).text(kind).optional(run).text(body).hash()
}
