//! The run machine, live: what to record and what to send next.
//!
//! Owns the state of the run and its four parts. The parts propose and do not know each other; only this file records
//! entries, and carries from one part to another. Invariant: state changes only by recording an entry.

use super::allowance::{Allowance, Denied, Lane};
use super::calls::{Call, Effects};
use super::consequence::{of_restart, of_verdict};
use super::looks::{Looks, NextLook};
use super::notes::NoteQueue;
use super::phase::Phase;
use super::proposal::Proposal;
use super::sends::{Dispatch, Sends, WaveStep};
use super::settlement::{SafetyRead, Settlement};
use super::state::EngineState;
use super::stops::{Ends, Stops};
use super::task::{Impossible, not_sent};
use super::wanted::wanted;
use crate::model::{
    Entry, Event, NoteResult, Outcome, Sighting, StopCause, TaskIndex, UnixMillis, Verdict,
};

/// Most calls of one decision, so that a batch stays one short transaction.
const CALLS_MAX: usize = 256;

/// The state of a run and the parts around it.
pub(super) struct Coordinator {
    pub(super) state: EngineState,
    pub(super) allowance: Allowance,
    pub(super) sends: Sends,
    pub(super) looks: Looks,
    pub(super) settlement: Settlement,
    pub(super) stops: Stops,
    pub(super) notes: NoteQueue,
    /// Recorded, and not handed to the shell yet.
    entries: Vec<Entry>,
}

impl Coordinator {
    /// The parts of a run in this `state`.
    pub(super) fn new(state: EngineState) -> Self {
        Self {
            allowance: Allowance::new(state.policy.per_second),
            sends: Sends::new(&state),
            looks: Looks::default(),
            settlement: Settlement::default(),
            stops: Stops::new(),
            notes: NoteQueue::default(),
            entries: Vec::new(),
            state,
        }
    }

