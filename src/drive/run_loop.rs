//! The loop of a run.
//!
//! Owns the order of writing and sending. Invariant: a call is made only after the batch that holds its intent has been
//! committed; observers see entries only then, too. Must never decide what is sent.

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use tokio::sync::watch;

use super::batches::{Batches, ReadyCall};
use super::call_result::CallResult;
use super::clock::Clock;
use super::control::{Control, DriveError, Ended, Observer};
use super::gathering::Gathering;
use super::perform::{Performed, Worker};
use super::quota::{Block, Quota, QuotaError, others_pause};
use super::rate;
use super::records::compared;
use super::sleep_watch::{ClockJump, SleepWatch, is_stale};
use super::token::{FRESH_TOKEN_WAIT_MS, Renewed, Token};
use super::watchdog::Watchdog;
use crate::engine::{Ask, Call, Effects, Engine, OperatorAnswer};
use crate::journal::{Commit, RequestCounts};
use crate::model::{Entry, Event, RunTasks, StopCause, TaskFault, UnixMillis};
use crate::transport::Transport;

/// Longest sleep at a stretch, in milliseconds. Timers do not count the time in which the machine sleeps, so the
/// clock is checked at least this often.
const SLEEP_MS_MAX: u64 = 30_000;
/// How often the loop checks what is outside the run while it waits for a fresh token, in milliseconds.
const RENEWING_CHECK_MS: u64 = 1_000;

/// What the loop of a run works with.
pub(super) struct LoopParts<T, C, J> {
    pub(super) worker: Arc<Worker<T, C>>,
    pub(super) clock: C,
    pub(super) journal: J,
    pub(super) quota: Quota,
    pub(super) engine: Engine,
    pub(super) token: Token,
    pub(super) watchdog: Box<dyn Watchdog>,
    pub(super) tasks: RunTasks,
    pub(super) transport: Arc<T>,
    pub(super) requests: RequestCounts,
    pub(super) program: String,
}

/// The loop of a run.
pub(super) struct RunLoop<'a, T, C, J, O> {
    worker: Arc<Worker<T, C>>,
    clock: C,
    quota: Quota,
    engine: Engine,
    token: Token,
    watchdog: Box<dyn Watchdog>,
    /// A question that an operator has not answered yet.
    question: Option<BoxFuture<'static, OperatorAnswer>>,
    tasks: RunTasks,
    transport: Arc<T>,
    observer: &'a mut O,
    batches: Batches<J>,
    /// What follows from answers: it is committed with what is decided next.
    gathered: Gathering,
    under_way: FuturesUnordered<BoxFuture<'static, Returned>>,
    block: Option<Block>,
    /// How far the tenant's clock is ahead of ours.
    skew_ms: i64,
    sleep_watch: SleepWatch,
}

/// What came back from a call, and which token it left with.
struct Returned {
    token: u32,
    performed: Performed,
}

/// What woke the loop.
enum Woken {
    Committed(Result<(), String>),
    Answered(Box<Returned>),
    Said(OperatorAnswer),
    Renewed(Renewed),
    Time,
    Control,
}

impl<'a, T: Transport, C: Clock, J: Commit, O: Observer> RunLoop<'a, T, C, J, O> {
    /// Opens the run: its first entries are on their way to the disk.
    ///
    /// # Errors
    /// [`DriveError::Impossible`], and [`DriveError::Task`] where a task cannot be used.
    pub(super) fn open(parts: LoopParts<T, C, J>, observer: &'a mut O) -> Result<Self, DriveError> {
        let now = parts.clock.now();
        let mut run_loop = Self {
            batches: Batches::new(parts.journal, parts.tasks.clone(), parts.requests),
            gathered: Gathering::default(),
            under_way: FuturesUnordered::new(),
            block: None,
            skew_ms: 0,
            sleep_watch: SleepWatch::new(now),
            worker: parts.worker,
            clock: parts.clock,
            quota: parts.quota,
            engine: parts.engine,
            token: parts.token,
            watchdog: parts.watchdog,
            question: None,
            tasks: parts.tasks,
            transport: parts.transport,
            observer,
        };
        let entries = run_loop.engine.open(now, &parts.program)?;
        run_loop.submit(entries, Vec::new())?;
        Ok(run_loop)
    }

