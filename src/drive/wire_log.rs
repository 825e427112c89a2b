//! Requests and answers: how long they take, and their lines in the log file.
//!
//! Owns the duration of each, and what is logged: method, path, status, duration. Must never log a body or a header: bodies hold PINs, and a header
//! holds the token. A path names a device, and is logged at `debug` only.

use tracing::{Level, debug, enabled};

use super::clock::Clock;
use crate::model::wire::{Fault, Reply, Request};
use crate::transport::Transport;

/// What came back, and after which time.
pub(super) struct TimedReply {
    /// The reply, or why there is none.
    pub(super) result: Result<Reply, Fault>,
    /// From the request to the reply, in milliseconds; `None` where there was no reply.
    pub(super) took_ms: Option<u32>,
}

/// Sends a request, once. `attempt` counts the requests of a task; reads have none.
pub(super) async fn send<T: Transport, C: Clock>(
    transport: &T,
    clock: &C,
    request: Request,
    attempt: Option<u16>,
) -> TimedReply {
    let line =
        enabled!(target: "sortie::transport", Level::DEBUG).then(|| Line::begin(&request, attempt));
    let began = clock.now();
    let result = transport.send(request).await;
    let ms = clock.now().since(began);
    if let Some(line) = line {
        line.end(&result, ms);
    }
    let took_ms = result.is_ok().then(|| u32::try_from(ms.max(0)).unwrap_or(u32::MAX));
    TimedReply { result, took_ms }
}

/// What the lines of one request say.
struct Line {
    method: &'static str,
    path: String,
    attempt: Option<u64>,
}

impl Line {
    /// Logs the request.
    fn begin(request: &Request, attempt: Option<u16>) -> Self {
        let (method, path) = (request.method.word(), request.path_and_query.clone());
        let attempt = attempt.map(u64::from);
        debug!(target: "sortie::transport", method, path, attempt, "request");
        Self { method, path, attempt }
    }

    /// Logs what came back after `ms`.
    fn end(self, result: &Result<Reply, Fault>, ms: i64) {
        let Self { method, path, attempt } = self;
        match result {
            Ok(reply) => {
                let (status, bytes) = (u64::from(reply.status), reply.body.len() as u64);
                let (retry_after, left) = (&reply.retry_after, reply.remaining_hour.map(u64::from));
                debug!(
                    target: "sortie::transport",
                    method, path, attempt, status, ms, bytes, retry_after = retry_after.as_deref(),
                    hour_left = left, "answer"
                );
            }
            Err(fault) => {
                let fault = fault.to_string();
                debug!(target: "sortie::transport", method, path, attempt, ms, fault, "no answer");
            }
        }
    }
}