    /// Hands over what was recorded.
    pub(super) fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Records an event: applies it, and puts it on the list to commit.
    pub(super) fn record(&mut self, now: UnixMillis, event: Event) -> Result<(), Impossible> {
        let entry = Entry { at: now, event };
        if let Some(task) = self.state.apply(&entry)? {
            self.sends.put(task, self.state.task(task).due(), &self.state);
        }
        if let Event::Settled { task, .. } | Event::Resolved { task, .. } = entry.event {
            self.notes.ended(task, &self.state);
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Carries proposals out, in order.
    pub(super) fn dispose(
        &mut self,
        now: UnixMillis,
        proposals: impl IntoIterator<Item = Proposal>,
    ) -> Result<(), Impossible> {
        for proposal in proposals {
            match proposal {
                Proposal::Record(event) => self.record(now, event)?,
                Proposal::End { task, outcome, reason } => {
                    self.record(now, Event::Settled { task, outcome, reason })?;
                    self.forget(task);
                }
                Proposal::Stop { cause, reason } => {
                    if let Some(event) = Stops::stop(cause, reason, &self.state) {
                        self.record(now, event)?;
                    }
                }
                Proposal::PauseForTenant { retry_after_ms, reason } => {
                    let state = &self.state;
                    let pause = self.stops.pause_for_tenant(now, retry_after_ms, &reason, state);
                    self.dispose(now, pause)?;
                }
                Proposal::PauseUntilReachable { reason } => {
                    let pause = self.stops.pause_until_reachable(now, &reason, &self.state);
                    self.dispose(now, pause)?;
                }
            }
        }
        Ok(())
    }

    /// Starts a task when the run is opened: a request that was in progress has lost its answer.
    pub(super) fn reopen(&mut self, now: UnixMillis, task: TaskIndex) -> Result<(), Impossible> {
        if let Some(event) = of_restart(now, task, &self.state, self.stops.scope()) {
            self.record(now, event)?;
        }
        match self.state.task(task).phase.clone() {
            Phase::Judged(verdict) => self.conclude(now, task, &verdict)?,
            Phase::Following => self.follow_at_once(now, task),
            Phase::Custody(_) => self.take_custody(now, task)?,
            Phase::Doubt => self.settlement.seek(now, task, &self.state),
            Phase::Settled(_) if self.state.task(task).is_note_open => {
                let reason = "the process ended before the answer".to_owned();
                let result = NoteResult::Unknown { reason };
                self.record(now, Event::NoteAnswered { task, result })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Records what follows from a verdict for its task and for the run.
    pub(super) fn conclude(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        verdict: &Verdict,
    ) -> Result<(), Impossible> {
        let proposals = of_verdict(now, task, verdict, &self.state);
        self.dispose(now, proposals)
    }

    /// Puts a task whose request was answered into the queue of its phase.
    pub(super) fn place(&mut self, now: UnixMillis, task: TaskIndex) -> Result<(), Impossible> {
        match self.state.task(task).phase {
            Phase::Following => self.follow(now, task),
            Phase::Custody(_) => self.take_custody(now, task)?,
            Phase::Doubt => self.settlement.seek(now, task, &self.state),
            Phase::Settled(_) => self.forget(task),
            Phase::Blocked | Phase::Ready | Phase::InFlight | Phase::Judged(_) => {}
        }
        Ok(())
    }

    /// Takes in what a look showed of a task that is followed.
    pub(super) fn followed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
    ) -> Result<(), Impossible> {
        let (proposals, next) = self.looks.followed(now, task, sighting, &self.state);
        self.dispose(now, proposals)?;
        match next {
            NextLook::Later => self.place(now, task)?,
            NextLook::Now => self.follow_at_once(now, task),
            NextLook::Queued => {}
        }
        Ok(())
    }

    /// Takes in what a look showed of a task in doubt.
    pub(super) fn sought(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
    ) -> Result<(), Impossible> {
        let page = self.looks.turn_page(task, self.state.facts_of(task).trace, &sighting);
        let proposals = self.settlement.sought(now, task, sighting, page, &self.state);
        self.dispose(now, proposals)?;
        match self.state.task(task).phase {
            // Its next read is planned already.
            Phase::Doubt => Ok(()),
            _ => self.place(now, task),
        }
    }

    /// Plans the next read of a task: an urgent one while a PIN depends on it.
    fn follow(&mut self, now: UnixMillis, task: TaskIndex) {
        if !(self.state.lacks_pin(task) && self.settlement.look_urgently(task, now)) {
            let latest = self.ends(now).wait_ends(now);
            self.looks.schedule(task, now, latest);
        }
    }

    /// Plans a read of a task at once.
    fn follow_at_once(&mut self, now: UnixMillis, task: TaskIndex) {
        if self.state.lacks_pin(task) {
            self.settlement.put(task, now);
        } else {
            self.looks.put(task, now);
        }
    }

    /// The end of a lock is known: its PIN is read, where that is allowed.
    fn take_custody(&mut self, now: UnixMillis, task: TaskIndex) -> Result<(), Impossible> {
        self.looks.stop_following(task);
        if let Some(event) = self.settlement.known_pin(task, &self.state) {
            self.record(now, event)?;
        }
        let proposal = self.settlement.take_custody(now, task, &self.state);
        self.dispose(now, proposal)
    }

    /// Forgets a task in the queues of all reads.
    pub(super) fn forget(&mut self, task: TaskIndex) {
        self.looks.forget(task);
        self.settlement.forget(task);
    }

    /// Skips a task if its device is protected; says whether it did.
    pub(super) fn skip_protected(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
    ) -> Result<bool, Impossible> {
        let Some(reason) = self.stops.protection(task) else { return Ok(false) };
        let reason = not_sent(self.state.task(task), reason);
        let outcome = Outcome::Skipped;
        self.sends.give_back_place(task);
        self.record(now, Event::Settled { task, outcome, reason })?;
        Ok(true)
    }

    /// Says what to record and send at `now`.
    pub(super) fn decide(&mut self, now: UnixMillis) -> Result<Effects, Impossible> {
        let mut effects = Effects::default();
        let is_sending = self.ends(now).is_sending();
        let stop = self.stops.check_rules(now, is_sending, &self.state);
        self.dispose(now, stop)?;
        let gate_at = self.check_waves(now)?;
        effects.ask = self.sends.take_question();
        while effects.calls.len() < CALLS_MAX {
            let Some(lane) = self.next_lane(now) else { break };
            if now < self.state.paused_until {
                effects.wake_at = Some(self.state.paused_until);
                break;
            }
            if self.under_way() >= self.state.policy.concurrency {
                break;
            }
            match self.allowance.take(now) {
                Ok(()) => {}
                Err(Denied::NoGrant) => {
                    let parts = (&self.sends, &self.looks, &self.settlement, &self.notes);
                    let is_held = self.stops.is_waiting_for_doubt();
                    effects.want = wanted(now, self.ends(now), parts, is_held);
                    break;
                }
                Err(Denied::Until(at)) => {
                    effects.wake_at = Some(at);
                    break;
                }
            }
            self.emit(now, lane, &mut effects.calls)?;
        }
        if effects.calls.len() == CALLS_MAX {
            effects.wake_at = Some(now);
        }
        let wake_at = [effects.wake_at, gate_at, self.next_moment(now)];
        effects.wake_at = wake_at.into_iter().flatten().min();
        effects.is_done = self.ends(now).is_done(now, self.under_way());
        effects.entries = self.take_entries();
        Ok(effects)
    }

    /// Begins waves, or stops the run, as far as the waves that were begun allow. Returns when to check again.
    pub(super) fn check_waves(
        &mut self,
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, Impossible> {
        while self.ends(now).may_send()
            && !self.stops.is_overseen()
            && !self.stops.is_waiting_for_doubt()
        {
            match self.sends.wave_step(now, &self.state) {
                WaveStep::Hold(until) => return Ok(until),
                step => self.take_wave_step(now, step)?,
            }
        }
        Ok(None)
    }

    /// Carries a step of the waves out.
    pub(super) fn take_wave_step(
        &mut self,
        now: UnixMillis,
        step: WaveStep,
    ) -> Result<(), Impossible> {
        match step {
            WaveStep::Hold(_) => Ok(()),
            WaveStep::Fail(reason) => {
                self.dispose(now, [Proposal::Stop { cause: StopCause::Canary, reason }])
            }
            WaveStep::Spread { event, from } => {
                self.record(now, event)?;
                self.sends.put_reached(from, &self.state);
                Ok(())
            }
        }
    }

    /// Which queue the next call comes from; `None` when nothing is due.
    fn next_lane(&mut self, now: UnixMillis) -> Option<Lane> {
        let is_due = |at: Option<UnixMillis>| at.is_some_and(|at| at <= now);
        if is_due(self.ends(now).next_safety(now)) {
            return Some(Lane::Safety);
        }
        let is_look_due = is_due(self.ends(now).next_look(now));
        let is_send_due = self.ends(now).may_send()
            && !self.stops.is_waiting_for_doubt()
            && self.stops.window_opens(now, &self.state).is_none()
            && is_due(self.sends.next_due(now, &self.state));
        let is_note_due = is_due(self.ends(now).note_due);
        self.allowance.lane(is_send_due, is_look_due, is_note_due)
    }

    /// Adds the next call of a queue.
    fn emit(
        &mut self,
        now: UnixMillis,
        lane: Lane,
        calls: &mut Vec<Call>,
    ) -> Result<(), Impossible> {
        let call = match lane {
            Lane::Send => return self.emit_send(now, calls),
            Lane::Note => return self.emit_note(now, calls),
            Lane::Look => self.looks.take(now, &self.state),
            Lane::Safety => self.settlement.take(&self.state).map(|(task, read)| match read {
                SafetyRead::Pin => Call::Pin { task },
                SafetyRead::Traces => self.looks.call(task, &self.state),
            }),
        };
        if let Some(call) = call {
            self.allowance.count_look();
            calls.push(call);
        }
        Ok(())
    }

    /// Adds what the next task of the queue of sends needs, and records the intent of its request.
    fn emit_send(&mut self, now: UnixMillis, calls: &mut Vec<Call>) -> Result<(), Impossible> {
        let Some(task) = self.sends.pop() else { return Ok(()) };
        if self.skip_protected(now, task)? {
            return Ok(());
        }
        self.allowance.count_send();
        match self.sends.dispatch(now, task, &self.state) {
            Dispatch::Later => {}
            Dispatch::Prepare(call) => {
                self.allowance.count_preparation();
                calls.push(call);
            }
            Dispatch::Send { intent, call } => {
                self.record(now, intent)?;
                calls.push(call);
            }
        }
        Ok(())
    }

    /// Adds the request for the next note, and records its intent.
    fn emit_note(&mut self, now: UnixMillis, calls: &mut Vec<Call>) -> Result<(), Impossible> {
        let Some((task, ended)) = self.notes.take(&self.state) else { return Ok(()) };
        self.allowance.count_note();
        self.record(now, Event::NoteIntended { task })?;
        calls.push(Call::Note { task, ended });
        Ok(())
    }

    /// The next moment at which something may become due.
    fn next_moment(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let opens_at = self.stops.window_opens(now, &self.state);
        let may_send = self.ends(now).may_send();
        let send = if may_send { self.sends.next_due(now, &self.state) } else { None };
        let send = send.map(|at| opens_at.map_or(at, |opens_at| at.max(opens_at)));
        // A window that closes is noticed when it does, even if nothing else happens.
        let window = self.stops.window_changes().filter(|_| may_send);
        self.ends(now).next_moment(now, send, window)
    }

    /// Requests without an answer.
    fn under_way(&self) -> u32 {
        self.state.in_flight + self.allowance.reads_under_way()
    }

    pub(super) fn ends(&self, now: UnixMillis) -> Ends<'_> {
        Ends {
            state: &self.state,
            scope: self.stops.scope(),
            look_due: self.looks.next_due(),
            safety_due: self.settlement.next_due(),
            note_due: self.notes.next_due(now, &self.state, self.stops.scope()),
        }
    }
}