    /// Drives the run to its end, and gives back what is left of the hour.
    ///
    /// # Errors
    /// [`DriveError`].
    pub(super) async fn drive_to_end(
        mut self,
        control: &mut watch::Receiver<Control>,
    ) -> Result<Ended, DriveError> {
        let ended = self.drive(control).await;
        // An answer is kept even where nothing more can be decided.
        let gathered = self.gathered.take();
        let kept = self.submit(gathered, Vec::new());
        let returned = self.return_block();
        // What ended the run matters more than an unused block.
        let ended = ended?;
        kept?;
        returned?;
        Ok(ended)
    }

    async fn drive(&mut self, control: &mut watch::Receiver<Control>) -> Result<Ended, DriveError> {
        loop {
            let now = self.clock.now();
            let jumped = self.check_clock(now)?;
            self.gathered.add(jumped);
            let outside = self.check_outside(now)?;
            self.gathered.add(outside);
            let mut effects = self.next_effects(now)?;
            self.gathered.add(std::mem::take(&mut effects.entries));
            self.ask(effects.ask.take());
            let wait_until = self.gathered.waits_until(now, &effects, self.engine.state());
            if wait_until.is_none() {
                let entries = self.gathered.take();
                self.submit(entries, effects.calls)?;
            }
            if effects.is_done && self.batches.is_empty() && self.under_way.is_empty() {
                return self.close(now).await;
            }
            let wake_at = [effects.wake_at, wait_until].into_iter().flatten().min();
            match self.wait(wake_at, control).await {
                Woken::Committed(result) => self.release(result)?,
                Woken::Answered(returned) => self.take_answers(*returned)?,
                Woken::Renewed(renewed) => self.take_token(renewed)?,
                Woken::Said(answer) => {
                    let entries = self.engine.operator_said(self.clock.now(), answer)?;
                    self.gathered.add(entries);
                }
                Woken::Time => {}
                Woken::Control => {
                    let asked = *control.borrow_and_update();
                    match asked {
                        Control::Go => {}
                        Control::Drain { why } => {
                            let now = self.clock.now();
                            let entries = self.engine.stop(now, StopCause::Operator, why)?;
                            self.gathered.add(entries);
                        }
                        Control::Abort => {
                            let progress = self.engine.progress();
                            return Ok(Ended { progress, is_aborted: true });
                        }
                    }
                }
            }
        }
    }

    /// What the engine wants now, with more of the hour leased when it wants that.
    fn next_effects(&mut self, now: UnixMillis) -> Result<Effects, DriveError> {
        if self.token.is_renewing() {
            let wake_at = Some(now.plus_ms(RENEWING_CHECK_MS));
            return Ok(Effects { wake_at, ..Effects::default() });
        }
        let mut effects = self.engine.decide(now)?;
        if effects.want == 0 {
            return Ok(effects);
        }
        self.return_block()?;
        let block = self.quota.lease(now, effects.want)?;
        self.block = Some(block);
        self.engine.grant(block.grant.count, block.grant.expires_at);
        if block.grant.count == 0 {
            let more_at = block.grant.more_at.unwrap_or_else(|| now.plus_ms(1_000));
            effects.entries.extend(self.engine.pause(
                now,
                more_at,
                "the hourly quota is used up",
            )?);
            effects.wake_at = Some(effects.wake_at.map_or(more_at, |at| at.min(more_at)));
            return Ok(effects);
        }
        let next = self.engine.decide(now)?;
        effects.entries.extend(next.entries);
        effects.calls.extend(next.calls);
        // The block may already be used up: then the next round asks for another one.
        let wake_at = if next.want > 0 { Some(now) } else { next.wake_at };
        Ok(Effects { wake_at, is_done: next.is_done, ..effects })
    }

