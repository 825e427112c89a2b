//! The one writer of a run's journal.
//!
//! Owns group commit: while one batch is being synced the next ones gather. Must never reorder batches or
//! report one as committed that is not.
//!
//! A journal that cannot be written for a moment (full disk, locked database) is tried again for a while. No intent is
//! committed in that time, so nothing is sent. Then the run stops.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::batch::Batch;
use super::error::JournalError;
use super::run::RunJournal;
use crate::model::{add_answers, add_requests};

/// Batches that may wait for the disk. The engine forms one at a time and waits for none, so this is only
/// reached when the disk hangs; then the engine waits too.
const BATCHES_WAITING_MAX: usize = 1_024;
/// Entries of one transaction.
const ENTRIES_PER_COMMIT_MAX: usize = 4_096;

/// How often a batch is tried. A locked database makes each try wait 10 seconds by itself.
const TRIES_MAX: u32 = 6;
/// Pause between two tries.
const TRY_PAUSE: Duration = Duration::from_secs(2);

/// A batch that no call waits for is confirmed to the host's record with the next one, or after this time.
const CONFIRM_WITHIN: Duration = Duration::from_millis(250);

/// Called when the batch is on disk, or cannot be.
pub type Committed = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Commits batches to a journal in the order in which they are handed in.
pub trait Commit: Send {
    /// Commits the batch and calls `committed`, now or later, on any thread. After an error nothing more
    /// is committed.
    fn submit(&mut self, batch: Batch, committed: Committed);
}

/// Commits on a thread of its own.
pub struct Writer {
    queue: Option<SyncSender<(Batch, Committed)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`JournalError::Content`] when the system gives no thread.
    pub fn start(journal: RunJournal) -> Result<Self, JournalError> {
        let (queue, waiting) = sync_channel(BATCHES_WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(journal, &waiting))
            .map_err(|error| JournalError::Content {
                path: "journal".into(),
                detail: format!("cannot start the journal writer: {error}"),
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }
}

impl Commit for Writer {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        let Some(queue) = &self.queue else { return };
        if let Err(lost) = queue.send((batch, committed)) {
            lost.0.1(Err("the journal writer has stopped".to_owned()));
        }
    }
}

impl Drop for Writer {
    /// Waits until everything that was submitted is on disk.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has already failed every batch that waited for it.
            let _ = thread.join();
        }
    }
}

fn write_all(mut journal: RunJournal, waiting: &Receiver<(Batch, Committed)>) {
    let mut failure: Option<String> = None;
    while let Some((mut batch, committed)) = next_batch(&mut journal, waiting, &mut failure) {
        let mut callbacks = vec![committed];
        while batch.entries.len() < ENTRIES_PER_COMMIT_MAX {
            let Ok((next, committed)) = waiting.try_recv() else { break };
            batch.at = batch.at.max(next.at);
            batch.entries.extend(next.entries);
            add_requests(&mut batch.requests, &next.requests);
            add_answers(&mut batch.answers, &next.answers);
            batch.must_confirm |= next.must_confirm;
            callbacks.push(committed);
        }
        if failure.is_none() {
            failure = append(&mut journal, &batch).err().map(|error| error.to_string());
        }
        for committed in callbacks {
            committed(failure.clone().map_or(Ok(()), Err));
        }
    }
}

/// Waits for the next batch; `None` when there are no more. What the host's record does not know yet is confirmed when none
/// comes for a while, and at the end.
fn next_batch(
    journal: &mut RunJournal,
    waiting: &Receiver<(Batch, Committed)>,
    failure: &mut Option<String>,
) -> Option<(Batch, Committed)> {
    if !journal.is_confirmed() && failure.is_none() {
        match waiting.recv_timeout(CONFIRM_WITHIN) {
            Ok(next) => return Some(next),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let confirmed = try_for_a_while(|| journal.confirm());
                *failure = confirmed.err().map(|error| error.to_string());
            }
        }
    }
    waiting.recv().ok()
}

/// Appends a batch, and tries again for a while when the disk is full or the database is locked: answers
/// gather meanwhile, and a PIN among them is worth waiting for. Nothing is sent in that time, because no
/// intent is committed.
fn append(journal: &mut RunJournal, batch: &Batch) -> Result<(), JournalError> {
    try_for_a_while(|| journal.write(batch))?;
    match batch.must_confirm {
        true => try_for_a_while(|| journal.confirm()),
        false => Ok(()),
    }
}

fn append_once(journal: &mut RunJournal, batch: &Batch) -> Result<(), JournalError> {
    journal.write(batch)?;
    journal.confirm()
}

fn try_for_a_while(
    mut attempt: impl FnMut() -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut tries = 1;
    loop {
        match attempt() {
            Err(error) if error.may_pass() && tries < TRIES_MAX => {
                std::thread::sleep(TRY_PAUSE);
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Commits at once, on the caller's thread: for runs on one thread with virtual time.
pub struct Inline {
    journal: RunJournal,
    failed: Option<String>,
}

impl Inline {
    /// A writer on the calling thread, around a journal.
    #[must_use]
    pub fn new(journal: RunJournal) -> Self {
        Self { journal, failed: None }
    }
}

impl Commit for Inline {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        if self.failed.is_none() {
            let result = append_once(&mut self.journal, &batch);
            self.failed = result.err().map(|error| error.to_string());
        }
        committed(self.failed.clone().map_or(Ok(()), Err));
    }
}
