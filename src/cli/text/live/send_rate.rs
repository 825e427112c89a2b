//! How fast requests leave.
//!
//! Owns the window in which sends are counted. Must never give a rate that is based on too few sends.

use std::collections::VecDeque;

use crate::model::UnixMillis;

/// Sends older than this say nothing about the rate of now, in milliseconds. Long enough for the usual rate of
/// irreversible requests, which is 12 a minute.
const WINDOW_MS: u64 = 60_000;
/// A gap as long as this is a pause, in milliseconds: the rate is measured anew after it.
const GAP_MS: u64 = 10_000;
/// A rate takes at least so many sends, over at least so many milliseconds.
const SENDS_MIN: u32 = 10;
const SPAN_MS_MIN: u64 = 5_000;
/// Sends within this time share one place in the window, in milliseconds.
const SLOT_MS: u64 = 1_000;

/// Requests that left lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendRate {
    slots: VecDeque<(UnixMillis, u32)>,
    since: Option<UnixMillis>,
    last: Option<UnixMillis>,
}

impl SendRate {
    /// A request left at this moment. Moments must not go back.
    pub(crate) fn note(&mut self, at: UnixMillis) {
        if self.last.is_none_or(|last| at.remaining_ms(last) > GAP_MS) {
            (self.since, self.last) = (Some(at), Some(at));
            self.slots.clear();
        }
        self.last = self.last.max(Some(at));
        match self.slots.back_mut() {
            Some((slot, count)) if at.remaining_ms(*slot) < SLOT_MS => *count += 1,
            _ => self.slots.push_back((at, 1)),
        }
        while self.slots.front().is_some_and(|(slot, _)| at.remaining_ms(*slot) > WINDOW_MS) {
            self.slots.pop_front();
        }
    }

    /// Requests a second; `None` in the first seconds, in a pause, and where too few have left.
    pub(crate) fn per_second(&self, now: UnixMillis) -> Option<f64> {
        let (since, last) = (self.since?, self.last?);
        let span_ms = now.remaining_ms(since).min(WINDOW_MS);
        if span_ms < SPAN_MS_MIN || now.remaining_ms(last) > GAP_MS {
            return None;
        }
        let recent = self.slots.iter().filter(|(slot, _)| now.remaining_ms(*slot) <= WINDOW_MS);
        let sends: u32 = recent.map(|(_, count)| count).sum();
        (sends >= SENDS_MIN).then(|| f64::from(sends) * 1_000.0 / span_ms as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_796_000_000_000);

    #[test]
    fn a_rate_needs_enough_sends_and_ends_with_a_pause() {
        let mut rate = SendRate::default();
        for at in 0..100 {
            rate.note(START.plus_ms(at * 200));
            let shown = rate.per_second(START.plus_ms(at * 200));
            assert_eq!(shown.is_some(), at >= 25, "{at}");
        }
        let now = START.plus_ms(20_000);
        let per_second = rate.per_second(now).expect("enough was sent");
        assert!((per_second - 5.0).abs() < 0.3, "{per_second}");
        assert_eq!(rate.per_second(now.plus_ms(11_000)), None, "nothing is sent any more");
        rate.note(now.plus_ms(60_000));
        assert_eq!(rate.per_second(now.plus_ms(60_100)), None, "it is measured anew");
    }

    #[test]
    fn a_slow_rate_is_a_rate() {
        let mut rate = SendRate::default();
        (0..13).for_each(|at| rate.note(START.plus_ms(at * 5_000)));
        let per_second = rate.per_second(START.plus_ms(60_000)).expect("12 a minute");
        assert!((0.15..0.25).contains(&per_second), "{per_second}");
    }
}
