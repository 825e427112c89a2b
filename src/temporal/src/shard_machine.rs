//! The tasks of a shard, without Temporal: the engine, its numbers and its places in the quota.
//!
//! Owns the way between the engine's calls and what a workflow can do: which call has which moment to leave, which look is polled, what
//! is told to the section. Pure: time is an argument, so a workflow can replay it. Must never decide what is sent: the engine does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sortie::app::{CallTime, HostAnswer, PinPair};
use sortie::drive::{CallAnswer, CallReply, KeptPin};
use sortie::engine::{Call, Engine, EngineState, Impossible, Phase};
use sortie::model::{Policy, Sighting, StopCause, TaskFacts, TaskIndex, UnixMillis, Verdict};

use crate::outbox::Outbox;
use crate::planned_call::{
    CallEnd, CallWay, PlannedCall, STALE_MS, ShardStep, Want, lost, nothing,
};
use crate::polls::{POLLED_FROM, POLLED_FROM_CUSTODY, poll_every_ms, polls_per_hour};
use crate::shard_sources::{Places, pin_source, place_source};
use crate::wire::{Granted, ShardInput, ShardOrder};

/// Requests in progress at once in a shard. The places in the quota limit them, not this: polls stay in progress for days.
const CONCURRENCY: u32 = 10_000;
/// Requests a second in a shard: the moments to leave are set by the keeper of the quota.
const PER_SECOND: u32 = 10_000;
/// How long a request for a task that was late waits for another place before the engine decides anew, in milliseconds.
const AGAIN_MS: u64 = 10_000;

/// The tasks of a shard.
pub struct ShardMachine {
    engine: Engine,
    facts: Arc<[TaskFacts]>,
    places: Arc<Mutex<Places>>,
    slots: VecDeque<CallTime>,
    /// Calls that were late, and wait for another place.
    again: VecDeque<(UnixMillis, Call)>,
    is_held: bool,
    is_asking: bool,
    skew_ms: i64,
    looks: Vec<u32>,
    known: Vec<Option<Sighting>>,
    polled: u32,
    section_tasks: u32,
    /// What the section does not know yet.
    pub outbox: Outbox,
    is_open: bool,
}

impl ShardMachine {
    /// A shard of which nothing has happened yet. `pins` are what [`draws`](crate::shard_sources::draws) asked for.
    #[must_use]
    pub fn new(input: &ShardInput, pins: Vec<PinPair>) -> Self {
        let by_number: BTreeMap<TaskIndex, TaskIndex> =
            input.numbers.iter().copied().zip((0..).map(TaskIndex)).collect();
        let facts: Arc<[TaskFacts]> =
            input.facts.iter().map(|facts| local_facts(facts, &by_number)).collect();
        let policy =
            Policy { concurrency: CONCURRENCY, per_second: PER_SECOND, ..input.policy.clone() };
        let actions = input.actions.clone().into();
        let state = EngineState::of_part(Arc::clone(&facts), actions, policy, input.last_wave);
        let mut engine = Engine::new(state);
        engine.set_overseen();
        let places = Arc::new(Mutex::new(Places::default()));
        engine.set_place_source(place_source(&places));
        engine.set_pin_source(pin_source(pins));
        let count = input.tasks.len();
        Self {
            engine,
            facts,
            places,
            slots: VecDeque::new(),
            again: VecDeque::new(),
            is_held: false,
            is_asking: false,
            skew_ms: 0,
            looks: vec![0; count],
            known: vec![None; count],
            polled: 0,
            section_tasks: input.section_tasks,
            outbox: Outbox::new(&input.numbers),
            is_open: false,
        }
    }

    /// Requests an hour that the polls in progress take.
    #[must_use]
    pub fn polls_per_hour(&self) -> u32 {
        let policy = self.engine.state().policy();
        polls_per_hour(self.polled, poll_every_ms(self.section_tasks, policy.per_hour))
    }

