//! The sends of a run: which task is next, and what it needs before its request.
//!
//! Owns the parts of this folder and the source of PINs. Invariant: a task that is prepared is out of the queue. Must
//! never record anything: it proposes.

use std::collections::BTreeMap;

use super::irreversible_rate::{IrreversibleRate, Readiness};
use super::next_wave::{self, NextWave, WaveStep};
use super::preparation::{AfterFailure, Preparation};
use super::queue::SendQueue;
use crate::engine::calls::{Ask, Call, PinSource, PlaceSource};
use crate::engine::phase::Phase;
use crate::engine::proposal::Proposal;
use crate::engine::state::EngineState;
use crate::engine::task::not_sent;
use crate::model::{
    Event, Outcome, Recheck, RecordLists, Secret, SecretSource, TaskIndex, UnixMillis, Unreadable,
};

/// What is to be done for the task that was next.
pub(in crate::engine) enum Dispatch {
    /// A read that its request needs.
    Prepare(Call),
    /// Nothing yet: it went back to the queue.
    Later,
    /// Its request, once the intent is recorded.
    Send {
        /// The intent.
        intent: Event,
        /// The request.
        call: Call,
    },
}

/// The sends of a run. Volatile: a resume begins anew, from the state.
pub(in crate::engine) struct Sends {
    queue: SendQueue,
    rate: IrreversibleRate,
    preparation: Preparation,
    next_wave: NextWave,
    pins: Option<PinSource>,
    /// The lists of records that were read for the requests that come next.
    lists: BTreeMap<TaskIndex, Box<RecordLists>>,
}

impl Sends {
    /// The sends of a run in this `state`.
    pub(in crate::engine) fn new(state: &EngineState) -> Self {
        Self {
            queue: SendQueue::new(state),
            rate: IrreversibleRate::new(state),
            preparation: Preparation::default(),
            next_wave: NextWave::default(),
            pins: None,
            lists: BTreeMap::new(),
        }
    }

    /// Draws the PINs of requests that take one from here on.
    pub(in crate::engine) fn set_pin_source(&mut self, pins: PinSource) {
        self.pins = Some(pins);
    }

    /// Takes places for irreversible requests from here on.
    pub(in crate::engine) fn set_place_source(&mut self, places: PlaceSource) {
        self.rate.share(places);
    }

    /// When the next task is due. Removes tasks of stopped actions, and puts off those that have to wait for a place.
    pub(in crate::engine) fn next_due(
        &mut self,
        now: UnixMillis,
        state: &EngineState,
    ) -> Option<UnixMillis> {
        while let Some((due, task)) = self.queue.first() {
            if due > now {
                return Some(due);
            }
            if state.action_stopped[usize::from(state.facts_of(task).action)] {
                self.queue.pop();
                continue;
            }
            let Some(at) = self.rate.waits_until(now, task, state) else { return Some(due) };
            self.queue.pop();
            self.queue.put(task, at, state);
        }
        None
    }

