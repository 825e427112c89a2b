//! One call of the engine, carried out.
//!
//! Owns the way from a call to one request and from its reply to what the engine understands. Must never
//! send a second request for a call.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::clock::Clock;
use super::quota::HourLeft;
use super::wire_log;
use crate::engine::Call;
use crate::kandji::{
    Asked, LIST_ROWS_MAX, ShownDevice, classify, device_by_id, devices_by_check_in, devices_page,
    find_action, look_request, masked_error_text, pin_request, read_pin, read_secrets,
    read_shown_devices, read_target, retry_after_ms, secret_request, server_skew_ms, sighting,
};
use crate::model::wire::{Fault, Reply, Request};
use crate::model::{
    Device, DeviceId, End, Listing, NextPage, ParamValue, PinReading, Platform, Sealed, Secret,
    SecretSource, Shown, ShownPin, Sighting, Task, TaskIndex, UnixMillis, Unreadable, Verdict,
    is_same_text,
};
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
pub(super) enum CallResult {
    Sent { task: TaskIndex, attempt: u16, http_status: Option<u16>, verdict: Verdict },
    Looked { task: TaskIndex, sighting: Sighting },
    Pin { task: TaskIndex, result: Result<Option<Sealed>, Unreadable> },
    OddPin { task: TaskIndex, pin: Sealed, flaw: String },
    Secrets { task: TaskIndex, source: SecretSource, result: Result<Vec<Secret>, Unreadable> },
    Rechecked { task: TaskIndex, result: Result<Option<Box<Device>>, Unreadable> },
    Listed { listing: Listing },
}

impl CallResult {
    /// The same read, to be made again after a while.
    pub(super) fn again_after(self, wait_ms: u64) -> Self {
        let retry_after_ms = Some(wait_ms);
        match self {
            answered @ (Self::Sent { .. } | Self::OddPin { .. }) => answered,
            Self::Looked { task, .. } => {
                Self::Looked { task, sighting: Sighting::Throttled { retry_after_ms } }
            }
            Self::Pin { task, .. } => {
                Self::Pin { task, result: Err(Unreadable::Throttled { retry_after_ms }) }
            }
            Self::Secrets { task, source, .. } => Self::Secrets {
                task,
                source,
                result: Err(Unreadable::Throttled { retry_after_ms }),
            },
            Self::Rechecked { task, .. } => {
                Self::Rechecked { task, result: Err(Unreadable::Throttled { retry_after_ms }) }
            }
            Self::Listed { .. } => Self::Listed { listing: Listing::Throttled { retry_after_ms } },
        }
    }
}

/// What came back, and what the server said besides.
pub(super) struct Performed {
    /// What the answer means for the call.
    pub(super) result: CallResult,
    /// What the server says is left of the hour, where it says so.
    pub(super) hour: Option<HourLeft>,
    /// How far the server's clock is ahead of ours, in milliseconds, where its answer has a date.
    pub(super) skew_ms: Option<i64>,
    /// The answer was a 401.
    pub(super) is_unauthorized: bool,
    /// How long the answer took in milliseconds, and the word that its request is counted under; `None` without an answer.
    pub(super) took: Option<(&'static str, u32)>,
}

impl Performed {
    /// A request that never left, because its intent had grown old before it was on disk.
    pub(super) fn not_sent(task: TaskIndex, attempt: u16) -> Self {
        let reason = "the host or its disk paused between the decision and the request".to_owned();
        let verdict = Verdict::NotSent { reason, ends_run: false };
        let outcome = CallResult::Sent { task, attempt, http_status: None, verdict };
        Self::without_answer(outcome)
    }

