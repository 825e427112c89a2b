//! What a person asks of notifications: a test, the list, a delivery now.
//!
//! Owns the requests and their results. Call them outside of a Tokio runtime. Must never record a test in the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::channel::NotifyChannel;
use super::deliver::{DeliveryEnd, deliver};
use super::facts::{NOTICE_VERSION, NoticeFacts};
use super::fault::DeliveryFault;
use super::kind::NoticeKind;
use super::outbox::{Outbox, Wanted};
use super::reason::NotifyReason;
use super::setup::Notifications;
use crate::app::operator::Operator;
use crate::app::{Reason, Workspace};
use crate::drive::{Clock, WallClock};
use crate::journal::OutboxNotice;
use crate::model::UnixMillis;

/// Most notices that a list shows.
const LISTED_MAX: u32 = 200;

/// A channel that was tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestedChannel {
    /// Name of the channel.
    pub name: String,
    /// How it is reached.
    pub way: &'static str,
    /// Why the test notice was not delivered; `None` where it was.
    pub fault: Option<DeliveryFault>,
}

/// A notice of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeListing {
    /// The notice.
    pub notice: OutboxNotice,
    /// Why its last delivery failed.
    pub fault: Option<DeliveryFault>,
}

/// What a delivery that a person asked for came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesTried {
    /// The notices that were tried, as they are now.
    pub tried: Vec<NoticeListing>,
    /// Notices that still wait.
    pub waiting: usize,
    /// When the next of them is tried.
    pub next_at: Option<UnixMillis>,
    /// Another process delivers notices just now.
    pub is_busy: bool,
}

impl Notifications {
    /// Sends a test notice to a channel, or to every channel of the profile.
    ///
    /// # Errors
    /// The profile has no channel of this name.
    pub fn test(&self, channel: Option<&str>) -> Result<Vec<TestedChannel>, Reason> {
        let channels: BTreeMap<&String, &NotifyChannel> = match channel {
            None => self.channels.iter().collect(),
            Some(name) => match self.channels.get_key_value(name) {
                Some(found) => [found].into(),
                None => return Err(self.unknown(name.to_owned()).into()),
            },
        };
        let now = WallClock.now();
        let facts = test_facts(&self.profile, now);
        let test = |(name, channel): (&String, &NotifyChannel)| {
            let id = format!("test-{}-{name}", now.0);
            let fault = match deliver(self, channel, &id, &facts, now) {
                DeliveryEnd::Accepted => None,
                DeliveryEnd::Failed { fault, .. } => Some(fault),
            };
            TestedChannel { name: name.clone(), way: channel.way.word(), fault }
        };
        Ok(channels.into_iter().map(test).collect())
    }
}

impl Workspace {
    /// The newest notices of all profiles, newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn notices(&self) -> Result<Vec<NoticeListing>, Reason> {
        let notices = self.index().latest_notices(LISTED_MAX)?;
        Ok(notices.into_iter().map(listing).collect())
    }

    /// Tries every notice of the profile that waits, without its pause. A pause that the receiver asked for is kept.
    ///
    /// # Errors
    /// The index cannot be read or written.
    pub fn send_notices(&self) -> Result<NoticesTried, Reason> {
        let outbox = Outbox {
            dir: self.dir.clone(),
            index: Arc::clone(&self.index),
            setup: Arc::clone(&self.notifications),
            events: crate::app::Events::new(),
            deliver: Box::new(deliver),
        };
        let end = outbox.pass(Wanted::Waiting, || WallClock.now())?;
        Ok(NoticesTried {
            tried: end.tried.into_iter().map(listing).collect(),
            waiting: outbox.waiting()?.len(),
            next_at: end.next_at,
            is_busy: end.is_busy,
        })
    }

    /// Refuses a run whose channels cannot be used.
    pub(crate) fn check_channels(
        &self,
        job: Option<&[String]>,
        tenant: super::setup::TenantKind,
    ) -> Result<(), NotifyReason> {
        self.notifications.check(job, tenant)
    }
}

fn listing(notice: OutboxNotice) -> NoticeListing {
    let fault = notice.last_error.as_deref().and_then(DeliveryFault::of_stored);
    NoticeListing { notice, fault }
}

fn test_facts(profile: &str, now: UnixMillis) -> NoticeFacts {
    NoticeFacts {
        version: NOTICE_VERSION,
        kind: NoticeKind::Finished,
        test: true,
        simulated: false,
        run: String::new(),
        job: String::new(),
        tenant: profile.to_owned(),
        host: Operator::current().host,
        at: now.to_string(),
        started_at: now.to_string(),
        ended_at: None,
        verdict: None,
        stop: None,
        tasks: 0,
        counts: BTreeMap::new(),
        missing_pins: 0,
        wave: None,
        wave_tasks: None,
        report_dir: String::new(),
    }
}
