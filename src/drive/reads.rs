//! Reads outside a run: the inventory, a device, its commands.
//!
//! Owns the one gate through which they go: paced, charged to the hour, repeated where that helps. Must
//! never send anything that changes something: it takes no other requests than reads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::Clock;
use super::quota::{Block, Quota, QuotaError};
use super::wire_log;
use crate::journal::RequestCounts;
use crate::kandji::{Asked, error_text, retry_after_ms};
use crate::model::wire::{Fault, Method, Reply, Request};
use crate::model::{Retries, TaskIndex, UnixMillis};
use crate::pace::{AdaptiveRate, backoff_ms};
use crate::transport::Transport;

/// Requests that are leased at once: half a second of reads at the default rate.
const BLOCK: u32 = 10;
/// Reads in progress at once. A person waits for them, and nothing else is sent meanwhile. At the default rate, answers
/// that take 400 ms keep so many in progress.
const AT_ONCE_MAX: u32 = 8;
/// Longest that a read waits for the tenant, in milliseconds. A person waits for a plan: after this it is
/// better to say when to come back.
const WAIT_MS_MAX: u64 = 120_000;
/// A shorter wait for a place is not reported: it is hardly noticed, and the places of a second are many.
const TOLD_MS_MIN: u64 = 1_500;

/// Why a read has no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The tenant cannot be reached.
    #[error("cannot reach the tenant: {0}")]
    Unreachable(String),
    /// 401.
    #[error("HTTP 401: {0}; the token is wrong, revoked or expired, or lacks a permission")]
    Unauthorized(String),
    /// 403.
    #[error("HTTP 403: {0}; the token lacks a permission")]
    Forbidden(String),
    /// The answer is about another device than was asked for.
    #[error("{0}")]
    OtherDevice(String),
    /// The answer is not usable, and repeating did not help.
    #[error("{0}")]
    Unusable(String),
    /// The hour is spent, by the ledger's count or by the server's.
    #[error("the hourly quota is used up; more requests are available at {0}")]
    QuotaSpent(String),
    /// The ledger cannot be written.
    #[error(transparent)]
    Quota(#[from] QuotaError),
}

/// A read that waits before it is made again, or for its place in the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What is read, as it is counted.
    pub kind: String,
    /// Why the read waits, for people.
    pub reason: String,
    /// Which repetition comes then, and how many there are; `None` where it was not made yet.
    pub retry: Option<(u32, u32)>,
    /// When it is made.
    pub until: UnixMillis,
}

/// Called with each read that waits.
pub type OnWaiting = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// The gate for reads outside a run: paced, charged to the hour, repeated where that helps.
pub struct Reads<T, C> {
    transport: Arc<T>,
    clock: C,
    quota: Quota,
    retries: Retries,
    at_once: u32,
    wait_ms_max: u64,
    on_waiting: OnWaiting,
    state: Mutex<State>,
}

struct State {
    pace: AdaptiveRate,
    /// No read leaves before: the tenant asked one of them to wait, and that is meant for all.
    pause_until: Option<UnixMillis>,
    /// The end of the wait that was last reported.
    told_until: Option<UnixMillis>,
    block: Option<Block>,
    left: u32,
    counts: RequestCounts,
}

impl<T: Transport, C: Clock> Reads<T, C> {
    /// A gate with its own pace.
    #[must_use]
    pub fn new(
        transport: Arc<T>,
        clock: C,
        quota: Quota,
        retries: Retries,
        per_second: u32,
    ) -> Self {
        let pace = AdaptiveRate::new(per_second);
        let state = State {
            pace,
            pause_until: None,
            told_until: None,
            block: None,
            left: 0,
            counts: RequestCounts::new(),
        };
        let on_waiting: OnWaiting = Arc::new(|_| {});
        let state = Mutex::new(state);
        let (at_once, wait_ms_max) = (AT_ONCE_MAX, WAIT_MS_MAX);
        Self { transport, clock, quota, retries, at_once, wait_ms_max, on_waiting, state }
    }

