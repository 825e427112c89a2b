//! Budgets of devices: how many devices got which action, over all runs of a tenant.
//!
//! Owns the charges. Invariant: a charge is written in the transaction that read the others, so two processes never
//! spend the same device. Must never know what a budget is: who charges decides.

use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::path::Path;

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// So many devices that a run means to give an action, or has given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Id of the run that is charged.
    pub run: String,
    /// Name of the action.
    pub action: String,
    /// Number of devices that are charged.
    pub devices: u32,
    /// From when it counts: when it was last sent, and while the run may still send, when its sending ends.
    pub at: UnixMillis,
    /// It was charged to what is kept free for emergencies.
    pub is_kept_free: bool,
}

/// What a run is known to have sent of an action.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct SentDevices {
    /// How many devices it reached.
    pub devices: u32,
    /// When its last request left.
    pub last_at: UnixMillis,
}

impl Index {
    /// Charges a tenant's budgets: `decide` sees what was charged after `since`, oldest first, and names what is added,
    /// in one transaction. When it refuses, nothing is added and its reason is the inner error. Two charges of one run,
    /// action, moment and kind are one, of the sum.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has been charged then.
    pub fn charge<E>(
        &mut self,
        tenant: &str,
        since: UnixMillis,
        decide: impl FnOnce(&[Charge]) -> Result<Vec<Charge>, E>,
    ) -> Result<Result<(), E>, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let added = match decide(&charges_after(&transaction, path, tenant, since)?) {
            Ok(added) => added,
            Err(reason) => return Ok(Err(reason)),
        };
        for charge in &added {
            insert(&transaction, path, tenant, charge)?;
        }
        transaction.commit().at(path)?;
        Ok(Ok(()))
    }

    /// What was charged to a tenant after `since`, oldest first; nothing where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn charges(&self, tenant: &str, since: UnixMillis) -> Result<Vec<Charge>, JournalError> {
        if !self.has_table("charges")? {
            return Ok(Vec::new());
        }
        charges_after(&self.connection, &self.path, tenant, since)
    }

    /// The runs whose charges count from a moment after `now`: those that may still send, and those whose process died
    /// before it could say what it sent. Nothing where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn unsettled_runs(&self, now: UnixMillis) -> Result<Vec<String>, JournalError> {
        if !self.has_table("charges")? {
            return Ok(Vec::new());
        }
        let mut select = self
            .connection
            .prepare("SELECT DISTINCT run FROM charges WHERE at > ? ORDER BY run")
            .at(&self.path)?;
        let rows = select.query_map([now.0], |row| row.get(0)).at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Settles what a run was charged by what it has `sent` of each action. What it did not use is given back: the newest
    /// charges of an action first, until no more than that is left. What it used counts from its last request on, or
    /// from where it counted if that is earlier. Nothing is ever raised, and an action that does not occur in `sent`
    /// was sent to none.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has changed then.
    pub fn settle_charges(
        &mut self,
        run: &str,
        sent: &BTreeMap<String, SentDevices>,
    ) -> Result<(), JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let charges = charges_of(&transaction, path, run)?;
        transaction.execute("DELETE FROM charges WHERE run = ?", [run]).at(path)?;
        let mut left: BTreeMap<&str, u32> =
            sent.iter().map(|(action, sent)| (action.as_str(), sent.devices)).collect();
        for (tenant, charge) in charges {
            // What the oldest may keep is what is left of the newest charges' cut.
            let Some(sent) = sent.get(&charge.action) else { continue };
            let Some(left) = left.get_mut(charge.action.as_str()) else { continue };
            let devices = charge.devices.min(*left);
            *left -= devices;
            let at = charge.at.min(sent.last_at);
            if devices > 0 {
                insert(&transaction, path, &tenant, &Charge { devices, at, ..charge })?;
            }
        }
        transaction.commit().at(path)
    }
}

/// What a run is charged, oldest first, with the tenants.
pub(super) fn charges_of(
    connection: &Connection,
    path: &Path,
    run: &str,
) -> Result<Vec<(String, Charge)>, JournalError> {
    let mut select = connection
        .prepare(
            "SELECT tenant, action, devices, at, kept_free FROM charges WHERE run = ?
             ORDER BY at, kept_free",
        )
        .at(path)?;
    let rows = select
        .query_map([run], |row| {
            let charge = Charge {
                run: run.to_owned(),
                action: row.get(1)?,
                devices: row.get(2)?,
                at: UnixMillis(row.get(3)?),
                is_kept_free: row.get(4)?,
            };
            Ok((row.get(0)?, charge))
        })
        .at(path)?;
    rows.collect::<Result<_, _>>().at(path)
}

pub(super) fn insert(
    connection: &Connection,
    path: &Path,
    tenant: &str,
    charge: &Charge,
) -> Result<(), JournalError> {
    let Charge { run, action, devices, at, is_kept_free } = charge;
    connection
        .execute(
            "INSERT INTO charges (run, tenant, action, devices, at, kept_free)
             VALUES (?,?,?,?,?,?)
             ON CONFLICT DO UPDATE SET devices = devices + excluded.devices",
            params![run, tenant, action, devices, at.0, is_kept_free],
        )
        .at(path)
        .map(drop)
}

fn charges_after(
    connection: &Connection,
    path: &Path,
    tenant: &str,
    since: UnixMillis,
) -> Result<Vec<Charge>, JournalError> {
    let mut select = connection
        .prepare(
            "SELECT run, action, devices, at, kept_free FROM charges WHERE tenant = ? AND at > ?
             ORDER BY at, run, action, kept_free",
        )
        .at(path)?;
    let rows = select
        .query_map(params![tenant, since.0], |row| {
            Ok(Charge {
                run: row.get(0)?,
                action: row.get(1)?,
                devices: row.get(2)?,
                at: UnixMillis(row.get(3)?),
                is_kept_free: row.get(4)?,
            })
        })
        .at(path)?;
    rows.collect::<Result<_, _>>().at(path)
}
