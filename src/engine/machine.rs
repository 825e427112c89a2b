//! The run machine as its shell sees it.
//!
//! Owns one method for each thing that the shell says or asks: it names the part that takes it in and hands the
//! proposals to `decide`. Must never record anything past `decide`.

use super::calls::{Effects, KnownPins, OperatorAnswer, PinSource, PlaceSource, Scope};
use super::decide::Coordinator;
use super::phase::Phase;
use super::progress::Progress;
use super::proposal::Proposal;
use super::sends::{Sends, WaveStep};
use super::state::EngineState;
use super::stops::Stops;
use super::task::Impossible;
use crate::model::{
    Decision, Entry, Event, Listing, NoteResult, Recheck, ReducedRate, Sealed, Secret,
    SecretSource, Sighting, StopCause, TaskIndex, UnixMillis, Unreadable, Verdict,
};

/// The run machine: decides what a run records and sends, without a clock, a disk or a network.
///
/// Every method that returns entries has applied them to [`Engine::state`] already. The shell commits them in the order
/// in which they were returned, and makes a call only after the entries of its decision are committed.
pub struct Engine {
    pub(super) run: Coordinator,
}

impl Engine {
    /// The machine of a run in this `state`. Nothing is sent before [`Engine::open`].
    #[must_use]
    pub fn new(state: EngineState) -> Self {
        Self { run: Coordinator::new(state) }
    }

    /// Limits what this process does with the run. The default is [`Scope::Whole`].
    pub fn set_scope(&mut self, scope: Scope) {
        self.run.stops.set_scope(scope);
        self.run.looks.set_one_pass(scope == Scope::OnePass);
    }

    /// Sets the source of PINs. Without one, requests that take a PIN are sent without.
    pub fn set_pin_source(&mut self, pins: PinSource) {
        self.run.sends.set_pin_source(pins);
    }

    /// Sets the source of PINs of Macs that other runs have locked. Without one, only the tenant is asked.
    pub fn set_known_pins(&mut self, known_pins: KnownPins) {
        self.run.settlement.set_known_pins(known_pins);
    }

    /// Sets the source of places for irreversible requests. Without one, each run counts for itself.
    pub fn set_place_source(&mut self, places: PlaceSource) {
        self.run.sends.set_place_source(places);
    }

    /// Writes a note about each device whose tasks have all ended. Without this, none is written.
    pub fn write_notes(&mut self) {
        self.run.notes.turn_on(&self.run.state);
    }

    /// Leaves waves and the rules of errors to an [`Overseer`](super::Overseer): this machine has a part of a run.
    pub fn set_overseen(&mut self) {
        self.run.stops.set_overseen();
    }

    /// Holds requests back, or releases them, as the overseer says. Reads go on.
    pub fn hold(&mut self, is_held: bool) {
        self.run.stops.hold(is_held);
    }

