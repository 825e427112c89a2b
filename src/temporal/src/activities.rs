//! What workers do: single calls, polls, PINs.
//!
//! Owns the tenants that a worker is connected to. Must never make a call that its workflow did not schedule, and never repeat one by
//! itself.

#![allow(missing_docs, reason = "macros of Temporal make constants of documented functions")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sortie::app::tenant::TenantRequest;
use sortie::app::{CallHost, CallPlace, CallTime, HostAnswer};
use sortie::drive::{CallReply, Clock, WallClock};
use sortie::model::Sighting;
use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use crate::planned_call::STALE_MS;
use crate::wire::{CallRequest, CallResult, DrawRequest, DrawnPins, PollRequest};

/// How late a poll may leave, in milliseconds.
const POLL_LATE_MS: u64 = 60_000;

/// Finds what names a tenant and holds its token on this host, by the base URL; `Err` says why there is nothing.
pub type FindTenant = Arc<dyn Fn(&str) -> Result<TenantRequest, String> + Send + Sync>;

/// Which clock says when a call leaves.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Moments {
    /// The one of the run: a call leaves in its place in the quota.
    #[default]
    OfRun,
    /// None: a call leaves at once. For tests alone whose server skips time, so that the run is days ahead of its tenant.
    Skipped,
}

/// What a worker makes calls with.
pub struct Calls {
    find_tenant: FindTenant,
    state_dir: PathBuf,
    identity: Option<PathBuf>,
    moments: Moments,
    hosts: Mutex<HashMap<String, Arc<CallHost>>>,
}

impl Calls {
    /// Calls to the tenants that `find_tenant` finds. `state_dir` holds the policy and the STOP file of this host, `identity` the private
    /// key of the workers.
    #[must_use]
    pub fn new(find_tenant: FindTenant, state_dir: PathBuf, identity: Option<PathBuf>) -> Self {
        let moments = Moments::default();
        Self { find_tenant, state_dir, identity, moments, hosts: Mutex::default() }
    }

    /// The same with another clock. For tests alone.
    #[must_use]
    pub fn with_moments(self, moments: Moments) -> Self {
        Self { moments, ..self }
    }

    /// The connection to a tenant for runs of these rules.
    fn host(&self, place: &CallPlace) -> Result<Arc<CallHost>, String> {
        let key = serde_json::to_string(place).map_err(|error| error.to_string())?;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(&key) {
            return Ok(Arc::clone(host));
        }
        let tenant = (self.find_tenant)(&place.base_url)?;
        let host =
            CallHost::connect(place.clone(), &tenant, &self.state_dir, self.identity.as_deref())
                .map_err(|reason| sortie::cli::plain_words(&reason))?;
        let host = Arc::new(host);
        hosts.insert(key, Arc::clone(&host));
        Ok(host)
    }

    async fn make(&self, request: &CallRequest) -> HostAnswer {
        let CallRequest { place, task, call, time, skew_ms } = request;
        let time = match self.moments {
            Moments::OfRun => *time,
            Moments::Skipped => at_once(),
        };
        match self.host(place) {
            Ok(host) => host.carry_out(task, call, time, *skew_ms).await,
            Err(reason) => HostAnswer::unsent(task, call, reason),
        }
    }
}

#[activities]
impl Calls {
    /// Makes one request, in its place in the quota or not at all.
    #[activity(name = "sortie-call-1")]
    pub async fn carry_out(
        self: Arc<Self>,
        _ctx: ActivityContext,
        request: CallRequest,
    ) -> Result<CallResult, ActivityError> {
        if self.moments == Moments::OfRun {
            let moment = request.time.not_before;
            WallClock.sleep_until(moment).await;
            if WallClock.now() > moment.plus_ms(STALE_MS) {
                return Ok(CallResult::Late);
            }
        }
        Ok(CallResult::Ended(Box::new(self.make(&request).await)))
    }

    /// Looks once; fails as long as that shows nothing new, and is tried again by the server.
    #[activity(name = "sortie-poll-1")]
    pub async fn poll(
        self: Arc<Self>,
        _ctx: ActivityContext,
        poll: PollRequest,
    ) -> Result<HostAnswer, ActivityError> {
        let PollRequest { mut request, known, .. } = poll;
        request.time = at_once();
        let answer = self.make(&request).await;
        if is_news(&answer, known.as_ref()) {
            return Ok(answer);
        }
        Err(ApplicationFailure::new("nothing new").into())
    }

    /// Draws PINs, each encrypted twice: to the workers, who send it, and to the keys of the run.
    #[activity(name = "sortie-pins-1")]
    pub async fn draw_pins(
        self: Arc<Self>,
        _ctx: ActivityContext,
        request: DrawRequest,
    ) -> Result<DrawnPins, ActivityError> {
        let DrawRequest { count, worker_key, encrypt_to } = request;
        let draw = |_| {
            CallHost::draw_pin(&worker_key, &encrypt_to).map_err(|reason| {
                Box::new(ApplicationFailure::non_retryable(sortie::cli::plain_words(&reason)))
            })
        };
        let pins = (0..count).map(draw).collect::<Result<_, _>>();
        let pins = pins.map_err(ActivityError::Application)?;
        Ok(DrawnPins { pins })
    }
}

/// The time of a call that has no place of its own in the quota.
fn at_once() -> CallTime {
    let now = WallClock.now();
    CallTime { not_before: now, not_after: now.plus_ms(POLL_LATE_MS) }
}

/// Whether a look shows something that the engine has not heard. A failure to look is tried again, unless it lasts.
fn is_news(answer: &HostAnswer, known: Option<&Sighting>) -> bool {
    if answer.stop.is_some() || answer.answer.pause.is_some() {
        return true;
    }
    match &answer.answer.reply {
        CallReply::Looked(Sighting::Nothing { .. } | Sighting::Unreachable { .. }) => false,
        CallReply::Looked(Sighting::Unreadable { is_forbidden, .. }) => *is_forbidden,
        CallReply::Looked(sighting) => known != Some(sighting),
        _ => true,
    }
}
