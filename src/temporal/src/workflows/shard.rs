//! The workflow of a shard: its machine, driven by activities.
//!
//! Owns the options of activities. Invariant: a request for a task is an activity with one attempt; when no worker reports back, the task
//! machine hears that the request may have been made.

use std::sync::OnceLock;
use std::time::Duration;

use futures::FutureExt;
use sortie::app::CallTime;
use sortie::model::UnixMillis;
use temporalio_common::{ActivityCloseTimeouts, Priority, RetryPolicy};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, SyncWorkflowContext, WorkflowCancellationToken, WorkflowContext,
    WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use super::outgoing::Outgoing;
use super::waiting::{UnderWay, broken, condition, message, now, timer};
use super::{Quota, Section};
use crate::activities::Calls;
use crate::planned_call::{CallEnd, CallWay, PlannedCall};
use crate::shard_machine::ShardMachine;
use crate::shard_sources::draws;
use crate::wire::{
    CallRequest, CallResult, DrawRequest, PollRequest, QuotaMessage, SectionMessage, ShardInput,
    ShardOrder,
};

/// How much longer than its request a call may take on its worker, in milliseconds.
const SLACK_MS: u64 = 10_000;
/// PINs that are drawn at once: each takes about 1 kB, and Temporal refuses an answer of 2 MB.
const PINS_AT_ONCE: u32 = 400;
/// How long entries wait to be told together, in milliseconds: at first, and at the most.
const TOLD_EVERY_MS: u64 = 2_000;
const TOLD_EVERY_MS_MAX: u64 = 300_000;
/// The longer a run takes, the less often it tells: a workflow can receive 10,000 signals, and a run of days has many shards.
const TOLD_IN_ELAPSED: u64 = 50;
/// So many entries are told at once.
const TOLD_ENTRIES: usize = 64;

/// How often the server lets workers try a request for a task.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SendAttempts {
    /// Once. A lost worker leaves the task in doubt.
    Once,
    /// As often as Temporal does by default. For the control of the tests alone: it must show duplicates.
    Repeated,
}

/// What the workers of this process do; `Once` unless a test says otherwise.
static SEND_ATTEMPTS: OnceLock<SendAttempts> = OnceLock::new();

/// Sets what the workers of this process do, before the first of them starts. For the control of the tests alone.
pub fn set_send_attempts(attempts: SendAttempts) {
    let _ = SEND_ATTEMPTS.set(attempts);
}

/// Up to 100 tasks of one tenant.
#[workflow]
pub struct Shard {
    input: ShardInput,
    inbox: Vec<ShardOrder>,
}

#[workflow_methods]
impl Shard {
    #[init]
    fn new(_ctx: &WorkflowContextView, input: ShardInput) -> Self {
        Self { input, inbox: Vec::new() }
    }

    /// Drives the tasks to their ends.
    #[run(name = "sortie-shard-1")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let ctx: &WorkflowContext<Self> = ctx;
        let input = ctx.state(|shard| shard.input.clone());
        let mut pins = Vec::new();
        let mut left = draws(&input);
        while left > 0 {
            let count = left.min(PINS_AT_ONCE);
            left -= count;
            let request = DrawRequest {
                count,
                worker_key: input.worker_key.clone().unwrap_or_default(),
                encrypt_to: input.place.encrypt_to.clone(),
            };
            let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(60));
            pins.extend(ctx.execute_activity(Calls::draw_pins, request, options).await?.pins);
        }
        let machine = ShardMachine::new(&input, pins);
        ShardRun::new(ctx, input, machine).drive().await
    }

    /// Takes in orders.
    #[signal]
    pub fn order(&mut self, _ctx: &mut SyncWorkflowContext<Self>, orders: Vec<ShardOrder>) {
        self.inbox.extend(orders);
    }

    /// The shard as it was submitted.
    #[query]
    pub fn input(&self, _ctx: &WorkflowContextView) -> ShardInput {
        self.input.clone()
    }
}

/// What ended while a shard waited.
enum Woken {
    Called(Box<PlannedCall>, CallEnd),
    Time,
    ToldSection(bool),
    ToldQuota(bool),
}

/// A shard in progress.
struct ShardRun<'a> {
    ctx: &'a WorkflowContext<Shard>,
    input: ShardInput,
    id: String,
    machine: ShardMachine,
    under_way: UnderWay<'a, Woken>,
    calls: usize,
    section: Outgoing<SectionMessage>,
    quota: Outgoing<QuotaMessage>,
    /// Whatever happens to the workflow from outside, what is under way is waited for.
    detached: WorkflowCancellationToken,
    polls: WorkflowCancellationToken,
    armed_at: Option<UnixMillis>,
    begun_at: UnixMillis,
    told_at: UnixMillis,
    polls_told: u32,
    has_left: bool,
}