    /// Takes in what the overseer decided, or another part found, for the whole run: a step of the waves, a stop, an action
    /// that is stopped, a pause.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn overseen(&mut self, now: UnixMillis, event: Event) -> Result<Vec<Entry>, Impossible> {
        match event {
            Event::WaveBegun { not_before, .. } => {
                self.run.take_wave_step(now, WaveStep::Spread { event, from: not_before })?;
            }
            Event::CanaryAdded { .. } => {
                self.run.take_wave_step(now, WaveStep::Spread { event, from: now })?;
            }
            Event::Stopped { cause, reason } => return self.stop(now, cause, &reason),
            Event::Paused { until, reason } => return self.pause(now, until, &reason),
            other => self.run.record(now, other)?,
        }
        Ok(self.run.take_entries())
    }

    /// The state as it will be when all entries so far are committed.
    #[must_use]
    pub fn state(&self) -> &EngineState {
        &self.run.state
    }

    /// How far the run is, with all entries so far, and how fast it may go.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { reduced_rate: self.reduced_rate(), ..self.run.state.progress() }
    }

    /// How fast requests may leave, where the tenant's answers have lowered the rate.
    #[must_use]
    pub fn reduced_rate(&self) -> Option<ReducedRate> {
        self.run.allowance.reduced_rate()
    }

    /// Takes in that the tenant refused a request with HTTP 429: the rate is lowered. A shell that says nothing of its
    /// answers keeps the rate at its limit.
    pub fn rate_was_refused(&mut self, now: UnixMillis) {
        self.run.allowance.throttled(now);
    }

    /// Takes in that an answer came after so many milliseconds: by this the rate is lowered, and rises again.
    pub fn answer_took(&mut self, now: UnixMillis, latency_ms: u64) {
        self.run.allowance.answered(now, latency_ms);
    }

    /// Opens the run, new or resumed. Requests in progress have lost their answers: tasks that are safe to repeat go back
    /// to the queue, the others are in doubt.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn open(&mut self, now: UnixMillis, program: &str) -> Result<Vec<Entry>, Impossible> {
        self.run.record(now, Event::Opened { program: program.to_owned() })?;
        let stop = Stops::check_old_pause(now, &self.run.state);
        self.run.dispose(now, stop)?;
        for task in self.run.state.indexes() {
            self.run.reopen(now, task)?;
        }
        Ok(self.run.take_entries())
    }

    /// Adds a grant: `count` requests that may leave until `until`. It replaces what was left of an earlier grant, so
    /// call [`Engine::surrender`] first.
    pub fn grant(&mut self, count: u32, until: UnixMillis) {
        self.run.allowance.grant(count, until);
    }

    /// Takes back what is left of the grant, expired or not, and returns how many requests that is.
    pub fn surrender(&mut self) -> u32 {
        self.run.allowance.surrender()
    }

    /// Decides what to record and send at `now`.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn decide(&mut self, now: UnixMillis) -> Result<Effects, Impossible> {
        self.run.decide(now)
    }

    /// Stops sending; requests in progress are waited for. The first cause stays, with two exceptions. A stop that still
    /// reads gives way to one that ends reading. The end of the time for sending gives way to any other cause.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn stop(
        &mut self,
        now: UnixMillis,
        cause: StopCause,
        reason: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        self.carry_out(now, [Proposal::Stop { cause, reason: reason.to_owned() }])
    }

    /// Pauses the tenant until `until`. A pause only ever moves forward.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn pause(
        &mut self,
        now: UnixMillis,
        until: UnixMillis,
        reason: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        let pause = Stops::pause(now, until, reason, &self.run.state);
        self.carry_out(now, pause)
    }

    /// Takes in what is known after a request: its answer, or why there is none.
    ///
    /// # Errors
    /// [`Impossible`] when no such request is in progress.
    pub fn answered(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        attempt: u16,
        http_status: Option<u16>,
        verdict: Verdict,
    ) -> Result<Vec<Entry>, Impossible> {
        let event = Event::Answered { task, attempt, http_status, verdict: verdict.clone() };
        self.run.record(now, event)?;
        self.run.stops.answered(&verdict);
        self.run.conclude(now, task, &verdict)?;
        self.run.place(now, task)?;
        Ok(self.run.take_entries())
    }

    /// Takes in what a look showed.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn looked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("a look", !matches!(sighting, Sighting::Unreachable { .. }))?;
        if let Sighting::OtherDevice { reason } = sighting {
            return self.carry_out(now, [Proposal::Stop { cause: StopCause::WrongDevice, reason }]);
        }
        match self.run.state.task(task).phase {
            Phase::Following => self.run.followed(now, task, sighting)?,
            Phase::Doubt => self.run.sought(now, task, sighting)?,
            _ => {}
        }
        Ok(self.run.take_entries())
    }

    /// Takes in what a read of a lock's PIN showed: six digits, none, or why it could not be read.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Option<Sealed>, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("a PIN", is_reached(&result))?;
        let proposals = self.run.settlement.pin_read(now, task, result, &self.run.state);
        self.carry_out(now, proposals)
    }

    /// Takes in that the tenant shows something as a PIN that has not the form of one; `flaw` says what is wrong with
    /// it. It counts as none, and is kept.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn odd_pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        pin: Sealed,
        flaw: String,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("a PIN", true)?;
        let proposals = self.run.settlement.odd_pin_read(now, task, pin, flaw, &self.run.state);
        self.carry_out(now, proposals)
    }

    /// Takes in secrets that were read before the request that takes them away. Without them the request is not sent.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn secrets_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        source: SecretSource,
        result: Result<Vec<Secret>, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("secrets", is_reached(&result))?;
        let proposals = self.run.sends.secrets_read(now, task, source, result, &self.run.state);
        self.carry_out(now, proposals)
    }

    /// Takes in what the record of a target shows just before its request.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn rechecked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Recheck, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("a target", is_reached(&result))?;
        let proposals = self.run.sends.rechecked(now, task, result, &self.run.state);
        self.carry_out(now, proposals)
    }

    /// Takes in what came of the request for a note.
    ///
    /// # Errors
    /// [`Impossible`] when no such request is in progress.
    pub fn noted(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: NoteResult,
    ) -> Result<Vec<Entry>, Impossible> {
        self.read_came_back("a note", matches!(result, NoteResult::Written))?;
        self.run.record(now, Event::NoteAnswered { task, result: result.clone() })?;
        self.run.notes.answered(now, task, &result, &self.run.state);
        Ok(self.run.take_entries())
    }

    /// Takes in a page of the device list.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub fn listed(&mut self, now: UnixMillis, listing: Listing) -> Result<Vec<Entry>, Impossible> {
        let is_reached = !matches!(listing, Listing::Unreachable { .. });
        self.read_came_back("the device list", is_reached)?;
        let proposal = self.run.looks.listed(now, listing, &self.run.state);
        self.carry_out(now, proposal)
    }

    /// Takes in what an operator said about the next wave.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn operator_said(
        &mut self,
        now: UnixMillis,
        answer: OperatorAnswer,
    ) -> Result<Vec<Entry>, Impossible> {
        if answer == OperatorAnswer::Stop {
            return self.stop(now, StopCause::Operator, "the next wave was not confirmed");
        }
        let step = Sends::confirmed_wave(now, &self.run.state);
        self.run.take_wave_step(now, step)?;
        Ok(self.run.take_entries())
    }

    /// Skips tasks whose devices are protected: those that could be sent now at once, all others when their turn comes.
    /// `tasks` are added to those of before, each with its reason. Tasks that were sent already go on.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn protect(
        &mut self,
        now: UnixMillis,
        tasks: &[(TaskIndex, String)],
    ) -> Result<Vec<Entry>, Impossible> {
        self.run.stops.protect(tasks);
        for (task, _) in tasks {
            if self.run.state.task(*task).phase == Phase::Ready {
                self.run.sends.remove(*task);
                self.run.skip_protected(now, *task)?;
            }
        }
        Ok(self.run.take_entries())
    }

    /// Takes in that the machine slept for so many milliseconds. Targets that were read before are read again; windows
    /// and deadlines are checked before each request anyway.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn woke(&mut self, now: UnixMillis, slept_ms: u64) -> Result<Vec<Entry>, Impossible> {
        self.carry_out(now, [Proposal::Record(Event::Woke { slept_ms })])
    }

    /// Records what an operator decided about a task in doubt; `by` names the operator.
    ///
    /// # Errors
    /// [`Impossible`] when the task is not in doubt.
    pub fn resolve(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        decision: Decision,
        by: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        self.run.record(now, Event::Resolved { task, decision, by: by.to_owned() })?;
        self.run.forget(task);
        Ok(self.run.take_entries())
    }

    fn read_came_back(&mut self, what: &'static str, is_reached: bool) -> Result<(), Impossible> {
        self.run.allowance.read_came_back(what)?;
        if is_reached {
            self.run.stops.reached();
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        now: UnixMillis,
        proposals: impl IntoIterator<Item = Proposal>,
    ) -> Result<Vec<Entry>, Impossible> {
        self.run.dispose(now, proposals)?;
        Ok(self.run.take_entries())
    }
}

/// Whether the tenant answered a read at all.
fn is_reached<T>(result: &Result<T, Unreadable>) -> bool {
    !matches!(result, Err(Unreadable::Unreachable { .. }))
}
