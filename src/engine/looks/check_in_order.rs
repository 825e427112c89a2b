//! Whether the device list comes with the newest check-ins in front, and how far it has to be read then.
//!
//! Owns the proof of that order. A run asks for it, and a tenant may ignore that: then each poll reads the whole list.
//! Must never take an order for granted.

use crate::model::{Shown, UnixMillis};

/// So many pairs of rows in this order, and none against it, prove it.
const PAIRS_MIN: u32 = 20;
/// How much older than the newest check-in of the last poll the rows are that are read again, in milliseconds: a list
/// may be read from a copy that lags behind.
const LAG_MS: i64 = 60_000;
/// One of so many polls reads the whole list in any case.
const WHOLE_EVERY: u32 = 16;

/// The order of a list as it was seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckInOrder {
    pairs: u32,
    has_broken: bool,
    polls: u32,
    /// When this poll began, and the newest check-in that it has shown.
    began_at: UnixMillis,
    newest: Option<UnixMillis>,
    /// Rows that are older than this were shown by the last poll.
    horizon: Option<UnixMillis>,
}

impl CheckInOrder {
    /// Another poll begins.
    pub(super) fn begin(&mut self, now: UnixMillis) {
        let shown_until = self.newest.map(|newest| newest.min(self.began_at));
        let is_whole = self.polls.is_multiple_of(WHOLE_EVERY);
        self.horizon = shown_until.filter(|_| !is_whole).map(|until| UnixMillis(until.0 - LAG_MS));
        self.polls += 1;
        self.began_at = now;
        self.newest = None;
    }

    /// Takes in the rows of a page. Whether the pages after it can only show what the last poll has shown.
    pub(super) fn take(&mut self, rows: &[Shown]) -> bool {
        let mut before: Option<UnixMillis> = None;
        for at in rows.iter().filter_map(|row| row.last_check_in) {
            self.has_broken |= before.is_some_and(|before| at > before);
            self.pairs += u32::from(before.is_some_and(|before| at < before));
            self.newest = self.newest.max(Some(at));
            before = Some(at);
        }
        let is_proven = !self.has_broken && self.pairs >= PAIRS_MIN;
        let is_old = |horizon: UnixMillis| before.is_some_and(|at| at < horizon);
        is_proven && self.horizon.is_some_and(is_old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskIndex;

    fn rows(check_ins: impl IntoIterator<Item = i64>) -> Vec<Shown> {
        let row = |at: i64| Shown {
            task: TaskIndex(0),
            last_check_in: Some(UnixMillis(at * 1_000)),
            has_changed: false,
            has_agent: true,
        };
        check_ins.into_iter().map(row).collect()
    }

    #[test]
    fn a_list_in_order_is_read_as_far_as_it_is_new() {
        let mut order = CheckInOrder::default();
        order.begin(UnixMillis(1_000_000));
        assert!(!order.take(&rows((900..990).rev())), "the first poll reads all");
        order.begin(UnixMillis(1_100_000));
        assert!(!order.take(&rows((935..1_090).rev())), "the lag is read again");
        assert!(order.take(&rows((910..936).rev())), "the rest was shown before");
        for _ in 0..WHOLE_EVERY - 2 {
            order.begin(UnixMillis(1_100_000));
        }
        order.begin(UnixMillis(1_100_000));
        assert!(!order.take(&rows((0..500).rev())), "now and then the whole list is read");
    }

    #[test]
    fn a_list_in_another_order_is_read_to_its_end() {
        let mut order = CheckInOrder::default();
        order.begin(UnixMillis(1_000_000));
        order.take(&rows((900..990).rev().chain([995])));
        order.begin(UnixMillis(1_100_000));
        assert!(!order.take(&rows((0..100).rev())));
        let mut few = CheckInOrder::default();
        few.begin(UnixMillis(1_000_000));
        few.take(&rows([990, 980]));
        few.begin(UnixMillis(1_100_000));
        assert!(!few.take(&rows([1_050, 10])), "two rows prove no order");
    }
}
