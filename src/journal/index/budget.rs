//! Budgets of devices: how many devices got which action, over all runs of a tenant.
//!
//! Owns the charges. Invariant: a charge is written in the transaction that read the others, so two processes never
//! spend the same device. Must never know what a budget is: who charges decides.

use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::path::Path;

use super::super::database::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// So many devices that a run means to give an action, or has given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The run.
    pub run: String,
    /// Name of the action.
    pub action: String,
    /// How many devices.
    pub devices: u32,
    /// When it was charged.
    pub at: UnixMillis,
    /// It was charged to what is kept free for emergencies.
    pub is_kept_free: bool,
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
        {
            let mut insert = transaction
                .prepare(
                    "INSERT INTO charges (run, tenant, action, devices, at, kept_free)
                     VALUES (?,?,?,?,?,?)
                     ON CONFLICT DO UPDATE SET devices = devices + excluded.devices",
                )
                .at(path)?;
            for charge in &added {
                insert
                    .execute(params![
                        charge.run,
                        tenant,
                        charge.action,
                        charge.devices,
                        charge.at.0,
                        charge.is_kept_free
                    ])
                    .at(path)?;
            }
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

    /// Gives back what a run did not use, once it is known to how many devices each action was `sent`: the newest
    /// charges of the action are lowered first, until no more than that is left. Nothing is ever raised, and an action
    /// that does not occur in `sent` was sent to none.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has been given back then.
    pub fn settle_charges(
        &mut self,
        run: &str,
        sent: &BTreeMap<String, u32>,
    ) -> Result<(), JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        {
            let mut select = transaction
                .prepare(
                    "SELECT action, at, kept_free, devices FROM charges WHERE run = ?
                     ORDER BY at, kept_free",
                )
                .at(path)?;
            let rows = select
                .query_map([run], |row| {
                    Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .at(path)?;
            let charges: Vec<(String, i64, bool, u32)> = rows.collect::<Result<_, _>>().at(path)?;
            let mut update = transaction
                .prepare(
                    "UPDATE charges SET devices = ?5
                     WHERE run = ?1 AND action = ?2 AND at = ?3 AND kept_free = ?4",
                )
                .at(path)?;
            // What the oldest may keep is what is left of the newest charges' cut.
            let mut left = sent.clone();
            for (action, at, is_kept_free, devices) in charges {
                let left = left.entry(action.clone()).or_default();
                let kept = devices.min(*left);
                *left -= kept;
                if kept < devices {
                    update.execute(params![run, action, at, is_kept_free, kept]).at(path)?;
                }
            }
        }
        transaction.commit().at(path)
    }
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