    fn without_answer(result: CallResult) -> Self {
        Self { result, hour: None, skew_ms: None, is_unauthorized: false, took: None }
    }
}

/// The documented requests an hour, where the server names no limit.
const PER_HOUR_DOCUMENTED: u32 = 10_000;

/// What all calls of a run share.
pub(super) struct Worker<T, C> {
    transport: Arc<T>,
    clock: C,
    tasks: Arc<[Task]>,
    /// The device list is read whole, and not only as far as check-ins are new.
    is_list_complete: bool,
    sealer: Option<Sealer>,
    /// The tasks of each device.
    by_device: HashMap<DeviceId, Vec<TaskIndex>>,
}

impl<T: Transport, C: Clock> Worker<T, C> {
    /// A worker for the calls about these tasks.
    pub(super) fn new(
        transport: Arc<T>,
        clock: C,
        tasks: Arc<[Task]>,
        sealer: Option<Sealer>,
    ) -> Self {
        // A device that the list no longer has is found only in an order in which devices keep their places.
        let is_list_complete = tasks.iter().any(|task| task.end.trace().is_on_record());
        let mut by_device: HashMap<DeviceId, Vec<TaskIndex>> = HashMap::new();
        for (index, task) in (0..).map(TaskIndex).zip(tasks.iter()) {
            by_device.entry(task.device.id.clone()).or_default().push(index);
        }
        Self { transport, clock, tasks, sealer, by_device, is_list_complete }
    }

    /// Carries out a call. `skew_ms` is how far the server's clock is ahead of ours.
    pub(super) async fn perform(self: Arc<Self>, call: Call, skew_ms: i64) -> Performed {
        let request = match self.request(&call) {
            Ok(request) => request,
            Err(outcome) => return Performed::without_answer(*outcome),
        };
        let asked = Asked::of(&request);
        let attempt = match &call {
            Call::Send { attempt, .. } => Some(*attempt),
            _ => None,
        };
        let word = call.word();
        let answer = wire_log::send(&*self.transport, &self.clock, request, attempt).await;
        let took = answer.took_ms.map(|ms| (word, ms));
        let result = answer.result;
        let is_unauthorized = result.as_ref().is_ok_and(|reply| reply.status == 401);
        let (hour, new_skew_ms) = server_word(&result, self.clock.now());
        // The answer's own date where it has one: after a resume no other is known yet.
        let outcome = match self.other_device(&call, asked, &result) {
            Some(outcome) => outcome,
            None => self.read(call, &result, new_skew_ms.unwrap_or(skew_ms)),
        };
        Performed { result: outcome, hour, skew_ms: new_skew_ms, is_unauthorized, took }
    }

    /// The request of a call; an action that this version does not know has none.
    fn request(&self, call: &Call) -> Result<Request, Box<CallResult>> {
        let device = |task: &TaskIndex| &self.tasks[task.at()].device.id;
        Ok(match call {
            Call::Send { task, attempt, pin } => {
                let facts = &self.tasks[task.at()];
                let Ok(action) = find_action(&facts.action) else {
                    let reason = format!("this version of sortie has no action '{}'", facts.action);
                    let verdict = Verdict::NotSent { reason, ends_run: true };
                    let (task, attempt) = (*task, *attempt);
                    let outcome = CallResult::Sent { task, attempt, http_status: None, verdict };
                    return Err(Box::new(outcome));
                };
                let mut params = facts.params.clone();
                if let (Some(pin), Some(key)) = (pin, action.takes_pin) {
                    params.insert(key.to_owned(), ParamValue::Secret(pin.clone()));
                }
                action.request(&facts.device.id, &action.complete(facts.device.platform, &params))
            }
            Call::Look { task, view, .. } => look_request(device(task), *view),
            Call::Pin { task } => pin_request(device(task)),
            Call::Secrets { task, place } => {
                secret_request(device(task), self.source(*task, *place))
            }
            Call::Recheck { task } => device_by_id(device(task)),
            Call::List { offset } if self.is_list_complete => devices_page(*offset),
            Call::List { offset } => devices_by_check_in(*offset),
        })
    }

