//! One call of the engine, carried out.
//!
//! Owns the way from a call to one request and from its reply to what the engine understands. Must never
//! send a second request for a call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::clock::Clock;
use crate::engine::Call;
use crate::kandji::{classify, find_action, look_request, server_skew_ms, sighting};
use crate::model::wire::{Fault, Reply};
use crate::model::{End, Sealed, Sighting, Task, TaskIndex, UnixMillis, Verdict, View};
use crate::transport::Transport;

/// Taken off the moment of a send when commands are matched by time: the server's `Date` has whole
/// seconds, and the request was on its way in both directions.
const MATCH_SLACK_MS: i64 = 3_000;

/// Seals a secret that has just been received or drawn, so that only the holders of keys can read it.
pub type Sealer = Arc<dyn Fn(&Sealed) -> Sealed + Send + Sync>;

/// Gets a fresh token and puts it to use. `Err` says why there is none.
pub type RenewToken =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What came back from a call.
pub(super) enum Outcome {
    Sent {
        task: TaskIndex,
        attempt: u16,
        http_status: Option<u16>,
        verdict: Verdict,
        hour: Option<HourLeft>,
        skew_ms: Option<i64>,
    },
    Looked {
        task: TaskIndex,
        sighting: Sighting,
        hour: Option<HourLeft>,
        skew_ms: Option<i64>,
    },
}

/// What the server says is left of the tenant's hour.
#[derive(Copy, Clone, Debug)]
pub(super) struct HourLeft {
    pub(super) remaining: u32,
    pub(super) limit: u32,
}

/// The documented requests an hour, where the server names no limit.
const PER_HOUR_DOCUMENTED: u32 = 10_000;

/// Carries out a call. `skew_ms` is how far the server's clock is ahead of ours.
pub(super) async fn perform<T: Transport, C: Clock>(
    transport: Arc<T>,
    clock: C,
    tasks: Arc<[Task]>,
    call: Call,
    skew_ms: i64,
) -> Outcome {
    match call {
        Call::Send { task, attempt } => {
            let facts = &tasks[task.at()];
            let Ok(action) = find_action(&facts.action) else {
                let reason = format!("this version does not know the action '{}'", facts.action);
                let verdict = Verdict::NotSent { reason, ends_run: true };
                let (hour, skew_ms) = (None, None);
                return Outcome::Sent { task, attempt, http_status: None, verdict, hour, skew_ms };
            };
            let result = transport.send(action.request(&facts.device.id, &facts.params)).await;
            let (http_status, verdict) = classify(action, facts.device.platform, &result);
            let (hour, skew_ms) = server_word(&result, clock.now());
            Outcome::Sent { task, attempt, http_status, verdict, hour, skew_ms }
        }
        Call::Look { task, offset, sent_at } => {
            let facts = &tasks[task.at()];
            let view = match facts.end {
                End::Gone => View::Record,
                _ => View::History { offset },
            };
            let result = transport.send(look_request(&facts.device.id, view)).await;
            let (hour, new_skew_ms) = server_word(&result, clock.now());
            // The answer's own date where it has one: after a resume no other is known yet.
            let skew_ms = new_skew_ms.unwrap_or(skew_ms);
            let since = UnixMillis(sent_at.0 + skew_ms - MATCH_SLACK_MS);
            let sighting = match &result {
                Ok(reply) => sighting(reply, &facts.end, since, view),
                Err(fault) => {
                    Sighting::Unreadable { reason: fault.to_string(), is_forbidden: false }
                }
            };
            Outcome::Looked { task, sighting, hour, skew_ms: new_skew_ms }
        }
    }
}

/// What an answer says of the hour and of the server's clock.
fn server_word(result: &Result<Reply, Fault>, now: UnixMillis) -> (Option<HourLeft>, Option<i64>) {
    let Ok(reply) = result else { return (None, None) };
    let hour = reply.remaining_hour.map(|remaining| HourLeft {
        remaining,
        limit: reply.limit_hour.unwrap_or(PER_HOUR_DOCUMENTED),
    });
    (hour, server_skew_ms(reply, now))
}
