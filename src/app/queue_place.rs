//! The one place in the queue of a job.
//!
//! Owns who waits. A process that waits counts as a run of its job: others are refused, so that starts never pile up. Must
//! never hold a lock of a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::refusal::Reason;
use crate::journal::{HeldLock, StateDir};
use crate::model::sha256;
use crate::transport::tenant_key;

/// Digits of the hash that names the lock of a queue.
const KEY_DIGITS: usize = 16;

/// A place in the queue of a job. Clones are the same place. It ends with the last of them, or when the run is entered.
#[derive(Clone, Debug, Default)]
pub struct QueuePlace(Arc<Mutex<PlaceState>>);

#[derive(Debug, Default)]
struct PlaceState {
    /// The work that the last attempt was about.
    work: String,
    /// The queue that this process waits in, and its lock.
    held: Option<(String, HeldLock)>,
}

impl QueuePlace {
    fn state(&self) -> MutexGuard<'_, PlaceState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes which work would wait, should it be refused.
    pub(crate) fn want(&self, key: String) {
        self.state().work = key;
    }

    /// Whether this process waits in a queue.
    pub(crate) fn is_in(&self, key: &str) -> bool {
        self.state().held.as_ref().is_some_and(|(held, _)| held == key)
    }

    /// Leaves the queue: the run is entered, and holds its own locks.
    pub(crate) fn leave(&self) {
        self.state().held = None;
    }

    /// Takes the place in the queue of the wanted work; whether it is this process's now.
    pub(crate) fn join(&self, dir: &StateDir) -> Result<bool, Reason> {
        let mut state = self.state();
        let key = state.work.clone();
        if state.held.as_ref().is_some_and(|(held, _)| *held == key) {
            return Ok(true);
        }
        state.held = None;
        let Some(lock) = dir.hold_turn(&key)? else { return Ok(false) };
        state.held = Some((key, lock));
        Ok(true)
    }
}

/// The queue of a job on a tenant. A job whose name tells it from others keeps its queue when its file changes.
pub(crate) fn queue_of_job(base_url: &str, name: &str, digest: &str, is_named: bool) -> String {
    let job = if is_named { format!("name {name}") } else { format!("digest {digest}") };
    key(&format!("{} {job}", tenant_key(base_url)))
}

/// The queue of a run that is to go on or to be retried.
pub(crate) fn queue_of_run(run: &str) -> String {
    key(&format!("run {run}"))
}

fn key(text: &str) -> String {
    sha256(text.as_bytes()).chars().take(KEY_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_one_place() {
        let directory = tempfile::tempdir().expect("a directory");
        let dir = StateDir::open(directory.path()).expect("a state directory");
        let (first, second) = (QueuePlace::default(), QueuePlace::default());
        let of_job = |name| queue_of_job("https://acme.api.kandji.io", name, "d", true);
        first.want(of_job("nightly"));
        second.want(of_job("nightly"));
        assert!(first.join(&dir).expect("a lock") && first.join(&dir).expect("still"));
        assert!(!second.join(&dir).expect("it is taken"));
        assert!(first.is_in(&of_job("nightly")) && !second.is_in(&of_job("nightly")));
        second.want(of_job("hourly"));
        assert!(second.join(&dir).expect("another queue"));
        second.want(of_job("nightly"));
        first.clone().leave();
        assert!(second.join(&dir).expect("it is free again"));
    }

    #[test]
    fn tenants_names_and_runs_have_their_own_queues() {
        let (acme, other) = ("https://acme.api.kandji.io", "https://other.api.kandji.io");
        let named = queue_of_job(acme, "a", "1", true);
        assert_eq!(named, queue_of_job(acme, "a", "2", true));
        assert_ne!(named, queue_of_job(other, "a", "1", true));
        assert_ne!(named, queue_of_job(acme, "a", "1", false));
        assert_ne!(queue_of_run("a"), queue_of_run("b"));
    }
}
