//! One call for an engine that runs elsewhere.
//!
//! Owns the form in which a call's answer travels: secrets in it are sealed already. Must never send a second request for
//! a call, and never decide whether it may be made: the engine has decided, and its host checks the time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call_result::CallResult;
use super::clock::{Clock, WallClock};
use super::perform::{Performed, Sealer, Worker};
use super::quota::others_pause;
use super::records::compared;
use super::run_devices::RunDevices;
use super::token::FRESH_TOKEN_WAIT_MS;
use crate::engine::Call;
use crate::model::{
    ApiRefusal, Device, Recheck, Sealed, Secret, SecretSource, Sighting, Task, TaskIndex,
    UnixMillis, Unreadable, Verdict, at_rest,
};
use crate::transport::Transport;

/// What came back from a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallReply {
    /// What is known after the task's request.
    Sent {
        /// The status of the answer, where there was one.
        http_status: Option<u16>,
        /// What the answer means.
        verdict: Verdict,
    },
    /// What a look showed.
    Looked(Sighting),
    /// The PIN that the tenant shows, or none.
    Pin(Result<Option<KeptPin>, Unreadable>),
    /// Something that the tenant shows as a PIN and that has not the form of one.
    OddPin {
        /// As it is shown.
        pin: KeptPin,
        /// What is wrong with it.
        flaw: String,
    },
    /// Secrets that the request would remove.
    Secrets {
        /// Where they were read.
        source: SecretSource,
        /// They, or why there are none.
        result: Result<Vec<Secret>, Unreadable>,
    },
    /// What the target's record shows.
    Rechecked(Result<Recheck, Unreadable>),
}

/// A PIN, sealed to the keys of the run where it has some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptPin(#[serde(with = "at_rest")] pub Sealed);

/// What came back from a call, and what the tenant said besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAnswer {
    /// What it means for the call.
    pub reply: CallReply,
    /// How far the tenant's clock is ahead of the host's, in milliseconds, where its answer has a date.
    pub skew_ms: Option<i64>,
    /// Until when to leave the tenant's hour to its other tools, and why.
    pub pause: Option<(UnixMillis, String)>,
}

/// Carries out single calls against one tenant.
pub struct CallRunner<T> {
    transport: Arc<T>,
    sealer: Option<Sealer>,
}

impl<T: Transport> CallRunner<T> {
    /// Calls through `transport`; `sealer` seals each secret at the moment of its receipt.
    #[must_use]
    pub fn new(transport: Arc<T>, sealer: Option<Sealer>) -> Self {
        Self { transport, sealer }
    }

    /// Makes the one request of `call`, which is about `task`. `skew_ms` is how far the tenant's clock is ahead,
    /// `per_hour` the run's budget. `compare` judges a target's record. The second value tells that the answer was a 401.
    pub async fn carry_out(
        &self,
        task: &Task,
        call: &Call,
        skew_ms: i64,
        per_hour: u32,
        compare: &(dyn Fn(&Task, &Device) -> Recheck + Sync),
    ) -> (CallAnswer, bool) {
        let (transport, devices) = (Arc::clone(&self.transport), RunDevices::default());
        let worker = Arc::new(Worker::new(transport, WallClock, devices, self.sealer.clone()));
        let Performed { result, hour, skew_ms, is_unauthorized, .. } =
            worker.perform(alone(call), Some(task.clone()), skew_ms).await;
        let pause = hour.and_then(|hour| others_pause(hour, per_hour, WallClock.now()));
        let reply = match result {
            CallResult::Sent { http_status, verdict, .. } => {
                CallReply::Sent { http_status, verdict }
            }
            CallResult::Looked { sighting, .. } => CallReply::Looked(sighting),
            CallResult::Pin { result, .. } => CallReply::Pin(result.map(|pin| pin.map(KeptPin))),
            CallResult::OddPin { pin, flaw, .. } => CallReply::OddPin { pin: KeptPin(pin), flaw },
            CallResult::Secrets { source, result, .. } => CallReply::Secrets { source, result },
            CallResult::Rechecked { result, .. } => {
                CallReply::Rechecked(result.map(|it| compared(task, it.as_deref(), compare)))
            }
            // The list is about many tasks, and notes are written by local runs: an engine elsewhere does neither.
            CallResult::Listed { .. } | CallResult::Noted { .. } => {
                CallReply::Looked(Sighting::Nothing { evidence: String::new() })
            }
        };
        (CallAnswer { reply, skew_ms, pause }, is_unauthorized)
    }
}

impl CallReply {
    /// The same, where a 401 was answered and there is a fresh token now: the request was not applied, and may be made again.
    #[must_use]
    pub fn with_fresh_token(self) -> Self {
        let retry_after_ms = Some(FRESH_TOKEN_WAIT_MS);
        match self {
            Self::Sent {
                verdict: Verdict::Refused { kind: ApiRefusal::Unauthorized, reason },
                http_status,
            } => {
                let reason = format!("{reason}; trying a fresh token");
                Self::Sent { http_status, verdict: Verdict::Throttled { retry_after_ms, reason } }
            }
            sent @ (Self::Sent { .. } | Self::OddPin { .. }) => sent,
            Self::Looked(_) => Self::Looked(Sighting::Throttled { retry_after_ms }),
            Self::Pin(_) => Self::Pin(Err(Unreadable::Throttled { retry_after_ms })),
            Self::Secrets { source, .. } => {
                Self::Secrets { source, result: Err(Unreadable::Throttled { retry_after_ms }) }
            }
            Self::Rechecked(_) => Self::Rechecked(Err(Unreadable::Throttled { retry_after_ms })),
        }
    }
}

/// The same call, of a run that has only its task.
fn alone(call: &Call) -> Call {
    let mut call = call.clone();
    match &mut call {
        Call::Send { task, .. }
        | Call::Look { task, .. }
        | Call::Pin { task }
        | Call::Secrets { task, .. }
        | Call::Recheck { task }
        | Call::Note { task, .. } => *task = TaskIndex(0),
        Call::List { .. } => {}
    }
    call
}
