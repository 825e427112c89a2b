//! Writing reports from the journal.
//!
//! Owns when they are written: now and then during a run, and at its end. Must never hold up the run: it
//! reads the journal on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::drive::{Clock, WallClock};
use crate::journal::{RunHeader, RunReader, RunState, StateDir, TrustedRun};
use crate::model::{Outcome, OutcomeCounts, Task, TaskRecord, UnixMillis};
use crate::report::{Rows, RunFacts, Stage, write_reports};

/// Shortest time between two rewrites.
const PAUSE_MS_MIN: u64 = 10_000;
/// A rewrite that takes long is followed by a pause so many times as long.
const PAUSE_FACTOR: u64 = 20;

/// Everything that a report is made from.
pub(crate) struct RunView {
    pub header: RunHeader,
    pub tasks: Vec<Task>,
    pub records: Vec<TaskRecord>,
    pub requests: crate::journal::RequestCounts,
}

impl RunView {
    /// Reads a run from its journal.
    pub(crate) fn read(state_dir: &StateDir, run: &str) -> Result<Self, Failure> {
        let reader = RunReader::open(state_dir, run)?;
        let header = reader.header()?.ok_or_else(|| {
            Failure::new(Exit::Usage, format!("run {run} was never begun"))
                .next("start the job again with: sortie run")
        })?;
        let tasks = reader.tasks()?;
        let records = reader.records()?;
        let requests = reader.requests()?;
        Ok(Self { header, tasks, records, requests })
    }

    /// A run that was verified.
    pub(crate) fn of(run: TrustedRun) -> Self {
        let TrustedRun { header, tasks, records, requests, .. } = run;
        Self { header, tasks, records, requests }
    }

    pub(crate) fn facts(&self, finished_at: Option<UnixMillis>) -> RunFacts {
        RunFacts {
            run_id: self.header.run.0.clone(),
            job: self.header.job.clone(),
            tenant: self.header.tenant.clone(),
            started_at: self.header.started_at,
            finished_at,
            requests: self.requests.clone(),
            per_hour: self.header.policy.per_hour,
            reason: self.header.reason.clone(),
        }
    }

    /// The tasks with what is known of them.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows::new(&self.tasks, &self.records)
    }

    /// Where the run stands, and its outcomes in words.
    pub(crate) fn standing(&self) -> (RunState, String) {
        standing(&self.rows().outcomes())
    }

    /// Writes all reports into a directory.
    pub(crate) fn write(
        &self,
        directory: &Path,
        finished_at: Option<UnixMillis>,
    ) -> Result<(), Failure> {
        let facts = self.facts(finished_at);
        let rows = self.rows().at(Stage::of(finished_at));
        write_reports(directory, &self.header.report_formats, &facts, &rows).map(drop).map_err(
            |error| {
                Failure::new(Exit::Journal, format!("the reports cannot be written: {error}"))
                    .state("the journal holds everything that was sent and answered")
                    .next(format!("make room, then: sortie report {}", facts.run_id))
            },
        )
    }
}

/// Where a run with these outcomes stands that nobody drives, and the outcomes in words.
pub(crate) fn standing(counts: &OutcomeCounts) -> (RunState, String) {
    let has = |outcomes: [Outcome; 2]| outcomes.iter().any(|outcome| counts.of(*outcome) > 0);
    let state = if has([Outcome::NotAttempted, Outcome::InDoubt]) {
        RunState::Paused
    } else if has([Outcome::Pending, Outcome::NotNow]) {
        RunState::Ended
    } else {
        RunState::Finished
    };
    let words: Vec<String> =
        counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
    (state, words.join(", "))
}

/// Rewrites the reports of a run under way.
pub(crate) struct Reporter {
    dirty: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reporter {
    /// Starts it. `notice` is told once when a rewrite fails; the run goes on, its journal holds all.
    pub(crate) fn start(
        state_dir: StateDir,
        run: String,
        directory: PathBuf,
        notice: impl Fn(&str) + Send + 'static,
    ) -> Self {
        let (dirty, changes) = channel();
        let spawned = std::thread::Builder::new()
            .name("reports".to_owned())
            .spawn(move || rewrite(&state_dir, &run, &directory, &changes, &notice));
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
    run: &str,
    directory: &Path,
    changes: &Receiver<()>,
    notice: &dyn Fn(&str),
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
        let written = RunView::read(state_dir, run).and_then(|view| view.write(directory, None));
        if let (Err(failure), false) = (written, has_failed) {
            has_failed = true;
            notice(&format!("{}; the journal holds everything", failure.what));
        }
        let took_ms = WallClock.now().remaining_ms(began);
        pause_ms = PAUSE_MS_MIN.max(took_ms * PAUSE_FACTOR);
    }
}