    fn return_block(&mut self) -> Result<(), QuotaError> {
        let unused = self.engine.surrender();
        match self.block.take() {
            Some(block) => self.quota.give_back(block, unused),
            None => Ok(()),
        }
    }

    /// Takes in what has changed outside the run: a stop request, devices that became protected.
    fn check_outside(&mut self, now: UnixMillis) -> Result<Vec<Entry>, DriveError> {
        let alarm = self.watchdog.check(now);
        let mut entries = self.engine.protect(now, &alarm.protected)?;
        if let Some((cause, reason)) = alarm.stop {
            entries.extend(self.engine.stop(now, cause, &reason)?);
        }
        Ok(entries)
    }

    /// Passes a question on to an operator, one at a time.
    fn ask(&mut self, ask: Option<Ask>) {
        if let Some(ask) = ask {
            self.question = Some(self.watchdog.ask(ask));
        }
    }

    /// Takes in an answer and all others that are there already, so that they share a commit.
    fn take_answers(&mut self, first: Returned) -> Result<(), DriveError> {
        let mut next = Some(first);
        while let Some(returned) = next {
            self.take_answer(returned)?;
            next = self.under_way.next().now_or_never().flatten();
        }
        Ok(())
    }

    fn take_answer(&mut self, returned: Returned) -> Result<(), DriveError> {
        let now = self.clock.now();
        let Performed { mut result, hour, skew_ms, is_unauthorized, took } = returned.performed;
        if let Some((word, took_ms)) = took {
            self.batches.count_answer(word, took_ms);
        }
        rate::tell(&mut self.engine, &result, took.map(|(_, took_ms)| took_ms), now);
        let is_read = !matches!(result, CallResult::Sent { .. });
        if is_read && is_unauthorized && self.token.seek_for_read(returned.token) {
            result = result.again_after(FRESH_TOKEN_WAIT_MS);
        }
        let engine = &mut self.engine;
        let entries = match result {
            CallResult::Sent { task, attempt, http_status, verdict } => {
                let verdict = self.token.seek_on_unauthorized(verdict, returned.token);
                engine.answered(now, task, attempt, http_status, verdict)?
            }
            CallResult::Looked { task, sighting } => engine.looked(now, task, sighting)?,
            CallResult::Pin { task, result } => engine.pin_read(now, task, result)?,
            CallResult::OddPin { task, pin, flaw } => engine.odd_pin_read(now, task, pin, flaw)?,
            CallResult::Secrets { task, source, result } => {
                engine.secrets_read(now, task, source, result)?
            }
            CallResult::Rechecked { task, result } => {
                let result = match result {
                    Ok(device) => {
                        let about = self.tasks.get(task)?;
                        let watchdog = &mut self.watchdog;
                        let compare = |task: &_, device: &_| watchdog.recheck(task, device);
                        Ok(compared(&about, device.as_deref(), compare))
                    }
                    Err(error) => Err(error),
                };
                self.engine.rechecked(now, task, result)?
            }
            CallResult::Noted { task, result } => engine.noted(now, task, result)?,
            CallResult::Listed { listing } => engine.listed(now, listing)?,
        };
        self.gathered.add(entries);
        self.skew_ms = skew_ms.unwrap_or(self.skew_ms);
        let per_hour = self.engine.state().policy().per_hour;
        if let Some((until, reason)) = hour.and_then(|hour| others_pause(hour, per_hour, now)) {
            let pause = self.engine.pause(now, until, &reason)?;
            self.gathered.add(pause);
        }
        Ok(())
    }