    /// How many tasks are due at `now`, counted up to `count_max`.
    pub(in crate::engine) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.queue.count_due(now, count_max)
    }

    /// Puts a task into the queue, if its wave has been reached.
    pub(in crate::engine) fn put(&mut self, task: TaskIndex, at: UnixMillis, state: &EngineState) {
        self.queue.put(task, at, state);
    }

    /// Takes the next task out of the queue.
    pub(in crate::engine) fn pop(&mut self) -> Option<TaskIndex> {
        self.queue.pop()
    }

    /// Forgets a task that is no longer sent: its place in the queue.
    pub(in crate::engine) fn remove(&mut self, task: TaskIndex) {
        self.lists.remove(&task);
        self.queue.remove(task);
    }

    /// Gives back a task's place among the irreversible requests.
    pub(in crate::engine) fn give_back_place(&mut self, task: TaskIndex) {
        self.rate.give_back(task);
    }

    /// What a task that was next needs now: a read, time, or its request.
    pub(in crate::engine) fn dispatch(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) -> Dispatch {
        let (facts, standing) = (state.facts_of(task), state.task(task));
        if standing.captured < facts.captures {
            self.preparation.begin(task);
            return Dispatch::Prepare(Call::Secrets { task, place: standing.captured });
        }
        match self.rate.readiness(now, task, state) {
            // A resume knows that they were read, and not what they were.
            Readiness::Now if facts.builds_on_lists && !self.lists.contains_key(&task) => {
                self.preparation.begin(task);
                return Dispatch::Prepare(Call::Recheck { task });
            }
            Readiness::Now => {}
            Readiness::Wait(at) => {
                self.queue.put(task, at, state);
                return Dispatch::Later;
            }
            Readiness::Read => {
                self.preparation.begin(task);
                return Dispatch::Prepare(Call::Recheck { task });
            }
        }
        let attempt = standing.attempts.saturating_add(1);
        let drawn = match &mut self.pins {
            Some(pins) if facts.draws_pin => Some(pins()),
            _ => None,
        };
        let (clear, kept) = drawn.map(|drawn| (drawn.clear, drawn.kept)).unzip();
        if facts.is_irreversible {
            self.rate.count(task, now);
        }
        let lists = self.lists.remove(&task);
        Dispatch::Send {
            intent: Event::Intent { task, attempt, pin: kept, sends: None, lists: lists.clone() },
            call: Call::Send { task, attempt, pin: clear, lists },
        }
    }

    /// Secrets were read before the request that takes them away. Without them nothing is sent.
    pub(in crate::engine) fn secrets_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        source: SecretSource,
        result: Result<Vec<Secret>, Unreadable>,
        state: &EngineState,
    ) -> Vec<Proposal> {
        self.preparation.end(task);
        if state.task(task).phase != Phase::Ready {
            return Vec::new();
        }
        let error = match result {
            Ok(secrets) => {
                self.preparation.succeeded(task);
                self.queue.put(task, now, state);
                return vec![Proposal::Record(Event::SecretsRead { task, source, secrets })];
            }
            Err(error) => error,
        };
        self.read_failed(now, task, error, state).unwrap_or_else(|reason| {
            let reason = format!("not sent: cannot read and keep its {}: {reason}", source.word());
            let outcome = Outcome::Refused;
            vec![Proposal::Record(Event::Settled { task, outcome, reason })]
        })
    }

    /// The record of a target was read just before its request.
    pub(in crate::engine) fn rechecked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Recheck, Unreadable>,
        state: &EngineState,
    ) -> Vec<Proposal> {
        self.preparation.end(task);
        if state.task(task).phase != Phase::Ready {
            self.rate.give_back(task);
            return Vec::new();
        }
        let (outcome, reason) = match result {
            Ok(Recheck::Same) => return self.is_as_planned(task),
            Ok(Recheck::Lists(lists)) => {
                self.lists.insert(task, Box::new(lists));
                return self.is_as_planned(task);
            }
            Ok(Recheck::Borne { evidence }) if state.task(task).was_in_doubt => {
                (Outcome::Completed, format!("{evidence} (done by an earlier request of this run)"))
            }
            Ok(Recheck::Borne { evidence }) => (Outcome::AlreadyInEffect, evidence),
            Ok(Recheck::Changed { reason }) => {
                (Outcome::Skipped, not_sent(state.task(task), &reason))
            }
            Err(error) => match self.read_failed(now, task, error, state) {
                Ok(proposals) => return proposals,
                Err(reason) => {
                    (Outcome::Refused, format!("not sent: cannot read the device again: {reason}"))
                }
            },
        };
        self.rate.give_back(task);
        vec![Proposal::Record(Event::Settled { task, outcome, reason })]
    }

    /// A target was read and may be sent to.
    fn is_as_planned(&mut self, task: TaskIndex) -> Vec<Proposal> {
        self.preparation.succeeded(task);
        // Before all others: what was read grows old while they are read.
        self.queue.put_first(task);
        vec![Proposal::Record(Event::Rechecked { task })]
    }

    /// A read before a request failed: the task goes back to the queue.
    ///
    /// # Errors
    /// Why the task is not sent at all.
    fn read_failed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        error: Unreadable,
        state: &EngineState,
    ) -> Result<Vec<Proposal>, String> {
        match self.preparation.failed(now, task, error) {
            AfterFailure::GiveUp(reason) => Err(reason),
            AfterFailure::Again { at, keeps_place, proposal } => {
                if !keeps_place {
                    self.rate.give_back(task);
                }
                self.queue.put(task, at, state);
                Ok(proposal.into_iter().collect())
            }
        }
    }

    /// What has to happen to the waves at `now`.
    pub(in crate::engine) fn wave_step(
        &mut self,
        now: UnixMillis,
        state: &EngineState,
    ) -> WaveStep {
        self.next_wave.step(now, state)
    }

    /// The step to the next wave that an operator has confirmed.
    pub(in crate::engine) fn confirmed_wave(now: UnixMillis, state: &EngineState) -> WaveStep {
        next_wave::begin(now, "a person decided to send again".to_owned(), state)
    }

    /// Takes the question about the next wave that is to be passed on.
    pub(in crate::engine) fn take_question(&mut self) -> Option<Ask> {
        self.next_wave.take_question()
    }

    /// Puts the tasks of the waves that have been reached into the queue, to be sent from `at` on.
    pub(in crate::engine) fn put_reached(&mut self, at: UnixMillis, state: &EngineState) {
        self.queue.put_reached(at, state, self.preparation.under_way());
    }
}
