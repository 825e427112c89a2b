//! Blocks of the tenant's hour, leased from the ledger.
//!
//! Owns the bridge between the ledger's rows and the arithmetic of the hour. Must never grant what is not
//! written down.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::PlaceSource;
use crate::journal::{Index, JournalError, LeaseRow};
use crate::model::UnixMillis;
use crate::pace::{Grant, HOUR_MS, Lease, grant, others_pause_until};

/// Leases older than this are deleted: they no longer count.
const LEASES_KEPT_MS: i64 = HOUR_MS as i64 + LEASES_SLACK_MS;
/// A little longer than they count, in milliseconds: clocks are set back by seconds.
const LEASES_SLACK_MS: i64 = 60_000;

/// What the name of a tenant's ledger of irreversible requests begins with.
const IRREVERSIBLE: &str = "irreversible ";
/// The time in which irreversible requests are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// How soon to try again when the ledger cannot be written, in milliseconds.
const PLACE_PAUSE_MS: u64 = 1_000;

/// Largest share of the tenant's hour that is kept for other tools when the server's own count is obeyed. A tiny
/// budget of ours does not mean that the rest is theirs.
const OTHERS_SHARE_MAX: f64 = 0.2;

/// Why a request got no place in the hour.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] JournalError),
}

/// What the server says is left of the tenant's hour.
#[derive(Copy, Clone, Debug)]
pub(super) struct HourLeft {
    /// Requests that are left.
    pub(super) remaining: u32,
    /// Requests of the whole hour.
    pub(super) limit: u32,
}

/// The part of the tenant's hourly quota that sortie may use, shared by all processes that use the same index.
#[derive(Clone)]
pub struct Quota {
    index: Arc<Mutex<Index>>,
    tenant: String,
    per_hour: u32,
}

/// A leased block.
#[derive(Copy, Clone, Debug)]
pub(super) struct Block {
    /// Its row in the ledger; `None` where nothing was granted.
    pub(super) lease: Option<i64>,
    /// How many requests may leave, and until when.
    pub(super) grant: Grant,
}

impl Quota {
    /// The hour of the tenant with this key, of which `per_hour` requests are ours, over all processes that share the
    /// index.
    #[must_use]
    pub fn new(index: Arc<Mutex<Index>>, tenant: &str, per_hour: u32) -> Self {
        Self { index, tenant: tenant.to_owned(), per_hour }
    }

    /// Leases up to `want` requests. A lease takes one short transaction, at most every few seconds, so it
    /// is made where it is needed instead of on a thread of its own.
    pub(super) fn lease(&self, now: UnixMillis, want: u32) -> Result<Block, QuotaError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given = None;
        let lease = index.lease(&self.tenant, UnixMillis(now.0 - LEASES_KEPT_MS), |rows| {
            let leases: Vec<Lease> = rows
                .iter()
                .map(|row| Lease { count: row.count, expires_at: row.expires_at })
                .collect();
            let grant = grant(&leases, now, want, self.per_hour);
            given = Some(grant);
            (grant.count > 0)
                .then_some(LeaseRow { count: grant.count, expires_at: grant.expires_at })
        })?;
        let nothing = Grant { count: 0, expires_at: now, more_at: None };
        Ok(Block { lease, grant: given.unwrap_or(nothing) })
    }

    /// Places for irreversible requests, counted over all runs that share the index.
    pub(super) fn places(&self) -> PlaceSource {
        let quota = self.clone();
        Box::new(move |now, per_minute| {
            // What cannot be written down is not sent.
            quota.take_place(now, per_minute).unwrap_or(Err(now.plus_ms(PLACE_PAUSE_MS)))
        })
    }

    fn take_place(
        &self,
        now: UnixMillis,
        per_minute: u32,
    ) -> Result<Result<(), UnixMillis>, QuotaError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = format!("{IRREVERSIBLE}{}", self.tenant);
        let mut full_until = None;
        index.lease(&ledger, UnixMillis(now.0 - LEASES_KEPT_MS), |rows| {
            let mut ends: Vec<UnixMillis> =
                rows.iter().map(|row| row.expires_at).filter(|end| *end > now).collect();
            ends.sort_unstable();
            if ends.len() < per_minute as usize {
                return Some(LeaseRow { count: 1, expires_at: now.plus_ms(MINUTE_MS) });
            }
            full_until = ends.get(ends.len() - per_minute as usize).copied();
            None
        })?;
        Ok(full_until.map_or(Ok(()), Err))
    }

    /// Gives back what a block did not use.
    pub(super) fn give_back(&self, block: Block, unused: u32) -> Result<(), QuotaError> {
        let Some(lease) = block.lease.filter(|_| unused > 0) else { return Ok(()) };
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(index.give_back(lease, unused)?)
    }

    /// How many requests of the last hour are spent. Only reads the ledger.
    ///
    /// # Errors
    /// [`QuotaError::Ledger`].
    pub fn spent(&self, now: UnixMillis) -> Result<u32, QuotaError> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let leases = index.leases(&self.tenant)?;
        let counting = |row: &&LeaseRow| row.expires_at.plus_ms(HOUR_MS) > now;
        Ok(leases.iter().filter(counting).map(|row| row.count).sum())
    }
}

/// Until when to pause, and why, so that the tenant's other tools get their share of the hour: the server's own count
/// may slow us down, never speed us up. `per_hour` is our budget; `None` where there is enough.
pub(super) fn others_pause(
    hour: HourLeft,
    per_hour: u32,
    now: UnixMillis,
) -> Option<(UnixMillis, String)> {
    let ours = f64::from(per_hour);
    let share = (1.0 - ours / f64::from(hour.limit.max(1))).clamp(0.0, OTHERS_SHARE_MAX);
    let until = others_pause_until(hour.remaining, hour.limit, share, now)?;
    let reason = format!(
        "the tenant has {} of {} requests left this hour, and other tools may need them",
        hour.remaining, hour.limit
    );
    Some((until, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::StateDir;

    #[test]
    fn runs_of_a_host_share_the_places_of_a_minute() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let state = StateDir::open(directory.path()).expect("a state directory");
        let quota = |tenant| {
            let index = Index::open(&state).expect("an index");
            Quota::new(Arc::new(Mutex::new(index)), tenant, 8_000)
        };
        let (mut one, mut other) = (quota("a").places(), quota("a").places());
        let now = UnixMillis(1_800_000_000_000);
        let mut taken = 0;
        for second in 0..10 {
            let at = now.plus_ms(second * 1_000);
            taken += u32::from(one(at, 12).is_ok()) + u32::from(other(at, 12).is_ok());
        }
        assert_eq!(taken, 12);
        assert_eq!(one(now.plus_ms(10_000), 12), Err(now.plus_ms(60_000)));
        assert_eq!(other(now.plus_ms(60_000), 12), Ok(()));
        assert_eq!(quota("b").places()(now, 12), Ok(()), "another tenant has its own");
        assert_eq!(quota("a").spent(now).expect("it can be read"), 0, "they are no requests");
    }
}
