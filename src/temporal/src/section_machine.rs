//! What holds for a run on one tenant as a whole, without Temporal.
//!
//! Owns the entries of the section, which are its only record, and what is passed on to shards. Waves and stop rules are the engine's own
//! ([`Overseer`]). Pure: time is an argument, so a workflow can replay it. Must never send.

use std::collections::{BTreeMap, BTreeSet};

use sortie::engine::{EngineState, Impossible, Overseer, Phase};
use sortie::model::{Entry, Event, StopCause, TaskFacts, TaskIndex, UnixMillis};

use crate::wire::{EntryPage, SectionInput, SectionMessage, SectionProgress, ShardOrder};

/// Most entries of one page of an answer, so that it stays far below what a message may hold.
const PAGE_ENTRIES: usize = 1_000;

/// The section of a run.
pub struct SectionMachine {
    input: SectionInput,
    /// What the engine needs to know of the tasks, as shards join.
    facts: BTreeMap<TaskIndex, TaskFacts>,
    joined: BTreeSet<u32>,
    left: BTreeSet<u32>,
    overseer: Option<Overseer>,
    entries: Vec<Entry>,
    is_held: bool,
    asks: Option<String>,
    /// Told before all shards were there.
    early: Vec<SectionMessage>,
}

/// What is to be told to every shard, and when to judge again.
#[derive(Debug, Default)]
pub struct SectionStep {
    /// Orders for all shards.
    pub orders: Vec<ShardOrder>,
    /// The judgement may change at this moment.
    pub wake_at: Option<UnixMillis>,
    /// All shards have left.
    pub is_done: bool,
}

impl SectionMachine {
    /// A section none of whose shards is there yet.
    #[must_use]
    pub fn new(input: SectionInput) -> Self {
        Self {
            input,
            facts: BTreeMap::new(),
            joined: BTreeSet::new(),
            left: BTreeSet::new(),
            overseer: None,
            entries: Vec::new(),
            is_held: false,
            asks: None,
            early: Vec::new(),
        }
    }

    /// Takes in a message. Returns what every shard has to know.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn take(
        &mut self,
        now: UnixMillis,
        message: SectionMessage,
    ) -> Result<Vec<ShardOrder>, Impossible> {
        match message {
            SectionMessage::Joined { shard, numbers, facts } => {
                self.joined.insert(shard);
                self.facts.extend(numbers.into_iter().zip(facts));
                self.begin(now)
            }
            SectionMessage::Left { shard } => {
                self.left.insert(shard);
                Ok(Vec::new())
            }
            message if self.overseer.is_none() => {
                self.early.push(message);
                Ok(Vec::new())
            }
            SectionMessage::Told { entries } => self.told(now, entries),
            SectionMessage::Stop { cause, reason } => self.stop(now, cause, &reason),
            SectionMessage::Said { answer } => {
                self.asks = None;
                let Some(overseer) = &mut self.overseer else { return Ok(Vec::new()) };
                let entries = overseer.operator_said(now, answer)?;
                Ok(self.passed_on(entries))
            }
        }
    }

    /// Judges the run at `now`.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn step(&mut self, now: UnixMillis) -> Result<SectionStep, Impossible> {
        let is_done = self.left.len() == self.input.shards.len();
        let Some(overseer) = &mut self.overseer else {
            return Ok(SectionStep { is_done, ..SectionStep::default() });
        };
        let judged = overseer.judge(now)?;
        if let Some(ask) = judged.ask {
            self.asks = Some(ask.reason);
        }
        let mut orders = self.passed_on(judged.entries);
        if judged.is_held != self.is_held {
            self.is_held = judged.is_held;
            orders.push(ShardOrder::Hold { is_held: judged.is_held });
        }
        if is_done {
            // Without it the records are those of a run that broke off.
            self.entries.push(Entry { at: now, event: Event::Closed });
        }
        Ok(SectionStep { orders, wake_at: judged.wake_at, is_done })
    }

    /// How far the section is.
    #[must_use]
    pub fn progress(&self, now: UnixMillis) -> SectionProgress {
        let entries = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Some(overseer) = &self.overseer else {
            return SectionProgress {
                tasks: self.input.tasks,
                entries,
                ..SectionProgress::default()
            };
        };
        let state = overseer.state();
        let progress = overseer.progress();
        let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
        for number in (0..self.input.tasks).map(TaskIndex) {
            if let Phase::Settled(outcome) = &state.task(number).phase {
                *outcomes.entry(outcome.word().to_owned()).or_default() += 1;
            }
        }
        SectionProgress {
            tasks: progress.tasks,
            settled: progress.settled,
            following: progress.following,
            doubts: progress.doubts,
            ready: progress.ready,
            errors: progress.errors,
            wave: progress.wave,
            asks: self.asks.clone(),
            stop: progress.stop,
            pause: state.pause(now).map(|(until, reason)| (until, reason.to_owned())),
            outcomes,
            entries,
        }
    }

    /// Entries from this place on.
    #[must_use]
    pub fn page(&self, from: u32) -> EntryPage {
        let from = (from as usize).min(self.entries.len());
        let until = (from + PAGE_ENTRIES).min(self.entries.len());
        let next = (until < self.entries.len()).then(|| u32::try_from(until).unwrap_or(u32::MAX));
        EntryPage { entries: self.entries[from..until].to_vec(), next }
    }

    /// Begins once all shards are there.
    fn begin(&mut self, now: UnixMillis) -> Result<Vec<ShardOrder>, Impossible> {
        if self.overseer.is_some() || self.joined.len() < self.input.shards.len() {
            return Ok(Vec::new());
        }
        let facts: Vec<TaskFacts> = std::mem::take(&mut self.facts).into_values().collect();
        let actions = self.input.actions.clone().into();
        let state = EngineState::new(facts.into(), actions, self.input.header.policy.clone());
        let mut overseer = Overseer::new(state);
        self.entries.extend(overseer.open(now, &self.input.program)?);
        self.overseer = Some(overseer);
        let mut orders = vec![ShardOrder::Begin];
        for message in std::mem::take(&mut self.early) {
            orders.extend(self.take(now, message)?);
        }
        Ok(orders)
    }

    fn told(
        &mut self,
        now: UnixMillis,
        entries: Vec<Entry>,
    ) -> Result<Vec<ShardOrder>, Impossible> {
        let Some(overseer) = &mut self.overseer else { return Ok(Vec::new()) };
        let mut shared = Vec::new();
        for entry in entries {
            match &entry.event {
                // Found by one shard, and true for all.
                Event::Stopped { cause, reason } => {
                    shared.extend(overseer.stop(now, *cause, reason)?);
                }
                Event::ActionStopped { .. } => {
                    overseer.take(&entry)?;
                    shared.push(entry);
                }
                _ => {
                    overseer.take(&entry)?;
                    self.entries.push(entry);
                }
            }
        }
        Ok(self.passed_on(shared))
    }

    fn stop(
        &mut self,
        now: UnixMillis,
        cause: StopCause,
        reason: &str,
    ) -> Result<Vec<ShardOrder>, Impossible> {
        let Some(overseer) = &mut self.overseer else { return Ok(Vec::new()) };
        let entries = overseer.stop(now, cause, reason)?;
        Ok(self.passed_on(entries))
    }

    /// Records decisions, and passes them on to all shards.
    fn passed_on(&mut self, entries: Vec<Entry>) -> Vec<ShardOrder> {
        if entries.is_empty() {
            return Vec::new();
        }
        self.entries.extend(entries.iter().cloned());
        vec![ShardOrder::Overseen { entries }]
    }
}
