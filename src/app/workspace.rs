//! The state directory, opened.
//!
//! Owns the door to journals, index and quota: everything that works with runs goes through it. Must never choose the directory
//! itself, and never count one tenant twice because its address was spelt another way.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::events::{AppEvent, Events};
use super::notify::Notifications;
use super::queue_place::QueuePlace;
use super::refusal::Reason;
use super::workspace_reason::WorkspaceReason;
use crate::drive::{Clock, Quota, WallClock};
use crate::journal::{Index, StateDir};
use crate::transport::tenant_key;

/// What sortie works on: a state directory with its index of runs, and the observers of what happens. Clones share all of it.
#[derive(Clone)]
pub struct Workspace {
    pub(crate) dir: StateDir,
    pub(crate) index: Arc<Mutex<Index>>,
    pub(crate) events: Events,
    /// The place in which the front end waits for other runs.
    pub(crate) place: QueuePlace,
    /// How the host's record calls a refusal.
    pub(crate) describe: fn(&Reason) -> String,
    /// The channels that runs notify.
    pub(crate) notifications: Arc<Notifications>,
}

impl Workspace {
    /// Opens a state directory; creates it where there is none.
    ///
    /// # Errors
    /// The directory or its index cannot be used.
    pub fn open(path: &Path, events: Events) -> Result<Self, Reason> {
        let dir = StateDir::open(path)?;
        let index = Index::open(&dir)?;
        // Limits that count from a moment in the future are reported: this host's clock was wrong once.
        let ahead = index.ahead_of(WallClock.now(), |run| dir.is_sending(run))?;
        if ahead.latest.is_some() {
            events.tell(&AppEvent::ClockWasAhead(ahead));
        }
        let place = QueuePlace::default();
        Ok(Self {
            dir,
            index: Arc::new(Mutex::new(index)),
            events,
            place,
            describe: kind_of,
            notifications: Arc::default(),
        })
    }

    /// Opens a state directory for looking only: nothing is created, and what a newer program wrote can be read. `None`
    /// where there is none yet.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn open_to_read(path: &Path, events: Events) -> Result<Option<Self>, Reason> {
        let dir = StateDir::at(path);
        let index = Index::open_to_read(&dir)?;
        Ok(index.map(|index| Self {
            dir,
            index: Arc::new(Mutex::new(index)),
            events,
            place: QueuePlace::default(),
            describe: kind_of,
            notifications: Arc::default(),
        }))
    }

    /// Opens a state directory for looking at its runs.
    ///
    /// # Errors
    /// The index cannot be read, or there is none.
    pub fn with_runs(path: &Path, events: Events) -> Result<Self, Reason> {
        Self::open_to_read(path, events)?.ok_or_else(|| WorkspaceReason::NoRuns.into())
    }

    /// The same workspace, whose host's record calls refusals as `describe` does. Without it they are called by their kind.
    #[must_use]
    pub fn describing(self, describe: fn(&Reason) -> String) -> Self {
        Self { describe, ..self }
    }

    /// The same workspace, whose runs notify these channels.
    #[must_use]
    pub fn notifying(self, notifications: Notifications) -> Self {
        Self { notifications: Arc::new(notifications), ..self }
    }

    /// The same state directory for one tenant of several: with its own channels, and its own place in a queue. Events go to the
    /// same observers.
    #[must_use]
    pub(crate) fn for_tenant(&self, notifications: Notifications) -> Self {
        Self {
            dir: self.dir.clone(),
            index: Arc::clone(&self.index),
            events: self.events.clone(),
            place: QueuePlace::default(),
            describe: self.describe,
            notifications: Arc::new(notifications),
        }
    }

    /// Adds an observer, which receives every event from now on. It must return at once.
    pub fn observe(&self, observer: impl FnMut(&AppEvent) + Send + 'static) {
        self.events.observe(observer);
    }

    /// Path of the state directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The hour of the tenant at `base_url`.
    pub(crate) fn quota(&self, base_url: &str, per_hour: u32) -> Quota {
        Quota::new(Arc::clone(&self.index), &tenant_key(base_url), per_hour)
    }

    /// The index, for one short use.
    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of a reason.
fn kind_of(reason: &Reason) -> String {
    let facts = serde_json::to_value(reason).unwrap_or_default();
    facts["kind"].as_str().unwrap_or_default().to_owned()
}