    /// What follows for the call when its answer is about another device than was asked for.
    fn other_device(
        &self,
        call: &Call,
        asked: Option<Asked>,
        result: &Result<Reply, Fault>,
    ) -> Option<CallResult> {
        let task = call.task()?;
        let asked = asked?.with_serial(&self.tasks[task.at()].device.serial_number);
        let reply = result.as_ref().ok()?;
        let reason = asked.mismatch(reply)?;
        let unreadable = || Unreadable::OtherDevice { reason: reason.clone() };
        Some(match *call {
            Call::Send { attempt, .. } => {
                let http_status = Some(reply.status);
                let verdict = Verdict::OtherDevice { reason };
                CallResult::Sent { task, attempt, http_status, verdict }
            }
            Call::Look { .. } => {
                CallResult::Looked { task, sighting: Sighting::OtherDevice { reason } }
            }
            Call::Pin { .. } => CallResult::Pin { task, result: Err(unreadable()) },
            Call::Secrets { place, .. } => {
                let source = self.source(task, place);
                CallResult::Secrets { task, source, result: Err(unreadable()) }
            }
            Call::Recheck { .. } => CallResult::Rechecked { task, result: Err(unreadable()) },
            Call::List { .. } => return None,
        })
    }

    fn source(&self, task: TaskIndex, place: u8) -> SecretSource {
        let places = &self.tasks[task.at()].capture;
        places.get(usize::from(place)).copied().unwrap_or(SecretSource::FilevaultKey)
    }

    /// What an answer, or its absence, means for the call.
    fn read(&self, call: Call, result: &Result<Reply, Fault>, skew_ms: i64) -> CallResult {
        match call {
            Call::Send { task, attempt, .. } => {
                let facts = &self.tasks[task.at()];
                let (http_status, verdict) = match find_action(&facts.action) {
                    Ok(action) => classify(action, facts.device.platform, result),
                    Err(error) => {
                        let reason = error.to_string();
                        (None, Verdict::NotSent { reason, ends_run: true })
                    }
                };
                CallResult::Sent { task, attempt, http_status, verdict: self.seal_verdict(verdict) }
            }
            Call::Look { task, view, since } => {
                let since = UnixMillis(since.0 + skew_ms - MATCH_SLACK_MS);
                let sighting = match result {
                    Ok(reply) => sighting(reply, &self.tasks[task.at()].end, since, view),
                    Err(Fault::NotSent { reason, .. }) => {
                        Sighting::Unreachable { reason: reason.clone() }
                    }
                    Err(fault) => {
                        Sighting::Unreadable { reason: fault.to_string(), is_forbidden: false }
                    }
                };
                CallResult::Looked { task, sighting }
            }
            Call::Pin { task } => self.read_pin(task, result),
            Call::Secrets { task, place } => {
                let source = self.source(task, place);
                CallResult::Secrets { task, source, result: self.read_secrets(result, source) }
            }
            Call::Recheck { task } => CallResult::Rechecked { task, result: read_record(result) },
            Call::List { offset } => CallResult::Listed { listing: self.read_list(result, offset) },
        }
    }

    fn seal(&self, secret: Sealed) -> Sealed {
        match &self.sealer {
            Some(sealer) => sealer(&secret),
            None => secret,
        }
    }

    fn seal_verdict(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Accepted(mut answer) => {
                answer.pin = answer.pin.map(|pin| self.seal(pin));
                Verdict::Accepted(answer)
            }
            other => other,
        }
    }

    fn read_pin(&self, task: TaskIndex, result: &Result<Reply, Fault>) -> CallResult {
        let result = usable(result).and_then(|reply| match read_pin(reply) {
            PinReading::Found { pin, .. } => Ok(Some(ShownPin { pin, flaw: None })),
            PinReading::Odd { pin, flaw } => Ok(Some(ShownPin { pin, flaw: Some(flaw) })),
            // What the state directory knows does not come from the tenant.
            PinReading::Nothing | PinReading::Known { .. } => Ok(None),
            PinReading::Unreadable { reason, is_forbidden } => {
                Err(unreadable(reason, is_forbidden))
            }
        });
        match result {
            Ok(Some(ShownPin { pin, flaw: Some(flaw) })) => {
                CallResult::OddPin { task, pin: self.seal(pin), flaw }
            }
            Ok(shown) => CallResult::Pin { task, result: Ok(shown.map(|it| self.seal(it.pin))) },
            Err(error) => CallResult::Pin { task, result: Err(error) },
        }
    }

