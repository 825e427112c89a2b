//! The loop of a run.
//!
//! Owns the order of writing and sending. Invariant: a call is made only after the batch that holds its
//! intent has been committed; observers see entries only then, too.

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

use super::clock::Clock;
use super::perform::{CallResult, HourLeft, Performed, RenewToken, Sealer, Worker};
use super::pins::DrawPin;
use super::quota::{Block, Quota, QuotaError};
use super::token::{FRESH_TOKEN_WAIT_MS, Renewed, Token};
use super::watchdog::Watchdog;
use crate::engine::{Ask, Call, Effects, Engine, Impossible, OperatorAnswer, Progress};
use crate::journal::{Batch, Commit, RequestCounts};
use crate::model::{Device, Entry, Event, Recheck, StopCause, Task, TaskIndex, UnixMillis};
use crate::pace::others_pause_until;
use crate::transport::Transport;

/// A clock that shows an earlier time than before by more than this has jumped.
const CLOCK_JUMP_MS: i64 = 2_000;
/// Longest sleep at a stretch, in milliseconds.
const SLEEP_MS_MAX: u64 = 30_000;
/// A clock that has moved on by more than this since it was last looked at shows that the machine slept: the loop
/// looks at it each half a minute.
const SLEPT_MS: i64 = 90_000;
/// A request whose intent is older than this when it is on disk is not sent any more, in milliseconds: what was
/// true when it was decided may not be. Disks hang and machines sleep between the two.
const STALE_MS: i64 = 30_000;
/// How often the loop looks around while it waits for a fresh token, in milliseconds.
const RENEWING_LOOK_MS: u64 = 1_000;
/// Largest share of the tenant's hour that is kept for other tools when the server's own count is
/// obeyed; a tiny budget of ours does not mean that the rest is theirs.
const OTHERS_SHARE_MAX: f64 = 0.2;

/// What an operator asks of a run under way.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Go,
    /// Send nothing more, wait for what is under way.
    Drain {
        /// Who or what asked for it, as the journal keeps it.
        why: &'static str,
    },
    /// Leave at once.
    Abort,
}

/// Sees what happens, after it is on disk.
pub trait Observer: Send {
    /// Called with entries that have just been committed, in order, and how far the run is.
    fn committed(&mut self, entries: &[Entry], progress: &Progress);
}

/// Sees nothing.
#[derive(Copy, Clone, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn committed(&mut self, _entries: &[Entry], _progress: &Progress) {}
}

/// What a run is made of.
pub struct RunParts<T, C, J> {
    /// The way to the tenant.
    pub transport: Arc<T>,
    /// Time.
    pub clock: C,
    /// The journal's writer.
    pub journal: J,
    /// The tenant's hour.
    pub quota: Quota,
    /// The machine, its state replayed from the journal.
    pub engine: Engine,
    /// The frozen tasks.
    pub tasks: Arc<[Task]>,
    /// Requests that were made to prepare the run, to be counted with it.
    pub requests: RequestCounts,
    /// Name and version of the program.
    pub program: String,
    /// How to get a fresh token, once, when the API answers 401.
    pub renew_token: Option<RenewToken>,
    /// Seals secrets at the moment of receipt; `None` keeps them in clear.
    pub sealer: Option<Sealer>,
    /// Draws the PINs of erases.
    pub draw_pin: DrawPin,
    /// Checks what happens outside the run.
    pub watchdog: Box<dyn Watchdog>,
}

/// How a run was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How far it is.
    pub progress: Progress,
    /// The operator left at once; answers may be lost.
    pub is_aborted: bool,
}

/// Why a run broke off.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal cannot be written. Nothing more was sent; answers under way then are lost.
    #[error("the journal cannot be written: {0}")]
    Journal(String),
    /// The ledger of the hour cannot be written.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A fault of this program.
    #[error("internal fault: {0}")]
    Impossible(#[from] Impossible),
}

