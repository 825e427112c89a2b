//! One call of the engine, carried out.
//!
//! Owns the way from a call to one request and from its reply to what the engine understands. Must never
//! send a second request for a call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::call_result::CallResult;
use super::clock::Clock;
use super::quota::HourLeft;
use super::records::{read_record, recorded, usable, with_record};
use super::run_devices::RunDevices;
use super::wire_log;
use crate::engine::Call;
use crate::kandji::{
    Asked, LIST_ROWS_MAX, classify, device_by_id, devices_by_check_in, devices_page, find_action,
    look_request, note_request, note_result, pin_request, read_pin, read_secrets,
    read_shown_devices, secret_request, server_skew_ms, sighting,
};
use crate::model::wire::{Fault, Reply, Request};
use crate::model::{
    End, Listing, NextPage, NoteResult, NoteWords, Outcome, ParamValue, PinReading, Sealed, Secret,
    SecretSource, ShownPin, Sighting, Task, TaskIndex, UnixMillis, Unreadable, Verdict,
    sent_params,
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
    devices: RunDevices,
    sealer: Option<Sealer>,
    /// What the notes about devices say; `None` where none is written.
    notes: Option<NoteWords>,
}

impl<T: Transport, C: Clock> Worker<T, C> {
    /// A worker for the calls of a run with these devices.
    pub(super) fn new(
        transport: Arc<T>,
        clock: C,
        devices: RunDevices,
        sealer: Option<Sealer>,
    ) -> Self {
        Self { transport, clock, devices, sealer, notes: None }
    }

    /// The same, with what the notes about devices say.
    pub(super) fn with_notes(self, notes: Option<NoteWords>) -> Self {
        Self { notes, ..self }
    }

    /// Carries out a call `about` a task, or one for a page of the device list. `skew_ms` is how far the server's clock is
    /// ahead of ours.
    pub(super) async fn perform(
        self: Arc<Self>,
        call: Call,
        about: Option<Task>,
        skew_ms: i64,
    ) -> Performed {
        let about = about.as_ref();
        let request = match self.request(&call, about) {
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
        let skew_ms = new_skew_ms.unwrap_or(skew_ms);
        let outcome = match about {
            None => self.listed(&result, offset_of(&call)),
            Some(about) => other_device(&call, about, asked, &result)
                .unwrap_or_else(|| self.read(call, about, &result, skew_ms)),
        };
        Performed { result: outcome, hour, skew_ms: new_skew_ms, is_unauthorized, took }
    }

    /// The request of a call; an action that this version does not know has none.
    fn request(&self, call: &Call, about: Option<&Task>) -> Result<Request, Box<CallResult>> {
        let Some(about) = about else { return Ok(self.list_request(call)) };
        let device = &about.device.id;
        Ok(match call {
            Call::Send { task, attempt, pin, lists } => {
                let Ok(action) = find_action(&about.action) else {
                    let reason = format!("this version of sortie has no action '{}'", about.action);
                    let verdict = Verdict::NotSent { reason, ends_run: true };
                    let (task, attempt) = (*task, *attempt);
                    let outcome = CallResult::Sent { task, attempt, http_status: None, verdict };
                    return Err(Box::new(outcome));
                };
                let mut params = sent_params(&about.params, lists.as_deref()).into_owned();
                if let (Some(pin), Some(key)) = (pin, action.takes_pin) {
                    params.insert(key.to_owned(), ParamValue::Secret(pin.clone()));
                }
                action.request(device, &action.complete(about.device.platform, &params))
            }
            Call::Look { view, .. } => look_request(device, *view, &about.end),
            Call::Pin { .. } => pin_request(device),
            Call::Secrets { place, .. } => secret_request(device, source(about, *place)),
            Call::Recheck { .. } => device_by_id(device),
            Call::Note { ended, .. } => note_request(device, &self.note(ended)),
            Call::List { .. } => self.list_request(call),
        })
    }

    /// The text of a device's note.
    fn note(&self, ended: &[(String, Outcome)]) -> String {
        let steps: Vec<(&str, Outcome)> =
            ended.iter().map(|(action, outcome)| (action.as_str(), *outcome)).collect();
        self.notes.as_ref().map_or_else(String::new, |words| words.text(&steps))
    }

    /// The request for a page of the device list.
    fn list_request(&self, call: &Call) -> Request {
        match self.devices.is_list_complete() {
            true => devices_page(offset_of(call)),
            false => devices_by_check_in(offset_of(call)),
        }
    }

    /// What an answer, or its absence, means for a call about a task.
    fn read(
        &self,
        call: Call,
        about: &Task,
        result: &Result<Reply, Fault>,
        skew_ms: i64,
    ) -> CallResult {
        match call {
            Call::Send { task, attempt, lists, .. } => {
                let (http_status, verdict) = match find_action(&about.action) {
                    Ok(action) => {
                        let (status, verdict) = classify(action, about.device.platform, result);
                        (status, with_record(verdict, action, about, lists.as_deref(), result))
                    }
                    Err(error) => {
                        let reason = error.to_string();
                        (None, Verdict::NotSent { reason, ends_run: true })
                    }
                };
                CallResult::Sent { task, attempt, http_status, verdict: self.seal_verdict(verdict) }
            }
            Call::Look { task, lists, .. } if about.end == End::Recorded => {
                let sighting = recorded(about, lists.as_deref(), result);
                CallResult::Looked { task, sighting }
            }
            Call::Look { task, view, since, .. } => {
                let since = UnixMillis(since.0 + skew_ms - MATCH_SLACK_MS);
                let sighting = match result {
                    Ok(reply) => sighting(reply, &about.end, since, view),
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
                let source = source(about, place);
                CallResult::Secrets { task, source, result: self.read_secrets(result, source) }
            }
            Call::Recheck { task } => CallResult::Rechecked { task, result: read_record(result) },
            Call::Note { task, .. } => CallResult::Noted { task, result: note_result(result) },
            Call::List { offset } => self.listed(result, offset),
        }
    }

    fn listed(&self, result: &Result<Reply, Fault>, offset: u32) -> CallResult {
        CallResult::Listed { listing: self.read_list(result, offset) }
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
                let shown = devices.iter().flat_map(|device| self.devices.shown(device)).collect();
                Listing::Page { shown, next }
            }
        }
    }
}

/// The page of the list that a call asks for; a call without a task is for one.
fn offset_of(call: &Call) -> u32 {
    if let Call::List { offset } = call { *offset } else { 0 }
}

fn source(about: &Task, place: u8) -> SecretSource {
    about.capture.get(usize::from(place)).copied().unwrap_or(SecretSource::FilevaultKey)
}

/// What follows for the call when its answer is about another device than was asked for.
fn other_device(
    call: &Call,
    about: &Task,
    asked: Option<Asked>,
    result: &Result<Reply, Fault>,
) -> Option<CallResult> {
    let task = call.task()?;
    let asked = asked?.with_serial(&about.device.serial_number);
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
            let source = source(about, place);
            CallResult::Secrets { task, source, result: Err(unreadable()) }
        }
        Call::Recheck { .. } => CallResult::Rechecked { task, result: Err(unreadable()) },
        Call::Note { .. } => CallResult::Noted { task, result: NoteResult::Unknown { reason } },
        Call::List { .. } => return None,
    })
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