    /// Continues with a fresh token, or stops where nothing can be sent without one.
    fn take_token(&mut self, renewed: Renewed) -> Result<(), DriveError> {
        let now = self.clock.now();
        let entries = match renewed {
            Renewed::Fresh => {
                let until = now.plus_ms(FRESH_TOKEN_WAIT_MS);
                self.engine.pause(now, until, "now using a fresh token")?
            }
            Renewed::None { ends_run: Some(reason) } => {
                self.engine.stop(now, StopCause::Unauthorized, &reason)?
            }
            Renewed::None { ends_run: None } => Vec::new(),
        };
        self.gathered.add(entries);
        Ok(())
    }

    /// Stops where the clock was set back; checks everything again where the machine slept.
    fn check_clock(&mut self, now: UnixMillis) -> Result<Vec<Entry>, DriveError> {
        match self.sleep_watch.check(now) {
            ClockJump::None => Ok(Vec::new()),
            ClockJump::Back { seconds } => {
                let reason = format!("the clock jumped back by {seconds} s");
                Ok(self.engine.stop(now, StopCause::Clock, &reason)?)
            }
            ClockJump::Slept { slept_ms } => {
                self.transport.forget_connections();
                self.token.woke();
                Ok(self.engine.woke(now, slept_ms)?)
            }
        }
    }

    /// Gives entries to the journal; the calls wait until they are committed.
    fn submit(&mut self, entries: Vec<Entry>, calls: Vec<Call>) -> Result<(), TaskFault> {
        self.batches.submit(self.sleep_watch.latest(), entries, calls)
    }

    async fn wait(
        &mut self,
        wake_at: Option<UnixMillis>,
        control: &mut watch::Receiver<Control>,
    ) -> Woken {
        let soon = self.sleep_watch.latest().plus_ms(SLEEP_MS_MAX);
        let sleep = self.clock.sleep_until(wake_at.map_or(soon, |at| at.min(soon)));
        let question = &mut self.question;
        let said = async move {
            match question {
                Some(question) => question.await,
                None => std::future::pending().await,
            }
        };
        let woken = tokio::select! {
            biased;
            Ok(()) = control.changed() => Woken::Control,
            answer = said => Woken::Said(answer),
            renewed = self.token.renewed() => Woken::Renewed(renewed),
            result = self.batches.written() => Woken::Committed(result),
            Some(returned) = self.under_way.next() => Woken::Answered(Box::new(returned)),
            () = sleep => Woken::Time,
        };
        if matches!(woken, Woken::Said(_)) {
            self.question = None;
        }
        woken
    }

    /// The oldest batch is on disk: its calls may leave.
    fn release(&mut self, result: Result<(), String>) -> Result<(), DriveError> {
        let Some(batch) = self.batches.take_written() else { return Ok(()) };
        result.map_err(DriveError::Journal)?;
        self.observer.committed(&batch.entries, &self.engine.progress());
        let is_stale = is_stale(batch.formed_at, self.clock.now());
        for ReadyCall { call, about } in batch.calls {
            let token = self.token.number();
            if let (true, Call::Send { task, attempt, .. }) = (is_stale, &call) {
                let performed = Performed::not_sent(*task, *attempt);
                let returned = std::future::ready(Returned { token, performed });
                self.under_way.push(returned.boxed());
                continue;
            }
            let call = Arc::clone(&self.worker).perform(call, about, self.skew_ms);
            self.under_way.push(call.map(move |performed| Returned { token, performed }).boxed());
        }
        Ok(())
    }

    /// Leaves in order: the last entry is on disk, too.
    async fn close(&mut self, now: UnixMillis) -> Result<Ended, DriveError> {
        let entry = Entry { at: now, event: Event::Closed };
        self.submit(vec![entry], Vec::new())?;
        while !self.batches.is_empty() {
            let result = self.batches.written().await;
            self.release(result)?;
        }
        Ok(Ended { progress: self.engine.progress(), is_aborted: false })
    }
}