/// Drives a run until nothing more will happen in it, or the operator leaves.
///
/// # Errors
/// [`DriveError`]; what happened until then is in the journal, and the run can be resumed.
pub async fn run<T: Transport, C: Clock, J: Commit>(
    parts: RunParts<T, C, J>,
    control: &mut watch::Receiver<Control>,
    observer: &mut impl Observer,
) -> Result<Ended, DriveError> {
    let now = parts.clock.now();
    let mut engine = parts.engine;
    engine.set_pin_source(super::pins::source(parts.draw_pin, parts.sealer.clone()));
    engine.set_place_source(parts.quota.places());
    let (transport, tasks) = (Arc::clone(&parts.transport), Arc::clone(&parts.tasks));
    let worker = Worker::new(transport, parts.clock.clone(), tasks, parts.sealer);
    let mut shell = Shell {
        commits: VecDeque::new(),
        under_way: FuturesUnordered::new(),
        block: None,
        skew_ms: 0,
        latest: now,
        requests: parts.requests,
        worker: Arc::new(worker),
        clock: parts.clock,
        journal: parts.journal,
        quota: parts.quota,
        engine,
        token: Token::new(parts.renew_token),
        watchdog: parts.watchdog,
        question: None,
        tasks: parts.tasks,
        transport: parts.transport,
        observer,
    };
    let entries = shell.engine.open(now, &parts.program)?;
    shell.submit(entries, Vec::new());
    let ended = shell.drive(control).await;
    let returned = shell.return_block();
    // What ended the run is worth more than what became of an unused block.
    let ended = ended?;
    returned?;
    Ok(ended)
}

struct Shell<'a, T, C, J, O> {
    worker: Arc<Worker<T, C>>,
    clock: C,
    journal: J,
    quota: Quota,
    engine: Engine,
    token: Token,
    watchdog: Box<dyn Watchdog>,
    /// A question that a person has not answered yet.
    question: Option<BoxFuture<'static, OperatorAnswer>>,
    tasks: Arc<[Task]>,
    transport: Arc<T>,
    observer: &'a mut O,
    /// Batches on their way to the disk, oldest first.
    commits: VecDeque<Uncommitted>,
    under_way: FuturesUnordered<BoxFuture<'static, Returned>>,
    block: Option<Block>,
    skew_ms: i64,
    latest: UnixMillis,
    requests: RequestCounts,
}

struct Uncommitted {
    formed_at: UnixMillis,
    done: oneshot::Receiver<Result<(), String>>,
    entries: Vec<Entry>,
    calls: Vec<Call>,
}

/// What came back from a call, and which token it left with.
struct Returned {
    token: u32,
    performed: Performed,
}

/// What woke the loop.
enum Woken {
    Committed(Result<(), String>),
    Answered(Returned),
    Said(OperatorAnswer),
    Renewed(Renewed),
    Time,
    Control,
}

