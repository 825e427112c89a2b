//! Delivering what the outbox holds.
//!
//! Owns the order of a delivery: one process at a time, the notice read again, delivered, written down. Invariant: a notice
//! that is not written down as delivered is tried again, with the id that it had. Must never change a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::deliver::DeliveryEnd;
use super::facts::NoticeFacts;
use super::fault::DeliveryFault;
use super::schedule::after;
use super::setup::Notifications;
use crate::app::events::{AppEvent, Events, NoticeFailure};
use crate::journal::{Index, JournalError, OutboxNotice, OutboxState, StateDir};
use crate::model::UnixMillis;

/// Delivers one notice to its channel.
pub(super) type DeliverNotice = Box<
    dyn Fn(
            &Notifications,
            &super::channel::NotifyChannel,
            &str,
            &NoticeFacts,
            UnixMillis,
        ) -> DeliveryEnd
        + Send
        + Sync,
>;

/// The outbox of a state directory, with the channels of one profile.
pub(super) struct Outbox {
    pub dir: StateDir,
    pub index: Arc<Mutex<Index>>,
    pub setup: Arc<Notifications>,
    pub events: Events,
    pub deliver: DeliverNotice,
}

/// Which notices a pass tries.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those whose pause is over.
    Due,
    /// All that wait, unless their receiver asked for a pause.
    Waiting,
}

/// What a pass came to.
#[derive(Debug, Default)]
pub(super) struct PassEnd {
    /// The notices that were tried, as they are now.
    pub tried: Vec<OutboxNotice>,
    /// When the next one is due; `None` where none waits.
    pub next_at: Option<UnixMillis>,
    /// Another process delivers notices just now.
    pub is_busy: bool,
}

impl Outbox {
    /// Tries each notice of the profile that is wanted, once.
    pub fn pass(
        &self,
        wanted: Wanted,
        clock: impl Fn() -> UnixMillis,
    ) -> Result<PassEnd, JournalError> {
        let mut end = PassEnd::default();
        for notice in self.waiting()? {
            if !is_wanted(&notice, wanted, clock()) {
                continue;
            }
            let Some(_alone) = self.dir.hold_outbox()? else {
                end.is_busy = true;
                break;
            };
            // Another process may have delivered it since.
            let again = self.waiting()?.into_iter().find(|other| other.id == notice.id);
            let Some(notice) = again.filter(|notice| is_wanted(notice, wanted, clock())) else {
                continue;
            };
            let delivery = self.try_once(&notice, clock());
            let notice = after(&notice, &delivery, clock());
            self.index().update_notice(&notice)?;
            self.tell(&notice, &delivery);
            end.tried.push(notice);
        }
        end.next_at = self.waiting()?.iter().map(|notice| notice.next_at).min();
        Ok(end)
    }

    /// The notices of the profile that are not delivered.
    pub fn waiting(&self) -> Result<Vec<OutboxNotice>, JournalError> {
        self.index().waiting_notices(&self.setup.profile)
    }

    fn try_once(&self, notice: &OutboxNotice, now: UnixMillis) -> DeliveryEnd {
        let Some(channel) = self.setup.channels.get(&notice.channel) else {
            return DeliveryFault::NoChannel.into();
        };
        match serde_json::from_str(&notice.facts) {
            Ok(facts) => (self.deliver)(&self.setup, channel, &notice.id, &facts, now),
            Err(_) => {
                let why = "a newer version of sortie recorded it".to_owned();
                DeliveryFault::Unusable { why }.into()
            }
        }
    }

    /// Tells the first failure of a notice, and that it is given up. What lies between is in the list.
    fn tell(&self, notice: &OutboxNotice, delivery: &DeliveryEnd) {
        let DeliveryEnd::Failed { fault, .. } = delivery else { return };
        let is_given_up = notice.state == OutboxState::GivenUp;
        if notice.attempts == 1 || is_given_up {
            self.events.tell(&AppEvent::NoticeNotDelivered(NoticeFailure {
                channel: notice.channel.clone(),
                run: notice.run.clone(),
                kind: notice.kind.clone(),
                fault: fault.clone(),
                next_at: (!is_given_up).then_some(notice.next_at),
            }));
        }
    }

