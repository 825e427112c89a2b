//! How many requests may leave now, and from which queue the next one comes.
//!
//! Owns the grant out of the hour, the rate per second, and the share of looks. It serves sends, looks and safety reads
//! alike, so it belongs to none of these parts. Must never know which task a request is for.

use super::task::Impossible;
use crate::model::{ReducedRate, UnixMillis};
use crate::pace::AdaptiveRate;

/// One of so many calls is a look when sends and looks are both due: following keeps a fifth.
const CALLS_PER_LOOK: u32 = 5;

/// Requests of so many milliseconds leave together, as far as the rate has more than one in that time: each commit is a write
/// to the disk, and one that holds two intents costs what one alone does. No more than that, because a tenant that counts
/// by the second sees those of a late batch in the next second, and refuses what is over the limit there.
const TOGETHER_MS: u64 = 40;

/// The queues, the most urgent first.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Reads that settle doubt and find PINs.
    Safety,
    /// Requests of tasks, and the reads that these need before.
    Send,
    /// Looks for the ends of commands.
    Look,
    /// Notes about devices whose tasks have ended.
    Note,
}

/// Why no request may leave now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The grant is used up or has expired.
    NoGrant,
    /// The rate per second is reached until this moment.
    Until(UnixMillis),
}

/// The requests that may leave.
pub(super) struct Allowance {
    pace: AdaptiveRate,
    /// The limit of the run.
    per_second: u32,
    /// How long places gather after the last one was taken, in milliseconds: at the rate that it was taken at.
    gather_ms: u64,
    /// Until when they do.
    gather_until: UnixMillis,
    granted: u32,
    granted_until: UnixMillis,
    calls_since_look: u32,
    reads_under_way: u32,
}

impl Allowance {
    /// No grant yet, and at most `per_second` requests a second.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            pace: AdaptiveRate::new(per_second),
            per_second,
            gather_ms: 0,
            gather_until: UnixMillis(0),
            granted: 0,
            granted_until: UnixMillis(0),
            calls_since_look: 0,
            reads_under_way: 0,
        }
    }

    /// Replaces the grant.
    pub(super) fn grant(&mut self, count: u32, until: UnixMillis) {
        self.granted = count;
        self.granted_until = until;
    }

    /// The tenant refused a request with HTTP 429.
    pub(super) fn throttled(&mut self, now: UnixMillis) {
        self.pace.throttled(now);
    }

    /// The tenant answered a request after so many milliseconds.
    pub(super) fn answered(&mut self, now: UnixMillis, latency_ms: u64) {
        self.pace.answered(now, latency_ms);
    }

    /// The present rate, where it is below the limit of the run.
    pub(super) fn reduced_rate(&self) -> Option<ReducedRate> {
        self.pace.reduced()
    }

    /// Takes what is left of the grant away.
    pub(super) fn surrender(&mut self) -> u32 {
        std::mem::take(&mut self.granted)
    }

    /// Takes one request out of the grant and the second.
    ///
    /// # Errors
    /// [`Denied`] says what to wait for.
    pub(super) fn take(&mut self, now: UnixMillis) -> Result<(), Denied> {
        if self.granted == 0 || now >= self.granted_until {
            return Err(Denied::NoGrant);
        }
        // A clock that was set back must not make them gather for longer.
        if (1..=self.gather_ms).contains(&self.gather_until.remaining_ms(now)) {
            return Err(Denied::Until(self.gather_until));
        }
        self.pace.take(now).map_err(|at| {
            // A reduced rate has a smaller burst: what gathers for longer than that fills is lost.
            let reduced = self.pace.reduced().map(|rate| rate.per_second);
            self.gather_ms = gather_ms(reduced.unwrap_or(self.per_second));
            self.gather_until = at.plus_ms(self.gather_ms);
            Denied::Until(self.gather_until)
        })?;
        self.granted -= 1;
        Ok(())
    }

    /// Which of the queues the next call comes from; `None` when nothing is due. Notes leave when nothing else does.
    pub(super) fn lane(
        &self,
        is_send_due: bool,
        is_look_due: bool,
        is_note_due: bool,
    ) -> Option<Lane> {
        match (is_send_due, is_look_due) {
            (true, true) if self.calls_since_look + 1 >= CALLS_PER_LOOK => Some(Lane::Look),
            (true, _) => Some(Lane::Send),
            (false, true) => Some(Lane::Look),
            (false, false) => is_note_due.then_some(Lane::Note),
        }
    }

    /// Counts a call of the queue of sends.
    pub(super) fn count_send(&mut self) {
        self.calls_since_look += 1;
    }

    /// Counts a look or a safety read.
    pub(super) fn count_look(&mut self) {
        self.calls_since_look = 0;
        self.reads_under_way += 1;
    }

    /// Counts a note. Its answer is counted like that of a read.
    pub(super) fn count_note(&mut self) {
        self.reads_under_way += 1;
    }

    /// Counts a read that a request needs before it is sent.
    pub(super) fn count_preparation(&mut self) {
        self.reads_under_way += 1;
    }

    /// Reads whose answers have not come yet.
    pub(super) fn reads_under_way(&self) -> u32 {
        self.reads_under_way
    }

    /// Counts the answer of a read; `what` names it in the error.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub(super) fn read_came_back(&mut self, what: &'static str) -> Result<(), Impossible> {
        self.reads_under_way = self.reads_under_way.checked_sub(1).ok_or_else(|| Impossible {
            task: u32::MAX,
            event: what,
            phase: "no read in progress".to_owned(),
        })?;
        Ok(())
    }
}

