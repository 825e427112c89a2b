//! What is read before a request: secrets that it takes away, and the target of what cannot be undone.
//!
//! Owns what follows from these reads. Invariant: a request that depends on such a read is not sent without it. Must
//! never compare anything itself.

use super::decide::Engine;
use super::safety::FAILURES_MAX;
use super::task::{Impossible, Phase, Wait};
use crate::model::{
    Entry, Event, Outcome, Recheck, Secret, SecretSource, StopCause, TaskIndex, UnixMillis,
    Unreadable,
};

/// Delay after a read that could not be used, in milliseconds, times the failures so far.
const DELAY_MS: u64 = 5_000;

impl Engine {
    /// Takes in secrets that were read before the request that takes them away. Without them nothing is
    /// sent.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn secrets_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        source: SecretSource,
        result: Result<Vec<Secret>, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("secrets")?;
        self.preparing.remove(&task);
        self.note_reached(!matches!(result, Err(Unreadable::Unreachable { .. })));
        if self.state.task(task).phase != Phase::Ready {
            return Ok(entries);
        }
        match result {
            Ok(secrets) => {
                self.read_failures.remove(&task);
                let event = Event::SecretsRead { task, source, secrets };
                self.record(now, event, &mut entries)?;
                self.make_ready(task, now);
            }
            Err(error) => {
                if let Some(reason) = self.read_failed(now, task, error, &mut entries)? {
                    let reason = format!(
                        "not sent, because its {} could not be read and kept: {reason}",
                        source.word()
                    );
                    let event = Event::Settled { task, outcome: Outcome::Refused, reason };
                    self.record(now, event, &mut entries)?;
                }
            }
        }
        Ok(entries)
    }

    /// Takes in what the record of a target shows just before its request.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn rechecked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Recheck, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("a target")?;
        self.preparing.remove(&task);
        self.note_reached(!matches!(result, Err(Unreadable::Unreachable { .. })));
        if self.state.task(task).phase != Phase::Ready {
            self.slow.give_back(task);
            return Ok(entries);
        }
        let (outcome, reason) = match result {
            Ok(Recheck::Same) => {
                self.read_failures.remove(&task);
                self.record(now, Event::Rechecked { task }, &mut entries)?;
                // Before all others: what was read grows old while they are read.
                self.put_first(task);
                return Ok(entries);
            }
            Ok(Recheck::Changed { reason }) => (Outcome::Skipped, format!("not sent: {reason}")),
            Err(error) => match self.read_failed(now, task, error, &mut entries)? {
                None => return Ok(entries),
                Some(reason) => (
                    Outcome::Refused,
                    format!("not sent, because its target could not be read again: {reason}"),
                ),
            },
        };
        self.slow.give_back(task);
        self.record(now, Event::Settled { task, outcome, reason }, &mut entries)?;
        Ok(entries)
    }

    /// A read before a request brought nothing: it is made again, unless that is in vain. Then the reason is returned.
    fn read_failed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        error: Unreadable,
        entries: &mut Vec<Entry>,
    ) -> Result<Option<String>, Impossible> {
        match error {
            Unreadable::Throttled { retry_after_ms } => {
                self.make_ready(task, now);
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", entries)?;
            }
            Unreadable::Unreachable { reason } => {
                self.make_ready(task, now);
                self.until(now, &Wait::Reachable, &reason, entries)?;
            }
            Unreadable::Failed { reason } => {
                let failures = self.read_failures.entry(task).or_default();
                *failures += 1;
                if *failures > FAILURES_MAX {
                    return Ok(Some(reason));
                }
                let delay_ms = DELAY_MS * u64::from(*failures);
                // Others may go meanwhile.
                self.slow.give_back(task);
                self.make_ready(task, now.plus_ms(delay_ms));
            }
            Unreadable::Unauthorized { reason } => {
                self.slow.give_back(task);
                self.make_ready(task, now);
                entries.extend(self.stop(now, StopCause::Unauthorized, &reason)?);
            }
            Unreadable::OtherDevice { reason } => {
                self.slow.give_back(task);
                self.make_ready(task, now);
                entries.extend(self.stop(now, StopCause::WrongDevice, &reason)?);
            }
            Unreadable::Forbidden { reason } => return Ok(Some(reason)),
        }
        Ok(None)
    }
}
