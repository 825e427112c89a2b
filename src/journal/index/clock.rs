//! Moments in the ledgers that lie in the future.
//!
//! Owns what a clock that was far ahead leaves behind: charges and leases that count until that date. Must never move a
//! moment that the clock of today can explain.

use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;

use super::super::error::{At, JournalError};
use super::Index;
use super::budget::{charges_of, insert};
use crate::model::UnixMillis;

/// A lease lives for a minute at most; one that ends later than this after now was taken by a clock that was ahead, in
/// milliseconds. Generous, so that clocks that differ by minutes are no alarm.
const LEASE_AHEAD_MS_MAX: u64 = 3_600_000;
/// A run that began, or was left, later than this after now did so by a clock that was ahead, in milliseconds.
const RUN_AHEAD_MS_MAX: u64 = 3_600_000;
/// What a run may still send counts from the moment when its sending ends. No job sends for longer than this, in
/// milliseconds: 40 days.
const CHARGE_AHEAD_MS_MAX: u64 = 40 * 86_400_000;

/// What counts from a moment in the future that the clock cannot explain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Runs whose charges do.
    pub runs: Vec<String>,
    /// Leases of requests that do.
    pub leases: u64,
    /// The latest of these moments; `None` where there are none.
    pub latest: Option<UnixMillis>,
}

impl Index {
    /// What a clock that was ahead of `now` left in the ledgers. Runs that a process may send for are ignored: their
    /// charges are settled when they are left.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn ahead_of(
        &self,
        now: UnixMillis,
        is_sending: impl Fn(&str) -> bool,
    ) -> Result<Ahead, JournalError> {
        if !self.has_table("charges")? {
            return Ok(Ahead::default());
        }
        look(&self.connection, &self.path, now, is_sending)
    }

    /// Lets all that count from now on instead, as if it had been charged and leased at this moment. Returns what it was.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has changed then.
    pub fn bring_back(
        &mut self,
        now: UnixMillis,
        is_sending: impl Fn(&str) -> bool,
    ) -> Result<Ahead, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let ahead = look(&transaction, path, now, is_sending)?;
        for run in &ahead.runs {
            let charges = charges_of(&transaction, path, run)?;
            transaction.execute("DELETE FROM charges WHERE run = ?", [run]).at(path)?;
            for (tenant, mut charge) in charges {
                charge.at = charge.at.min(now);
                insert(&transaction, path, &tenant, &charge)?;
            }
        }
        let late = now.plus_ms(LEASE_AHEAD_MS_MAX);
        transaction
            .execute(
                "UPDATE leases SET expires_at = ? WHERE expires_at > ?",
                params![now.0, late.0],
            )
            .at(path)?;
        transaction.commit().at(path)?;
        Ok(ahead)
    }
}

fn look(
    connection: &Connection,
    path: &Path,
    now: UnixMillis,
    is_sending: impl Fn(&str) -> bool,
) -> Result<Ahead, JournalError> {
    let (run_late, charge_late) = (now.plus_ms(RUN_AHEAD_MS_MAX), now.plus_ms(CHARGE_AHEAD_MS_MAX));
    let mut select = connection
        .prepare(
            "SELECT run, max(at) FROM charges LEFT JOIN runs ON runs.id = run
             WHERE at > ?1 AND (at > ?2 OR started_at > ?1 OR ended_at > ?1)
             GROUP BY run ORDER BY run",
        )
        .at(path)?;
    let rows = select
        .query_map(params![run_late.0, charge_late.0], |row| {
            Ok((row.get::<_, String>(0)?, UnixMillis(row.get(1)?)))
        })
        .at(path)?;
    let mut ahead = Ahead::default();
    for row in rows {
        let (run, at) = row.at(path)?;
        if !is_sending(&run) {
            ahead.latest = ahead.latest.max(Some(at));
            ahead.runs.push(run);
        }
    }
    let (leases, latest): (i64, Option<i64>) = connection
        .query_row(
            "SELECT count(*), max(expires_at) FROM leases WHERE expires_at > ?",
            [now.plus_ms(LEASE_AHEAD_MS_MAX).0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .at(path)?;
    ahead.leases = leases.unsigned_abs();
    ahead.latest = ahead.latest.max(latest.map(UnixMillis));
    Ok(ahead)
}
