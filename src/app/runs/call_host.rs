//! Single calls of a run that another engine drives.
//!
//! Owns what a host checks just before a call leaves: the moments that its engine set, the STOP file, the policy of this host.
//! Must never make a call twice, and never send what it cannot show to be in time: the engine's decision may be old by now.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::app::policy_file::{PolicyFile, Reread};
use crate::app::refusal::Reason;
use crate::app::secrets::sealing::{Identities, Recipients};
use crate::app::tenant::{Connection, TenantRequest};
use crate::drive::{
    CallAnswer, CallReply, CallRunner, Clock, KeptPin, RenewToken, Sealer, WallClock, system_pins,
};
use crate::engine::Call;
use crate::journal::StateDir;
use crate::model::{
    Device, Recheck, SecretSource, Sighting, StopCause, Task, UnixMillis, Unreadable, Verdict,
};
use crate::plan::recheck;
use crate::transport::HttpTransport;

/// Shortest time between two renewals of a token, in milliseconds: a token that is refused at once will be refused again.
const RENEWAL_MS_MIN: u64 = 60_000;

/// The tenant of a run, and what every call of it needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPlace {
    /// Base URL of the tenant.
    pub base_url: String,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: u64,
    /// Requests an hour that the run may use.
    pub per_hour: u32,
    /// Public keys of those who can read the secrets of the run.
    pub encrypt_to: Vec<String>,
}

/// When a call may leave.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTime {
    /// Not before this moment: its place in the tenant's second.
    pub not_before: UnixMillis,
    /// Not after this moment.
    pub not_after: UnixMillis,
}

/// What came back from a call, and what the host itself found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAnswer {
    /// The answer.
    #[serde(flatten)]
    pub answer: CallAnswer,
    /// Why the run has to stop: found on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<(StopCause, String)>,
}

impl HostAnswer {
    /// The answer to a call that was not made, for a reason that lasts for this moment only.
    #[must_use]
    pub fn unsent(task: &Task, call: &Call, reason: String) -> Self {
        Self { answer: unsent(task, call, reason), stop: None }
    }
}

/// A PIN that was drawn for a request, encrypted twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinPair {
    /// Encrypted to the key of the workers, to be sent.
    pub to_send: KeptPin,
    /// Encrypted to the keys of the run, to be kept.
    pub kept: KeptPin,
}

/// One tenant, as a host of another engine calls it.
pub struct CallHost {
    runner: CallRunner<HttpTransport>,
    renew: Option<RenewToken>,
    renewed_at: tokio::sync::Mutex<Option<UnixMillis>>,
    place: CallPlace,
    policy: Mutex<PolicyFile>,
    stop_file: PathBuf,
    identities: Option<Identities>,
    _connection: Connection,
}

impl CallHost {
    /// Connects to the tenant of a run. `state_dir` is the directory whose `policy.toml` and STOP file hold on this host, `identity` a file
    /// with the private key of the workers. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// There is no token that belongs to the tenant, or a file cannot be read.
    pub fn connect(
        place: CallPlace,
        tenant: &TenantRequest,
        state_dir: &Path,
        identity: Option<&Path>,
    ) -> Result<Self, Reason> {
        let connection = Connection::of_run(&place.base_url, place.timeout_ms, tenant)?;
        let (transport, renew) = connection.writer()?;
        let sealer = sealer_to(&place.encrypt_to)?;
        Ok(Self {
            runner: CallRunner::new(transport, sealer),
            renew,
            renewed_at: tokio::sync::Mutex::new(None),
            place,
            policy: Mutex::new(PolicyFile::read(state_dir)?),
            stop_file: StateDir::at(state_dir).stop_file(),
            identities: identity.map(Identities::read).transpose()?,
            _connection: connection,
        })
    }

    /// Makes the one request of a call about `task`, if it may leave. `skew_ms` is how far the tenant's clock is ahead.
    pub async fn carry_out(
        &self,
        task: &Task,
        call: &Call,
        time: CallTime,
        skew_ms: i64,
    ) -> HostAnswer {
        let found = self.stop();
        let is_send = matches!(call, Call::Send { .. });
        if let (true, Some((_, reason))) = (is_send, &found) {
            return HostAnswer { answer: unsent(task, call, reason.clone()), stop: found };
        }
        WallClock.sleep_until(time.not_before).await;
        let call = match self.opened(call) {
            Ok(call) => call,
            Err(reason) => {
                // No other worker is asked: the key is one for all of them.
                let stop = Some((StopCause::Policy, reason.clone()));
                return HostAnswer { answer: unsent(task, call, reason), stop };
            }
        };
        // The last thing before the request: what was true when it was decided may not be.
        if WallClock.now() > time.not_after {
            let reason = format!("it had to leave by {} and was late", time.not_after);
            return HostAnswer { answer: unsent(task, &call, reason), stop: found };
        }
        let compare = |task: &Task, device: &Device| self.compare(task, device);
        let per_hour = self.place.per_hour;
        let (answer, is_unauthorized) =
            self.runner.carry_out(task, &call, skew_ms, per_hour, &compare).await;
        let answer = match is_unauthorized && self.renew_token().await {
            true => CallAnswer { reply: answer.reply.with_fresh_token(), ..answer },
            false => answer,
        };
        HostAnswer { answer, stop: found }
    }

