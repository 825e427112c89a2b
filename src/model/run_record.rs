//! What is known of a run as a whole, as a fold over its entries.
//!
//! Owns the reading of the entries that name no task, and when each action was last sent. Must never count outcomes: the
//! tasks' records do.

use super::{Entry, Event, LastSends, PauseTally, StopCause, UnixMillis};

/// What a run's entries say of the run itself: why it stopped, its waves, and who closed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// When the last entry was formed.
    pub last_at: UnixMillis,
    /// Why it stopped, for programs and for people, since a process last began to drive it.
    pub stop: Option<(StopCause, String)>,
    /// Actions that stopped in that time because the token lacks the permission, with the API's words.
    pub stopped_actions: Vec<(String, String)>,
    /// A process began to drive it and has not left it in order.
    pub is_open: bool,
    /// The waves after the first, in order.
    pub waves: Vec<WaveBegin>,
    /// Devices that joined an earlier wave: the number of the device in the run, and the wave.
    pub canaries: Vec<(u32, u16)>,
    /// How long it paused, and why.
    pub pauses: PauseTally,
    /// When a person closed it, and who.
    pub closed: Option<(UnixMillis, String)>,
    /// When each action was last sent.
    pub last_sends: LastSends,
}

/// The beginning of a wave after the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaveBegin {
    /// Its number, from 0.
    pub wave: u16,
    /// When it may begin to send.
    pub at: UnixMillis,
    /// What became of the wave before.
    pub reason: String,
}

impl RunRecord {
    /// Takes in one entry of the run.
    pub fn apply(&mut self, entry: &Entry) {
        self.last_at = self.last_at.max(entry.at);
        self.pauses.apply(entry);
        self.last_sends.take(entry.at, &entry.event);
        match &entry.event {
            Event::Opened { .. } => {
                self.is_open = true;
                self.stop = None;
                self.stopped_actions.clear();
            }
            Event::Stopped { cause, reason } => self.stop = Some((*cause, reason.clone())),
            Event::ActionStopped { action, reason } => {
                self.stopped_actions.push((action.clone(), reason.clone()));
            }
            Event::WaveBegun { wave, not_before, reason } => {
                self.waves.push(WaveBegin { wave: *wave, at: *not_before, reason: reason.clone() })
            }
            Event::CanaryAdded { device, .. } => {
                let wave = self.waves.last().map_or(0, |begun| begun.wave);
                self.canaries.push((*device, wave));
            }
            Event::Closed => self.is_open = false,
            Event::Ended { by } => {
                self.is_open = false;
                self.closed = Some((entry.at, by.clone()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(events: &[Event]) -> RunRecord {
        let mut record = RunRecord::default();
        for (at, event) in (1..).zip(events) {
            record.apply(&Entry { at: UnixMillis(at), event: event.clone() });
        }
        record
    }

    fn opened() -> Event {
        Event::Opened { program: "sortie".to_owned() }
    }

    fn stopped(cause: StopCause) -> Event {
        Event::Stopped { cause, reason: "why".to_owned() }
    }

    #[test]
    fn a_stop_counts_until_a_process_resumes_the_run() {
        let forbidden = Event::ActionStopped { action: "lock".to_owned(), reason: "no".to_owned() };
        let first = [opened(), stopped(StopCause::Errors), forbidden, Event::Closed];
        let stopped = record(&first);
        assert_eq!(stopped.stop, Some((StopCause::Errors, "why".to_owned())));
        assert_eq!(stopped.stopped_actions.len(), 1);
        assert!(!stopped.is_open);
        let resumed = record(&[&first[..], &[opened()]].concat());
        assert!(resumed.is_open && resumed.stop.is_none() && resumed.stopped_actions.is_empty());
        assert_eq!(resumed.last_at, UnixMillis(5));
    }

    #[test]
    fn a_device_joins_the_wave_that_is_open() {
        let wave = Event::WaveBegun {
            wave: 1,
            not_before: UnixMillis(9),
            reason: "wave 1 is done".to_owned(),
        };
        let joins = |device| Event::CanaryAdded { device, reason: String::new() };
        let record = record(&[opened(), joins(7), wave, joins(8)]);
        assert_eq!(record.canaries, [(7, 0), (8, 1)]);
        assert_eq!((record.waves[0].wave, record.waves[0].at), (1, UnixMillis(9)));
    }

    #[test]
    fn closing_a_run_that_broke_off_ends_it() {
        let by = "ann on mac-7".to_owned();
        let closed = record(&[opened(), Event::Ended { by: by.clone() }]);
        assert_eq!(closed.closed, Some((UnixMillis(2), by)));
        assert!(!closed.is_open);
    }
}
