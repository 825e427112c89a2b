//! Writing reports from the journal.
//!
//! Owns when they are written: now and then during a run, and at its end. Must never hold up the run: it
//! reads the journal on a thread of its own.

use std::path::{Path, PathBuf};
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
/// A rewrite that takes long is followed by a pause so many times as long.
const PAUSE_FACTOR: u64 = 20;

/// Rewrites the reports of a run in progress.
pub(crate) struct Reporter {
    dirty: Option<Sender<()>>,
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
        let (dirty, changes) = channel();
        let spawned = std::thread::Builder::new()
            .name("reports".to_owned())
            .spawn(move || rewrite(&state_dir, (&run, &tasks), &directory, &changes, &events));
        Self { dirty: Some(dirty), thread: spawned.ok() }
    }

    /// Says that there is something new.
    pub(crate) fn changed(&self) {
        if let Some(dirty) = &self.dirty {
            // A reporter that has ended has said so.
            let _ = dirty.send(());
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.dirty = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn rewrite(
    state_dir: &StateDir,
    (run, tasks): (&str, &RunTasks),
    directory: &Path,
    changes: &Receiver<()>,
    events: &Events,
) {
    let mut pause_ms = PAUSE_MS_MIN;
    let mut has_failed = false;
    while changes.recv().is_ok() {
        let until = WallClock.now().plus_ms(pause_ms);
        loop {
            let left_ms = until.remaining_ms(WallClock.now());
            match changes.recv_timeout(Duration::from_millis(left_ms)) {
                Ok(()) if left_ms > 0 => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(()) | Err(RecvTimeoutError::Timeout) => break,
            }
        }
        let began = WallClock.now();
        let written = write(state_dir, (run, tasks), directory);
        if let (Err(reason), false) = (written, has_failed) {
            has_failed = true;
            events.tell(&AppEvent::ReportsNotWritten(reason));
        }
        let took_ms = WallClock.now().remaining_ms(began);
        pause_ms = PAUSE_MS_MIN.max(took_ms * PAUSE_FACTOR);
    }
}

fn write(
    state_dir: &StateDir,
    (run, tasks): (&str, &RunTasks),
    directory: &Path,
) -> Result<(), Reason> {
    Ok(RunView::read_with(state_dir, run, tasks)?.write(directory, None)?)
}
