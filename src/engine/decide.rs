//! The run machine, live: what to record and what to send next.
//!
//! Owns the due-queue, the grants, the order of reads and sends, and the stop rules. Must never change the
//! state other than by recording an entry.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Ask, Call, Effects, KnownPins, PinSource, PlaceSource, Scope};
use super::follow::Follow;
use super::pages::Pages;
use super::run::{EngineState, Progress};
use super::safety::Safety;
use super::slow::{Readiness, Slow};
use super::task::{Impossible, Phase};
use crate::model::{Entry, Event, Repeat, StopCause, TaskIndex, UnixMillis, WindowState};
use crate::pace::{BLOCK_LIFE_MS, PerSecond};

/// Most calls of one step, so that a batch stays one short transaction.
const CALLS_PER_STEP_MAX: usize = 256;
/// Of so many calls one is a look, when both sends and looks are due: following keeps a fifth.
const CALLS_PER_LOOK: u32 = 5;

/// The run machine.
pub struct Engine {
    pub(super) state: EngineState,
    pub(super) ready: BTreeSet<(UnixMillis, TaskIndex)>,
    pub(super) follow: Follow,
    pub(super) pages: Pages,
    pub(super) safety: Safety,
    pub(super) reads_under_way: u32,
    /// Tasks that are out of the queue while something is read for them.
    pub(super) preparing: BTreeSet<TaskIndex>,
    /// Reads before a send that failed in a row.
    pub(super) read_failures: BTreeMap<TaskIndex, u8>,
    /// Irreversible requests leave slowly.
    pub(super) slow: Slow,
    /// The windows as they were seen last, and when.
    pub(super) window: Option<(UnixMillis, WindowState)>,
    /// Tasks that must not be sent, whatever their turn, each with the reason.
    pub(super) protected: BTreeMap<TaskIndex, String>,
    /// A wave has too many errors if what is in doubt is one: nothing is sent until reading has settled it.
    pub(super) is_waiting_for_doubt: bool,
    /// A question that was not passed on yet, and the last wave that was asked about.
    pub(super) ask: Option<Ask>,
    pub(super) asked_about: u16,
    pub(super) scope: Scope,
    pins: Option<PinSource>,
    pub(super) known_pins: Option<KnownPins>,
    pace: PerSecond,
    granted: u32,
    granted_until: UnixMillis,
    calls_since_look: u32,
    pub(super) unreachable_rounds: u32,
    pub(super) throttled_rounds: u32,
}

impl Engine {
    /// The machine of a run that stands as `state` says. Nothing is sent before [`Engine::open`].
    #[must_use]
    pub fn new(state: EngineState) -> Self {
        let indexed = || (0..).map(TaskIndex).zip(&state.tasks);
        let ready = indexed()
            .filter(|(index, task)| {
                task.phase == Phase::Ready && state.waves.has_reached(&state.facts[index.at()])
            })
            .map(|(index, task)| {
                let not_before = state.waves.not_before(&state.facts[index.at()]);
                (task.due.max(not_before), index)
            })
            .collect();
        let irreversible = indexed().filter(|(index, _)| state.facts[index.at()].is_irreversible);
        let sent = irreversible.filter(|(_, task)| task.attempts > 0);
        Self {
            slow: Slow::new(sent.map(|(_, task)| task.sent_at).collect()),
            window: None,
            protected: BTreeMap::new(),
            is_waiting_for_doubt: false,
            ask: None,
            asked_about: 0,
            ready,
            follow: Follow::default(),
            pages: Pages::default(),
            safety: Safety::default(),
            reads_under_way: 0,
            preparing: BTreeSet::new(),
            read_failures: BTreeMap::new(),
            scope: Scope::Whole,
            pins: None,
            known_pins: None,
            pace: PerSecond::new(state.policy.per_second),
            granted: 0,
            granted_until: UnixMillis(0),
            calls_since_look: 0,
            unreachable_rounds: 0,
            throttled_rounds: 0,
            state,
        }
    }

