//! The workflow that keeps the quota of one tenant.
//!
//! Owns its life: it begins with the first run on the tenant, and ends when no run is in progress and nothing that was given out counts any
//! more. Must never give out places itself: [`TenantQuota`] does.

use std::collections::BTreeMap;

use futures::FutureExt;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowCancellationToken, WorkflowContext,
    WorkflowContextView, WorkflowResult,
};

use super::Shard;
use super::outgoing::Outgoing;
use super::waiting::{UnderWay, condition, message, now, timer};
use crate::tenant_quota::TenantQuota;
use crate::wire::{QuotaMessage, ShardOrder};

/// Events after which the workflow begins a new history with what it knows.
const EVENTS_MAX: u32 = 4_000;

/// The quota of one tenant.
#[workflow]
pub struct Quota {
    quota: TenantQuota,
    inbox: Vec<QuotaMessage>,
}

#[workflow_methods]
impl Quota {
    #[init]
    fn new(_ctx: &WorkflowContextView, quota: TenantQuota) -> Self {
        Self { quota, inbox: Vec::new() }
    }

    /// Gives out requests as long as runs are in progress.
    #[run(name = "sortie-quota-1")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        drive(ctx).await
    }

    /// Takes in what shards and clients ask.
    #[signal]
    pub fn ask(&mut self, _ctx: &mut SyncWorkflowContext<Self>, messages: Vec<QuotaMessage>) {
        self.inbox.extend(messages);
    }
}

/// What ended while the workflow waited.
enum Woken {
    Time,
    Told(String, bool),
}

async fn drive(ctx: &WorkflowContext<Quota>) -> WorkflowResult<()> {
    let detached = WorkflowCancellationToken::new();
    let mut outgoing: BTreeMap<String, Outgoing<ShardOrder>> = BTreeMap::new();
    let mut under_way: UnderWay<'_, Woken> = UnderWay::new();
    let mut armed_at = None;
    loop {
        let now = now(ctx);
        let (orders, mut wake_at, is_in_use, counts_until) = ctx.state_mut(|state| {
            let messages = std::mem::take(&mut state.inbox);
            let mut orders: Vec<_> =
                messages.into_iter().flat_map(|message| state.quota.take(message)).collect();
            let step = state.quota.step(now);
            orders.extend(step.orders);
            (orders, step.wake_at, state.quota.is_in_use(), state.quota.counts_until())
        });
        for (shard, order) in orders {
            outgoing.entry(shard).or_insert_with(Outgoing::new).push(order);
        }
        outgoing.retain(|_, shard| !shard.is_empty());
        if !is_in_use {
            // A shard that has left needs no order.
            match counts_until.filter(|until| *until > now) {
                Some(until) => wake_at = Some(until),
                None => return Ok(()),
            }
        }
        if outgoing.is_empty() && is_in_use && ctx.history_length() > EVENTS_MAX {
            let quota = ctx.state(|state| state.quota.clone());
            ctx.continue_as_new(quota, ContinueAsNewOptions::default())?;
        }
        for (id, messages) in
            outgoing.iter_mut().filter_map(|(id, shard)| Some((id, shard.take(now)?)))
        {
            let (id, options) = (id.clone(), message(&detached));
            let shard = ctx.external_workflow(id.clone(), None);
            let told = async move {
                let result = shard.signal(Shard::order, messages, options).await;
                Woken::Told(id, result.is_ok())
            };
            under_way.push(told.boxed_local());
        }
        if let Some(at) = wake_at.filter(|at| armed_at.is_none_or(|armed| *at < armed)) {
            armed_at = Some(at);
            let timer = ctx.timer(timer(now, at, &detached));
            under_way.push(timer.map(|_| Woken::Time).boxed_local());
        }
        let options = condition(&detached);
        let asked = ctx.wait_condition_with_options(|state| !state.inbox.is_empty(), options);
        for woken in under_way.wait(asked).await {
            let now = super::waiting::now(ctx);
            match woken {
                Woken::Time => armed_at = armed_at.filter(|at| *at > now),
                Woken::Told(id, is_taken) => {
                    if let Some(shard) = outgoing.get_mut(&id) {
                        // One that does not take its grant has ended, or asks again.
                        let _ = is_taken;
                        shard.ended(now, true);
                    }
                }
            }
        }
    }
}