    /// Draws a PIN for a request that takes one.
    ///
    /// # Errors
    /// A key cannot be used.
    pub fn draw_pin(workers: &str, encrypt_to: &[String]) -> Result<PinPair, Reason> {
        let clear = system_pins()();
        let seal = |keys: &[String]| -> Result<KeptPin, Reason> {
            let sealer = sealer_to(keys)?;
            Ok(KeptPin(sealer.map_or_else(|| clear.clone(), |sealer| sealer(&clear))))
        };
        Ok(PinPair { to_send: seal(&[workers.to_owned()])?, kept: seal(encrypt_to)? })
    }

    /// Why this host stops the run, if it does.
    fn stop(&self) -> Option<(StopCause, String)> {
        if self.stop_file.symlink_metadata().is_ok() {
            let reason = format!("the file {} appeared", self.stop_file.display());
            return Some((StopCause::StopFile, reason));
        }
        let mut policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        match policy.reread() {
            Ok(Reread::Unchanged) => None,
            Ok(Reread::Changed(changed)) => {
                *policy = *changed;
                None
            }
            Err(reason) => Some((StopCause::Policy, reason.to_string())),
        }
    }

    fn compare(&self, task: &Task, device: &Device) -> Recheck {
        let policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        let protect = &policy.policy.protect;
        recheck(task, device, protect)
    }

    /// The call with its PIN readable, for the moment of its request.
    fn opened(&self, call: &Call) -> Result<Call, String> {
        let Call::Send { task, attempt, pin: Some(pin), lists } = call else {
            return Ok(call.clone());
        };
        let pin = match &self.identities {
            Some(identities) => {
                identities.open(pin).map_err(|_| "this worker has another key".to_owned())?
            }
            None if pin.expose().is_some() => pin.clone(),
            None => return Err("this worker has no key to read the PIN of the request".to_owned()),
        };
        Ok(Call::Send { task: *task, attempt: *attempt, pin: Some(pin), lists: lists.clone() })
    }

    /// Gets a fresh token, at most once a minute. Says whether there is one that the request did not have.
    async fn renew_token(&self) -> bool {
        let Some(renew) = &self.renew else { return false };
        let mut renewed_at = self.renewed_at.lock().await;
        let now = WallClock.now();
        if renewed_at.is_some_and(|at| now < at.plus_ms(RENEWAL_MS_MIN)) {
            return true;
        }
        let is_renewed = renew().await.is_ok();
        if is_renewed {
            *renewed_at = Some(now);
        }
        is_renewed
    }
}

fn sealer_to(keys: &[String]) -> Result<Option<Sealer>, Reason> {
    let recipients = Recipients::of_run(keys)?;
    Ok(recipients.map(|keys| keys.sealer()).transpose()?)
}

/// The answer to a call that was not made, for a reason that lasts for this moment only.
fn unsent(task: &Task, call: &Call, reason: String) -> CallAnswer {
    let failed = || Unreadable::Failed { reason: reason.clone() };
    let reply = match call {
        Call::Send { .. } => {
            let verdict = Verdict::NotSent { reason, ends_run: false };
            CallReply::Sent { http_status: None, verdict }
        }
        // Notes are written by local runs only.
        Call::Look { .. } | Call::List { .. } | Call::Note { .. } => {
            CallReply::Looked(Sighting::Unreadable { reason, is_forbidden: false })
        }
        Call::Pin { .. } => CallReply::Pin(Err(failed())),
        Call::Secrets { place, .. } => {
            let source = task.capture.get(usize::from(*place)).copied();
            let source = source.unwrap_or(SecretSource::FilevaultKey);
            CallReply::Secrets { source, result: Err(failed()) }
        }
        Call::Recheck { .. } => CallReply::Rechecked(Err(failed())),
    };
    CallAnswer { reply, skew_ms: None, pause: None }
}
