//! Requests and answers in the log file.
//!
//! Owns what is logged of each: method, path, status, duration. Must never log a body or a header: bodies hold PINs, and a header
//! holds the token. A path names a device, and is logged at `debug` only.

use tracing::{Level, debug, enabled};

use super::clock::Clock;
use crate::model::wire::{Fault, Reply, Request};
use crate::transport::Transport;

/// Sends a request, once. `attempt` counts the requests of a task; reads have none.
pub(super) async fn send<T: Transport, C: Clock>(
    transport: &T,
    clock: &C,
    request: Request,
    attempt: Option<u16>,
) -> Result<Reply, Fault> {
    if !enabled!(target: "sortie::transport", Level::DEBUG) {
        return transport.send(request).await;
    }
    let (method, path) = (request.method.word(), request.path_and_query.clone());
    let attempt = attempt.map(u64::from);
    debug!(target: "sortie::transport", method, path, attempt, "request");
    let began = clock.now();
    let result = transport.send(request).await;
    let ms = clock.now().since(began);
    match &result {
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
    result
}