    /// The same gate for a caller that may have so many requests in progress at once; never more than 8.
    #[must_use]
    pub fn at_most(mut self, concurrency: u32) -> Self {
        self.at_once = concurrency.clamp(1, AT_ONCE_MAX);
        self
    }

    /// The same gate for a caller that can wait so long for the tenant or for a place in the hour, in milliseconds.
    #[must_use]
    pub fn waiting_at_most(mut self, wait_ms_max: u64) -> Self {
        self.wait_ms_max = wait_ms_max;
        self
    }

    /// How many reads may be in progress at once.
    pub(super) fn at_once(&self) -> usize {
        self.at_once as usize
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same gate, with a function that is called before each wait that people would notice.
    #[must_use]
    pub fn telling(mut self, on_waiting: OnWaiting) -> Self {
        self.on_waiting = on_waiting;
        self
    }

    /// Waits, and says so: before each repetition, and where a place in the hour is long in coming. Reads that wait side
    /// by side for the same are reported once.
    async fn wait(
        &self,
        kind: &str,
        reason: &str,
        retry: Option<(u32, u32)>,
        now: UnixMillis,
        until: UnixMillis,
    ) {
        if (retry.is_some() || until.remaining_ms(now) >= TOLD_MS_MIN) && self.is_news(now, until) {
            let (kind, reason) = (kind.to_owned(), reason.to_owned());
            (self.on_waiting)(&Waiting { kind, reason, retry, until });
        }
        self.clock.sleep_until(until).await;
    }

    /// Whether a wait is not as good as reported already.
    fn is_news(&self, now: UnixMillis, until: UnixMillis) -> bool {
        let mut state = self.state();
        let is_told = |told: UnixMillis| now < told && until.remaining_ms(told) < TOLD_MS_MIN;
        let is_news = !state.told_until.is_some_and(is_told);
        if is_news {
            state.told_until = Some(until);
        }
        is_news
    }

    /// Sends a read until it has a usable answer. A 404 is an answer; other refusals are errors. `kind` is the word
    /// that the request is counted under.
    ///
    /// # Errors
    /// [`ReadError`], after the retries where repeating may help.
    pub async fn read(&self, request: &Request, kind: &str) -> Result<Reply, ReadError> {
        assert_eq!(request.method, Method::Get, "this gate is for reads");
        let mut retry = 0;
        loop {
            self.wait_for_place(kind).await?;
            let answer = wire_log::send(&*self.transport, &self.clock, request.clone(), None).await;
            self.learn(&answer);
            let (wait_ms, error) = match answer.result {
                Ok(reply) => match judge(&reply) {
                    Ok(()) => {
                        let other = Asked::of(request).and_then(|asked| asked.mismatch(&reply));
                        return other.map_or(Ok(reply), |why| Err(ReadError::OtherDevice(why)));
                    }
                    Err((true, error)) => (retry_after_ms(&reply), error),
                    Err((false, error)) => return Err(error),
                },
                Err(Fault::NotSent { reason, lasting: true }) => {
                    return Err(ReadError::Unreachable(reason));
                }
                Err(Fault::NotSent { reason, .. }) => (None, ReadError::Unreachable(reason)),
                Err(Fault::Lost { reason }) => (None, ReadError::Unusable(reason)),
            };
            retry += 1;
            if retry > self.retries.count {
                return Err(error);
            }
            let delay_ms = backoff_ms(&self.retries, 0, TaskIndex(0), retry);
            let now = self.clock.now();
            let until = now.plus_ms(wait_ms.unwrap_or(0).max(delay_ms));
            if wait_ms.is_some() {
                let mut state = self.state();
                state.pause_until = state.pause_until.max(Some(until));
            }
            if until.remaining_ms(now) > self.wait_ms_max {
                return Err(ReadError::QuotaSpent(until.to_string()));
            }
            let retry = Some((retry, self.retries.count));
            self.wait(kind, &error.to_string(), retry, now, until).await;
        }
    }

    /// Adapts the rate to what an answer says of it.
    fn learn(&self, answer: &wire_log::TimedReply) {
        let (now, mut state) = (self.clock.now(), self.state());
        match (&answer.result, answer.took_ms) {
            (Ok(reply), _) if reply.status == 429 => state.pace.throttled(now),
            (_, Some(took_ms)) => state.pace.answered(now, u64::from(took_ms)),
            (_, None) => {}
        }
    }

    /// Waits until one request may leave, and charges it.
    async fn wait_for_place(&self, kind: &str) -> Result<(), ReadError> {
        loop {
            let now = self.clock.now();
            let (wake_at, reason) = {
                let mut state = self.state();
                match self.take_place(&mut state, now)? {
                    None => {
                        *state.counts.entry(kind.to_owned()).or_default() += 1;
                        return Ok(());
                    }
                    Some(wait) => wait,
                }
            };
            if wake_at.remaining_ms(now) > self.wait_ms_max {
                return Err(ReadError::QuotaSpent(wake_at.to_string()));
            }
            self.wait(kind, reason, None, now, wake_at).await;
        }
    }

    /// Takes a place, or says when to try again and why not now.
    fn take_place(
        &self,
        state: &mut State,
        now: UnixMillis,
    ) -> Result<Option<(UnixMillis, &'static str)>, ReadError> {
        if let Some(until) = state.pause_until.filter(|until| *until > now) {
            return Ok(Some((until, "the tenant asked for a pause")));
        }
        let is_usable = state.block.is_some_and(|block| now < block.grant.expires_at);
        if state.left == 0 || !is_usable {
            self.give_back(state)?;
            let block = self.quota.lease(now, BLOCK)?;
            if block.grant.count == 0 {
                let more_at = block.grant.more_at.unwrap_or_else(|| now.plus_ms(1_000));
                return Ok(Some((more_at, "the hourly quota is used up")));
            }
            state.left = block.grant.count;
            state.block = Some(block);
        }
        if let Err(at) = state.pace.take(now) {
            return Ok(Some((at, "the limit per second is reached")));
        }
        state.left -= 1;
        Ok(None)
    }

    fn give_back(&self, state: &mut State) -> Result<(), QuotaError> {
        let unused = std::mem::take(&mut state.left);
        match state.block.take() {
            Some(block) => self.quota.give_back(block, unused),
            None => Ok(()),
        }
    }

    /// Ends reading: gives back what is left and returns how many requests of each kind were made.
    ///
    /// # Errors
    /// [`QuotaError`] when the ledger cannot be written.
    pub fn finish(&self) -> Result<RequestCounts, QuotaError> {
        let mut state = self.state();
        self.give_back(&mut state)?;
        Ok(std::mem::take(&mut state.counts))
    }
}

impl<T, C> Drop for Reads<T, C> {
    /// Gives back what is left, for those who left early.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = state.block.take() {
            // No observer is left; an unused block is only lost for an hour.
            let _ = self.quota.give_back(block, state.left);
        }
    }
}

/// Whether an answer to a read can be used; if not, whether repeating may help.
fn judge(reply: &Reply) -> Result<(), (bool, ReadError)> {
    let status = reply.status;
    // Of a page of 300 devices no words are wanted, and to look for them costs more than to read it.
    if matches!(status, 200 | 404) {
        return Ok(());
    }
    let text = error_text(&reply.body);
    match status {
        401 => Err((false, ReadError::Unauthorized(text))),
        403 => Err((false, ReadError::Forbidden(text))),
        300..=399 => Err((
            false,
            ReadError::Unusable(format!(
                "HTTP {status}: a redirect, which is never followed; check the base URL"
            )),
        )),
        408 | 425 | 429 | 500..=599 => {
            Err((true, ReadError::Unusable(format!("HTTP {status}: {text}"))))
        }
        _ => Err((false, ReadError::Unusable(format!("HTTP {status}: {text}")))),
    }
}
