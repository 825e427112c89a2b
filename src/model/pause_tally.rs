//! How long a run paused, and why.
//!
//! Owns the sum over the entries of pauses. Must never count a moment twice: pauses overlap, because answers that were in
//! progress together each ask for one.

use std::collections::BTreeMap;

use super::{Entry, Event, UnixMillis};

/// Reasons that are counted apart. A server that says something new each time must not fill the memory.
const REASONS_MAX: usize = 100;
/// The name of all further reasons.
const FURTHER: &str = "other reasons";

/// The pauses of a run by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PauseTally {
    by_reason: BTreeMap<String, PauseTotal>,
    /// The end of the last pause, and its reason.
    last: Option<(UnixMillis, String)>,
}

/// The pauses with one reason.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct PauseTotal {
    /// How many there were.
    pub count: u32,
    /// How long they took together, in milliseconds.
    pub total_ms: u64,
}

impl PauseTally {
    /// Takes in one entry of the run.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Paused { until, reason } => self.pause(entry.at, *until, reason),
            // The process ended in the middle of a pause.
            Event::Opened { .. } | Event::Closed | Event::Ended { .. } => self.cut(entry.at),
            _ => {}
        }
    }

    /// The reasons with their pauses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, PauseTotal)> {
        self.by_reason.iter().map(|(reason, total)| (reason.as_str(), *total))
    }

    /// All pauses together, in milliseconds.
    #[must_use]
    pub fn total_ms(&self) -> u64 {
        self.by_reason.values().map(|total| total.total_ms).sum()
    }

    fn pause(&mut self, at: UnixMillis, until: UnixMillis, reason: &str) {
        let begins = self.last.as_ref().map_or(at, |(end, _)| at.max(*end));
        let is_known = self.by_reason.contains_key(reason) || self.by_reason.len() < REASONS_MAX;
        let reason = if is_known { reason } else { FURTHER };
        let total = self.by_reason.entry(reason.to_owned()).or_default();
        total.count += 1;
        total.total_ms += until.remaining_ms(begins);
        if until > begins {
            self.last = Some((until, reason.to_owned()));
        }
    }

    /// Takes back what is left of the last pause.
    fn cut(&mut self, at: UnixMillis) {
        let Some((end, reason)) = self.last.take() else { return };
        if let Some(total) = self.by_reason.get_mut(&reason) {
            total.total_ms = total.total_ms.saturating_sub(end.remaining_ms(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paused(at: i64, until: i64, reason: &str) -> Entry {
        let event = Event::Paused { until: UnixMillis(until), reason: reason.to_owned() };
        Entry { at: UnixMillis(at), event }
    }

    fn tally(entries: &[Entry]) -> Vec<(String, u32, u64)> {
        let mut tally = PauseTally::default();
        entries.iter().for_each(|entry| tally.apply(entry));
        tally.iter().map(|(reason, it)| (reason.to_owned(), it.count, it.total_ms)).collect()
    }

    #[test]
    fn pauses_that_overlap_count_once() {
        let entries = [
            paused(0, 1_000, "HTTP 429"),
            paused(400, 1_500, "HTTP 429"),
            paused(500, 900, "hour"),
        ];
        assert_eq!(tally(&entries), [("HTTP 429".into(), 2, 1_500), ("hour".into(), 1, 0)]);
    }

    #[test]
    fn a_process_that_ends_cuts_its_pause() {
        let closed = Entry { at: UnixMillis(600), event: Event::Closed };
        let entries = [paused(0, 1_000, "hour"), closed, paused(700, 800, "hour")];
        assert_eq!(tally(&entries), [("hour".into(), 2, 700)]);
    }

    #[test]
    fn reasons_without_end_are_counted_together() {
        let entries: Vec<Entry> =
            (0..300).map(|at| paused(at * 10, at * 10 + 5, &format!("reason {at}"))).collect();
        let tally = tally(&entries);
        assert_eq!(tally.len(), REASONS_MAX + 1);
        assert_eq!(tally.iter().map(|(_, _, ms)| ms).sum::<u64>(), 1_500);
    }
}