    /// How far the tenant's clock is ahead, in milliseconds.
    #[must_use]
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms
    }

    /// Takes in an order.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn order(
        &mut self,
        now: UnixMillis,
        order: ShardOrder,
        program: &str,
    ) -> Result<(), Impossible> {
        match order {
            ShardOrder::Begin if self.is_open => {}
            ShardOrder::Begin => {
                self.is_open = true;
                let entries = self.engine.open(now, program)?;
                self.outbox.keep(entries);
            }
            ShardOrder::Overseen { entries } => {
                for entry in entries {
                    let entries = self.engine.overseen(now, entry.event)?;
                    // The section recorded them already.
                    self.outbox
                        .keep(entries.into_iter().filter(|entry| entry.event.task().is_some()));
                }
            }
            ShardOrder::Hold { is_held } => {
                self.is_held = is_held;
                self.engine.hold(is_held);
            }
            ShardOrder::Granted(granted) => self.take_grant(now, granted),
            ShardOrder::TenantPaused { until, reason } => {
                // Its own pause is told by the shard that found it.
                drop(self.engine.pause(now, until, &reason)?);
            }
        }
        Ok(())
    }

    /// What is to be done at `now`.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn step(&mut self, now: UnixMillis) -> Result<ShardStep, Impossible> {
        if !self.is_open {
            // Stopped before it began.
            let is_done = self.engine.progress().stop.is_some();
            return Ok(ShardStep { is_done, ..ShardStep::default() });
        }
        self.drop_stale(now);
        let mut calls = self.late_calls(now)?;
        let effects = self.engine.decide(now)?;
        self.outbox.keep(effects.entries);
        for call in effects.calls {
            if let Some(planned) = self.plan(now, call) {
                calls.push(planned);
            }
        }
        let missing = std::mem::take(&mut self.lock_places().missing);
        let late = u32::try_from(self.again.len()).unwrap_or(u32::MAX);
        let requests = effects.want.max(missing).saturating_add(late);
        let want =
            (requests > 0 && !self.is_asking).then_some(Want { requests, irreversible: missing });
        self.is_asking |= want.is_some();
        let stop = self.engine.progress().stop;
        Ok(ShardStep {
            calls,
            want,
            ends_polls: stop.is_some_and(|(cause, _)| cause != StopCause::Deadline),
            wake_at: effects.wake_at,
            is_done: effects.is_done,
        })
    }

    /// Takes in what became of a call.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn answered(
        &mut self,
        now: UnixMillis,
        planned: &PlannedCall,
        end: CallEnd,
    ) -> Result<Option<(UnixMillis, String)>, Impossible> {
        if matches!(planned.way, CallWay::Polled { .. }) {
            self.polled = self.polled.saturating_sub(1);
        }
        let before = self.engine.state().pause(now).map(|(until, _)| until);
        let (reply, pause, stop) = match end {
            CallEnd::Answered(host) => {
                let HostAnswer { answer: CallAnswer { reply, skew_ms, pause }, stop } = *host;
                self.skew_ms = skew_ms.unwrap_or(self.skew_ms);
                (reply, pause, stop)
            }
            CallEnd::Lost(reason) => (lost(&planned.call, reason), None, None),
            CallEnd::Nothing => (nothing(&planned.call), None, None),
            CallEnd::Late => {
                self.again.push_back((planned.decided_at, planned.call.clone()));
                return Ok(None);
            }
        };
        self.feed(now, planned, reply)?;
        if let Some((until, reason)) = pause {
            let entries = self.engine.pause(now, until, &reason)?;
            self.outbox.keep(entries);
        }
        if let Some((cause, reason)) = stop {
            let entries = self.engine.stop(now, cause, &reason)?;
            self.outbox.keep(entries);
        }
        // What the tenant told this shard holds for all others.
        let after = self.engine.state().pause(now);
        let is_new = |until: UnixMillis| before.is_none_or(|before| until > before);
        Ok(after.filter(|(until, _)| is_new(*until)).map(|(at, why)| (at, why.to_owned())))
    }

    fn feed(
        &mut self,
        now: UnixMillis,
        planned: &PlannedCall,
        reply: CallReply,
    ) -> Result<(), Impossible> {
        let task = local(planned.task);
        let engine = &mut self.engine;
        let entries = match (reply, &planned.call) {
            (CallReply::Sent { http_status, verdict }, Call::Send { attempt, .. }) => {
                engine.answered(now, task, *attempt, http_status, verdict)?
            }
            (CallReply::Looked(sighting), _) => {
                self.known[planned.task] = Some(sighting.clone());
                engine.looked(now, task, sighting)?
            }
            (CallReply::Pin(result), _) => {
                engine.pin_read(now, task, result.map(|pin| pin.map(|KeptPin(pin)| pin)))?
            }
            (CallReply::OddPin { pin: KeptPin(pin), flaw }, _) => {
                engine.odd_pin_read(now, task, pin, flaw)?
            }
            (CallReply::Secrets { source, result }, _) => {
                engine.secrets_read(now, task, source, result)?
            }
            (CallReply::Rechecked(result), _) => engine.rechecked(now, task, result)?,
            (CallReply::Sent { .. }, _) => {
                return Err(Impossible {
                    task: task.0,
                    event: "an answer to a send",
                    phase: "a read".to_owned(),
                });
            }
        };
        self.outbox.keep(entries);
        Ok(())
    }

    fn take_grant(&mut self, now: UnixMillis, granted: Granted) {
        self.is_asking = false;
        self.engine.surrender();
        let slots = (0..granted.requests).map(|place| {
            let after_ms = u64::from(place) * granted.every_us / 1_000;
            CallTime { not_before: granted.first_at.plus_ms(after_ms), not_after: granted.until }
        });
        self.slots.extend(slots);
        self.regrant();
        // Places among the irreversible requests outlast those in the second: the engine asks for both again and again.
        let mut places = self.lock_places();
        let until = places.until.filter(|until| places.left > 0 && now < *until);
        places.left = granted.irreversible + until.map_or(0, |_| places.left);
        places.until = Some(until.map_or(granted.until, |until| until.min(granted.until)));
    }

    /// How a call of the engine is made.
    fn plan(&mut self, now: UnixMillis, call: Call) -> Option<PlannedCall> {
        // The list is of all devices of the tenant: a shard does not read it. The engine goes on without it.
        let Some(task) = call.task() else {
            let failed = sortie::model::Listing::Unreadable {
                reason: "a shard reads no list".to_owned(),
                is_forbidden: true,
            };
            if let Ok(entries) = self.engine.listed(now, failed) {
                self.outbox.keep(entries);
            }
            return None;
        };
        // A place in the quota that a call does not take is used by the next one.
        let way = match self.polled_way(now, &call, task) {
            Some(way) => {
                self.polled += 1;
                way
            }
            None => CallWay::Once(self.next_time(now, &call)),
        };
        Some(PlannedCall { decided_at: now, task: task.at(), call, way })
    }

    /// Forgets places whose moment has passed: requests that use them later would leave together.
    fn drop_stale(&mut self, now: UnixMillis) {
        let count = self.slots.len();
        self.slots.retain(|slot| slot.not_before.plus_ms(STALE_MS) > now);
        if self.slots.len() < count {
            self.regrant();
        }
    }

    /// Lets the engine use the places that there are, but for those that late calls take.
    fn regrant(&mut self) {
        self.engine.surrender();
        let count = self.slots.len().saturating_sub(self.again.len());
        if let Some(last) = self.slots.back().filter(|_| count > 0) {
            self.engine.grant(u32::try_from(count).unwrap_or(u32::MAX), last.not_after);
        }
    }

    /// Late calls that have a place now. A request for a task is given back to the engine where the run may not send it any more.
    fn late_calls(&mut self, now: UnixMillis) -> Result<Vec<PlannedCall>, Impossible> {
        let mut calls = Vec::new();
        let may_send = self.may_send(now);
        for (decided_at, call) in std::mem::take(&mut self.again) {
            let Some(task) = call.task() else { continue };
            let is_send = matches!(call, Call::Send { .. });
            let is_over = !may_send || now > decided_at.plus_ms(AGAIN_MS);
            let way = CallWay::Once(CallTime { not_before: now, not_after: now });
            let mut planned = PlannedCall { decided_at, task: task.at(), call, way };
            if is_send && is_over {
                let reason = "no worker was in time for it".to_owned();
                let verdict = Verdict::NotSent { reason, ends_run: false };
                self.feed(now, &planned, CallReply::Sent { http_status: None, verdict })?;
            } else if self.slots.is_empty() {
                self.again.push_back((decided_at, planned.call));
            } else {
                planned.way = CallWay::Once(self.next_time(now, &planned.call));
                calls.push(planned);
            }
        }
        Ok(calls)
    }

    /// Whether what the engine decided to send a moment ago may still be sent.
    fn may_send(&self, now: UnixMillis) -> bool {
        let (state, progress) = (self.engine.state(), self.engine.progress());
        let is_open = state.policy().window_at(now).is_none_or(|window| window.is_open());
        !self.is_held && is_open && progress.stop.is_none() && now < state.policy().send_until
    }

    /// When a call leaves. A request for a task must not leave after the time for sending, no matter what its worker was doing.
    fn next_time(&mut self, now: UnixMillis, call: &Call) -> CallTime {
        let none = CallTime { not_before: now, not_after: now };
        let time = self.slots.pop_front().unwrap_or(none);
        match call {
            Call::Send { .. } => {
                let send_until = self.engine.state().policy().send_until;
                CallTime { not_after: time.not_after.min(send_until), ..time }
            }
            _ => time,
        }
    }

    /// How a look is polled: one that has shown nothing new a few times.
    fn polled_way(&mut self, now: UnixMillis, call: &Call, task: TaskIndex) -> Option<CallWay> {
        let Call::Look { .. } = call else { return None };
        let state = self.engine.state();
        if state.task(task).phase != Phase::Following {
            return None;
        }
        let looks = &mut self.looks[task.at()];
        *looks += 1;
        let from = match self.facts[task.at()].has_custody {
            true => POLLED_FROM_CUSTODY,
            false => POLLED_FROM,
        };
        if *looks < from {
            return None;
        }
        // While waves are to come, the end of following is unknown; a poll that ends early is followed by another one.
        let follow_until = state.progress().follow_until;
        let until = follow_until.unwrap_or_else(|| now.plus_ms(state.policy().wait_ms));
        let every_ms = poll_every_ms(self.section_tasks, state.policy().per_hour);
        let known = self.known[task.at()].clone();
        (until > now.plus_ms(every_ms)).then_some(CallWay::Polled { known, every_ms, until })
    }

    fn lock_places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn local(at: usize) -> TaskIndex {
    TaskIndex(u32::try_from(at).unwrap_or(u32::MAX))
}

/// The facts with the numbers of the shard.
fn local_facts(facts: &TaskFacts, by_number: &BTreeMap<TaskIndex, TaskIndex>) -> TaskFacts {
    let after = facts.after.and_then(|(task, gate)| Some((*by_number.get(&task)?, gate)));
    TaskFacts { after, ..facts.clone() }
}
