//! The way into the tenant without a network.
//!
//! Owns the mapping of the tenant's answers to what a transport would report. Invariant: one call is at
//! most one request; with tokio's paused clock and one thread, the same calls give the same answers.
//! Must never retry or look into a body.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::wire::exchange::{Delivery, NO_HOST, SimReply, SimRequest};
use super::world::World;
use crate::model::UnixMillis;
use crate::model::wire::{Fault, Reply, Request};
use crate::transport::Transport;

/// How long a client waits for an answer that never comes: the time limit of real calls.
const ANSWER_WAIT_MS_MAX: u64 = 60_000;

/// A transport whose other end is a simulated tenant in this process. Its time is tokio's, so with a paused
/// clock a test runs at once. Faults are those of `transport`: not sent, or lost.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use sortie::model::UnixMillis;
/// use sortie::simulator::{Faults, FleetSpec, InProcess, Switches, World};
/// let base = UnixMillis(1_750_000_000_000);
/// let world = World::new(&FleetSpec::default(), Switches::default(), Faults::default(), base);
/// let door = InProcess::new(Arc::new(Mutex::new(world)), base);
/// assert!(door.now() >= base);
/// ```
#[derive(Clone)]
pub struct InProcess {
    world: Arc<Mutex<World>>,
    base: UnixMillis,
    opened: Instant,
    token: String,
}

impl InProcess {
    /// A transport with the tenant's own token; `base` is the time now.
    #[must_use]
    pub fn new(world: Arc<Mutex<World>>, base: UnixMillis) -> Self {
        let token = lock(&world).token().to_owned();
        Self { world, base, opened: Instant::now(), token }
    }

    /// The same transport with another token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// The tenant at the other end.
    #[must_use]
    pub fn world(&self) -> &Arc<Mutex<World>> {
        &self.world
    }

    /// The time now: the base and the time that passed on tokio's clock.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        let elapsed_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.base.plus_ms(elapsed_ms)
    }

    async fn carry(&self, request: Request) -> Result<Reply, Fault> {
        let body_bytes_max = request.body_bytes_max;
        let arrived = SimRequest {
            method: request.method.word().to_owned(),
            origin: NO_HOST.to_owned(),
            target: request.path_and_query,
            authorization: Some(format!("Bearer {}", self.token)),
            content_type: request.body.is_some().then(|| "application/json".to_owned()),
            body: request.body.unwrap_or_default().into_bytes(),
        };
        let reply = lock(&self.world).handle(self.now(), &arrived);
        if reply.latency_ms > 0 {
            sleep(Duration::from_millis(reply.latency_ms)).await;
        }
        let lost = |reason: &str| Err(Fault::Lost { reason: reason.to_owned() });
        match reply.delivery {
            Delivery::NotConnected => {
                Err(Fault::NotSent { reason: "connection refused".to_owned(), lasting: false })
            }
            Delivery::Closed => lost("the connection was closed without an answer"),
            Delivery::Cut { .. } => lost("the answer was cut off"),
            Delivery::Hangs => {
                sleep(Duration::from_millis(ANSWER_WAIT_MS_MAX)).await;
                lost("no answer in time")
            }
            Delivery::Whole if reply.body.len() > body_bytes_max => {
                lost("the answer is longer than allowed")
            }
            Delivery::Whole => Ok(received(reply)),
        }
    }
}

impl Transport for InProcess {
    fn send(
        &self,
        request: Request,
    ) -> impl std::future::Future<Output = Result<Reply, Fault>> + Send {
        self.carry(request)
    }
}

fn received(reply: SimReply) -> Reply {
    let text = |name: &str| reply.header(name).map(str::to_owned);
    let number = |name: &str| reply.header(name).and_then(|text| text.parse().ok());
    Reply {
        status: reply.status,
        content_type: text("Content-Type").unwrap_or_default().to_lowercase(),
        retry_after: text("Retry-After"),
        date: text("Date"),
        remaining_hour: number("X-RateLimit-Remaining-Hour"),
        limit_hour: number("X-RateLimit-Limit-Hour"),
        has_dropped_body: false,
        body: reply.body,
    }
}

/// A panic in another thread must not hide the ledger from the test that asks why.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Repeat;
    use crate::model::wire::Method;
    use crate::simulator::testbed::{START, Testbed};
    use crate::simulator::{FaultKind, FaultMatcher, Faults, ScriptedFault};

    fn door(faults: Faults) -> (InProcess, String) {
        let mut bed = Testbed::macs(1);
        *bed.world.faults_mut() = faults;
        let path = format!("{}/action/lock", bed.path(0));
        (InProcess::new(Arc::new(Mutex::new(bed.world)), START), path)
    }

    fn lock_request(path: &str) -> Request {
        Request {
            method: Method::Post,
            path_and_query: path.to_owned(),
            body: Some(r#"{"Message":"x"}"#.to_owned()),
            repeat: Repeat::Once,
            body_bytes_max: 1_024,
        }
    }

    fn scripted(kind: FaultKind) -> Faults {
        let matcher = FaultMatcher::action("lock");
        Faults { script: vec![ScriptedFault { matcher, kind }], ..Faults::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_take_virtual_time_and_have_headers() {
        let (door, path) = door(Faults { latency_ms: 700..=700, ..Faults::default() });
        let reply = door.send(lock_request(&path)).await.expect("an answer");
        assert_eq!(door.now(), START.plus_ms(700));
        assert_eq!((reply.status, reply.content_type.as_str()), (200, "application/json"));
        assert_eq!((reply.remaining_hour, reply.limit_hour), (Some(9_999), Some(10_000)));
        assert_eq!(reply.date.as_deref(), Some("Sun, 15 Jun 2025 15:00:00 GMT"));
    }

    #[tokio::test(start_paused = true)]
    async fn faults_tell_not_sent_from_lost() {
        for (kind, is_not_sent, applied, waited_ms) in [
            (FaultKind::NotConnected, true, 0, 0),
            (FaultKind::CloseBefore, false, 0, 0),
            (FaultKind::CloseAfter, false, 1, 0),
            (FaultKind::Truncate, false, 1, 0),
            (FaultKind::Hang, false, 1, 60_000),
        ] {
            let (door, path) = door(scripted(kind.clone()));
            let fault = door.send(lock_request(&path)).await.expect_err("no answer");
            assert_eq!(matches!(fault, Fault::NotSent { .. }), is_not_sent, "{kind:?}");
            assert_eq!(lock(door.world()).ledger().count_all("lock"), applied, "{kind:?}");
            assert_eq!(door.now(), START.plus_ms(waited_ms), "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn long_answers_and_wrong_tokens_are_what_a_transport_reports() {
        let (door, path) = door(Faults::default());
        let mut request = lock_request(&path);
        request.body_bytes_max = 3;
        assert!(matches!(door.send(request).await, Err(Fault::Lost { .. })));
        let stranger = door.with_token("other");
        let reply = stranger.send(lock_request(&path)).await.expect("an answer");
        assert_eq!(reply.status, 401);
    }
}