impl<'a> ShardRun<'a> {
    fn new(ctx: &'a WorkflowContext<Shard>, input: ShardInput, machine: ShardMachine) -> Self {
        let mut section = Outgoing::new();
        section.push(SectionMessage::Joined {
            shard: input.number,
            numbers: input.numbers.clone(),
            facts: input.facts.clone(),
        });
        Self {
            id: ctx.workflow_id().to_owned(),
            ctx,
            input,
            machine,
            under_way: UnderWay::new(),
            calls: 0,
            section,
            quota: Outgoing::new(),
            detached: WorkflowCancellationToken::new(),
            polls: WorkflowCancellationToken::new(),
            armed_at: None,
            begun_at: now(ctx),
            told_at: UnixMillis(0),
            polls_told: 0,
            has_left: false,
        }
    }

    async fn drive(mut self) -> WorkflowResult<()> {
        loop {
            let now = now(self.ctx);
            for order in take_inbox(self.ctx) {
                self.machine.order(now, order, &self.input.program).map_err(broken)?;
            }
            let step = self.machine.step(now).map_err(broken)?;
            for call in step.calls {
                self.begin(now, call);
            }
            if step.ends_polls {
                self.polls.cancel_with_reason("the run stopped");
            }
            if let Some(want) = step.want {
                let (requests, irreversible) = (want.requests, want.irreversible);
                let shard = self.id.clone();
                self.quota.push(QuotaMessage::Want { shard, requests, irreversible });
            }
            let is_done = step.is_done && self.calls == 0;
            let told_at = self.tell(now, is_done);
            if is_done && self.section.is_empty() && self.quota.is_empty() {
                return Ok(());
            }
            let wake_at = [step.wake_at, told_at, self.section.again_at(), self.quota.again_at()];
            self.arm(now, wake_at.into_iter().flatten().min());
            self.wait().await?;
        }
    }

    /// Tells the section what happened, and the keeper of the quota what polls take. Returns when to tell what waits.
    fn tell(&mut self, now: UnixMillis, is_done: bool) -> Option<UnixMillis> {
        let every_ms = now.remaining_ms(self.begun_at) / TOLD_IN_ELAPSED;
        let due = self.told_at.plus_ms(every_ms.clamp(TOLD_EVERY_MS, TOLD_EVERY_MS_MAX));
        let untold = self.machine.outbox.len();
        let is_due =
            now >= due || untold >= TOLD_ENTRIES || self.machine.outbox.has_errors() || is_done;
        if untold > 0 && is_due {
            self.told_at = now;
            let entries = self.machine.outbox.take(&self.input.tasks);
            if !entries.is_empty() {
                self.section.push(SectionMessage::Told { entries });
            }
        }
        let polls = self.machine.polls_per_hour();
        if polls != self.polls_told && !is_done {
            self.polls_told = polls;
            self.quota.push(QuotaMessage::Polls { shard: self.id.clone(), per_hour: polls });
        }
        if is_done && !std::mem::replace(&mut self.has_left, true) {
            self.section.push(SectionMessage::Left { shard: self.input.number });
            self.quota.push(QuotaMessage::Left { shard: self.id.clone() });
        }
        self.send(now);
        (!self.machine.outbox.is_empty()).then_some(due)
    }

    /// Sends what waits for the section and for the keeper of the quota.
    fn send(&mut self, now: UnixMillis) {
        let ctx = self.ctx;
        if let Some(messages) = self.section.take(now) {
            let section = ctx.external_workflow(self.input.section.clone(), None);
            let options = message(&self.detached);
            self.under_way.push(
                async move {
                    let result = section.signal(Section::tell, messages, options).await;
                    Woken::ToldSection(result.is_ok())
                }
                .boxed_local(),
            );
        }
        if let Some(messages) = self.quota.take(now) {
            let quota = ctx.external_workflow(self.input.quota.clone(), None);
            let options = message(&self.detached);
            self.under_way.push(
                async move {
                    let result = quota.signal(Quota::ask, messages, options).await;
                    Woken::ToldQuota(result.is_ok())
                }
                .boxed_local(),
            );
        }
    }

    /// Begins a call.
    fn begin(&mut self, now: UnixMillis, planned: PlannedCall) {
        self.calls += 1;
        let request = CallRequest {
            place: self.input.place.clone(),
            task: self.input.tasks[planned.task].clone(),
            call: planned.call.clone(),
            time: CallTime { not_before: now, not_after: now },
            skew_ms: self.machine.skew_ms(),
        };
        let future = match planned.way.clone() {
            CallWay::Once(time) => self.once(now, planned, CallRequest { time, ..request }),
            CallWay::Polled { known, every_ms, until } => {
                let request = PollRequest { request, known, every_ms };
                self.polled(now, planned, request, until)
            }
        };
        self.under_way.push(future);
    }