/// How long after the first place of a second's share there are all that leave together.
fn gather_ms(per_second: u32) -> u64 {
    let per_second = u64::from(per_second.max(1));
    let together = per_second * TOGETHER_MS / 1_000;
    together.saturating_sub(1) * 1_000 / per_second
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    /// When so many requests leave, asked as the loop does: at each moment that was named, and in between.
    fn leave(mut allowance: Allowance, requests: usize) -> Vec<i64> {
        let mut now = NOW;
        allowance.grant(u32::MAX, now.plus_ms(1_000_000));
        let mut left = Vec::new();
        while left.len() < requests {
            match allowance.take(now) {
                Ok(()) => left.push(now.0),
                Err(Denied::Until(at)) => {
                    for between in 1..at.remaining_ms(now) {
                        assert!(allowance.take(now.plus_ms(between)).is_err());
                    }
                    now = at;
                }
                Err(Denied::NoGrant) => panic!("there is one"),
            }
        }
        left
    }

    #[test]
    fn requests_of_a_fast_run_leave_together_at_its_rate() {
        for (per_second, together) in [(50, 2), (20, 1), (10, 1), (1, 1)] {
            let left = leave(Allowance::new(per_second), 200);
            let moments: std::collections::BTreeSet<i64> = left.iter().copied().collect();
            let burst = (per_second / 5).max(1) as usize;
            let expected = 1 + (200 - burst).div_ceil(together);
            assert!(moments.len() <= expected, "{} moments at {per_second}", moments.len());
            let took_ms = (left[199] - left[0]) as f64;
            let ideal_ms = (200 - burst) as f64 * 1_000.0 / f64::from(per_second);
            assert!(took_ms <= ideal_ms * 1.02 + 100.0, "{took_ms} ms at {per_second} a second");
        }
    }

    #[test]
    fn a_reduced_rate_loses_no_place() {
        let mut allowance = Allowance::new(50);
        allowance.throttled(NOW);
        let reduced = allowance.reduced_rate().expect("it is reduced").per_second;
        let left = leave(allowance, 40);
        let took_ms = (left[39] - left[0]) as f64;
        // It has no burst, and rises again by itself at most.
        let ideal_ms = 39.0 * 1_000.0 / f64::from(reduced);
        assert!(took_ms <= ideal_ms * 1.05 + 100.0, "{took_ms} ms at {reduced} a second");
    }
}
