//! The workflow of a section: it coordinates a run on one tenant.
//!
//! Owns the messages between the section's machine and its shards. Must never send anything to a tenant.

use std::collections::BTreeMap;

use futures::FutureExt;
use sortie::model::{StopCause, UnixMillis};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    SyncWorkflowContext, WaitConditionOptions, WorkflowCancellationToken, WorkflowContext,
    WorkflowContextView, WorkflowResult,
};

use super::Shard;
use super::outgoing::Outgoing;
use super::waiting::{UnderWay, broken, condition, message, now, timer};
use crate::section_machine::SectionMachine;
use crate::wire::{
    EntryPage, SectionInput, SectionMessage, SectionProgress, SectionResult, ShardOrder,
};

/// A run on one tenant.
#[workflow]
pub struct Section {
    machine: SectionMachine,
    input: SectionInput,
    inbox: Vec<SectionMessage>,
    now: UnixMillis,
}

#[workflow_methods]
impl Section {
    #[init]
    fn new(_ctx: &WorkflowContextView, input: SectionInput) -> Self {
        let machine = SectionMachine::new(input.clone());
        Self { machine, input, inbox: Vec::new(), now: UnixMillis(0) }
    }

    /// Coordinates the shards until all have left.
    #[run(name = "sortie-section-1")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<SectionResult> {
        drive(ctx).await
    }

    /// Takes in what shards and clients tell.
    #[signal]
    pub fn tell(&mut self, _ctx: &mut SyncWorkflowContext<Self>, messages: Vec<SectionMessage>) {
        self.inbox.extend(messages);
    }

    /// How far the section is.
    #[query]
    pub fn progress(&self, _ctx: &WorkflowContextView) -> SectionProgress {
        self.machine.progress(self.now)
    }

    /// Entries, from a place on.
    #[query]
    pub fn entries(&self, _ctx: &WorkflowContextView, from: u32) -> EntryPage {
        self.machine.page(from)
    }

    /// The section as it was submitted.
    #[query]
    pub fn input(&self, _ctx: &WorkflowContextView) -> SectionInput {
        self.input.clone()
    }
}

/// What ended while a section waited.
enum Woken {
    Time,
    Told(String, bool),
}

async fn drive(ctx: &WorkflowContext<Section>) -> WorkflowResult<SectionResult> {
    let shards = ctx.state(|section| section.input.shards.clone());
    let mut outgoing: BTreeMap<String, Outgoing<ShardOrder>> =
        shards.into_iter().map(|shard| (shard, Outgoing::new())).collect();
    let detached = WorkflowCancellationToken::new();
    let mut under_way: UnderWay<'_, Woken> = UnderWay::new();
    let mut armed_at: Option<UnixMillis> = None;
    let mut is_cancelled = false;
    loop {
        let now = now(ctx);
        if !is_cancelled && ctx.cancellation_token().is_cancelled() {
            is_cancelled = true;
            let (cause, reason) = (StopCause::Operator, "cancelled in Temporal".to_owned());
            let stop = SectionMessage::Stop { cause, reason };
            ctx.state_mut(|section| section.inbox.push(stop));
        }
        let (orders, wake_at, is_done) =
            ctx.state_mut(|section| judge(section, now)).map_err(broken)?;
        for order in orders {
            outgoing.values_mut().for_each(|shard| shard.push(order.clone()));
        }
        if is_done {
            let progress = ctx.state(|section| section.machine.progress(now));
            return Ok(SectionResult { progress, ended_at: now });
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
        let again_at = outgoing.values().filter_map(Outgoing::again_at).min();
        let wake_at = [wake_at, again_at].into_iter().flatten().min();
        if let Some(at) = wake_at.filter(|at| armed_at.is_none_or(|armed| *at < armed)) {
            armed_at = Some(at);
            let timer = ctx.timer(timer(now, at, &detached));
            under_way.push(timer.map(|_| Woken::Time).boxed_local());
        }
        let woken = wait(ctx, &mut under_way, &detached, is_cancelled).await;
        let now = super::waiting::now(ctx);
        for woken in woken {
            match woken {
                Woken::Time => armed_at = armed_at.filter(|at| *at > now),
                Woken::Told(id, is_taken) => {
                    if let Some(shard) = outgoing.get_mut(&id) {
                        shard.ended(now, is_taken);
                    }
                }
            }
        }
    }
}

/// Takes in all messages and judges the run.
fn judge(
    section: &mut Section,
    now: UnixMillis,
) -> Result<(Vec<ShardOrder>, Option<UnixMillis>, bool), sortie::engine::Impossible> {
    section.now = now;
    let mut orders = Vec::new();
    for message in std::mem::take(&mut section.inbox) {
        orders.extend(section.machine.take(now, message)?);
    }
    let step = section.machine.step(now)?;
    orders.extend(step.orders);
    Ok((orders, step.wake_at, step.is_done))
}

/// Waits for a message, for a cancellation, or for something that is under way.
async fn wait(
    ctx: &WorkflowContext<Section>,
    under_way: &mut UnderWay<'_, Woken>,
    detached: &WorkflowCancellationToken,
    is_cancelled: bool,
) -> Vec<Woken> {
    // Once cancelled, only what is detached from the cancellation can be waited for.
    let options = if is_cancelled { condition(detached) } else { WaitConditionOptions::default() };
    let told = ctx.wait_condition_with_options(|section| !section.inbox.is_empty(), options);
    under_way.wait(told).await
}
