//! Batches on their way to the disk.
//!
//! Owns their order, and the calls that wait for them. Invariant: the calls of a batch are handed out only after its
//! entries are committed. Must never make a call.

use std::collections::VecDeque;
use tokio::sync::oneshot;

use crate::engine::Call;
use crate::journal::{Batch, Commit, RequestCounts};
use crate::model::{AnswerTimes, Entry, Event, RunTasks, Task, TaskFault, UnixMillis};

/// The batches of a run that are not committed yet, oldest first.
pub(super) struct Batches<J> {
    journal: J,
    tasks: RunTasks,
    /// Requests that are counted with the next batch.
    requests: RequestCounts,
    /// How long answers took that are counted with the next batch.
    answers: AnswerTimes,
    waiting: VecDeque<WaitingBatch>,
}

struct WaitingBatch {
    done: oneshot::Receiver<Result<(), String>>,
    committed: CommittedBatch,
}

/// A batch that is on disk.
pub(super) struct CommittedBatch {
    /// When it was decided.
    pub(super) formed_at: UnixMillis,
    /// What was committed.
    pub(super) entries: Vec<Entry>,
    /// What may leave now.
    pub(super) calls: Vec<ReadyCall>,
}

/// A call with what its request is made from.
pub(super) struct ReadyCall {
    pub(super) call: Call,
    /// The task that it is about; `None` for a page of the device list.
    pub(super) about: Option<Task>,
}

impl<J: Commit> Batches<J> {
    /// No batches yet. `requests` were made before the run, and are counted with its first batch.
    pub(super) fn new(journal: J, tasks: RunTasks, requests: RequestCounts) -> Self {
        let (answers, waiting) = (AnswerTimes::new(), VecDeque::new());
        Self { journal, tasks, requests, answers, waiting }
    }

    /// Counts how long an answer took, with the next batch.
    pub(super) fn count_answer(&mut self, word: &str, took_ms: u32) {
        match self.answers.get_mut(word) {
            Some(durations) => durations.add(took_ms),
            None => self.answers.entry(word.to_owned()).or_default().add(took_ms),
        }
    }

    /// Gives entries to the journal; the calls wait until they are committed.
    ///
    /// # Errors
    /// [`TaskFault`] where a task cannot be used: what was recorded before that is on its way to the disk, and no call waits.
    pub(super) fn submit(
        &mut self,
        formed_at: UnixMillis,
        mut entries: Vec<Entry>,
        calls: Vec<Call>,
    ) -> Result<(), TaskFault> {
        if entries.is_empty() && calls.is_empty() {
            return Ok(());
        }
        let ready = self.say_what_is_sent(&mut entries).and_then(|()| self.ready(calls));
        let (calls, fault) = match ready {
            Ok(calls) => (calls, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        for ReadyCall { call, .. } in &calls {
            *self.requests.entry(call.word().to_owned()).or_default() += 1;
        }
        let requests = std::mem::take(&mut self.requests);
        let (committed, done) = oneshot::channel();
        let answers = std::mem::take(&mut self.answers);
        // What a call follows from, and what holds for the whole run, must not be missed by anyone.
        let must_confirm =
            !calls.is_empty() || entries.iter().any(|entry| entry.event.task().is_none());
        let at = formed_at;
        let batch = Batch { at, entries: entries.clone(), requests, answers, must_confirm };
        self.journal.submit(batch, Box::new(move |result| drop(committed.send(result))));
        let committed = CommittedBatch { formed_at, entries, calls };
        self.waiting.push_back(WaitingBatch { done, committed });
        fault.map_or(Ok(()), Err)
    }

    /// Says in each intent what it sends: the engine knows tasks by their numbers, and the journal has to prove by itself
    /// what was sent. An intent whose task cannot be used is left out with all after it.
    fn say_what_is_sent(&self, entries: &mut Vec<Entry>) -> Result<(), TaskFault> {
        for at in 0..entries.len() {
            let Event::Intent { task, sends, lists, .. } = &mut entries[at].event else {
                continue;
            };
            match self.tasks.get(*task) {
                Ok(task) => *sends = Some(Box::new(task.sends(lists.as_deref()))),
                Err(fault) => {
                    entries.truncate(at);
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    /// The calls with their tasks.
    fn ready(&self, calls: Vec<Call>) -> Result<Vec<ReadyCall>, TaskFault> {
        let ready = |call: Call| {
            let about = call.task().map(|task| self.tasks.get(task)).transpose()?;
            Ok(ReadyCall { call, about })
        };
        calls.into_iter().map(ready).collect()
    }

    /// Whether all batches are committed.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until the oldest batch is on disk, or has failed; forever where there is none.
    pub(super) async fn written(&mut self) -> Result<(), String> {
        match self.waiting.front_mut() {
            Some(oldest) => (&mut oldest.done)
                .await
                .unwrap_or_else(|_| Err("the journal writer has stopped".to_owned())),
            None => std::future::pending().await,
        }
    }

    /// Takes the oldest batch, which [`written`](Self::written) has said to be on disk.
    pub(super) fn take_written(&mut self) -> Option<CommittedBatch> {
        self.waiting.pop_front().map(|batch| batch.committed)
    }
}