    fn read_secrets(
        &self,
        result: &Result<Reply, Fault>,
        source: SecretSource,
    ) -> Result<Vec<Secret>, Unreadable> {
        let secrets = read_secrets(usable(result)?, source)
            .map_err(|(reason, is_forbidden)| unreadable(reason, is_forbidden))?;
        let seal = |secret: Secret| Secret { value: self.seal(secret.value), ..secret };
        Ok(secrets.into_iter().map(seal).collect())
    }

    fn read_list(&self, result: &Result<Reply, Fault>, offset: u32) -> Listing {
        let reply = match usable(result) {
            Ok(reply) => reply,
            Err(Unreadable::Throttled { retry_after_ms }) => {
                return Listing::Throttled { retry_after_ms };
            }
            Err(Unreadable::Unreachable { reason }) => return Listing::Unreachable { reason },
            Err(Unreadable::Forbidden { reason } | Unreadable::Unauthorized { reason }) => {
                return Listing::Unreadable { reason, is_forbidden: true };
            }
            Err(Unreadable::Failed { reason } | Unreadable::OtherDevice { reason }) => {
                return Listing::Unreadable { reason, is_forbidden: false };
            }
        };
        match read_shown_devices(reply) {
            Err(error) => Listing::Unreadable { reason: error.to_string(), is_forbidden: false },
            Ok(devices) => {
                let rows = u32::try_from(devices.len()).unwrap_or(LIST_ROWS_MAX);
                let next = match rows {
                    0 => NextPage::None,
                    LIST_ROWS_MAX.. => NextPage::At(offset + rows),
                    _ => NextPage::Perhaps(offset + rows),
                };
                let shown = devices.iter().flat_map(|device| self.shown(device)).collect();
                Listing::Page { shown, next }
            }
        }
    }

    /// What a row of the list says about the tasks of its device.
    fn shown<'a>(&'a self, device: &'a ShownDevice) -> impl Iterator<Item = Shown> + 'a {
        let tasks = self.by_device.get(&device.id).map_or(&[][..], Vec::as_slice);
        tasks.iter().map(move |task| {
            let has_changed = match &self.tasks[task.at()].end {
                End::Command { or_named: Some(name), .. } => is_same_text(name, &device.name),
                _ => false,
            };
            // Agents of Windows check in too, but no command of theirs is followed.
            let has_agent = self.tasks[task.at()].device.platform == Platform::Mac;
            Shown { task: *task, last_check_in: device.last_check_in, has_changed, has_agent }
        })
    }
}

/// An answer with a body that is worth reading, or why there is none.
fn usable(result: &Result<Reply, Fault>) -> Result<&Reply, Unreadable> {
    match result {
        Ok(reply) if reply.status == 429 => {
            Err(Unreadable::Throttled { retry_after_ms: retry_after_ms(reply) })
        }
        Ok(reply) if matches!(reply.status, 401 | 403) => {
            let text = masked_error_text(&reply.body);
            Err(Unreadable::Forbidden { reason: format!("HTTP {}: {text}", reply.status) })
        }
        Ok(reply) => Ok(reply),
        Err(Fault::NotSent { reason, .. }) => {
            Err(Unreadable::Unreachable { reason: reason.clone() })
        }
        Err(fault) => Err(Unreadable::Failed { reason: fault.to_string() }),
    }
}

/// The record of one device; `None` when it no longer exists.
fn read_record(result: &Result<Reply, Fault>) -> Result<Option<Box<Device>>, Unreadable> {
    let reply = usable(result).map_err(|error| match (error, result) {
        (Unreadable::Forbidden { reason }, Ok(reply)) if reply.status == 401 => {
            Unreadable::Unauthorized { reason }
        }
        (error, _) => error,
    })?;
    let device = read_target(reply);
    device
        .map(|device| device.map(Box::new))
        .map_err(|error| Unreadable::Failed { reason: error.to_string() })
}

fn unreadable(reason: String, is_forbidden: bool) -> Unreadable {
    if is_forbidden { Unreadable::Forbidden { reason } } else { Unreadable::Failed { reason } }
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