    /// A call that is made once.
    fn once(
        &self,
        now: UnixMillis,
        planned: PlannedCall,
        request: CallRequest,
    ) -> futures::future::LocalBoxFuture<'a, Woken> {
        let ctx = self.ctx;
        let wait_ms = request.time.not_before.remaining_ms(now);
        let limit = Duration::from_millis(wait_ms + self.input.place.timeout_ms + SLACK_MS);
        let attempts = match SEND_ATTEMPTS.get() {
            Some(SendAttempts::Repeated) => 0,
            Some(SendAttempts::Once) | None => 1,
        };
        let options =
            ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::StartToClose(limit))
                .retry_policy(RetryPolicy::builder().maximum_attempts(attempts).build())
                .priority(fairness(&self.input.tenant))
                .cancellation_token(self.detached.clone())
                .build();
        async move {
            let end = match ctx.execute_activity(Calls::carry_out, request, options).await {
                Ok(CallResult::Ended(answer)) => CallEnd::Answered(answer),
                Ok(CallResult::Late) => CallEnd::Late,
                Err(error) => CallEnd::Lost(format!("no worker reported back: {error}")),
            };
            Woken::Called(Box::new(planned), end)
        }
        .boxed_local()
    }

    /// A look that the server repeats until it shows something new.
    fn polled(
        &self,
        now: UnixMillis,
        planned: PlannedCall,
        request: PollRequest,
        until: UnixMillis,
    ) -> futures::future::LocalBoxFuture<'a, Woken> {
        let ctx = self.ctx;
        let every = Duration::from_millis(request.every_ms);
        let timeouts = ActivityCloseTimeouts::ScheduleAndStartToClose {
            schedule_to_close: Duration::from_millis(until.remaining_ms(now).max(1)),
            start_to_close: Duration::from_millis(self.input.place.timeout_ms + SLACK_MS),
        };
        let retries = RetryPolicy::builder().initial_interval(every).backoff_coefficient(1.0);
        let options = ActivityOptions::with_close_timeouts(timeouts)
            .retry_policy(retries.maximum_interval(every).build())
            .priority(fairness(&self.input.tenant))
            .cancellation_token(self.polls.clone())
            .build();
        async move {
            let end = match ctx.execute_activity(Calls::poll, request, options).await {
                Ok(answer) => CallEnd::Answered(Box::new(answer)),
                Err(_) => CallEnd::Nothing,
            };
            Woken::Called(Box::new(planned), end)
        }
        .boxed_local()
    }

    /// Sets a timer, unless one that is as early is set.
    fn arm(&mut self, now: UnixMillis, wake_at: Option<UnixMillis>) {
        let Some(at) = wake_at.filter(|at| self.armed_at.is_none_or(|armed| *at < armed)) else {
            return;
        };
        self.armed_at = Some(at);
        let timer = self.ctx.timer(timer(now, at, &self.detached));
        self.under_way.push(timer.map(|_| Woken::Time).boxed_local());
    }

    /// Waits until something happens, and takes it in.
    async fn wait(&mut self) -> Result<(), WorkflowTermination> {
        let options = condition(&self.detached);
        let ordered =
            self.ctx.wait_condition_with_options(|shard| !shard.inbox.is_empty(), options);
        let woken = self.under_way.wait(ordered).await;
        let now = now(self.ctx);
        for woken in woken {
            match woken {
                Woken::Called(planned, end) => {
                    self.calls -= 1;
                    let pause = self.machine.answered(now, &planned, end).map_err(broken)?;
                    if let Some((until, reason)) = pause {
                        let shard = self.id.clone();
                        self.quota.push(QuotaMessage::Pause { shard, until, reason });
                    }
                }
                // An earlier timer that was replaced rings as well: it changes nothing.
                Woken::Time => self.armed_at = self.armed_at.filter(|at| *at > now),
                Woken::ToldSection(is_taken) => self.section.ended(now, is_taken),
                Woken::ToldQuota(is_taken) => self.quota.ended(now, is_taken),
            }
        }
        Ok(())
    }
}

fn take_inbox(ctx: &WorkflowContext<Shard>) -> Vec<ShardOrder> {
    if ctx.state(|shard| shard.inbox.is_empty()) {
        return Vec::new();
    }
    ctx.state_mut(|shard| std::mem::take(&mut shard.inbox))
}

/// Tasks of many tenants in one queue are taken in turn.
fn fairness(tenant: &str) -> Priority {
    Priority::builder().fairness_key(tenant).build()
}