    /// Limits what this process does with the run.
    pub fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
        self.follow.is_one_pass = scope == Scope::OnePass;
    }

    /// Gives the source of PINs. Without one, requests that take a PIN are sent without.
    pub fn set_pin_source(&mut self, pins: PinSource) {
        self.pins = Some(pins);
    }

    /// Gives what the state directory knows of Macs that other runs have locked. Without it the tenant alone is asked.
    pub fn set_known_pins(&mut self, known_pins: KnownPins) {
        self.known_pins = Some(known_pins);
    }

    /// Gives the source of places for irreversible requests. Without one, each run counts for itself.
    pub fn set_place_source(&mut self, places: PlaceSource) {
        self.slow.shared = Some(places);
    }

    /// The state as it will be when all entries so far are committed.
    #[must_use]
    pub fn state(&self) -> &EngineState {
        &self.state
    }

    /// How far the run is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.state.progress()
    }

    /// Begins or resumes the run. Whatever was under way has lost its answer: what is safe to repeat goes
    /// back to the queue, the rest is in doubt.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn open(&mut self, now: UnixMillis, program: &str) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.record(now, Event::Opened { program: program.to_owned() }, &mut entries)?;
        self.check_old_pause(now, &mut entries)?;
        for index in (0..).map(TaskIndex).take(self.state.tasks.len()) {
            match self.state.task(index).phase.clone() {
                Phase::InFlight => {
                    let reason =
                        "the program ended before the answer came; it may have been applied"
                            .to_owned();
                    let is_repeated = self.state.facts[index.at()].repeat == Repeat::Safe
                        && self.scope == Scope::Whole;
                    let event = if is_repeated {
                        Event::Postponed { task: index, until: now, counted: false, reason }
                    } else {
                        Event::Doubted { task: index, reason }
                    };
                    self.record(now, event, &mut entries)?;
                    self.seek(now, index);
                }
                Phase::Judged(verdict) => self.conclude(now, index, &verdict, &mut entries)?,
                Phase::Following => self.await_end_at(now, index),
                Phase::Custody(_) => self.take_custody(now, index, &mut entries)?,
                Phase::Doubt if self.state.facts[index.at()].repeat == Repeat::Once => {
                    self.seek(now, index);
                }
                Phase::Doubt if self.scope == Scope::Whole => {
                    let reason = "in doubt, and safe to repeat".to_owned();
                    let event =
                        Event::Postponed { task: index, until: now, counted: false, reason };
                    self.record(now, event, &mut entries)?;
                }
                _ => {}
            }
        }
        Ok(entries)
    }

    /// Stops sending. What is under way is waited for. The first cause stays, but one after which there is still
    /// something to be read gives way to one that ends that, too, and the deadline for sending to any other.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn stop(
        &mut self,
        now: UnixMillis,
        cause: StopCause,
        reason: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        let is_new = match self.state.stop.as_ref().map(|(cause, _)| *cause) {
            None => true,
            Some(StopCause::Deadline) => cause != StopCause::Deadline,
            Some(first) => !first.ends_reading() && cause.ends_reading(),
        };
        if is_new {
            let event = Event::Stopped { cause, reason: reason.to_owned() };
            self.record(now, event, &mut entries)?;
        }
        Ok(entries)
    }

    /// Adds requests that may leave until `until`. Whatever was left of an earlier grant is gone: ask for
    /// it with [`Engine::surrender`] first.
    pub fn grant(&mut self, count: u32, until: UnixMillis) {
        self.granted = count;
        self.granted_until = until;
    }

    /// Gives back what is left of the grant, be it expired or not: it was never used.
    pub fn surrender(&mut self) -> u32 {
        std::mem::take(&mut self.granted)
    }

    /// Says what to record and send at `now`.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn decide(&mut self, now: UnixMillis) -> Result<Effects, Impossible> {
        let mut step = Effects::default();
        self.check_stop_rules(now, &mut step.entries)?;
        let gate_at = self.check_waves(now, &mut step.entries)?;
        step.ask = self.ask.take();
        while step.calls.len() < CALLS_PER_STEP_MAX {
            let Some(lane) = self.next_lane(now) else { break };
            if now < self.state.paused_until {
                step.wake_at = Some(self.state.paused_until);
                break;
            }
            if self.state.in_flight + self.reads_under_way >= self.state.policy.concurrency {
                break;
            }
            if self.granted == 0 || now >= self.granted_until {
                step.want = self.wanted(now);
                break;
            }
            if let Err(at) = self.pace.take(now) {
                step.wake_at = Some(at);
                break;
            }
            self.granted -= 1;
            self.emit(now, lane, &mut step)?;
        }
        if step.calls.len() == CALLS_PER_STEP_MAX {
            step.wake_at = Some(now);
        }
        step.wake_at = [step.wake_at, gate_at, self.next_moment(now)].into_iter().flatten().min();
        step.is_done = self.is_done(now);
        Ok(step)
    }

    /// Records an entry: applies it and puts it on the list to commit.
    pub(super) fn record(
        &mut self,
        now: UnixMillis,
        event: Event,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let entry = Entry { at: now, event };
        if let Some(task) = self.state.apply(&entry)? {
            self.make_ready(task, self.state.task(task).due);
        }
        entries.push(entry);
        Ok(())
    }

    /// Which queue the next call comes from; `None` when neither has anything due.
    fn next_lane(&mut self, now: UnixMillis) -> Option<Lane> {
        if self.next_safety(now).is_some_and(|at| at <= now) {
            return Some(Lane::Safety);
        }
        let is_look_due = self.next_look(now).is_some_and(|at| at <= now);
        let is_send_due = self.may_send()
            && !self.is_waiting_for_doubt
            && self.window_opens(now).is_none()
            && self.next_send(now).is_some_and(|at| at <= now);
        match (is_send_due, is_look_due) {
            (true, true) if self.calls_since_look + 1 >= CALLS_PER_LOOK => Some(Lane::Look),
            (true, _) => Some(Lane::Send),
            (false, true) => Some(Lane::Look),
            (false, false) => None,
        }
    }

    fn emit(&mut self, now: UnixMillis, lane: Lane, step: &mut Effects) -> Result<(), Impossible> {
        if lane == Lane::Send {
            return self.emit_send(now, step);
        }
        let call = match lane {
            Lane::Safety => self.safety.take().map(|task| match self.state.task(task).phase {
                Phase::Custody(_) => Call::Pin { task },
                Phase::Doubt if self.safety.is_pins_turn(task) => Call::Pin { task },
                _ => self.look_at(task),
            }),
            _ if self.follow.sweep.due_at().is_some_and(|at| at <= now) => {
                Some(Call::List { offset: self.follow.sweep.take(now) })
            }
            _ => self.follow.take().map(|task| self.look_at(task)),
        };
        if let Some(call) = call {
            self.reads_under_way += 1;
            self.calls_since_look = 0;
            step.calls.push(call);
        }
        Ok(())
    }

    fn emit_send(&mut self, now: UnixMillis, step: &mut Effects) -> Result<(), Impossible> {
        let Some((_, task)) = self.ready.pop_first() else { return Ok(()) };
        if self.skip_protected(now, task, &mut step.entries)? {
            return Ok(());
        }
        self.calls_since_look += 1;
        let (facts, state) = (&self.state.facts[task.at()], self.state.task(task));
        if state.captured < facts.captures {
            step.calls.push(Call::Secrets { task, place: state.captured });
            self.preparing.insert(task);
            self.reads_under_way += 1;
            return Ok(());
        }
        match self.turn_of(now, task) {
            Readiness::Now => {}
            Readiness::Wait(at) => {
                self.make_ready(task, at);
                return Ok(());
            }
            Readiness::Read => {
                step.calls.push(Call::Recheck { task });
                self.preparing.insert(task);
                self.reads_under_way += 1;
                return Ok(());
            }
        }
        let (facts, state) = (&self.state.facts[task.at()], self.state.task(task));
        let attempt = state.attempts.saturating_add(1);
        let drawn = match &mut self.pins {
            Some(pins) if facts.draws_pin => Some(pins()),
            _ => None,
        };
        let (clear, kept) = drawn.map(|drawn| (drawn.clear, drawn.kept)).unzip();
        let is_irreversible = facts.is_irreversible;
        self.record(
            now,
            Event::Intent { task, attempt, pin: kept, sends: None },
            &mut step.entries,
        )?;
        if is_irreversible {
            self.slow.sent(task, now);
        }
        step.calls.push(Call::Send { task, attempt, pin: clear });
        Ok(())
    }

    fn look_at(&self, task: TaskIndex) -> Call {
        let view = self.pages.view(task, self.state.facts[task.at()].trace);
        Call::Look { task, view, since: self.state.task(task).traced_from }
    }

    /// How many requests would leave within the life of one block of grants.
    fn wanted(&self, now: UnixMillis) -> u32 {
        let block_max = u64::from(self.state.policy.per_second) * BLOCK_LIFE_MS / 1_000;
        let block_max = usize::try_from(block_max.max(1)).unwrap_or(usize::MAX);
        let sends = match self.may_send() && !self.is_waiting_for_doubt {
            false => 0,
            true => self.ready.iter().take_while(|(at, _)| *at <= now).take(block_max).count(),
        };
        let looks = match self.next_look(now) {
            // Looks trickle: a block for each of them would fill the ledger.
            Some(_) => {
                let soon = now.plus_ms(BLOCK_LIFE_MS);
                self.follow.due(soon.min(self.wait_ends(now)), block_max)
            }
            None => 0,
        };
        let reads = if self.may_settle(now) { self.safety.due(now, block_max) } else { 0 };
        u32::try_from((reads + sends + looks).min(block_max)).unwrap_or(u32::MAX)
    }
}

/// The queues, the most urgent first.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Lane {
    Safety,
    Send,
    Look,
}
