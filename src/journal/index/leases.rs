//! The ledger of the tenants' hours, and how large their fleets are.
//!
//! Owns the blocks of requests that are out. Invariant: a lease is written in the transaction that read the
//! others, so two processes never spend the same request.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// A block of requests that is out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Requests in the block.
    pub count: u32,
    /// The moment after which it must no longer be used.
    pub expires_at: UnixMillis,
}

impl Index {
    /// Leases a block from the tenant's hour: `decide` sees the blocks that are out and names the new
    /// one, in one transaction. Returns the id of the new block.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn lease(
        &mut self,
        tenant: &str,
        oldest: UnixMillis,
        decide: impl FnOnce(&[LeaseRow]) -> Option<LeaseRow>,
    ) -> Result<Option<i64>, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        transaction.execute("DELETE FROM leases WHERE expires_at < ?", [oldest.0]).at(path)?;
        let leases = leases_of(&transaction, tenant).at(path)?;
        let Some(lease) = decide(&leases) else {
            transaction.commit().at(path)?;
            return Ok(None);
        };
        transaction
            .execute(
                "INSERT INTO leases (tenant, count, expires_at) VALUES (?,?,?)",
                params![tenant, lease.count, lease.expires_at.0],
            )
            .at(path)?;
        let id = transaction.last_insert_rowid();
        transaction.commit().at(path)?;
        Ok(Some(id))
    }

    /// The blocks of a tenant that are in the ledger, old ones included. Only reads.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn leases(&self, tenant: &str) -> Result<Vec<LeaseRow>, JournalError> {
        leases_of(&self.connection, tenant).at(&self.path)
    }

    /// Gives back what a block did not use.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn give_back(&self, lease: i64, unused: u32) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE leases SET count = max(0, count - ?) WHERE id = ?",
                params![unused, lease],
            )
            .at(&self.path)
            .map(drop)
    }

    /// How many devices the tenant had when its inventory was last read.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn fleet_size(&self, tenant: &str) -> Result<Option<u32>, JournalError> {
        self.connection
            .query_row("SELECT devices FROM fleets WHERE tenant = ?", [tenant], |row| row.get(0))
            .optional()
            .at(&self.path)
    }

    /// Remembers how many devices the tenant has.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn set_fleet_size(
        &self,
        tenant: &str,
        devices: u32,
        seen_at: UnixMillis,
    ) -> Result<(), JournalError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO fleets VALUES (?,?,?)",
                params![tenant, devices, seen_at.0],
            )
            .at(&self.path)
            .map(drop)
    }
}

fn leases_of(connection: &Connection, tenant: &str) -> Result<Vec<LeaseRow>, rusqlite::Error> {
    let mut select = connection.prepare("SELECT count, expires_at FROM leases WHERE tenant = ?")?;
    let rows = select.query_map([tenant], |row| {
        Ok(LeaseRow { count: row.get(0)?, expires_at: UnixMillis(row.get(1)?) })
    })?;
    rows.collect()
}