    /// The index, for one short use: never while a delivery is on its way.
    pub fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_wanted(notice: &OutboxNotice, wanted: Wanted, now: UnixMillis) -> bool {
    match wanted {
        Wanted::Due => notice.next_at <= now,
        Wanted::Waiting => notice.held_until.is_none_or(|until| until <= now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    struct Bench {
        _directory: tempfile::TempDir,
        outbox: Outbox,
        ids: Arc<Mutex<Vec<String>>>,
    }

    /// An outbox whose deliveries end as `ends` says, one after the other, and then well.
    fn bench(ends: Vec<DeliveryEnd>) -> Bench {
        let directory = tempfile::tempdir().expect("a directory");
        let dir = StateDir::open(&directory.path().join("state")).expect("a state directory");
        let index = Arc::new(Mutex::new(Index::open(&dir).expect("an index")));
        let channel = toml::from_str("webhook = { url_env = 'A' }").expect("a channel");
        let setup = Notifications {
            profile: "acme".to_owned(),
            channels: [("ops".to_owned(), channel)].into(),
            ..Notifications::default()
        };
        let (ids, at) = (Arc::new(Mutex::new(Vec::new())), AtomicUsize::new(0));
        let seen = Arc::clone(&ids);
        let deliver: DeliverNotice = Box::new(move |_, _, id, _, _| {
            seen.lock().expect("no panic").push(id.to_owned());
            let end = ends.get(at.fetch_add(1, Ordering::Relaxed));
            end.cloned().unwrap_or(DeliveryEnd::Accepted)
        });
        let outbox = Outbox { dir, index, setup: Arc::new(setup), events: Events::new(), deliver };
        Bench { _directory: directory, outbox, ids }
    }

    fn notice(id: &str, channel: &str) -> OutboxNotice {
        OutboxNotice {
            id: id.to_owned(),
            run: "R".to_owned(),
            kind: "doubt".to_owned(),
            detail: id.to_owned(),
            profile: "acme".to_owned(),
            channel: channel.to_owned(),
            facts: facts(),
            made_at: NOW,
            state: OutboxState::Waiting,
            attempts: 0,
            next_at: NOW,
            held_until: None,
            last_error: None,
            ended_at: None,
        }
    }

    fn facts() -> String {
        let facts = serde_json::json!({
            "version": 1, "kind": "doubt", "run": "R", "job": "j", "tenant": "t", "host": "h", "at": "a",
            "started_at": "s", "tasks": 1, "counts": {}, "missing_pins": 0, "report_dir": "d",
        });
        facts.to_string()
    }

    fn failed(status: u16, retry_after_ms: Option<u64>) -> DeliveryEnd {
        DeliveryEnd::Failed { fault: DeliveryFault::Status { status }, retry_after_ms }
    }

    #[test]
    fn a_failed_delivery_is_tried_again_with_its_id() {
        let bench = bench(vec![failed(500, None), failed(429, Some(60_000))]);
        bench.outbox.index().add_notice(&notice("one", "ops")).expect("recorded");
        let now = Cell::new(NOW);
        let pass = |at_ms: u64| {
            now.set(NOW.plus_ms(at_ms));
            bench.outbox.pass(Wanted::Due, || now.get()).expect("a pass")
        };
        assert_eq!(pass(0).next_at, Some(NOW.plus_ms(2_000)));
        assert!(pass(1_999).tried.is_empty(), "its pause is not over");
        assert_eq!(
            pass(2_000).next_at,
            Some(NOW.plus_ms(62_000)),
            "the receiver asked for a minute"
        );
        assert!(pass(61_999).tried.is_empty());
        let end = pass(62_000);
        assert_eq!((end.tried[0].state, end.next_at), (OutboxState::Delivered, None));
        assert!(pass(90_000_000).tried.is_empty(), "it is delivered once");
        assert_eq!(*bench.ids.lock().expect("no panic"), ["one", "one", "one"]);
    }

    #[test]
    fn a_person_who_asks_skips_our_pause_and_not_the_receivers() {
        let bench = bench(vec![failed(404, None), failed(429, Some(60_000))]);
        bench.outbox.index().add_notice(&notice("one", "ops")).expect("recorded");
        let pass = |wanted, at_ms| {
            bench.outbox.pass(wanted, || NOW.plus_ms(at_ms)).expect("a pass").tried.len()
        };
        assert_eq!(pass(Wanted::Due, 0), 1);
        assert_eq!(pass(Wanted::Due, 1), 0);
        assert_eq!(pass(Wanted::Waiting, 1), 1);
        assert_eq!(pass(Wanted::Waiting, 2), 0, "the receiver asked for a minute");
        assert_eq!(pass(Wanted::Waiting, 60_001), 1);
    }

    #[test]
    fn a_notice_is_recorded_and_delivered_once() {
        let bench = bench(Vec::new());
        assert!(bench.outbox.index().add_notice(&notice("one", "ops")).expect("recorded"));
        assert!(!bench.outbox.index().add_notice(&notice("one", "ops")).expect("known"));
        let same = OutboxNotice { id: "two".to_owned(), ..notice("one", "ops") };
        assert!(!bench.outbox.index().add_notice(&same).expect("known"));
        let tried = || bench.outbox.pass(Wanted::Due, || NOW).expect("a pass").tried.len();
        assert_eq!([tried(), tried()], [1, 0]);
    }

    #[test]
    fn two_processes_never_deliver_at_the_same_time() {
        let bench = bench(Vec::new());
        bench.outbox.index().add_notice(&notice("one", "ops")).expect("recorded");
        let other = bench.outbox.dir.hold_outbox().expect("a lock").expect("free");
        let end = bench.outbox.pass(Wanted::Due, || NOW).expect("a pass");
        assert!(end.is_busy && end.tried.is_empty());
        drop(other);
        let end = bench.outbox.pass(Wanted::Due, || NOW).expect("a pass");
        assert_eq!((end.is_busy, end.tried.len()), (false, 1));
    }

    #[test]
    fn a_channel_that_is_gone_keeps_its_notice() {
        let bench = bench(Vec::new());
        bench.outbox.index().add_notice(&notice("one", "removed")).expect("recorded");
        let end = bench.outbox.pass(Wanted::Due, || NOW).expect("a pass");
        assert_eq!(end.tried[0].state, OutboxState::Waiting);
        let fault = end.tried[0].last_error.as_deref().and_then(DeliveryFault::of_stored);
        assert_eq!(fault, Some(DeliveryFault::NoChannel));
        assert!(bench.ids.lock().expect("no panic").is_empty());
    }
}
