//! Writing reports from the journal.
//!
//! Owns when they are written: now and then during a run, and at its end. Must never hold up the run: it
//! reads the journal on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::run_view::RunView;
use crate::app::events::{AppEvent, Events};
use crate::app::refusal::Reason;
use crate::drive::{Clock, WallClock};
use crate::journal::StateDir;
use crate::model::RunTasks;

/// Shortest time between two rewrites.
const PAUSE_MS_MIN: u64 = 10_000;
/// A rewrite is followed by a pause so many times as long, so that it adds little to what the run costs: it reads all tasks
/// and writes all rows. The journal is never behind, and `sortie report` writes the reports from it at any time.
const PAUSE_FACTOR: u64 = 300;
/// Longest time between two rewrites.
const PAUSE_MS_MAX: u64 = 900_000;

/// Rewrites the reports of a run in progress.
pub(crate) struct Reporter {
    /// Whether there is something new. No message for each batch: that would wake the thread each time.
    is_dirty: Arc<AtomicBool>,
    /// Dropped to end the thread.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reporter {
    /// Starts it. Observers learn of the first rewrite that fails; the run goes on, its journal holds all.
    pub(crate) fn start(
        state_dir: StateDir,
        (run, tasks): (String, RunTasks),
        directory: PathBuf,
        events: Events,
    ) -> Self {
        let (running, ended) = channel();
        let is_dirty = Arc::new(AtomicBool::new(false));
        let changed = Arc::clone(&is_dirty);
        let spawned = std::thread::Builder::new().name("reports".to_owned()).spawn(move || {
            rewrite(&state_dir, (&run, &tasks), &directory, (&changed, &ended), &events)
        });
        Self { is_dirty, running: Some(running), thread: spawned.ok() }
    }

    /// Says that there is something new.
    pub(crate) fn changed(&self) {
        self.is_dirty.store(true, Ordering::Relaxed);
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn rewrite(
    state_dir: &StateDir,
    (run, tasks): (&str, &RunTasks),
    directory: &Path,
    (is_dirty, ended): (&AtomicBool, &Receiver<()>),
    events: &Events,
) {
    let mut pause_ms = PAUSE_MS_MIN;
    let mut has_failed = false;
    while ended.recv_timeout(Duration::from_millis(pause_ms)) == Err(RecvTimeoutError::Timeout) {
        if !is_dirty.swap(false, Ordering::Relaxed) {
            pause_ms = PAUSE_MS_MIN;
            continue;
        }
        let began = WallClock.now();
        let written = write(state_dir, (run, tasks), directory);
        if let (Err(reason), false) = (written, has_failed) {
            has_failed = true;
            events.tell(&AppEvent::ReportsNotWritten(reason));
        }
        let took_ms = WallClock.now().since(began).max(0).unsigned_abs();
        pause_ms = took_ms.saturating_mul(PAUSE_FACTOR).clamp(PAUSE_MS_MIN, PAUSE_MS_MAX);
    }
}

fn write(
    state_dir: &StateDir,
    (run, tasks): (&str, &RunTasks),
    directory: &Path,
) -> Result<(), Reason> {
    Ok(RunView::read_with(state_dir, run, tasks)?.write(directory, None)?)
}