impl<T: Transport, C: Clock, J: Commit, O: Observer> Shell<'_, T, C, J, O> {
    async fn drive(&mut self, control: &mut watch::Receiver<Control>) -> Result<Ended, DriveError> {
        loop {
            let now = self.clock.now();
            let mut entries = self.check_clock(now)?;
            entries.extend(self.look_around(now)?);
            let step = self.next_step(now)?;
            entries.extend(step.entries);
            self.ask(step.ask);
            self.submit(entries, step.calls);
            if step.is_done && self.commits.is_empty() && self.under_way.is_empty() {
                return self.close(now).await;
            }
            match self.wait(step.wake_at, control).await {
                Woken::Committed(result) => self.release(result)?,
                Woken::Answered(returned) => self.take_answers(returned)?,
                Woken::Renewed(renewed) => self.take_token(renewed)?,
                Woken::Said(answer) => {
                    let now = self.clock.now();
                    let entries = self.engine.operator_said(now, answer)?;
                    self.submit(entries, Vec::new());
                }
                Woken::Time => {}
                Woken::Control => {
                    let asked = *control.borrow_and_update();
                    match asked {
                        Control::Go => {}
                        Control::Drain { why } => {
                            let now = self.clock.now();
                            let entries = self.engine.stop(now, StopCause::Operator, why)?;
                            self.submit(entries, Vec::new());
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
    fn next_step(&mut self, now: UnixMillis) -> Result<Effects, DriveError> {
        if self.token.is_renewing() {
            let wake_at = Some(now.plus_ms(RENEWING_LOOK_MS));
            return Ok(Effects { wake_at, ..Effects::default() });
        }
        let mut step = self.engine.decide(now)?;
        if step.want == 0 {
            return Ok(step);
        }
        self.return_block()?;
        let block = self.quota.lease(now, step.want)?;
        self.block = Some(block);
        self.engine.grant(block.grant.count, block.grant.expires_at);
        if block.grant.count == 0 {
            let more_at = block.grant.more_at.unwrap_or_else(|| now.plus_ms(1_000));
            step.entries.extend(self.engine.pause(now, more_at, "the hour's budget is spent")?);
            step.wake_at = Some(step.wake_at.map_or(more_at, |at| at.min(more_at)));
            return Ok(step);
        }
        let next = self.engine.decide(now)?;
        step.entries.extend(next.entries);
        step.calls.extend(next.calls);
        // The block may already be used up: then the next round asks for another one.
        let wake_at = if next.want > 0 { Some(now) } else { next.wake_at };
        Ok(Effects { wake_at, is_done: next.is_done, ..step })
    }

    fn return_block(&mut self) -> Result<(), QuotaError> {
        let unused = self.engine.surrender();
        match self.block.take() {
            Some(block) => self.quota.give_back(block, unused),
            None => Ok(()),
        }
    }

    /// Deadlines and the hour's log are moments of this clock: one that jumps back breaks them all. One that jumps
    /// forward shows that the machine slept: what was known before has to be looked at again.
    fn check_clock(&mut self, now: UnixMillis) -> Result<Vec<Entry>, DriveError> {
        let ahead_ms = now.since(self.latest);
        self.latest = now;
        if ahead_ms < -CLOCK_JUMP_MS {
            let reason = format!("the clock jumped back by {} s", -ahead_ms / 1_000);
            return Ok(self.engine.stop(now, StopCause::Clock, &reason)?);
        }
        if ahead_ms <= SLEPT_MS {
            return Ok(Vec::new());
        }
        self.transport.forget_connections();
        self.token.woke();
        Ok(self.engine.woke(now, u64::try_from(ahead_ms).unwrap_or(0))?)
    }

    /// Heeds what has happened outside of the run: somebody wants it to stop, devices are protected by now.
    fn look_around(&mut self, now: UnixMillis) -> Result<Vec<Entry>, DriveError> {
        let alarm = self.watchdog.check(now);
        let mut entries = self.engine.protect(now, &alarm.protected)?;
        if let Some((cause, reason)) = alarm.stop {
            entries.extend(self.engine.stop(now, cause, &reason)?);
        }
        Ok(entries)
    }

    /// Passes a question on to a person, one at a time.
    fn ask(&mut self, ask: Option<Ask>) {
        if let Some(ask) = ask {
            self.question = Some(self.watchdog.ask(ask));
        }
    }

    /// Gives entries to the journal; the calls wait until they are committed.
    fn submit(&mut self, mut entries: Vec<Entry>, calls: Vec<Call>) {
        if entries.is_empty() && calls.is_empty() {
            return;
        }
        for entry in &mut entries {
            // The engine knows tasks by their numbers; the journal is to prove by itself what was sent.
            if let Event::Intent { task, sends, .. } = &mut entry.event {
                *sends = self.tasks.get(task.at()).map(|task| Box::new(task.sends()));
            }
        }
        for call in &calls {
            *self.requests.entry(call.word().to_owned()).or_default() += 1;
        }
        let requests = std::mem::take(&mut self.requests);
        let (committed, done) = oneshot::channel();
        let batch = Batch { entries: entries.clone(), requests };
        self.journal.submit(batch, Box::new(move |result| drop(committed.send(result))));
        let formed_at = self.latest;
        self.commits.push_back(Uncommitted { formed_at, done, entries, calls });
    }

    async fn wait(
        &mut self,
        wake_at: Option<UnixMillis>,
        control: &mut watch::Receiver<Control>,
    ) -> Woken {
        // Timers do not count the time in which the machine sleeps, so none is made long: after that the
        // clock is looked at again.
        let soon = self.latest.plus_ms(SLEEP_MS_MAX);
        let clock = &self.clock;
        let sleep = clock.sleep_until(wake_at.map_or(soon, |at| at.min(soon)));
        let oldest = self.commits.front_mut();
        let commit = async move {
            match oldest {
                Some(oldest) => (&mut oldest.done)
                    .await
                    .unwrap_or_else(|_| Err("the writer of the journal is gone".to_owned())),
                None => std::future::pending().await,
            }
        };
        let renewed = self.token.renewed();
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
            renewed = renewed => Woken::Renewed(renewed),
            result = commit => Woken::Committed(result),
            Some(returned) = self.under_way.next() => Woken::Answered(returned),
            () = sleep => Woken::Time,
        };
        if matches!(woken, Woken::Said(_)) {
            self.question = None;
        }
        woken
    }

    /// The oldest batch is on disk: its calls may leave.
    fn release(&mut self, result: Result<(), String>) -> Result<(), DriveError> {
        let Some(batch) = self.commits.pop_front() else { return Ok(()) };
        result.map_err(DriveError::Journal)?;
        self.observer.committed(&batch.entries, &self.engine.progress());
        let is_stale = self.clock.now().since(batch.formed_at) > STALE_MS;
        for call in batch.calls {
            let token = self.token.number();
            if let (true, Call::Send { task, attempt, .. }) = (is_stale, &call) {
                let performed = Performed::not_sent(*task, *attempt);
                let returned = std::future::ready(Returned { token, performed });
                self.under_way.push(returned.boxed());
                continue;
            }
            let call = Arc::clone(&self.worker).perform(call, self.skew_ms);
            self.under_way.push(call.map(move |performed| Returned { token, performed }).boxed());
        }
        Ok(())
    }

    /// Takes in an answer and all others that are there already, so that they share a commit.
    fn take_answers(&mut self, first: Returned) -> Result<(), DriveError> {
        let mut entries = Vec::new();
        let mut next = Some(first);
        while let Some(returned) = next {
            self.take_answer(returned, &mut entries)?;
            next = self.under_way.next().now_or_never().flatten();
        }
        self.submit(entries, Vec::new());
        Ok(())
    }

    fn take_answer(
        &mut self,
        returned: Returned,
        entries: &mut Vec<Entry>,
    ) -> Result<(), DriveError> {
        let now = self.clock.now();
        let Performed { mut outcome, hour, skew_ms, is_unauthorized } = returned.performed;
        let is_read = !matches!(outcome, CallResult::Sent { .. });
        if is_read && is_unauthorized && self.token.seek_for_read(returned.token) {
            outcome = outcome.again_after(FRESH_TOKEN_WAIT_MS);
        }
        let engine = &mut self.engine;
        entries.extend(match outcome {
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
                let result = result.map(|device| self.compare(task, device.as_deref()));
                self.engine.rechecked(now, task, result)?
            }
            CallResult::Listed { listing } => engine.listed(now, listing)?,
        });
        self.skew_ms = skew_ms.unwrap_or(self.skew_ms);
        if let Some(hour) = hour {
            entries.extend(self.heed_server(now, hour)?);
        }
        Ok(())
    }

    /// Goes on with a fresh token, or stops where nothing can be sent without one.
    fn take_token(&mut self, renewed: Renewed) -> Result<(), DriveError> {
        let now = self.clock.now();
        let entries = match renewed {
            Renewed::Fresh => {
                let until = now.plus_ms(FRESH_TOKEN_WAIT_MS);
                self.engine.pause(now, until, "a fresh token is in use")?
            }
            Renewed::None { ends_run: Some(reason) } => {
                self.engine.stop(now, StopCause::Unauthorized, &reason)?
            }
            Renewed::None { ends_run: None } => Vec::new(),
        };
        self.submit(entries, Vec::new());
        Ok(())
    }

    fn compare(&mut self, task: TaskIndex, device: Option<&Device>) -> Recheck {
        match device {
            Some(device) => self.watchdog.recheck(&self.tasks[task.at()], device),
            None => Recheck::Changed { reason: "the device is gone".to_owned() },
        }
    }

    /// The server's own count of the hour may slow us down, never speed us up.
    fn heed_server(&mut self, now: UnixMillis, hour: HourLeft) -> Result<Vec<Entry>, Impossible> {
        let ours = f64::from(self.engine.state().policy().per_hour);
        let share = (1.0 - ours / f64::from(hour.limit.max(1))).clamp(0.0, OTHERS_SHARE_MAX);
        let Some(until) = others_pause_until(hour.remaining, hour.limit, share, now) else {
            return Ok(Vec::new());
        };
        let reason = format!(
            "the tenant has {} of {} requests left in this hour, which other tools may need",
            hour.remaining, hour.limit
        );
        self.engine.pause(now, until, &reason)
    }

    /// Leaves in order.
    async fn close(&mut self, now: UnixMillis) -> Result<Ended, DriveError> {
        let entry = Entry { at: now, event: Event::Closed };
        self.submit(vec![entry], Vec::new());
        while let Some(batch) = self.commits.front_mut() {
            let result = (&mut batch.done)
                .await
                .unwrap_or_else(|_| Err("the writer of the journal is gone".to_owned()));
            self.release(result)?;
        }
        Ok(Ended { progress: self.engine.progress(), is_aborted: false })
    }
}
