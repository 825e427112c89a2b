//! Waiting for whatever happens first, in an order that a replay repeats.
//!
//! Owns the list of what is under way. Must never poll it in another order than that of its beginning.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::LocalBoxFuture;
use sortie::model::UnixMillis;
use std::time::Duration;
use temporalio_sdk::{
    ApplicationFailure, SignalWorkflowOptions, TimerOptions, WaitConditionOptions,
    WorkflowCancellationToken, WorkflowContext, WorkflowTermination,
};

/// What is under way in a workflow.
pub(super) struct UnderWay<'a, T> {
    futures: Vec<LocalBoxFuture<'a, T>>,
}

impl<'a, T> UnderWay<'a, T> {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { futures: Vec::new() }
    }

    /// Adds what begins now.
    pub(super) fn push(&mut self, future: LocalBoxFuture<'a, T>) {
        self.futures.push(future);
    }

    /// Waits until something of it has ended, or until `other` has. Returns all that has ended.
    pub(super) async fn wait(&mut self, other: impl Future) -> Vec<T> {
        let mut other = std::pin::pin!(other);
        std::future::poll_fn(|context| self.poll(context, other.as_mut())).await
    }

    fn poll<F: Future>(&mut self, context: &mut Context<'_>, other: Pin<&mut F>) -> Poll<Vec<T>> {
        let mut ended = Vec::new();
        self.futures.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(value) => {
                ended.push(value);
                false
            }
            Poll::Pending => true,
        });
        match (ended.is_empty(), other.poll(context)) {
            (true, Poll::Pending) => Poll::Pending,
            _ => Poll::Ready(ended),
        }
    }
}

/// The time of the workflow: the same at each replay.
pub(super) fn now<W>(ctx: &WorkflowContext<W>) -> UnixMillis {
    let since =
        ctx.workflow_time().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    UnixMillis(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// A fault of this program: the workflow ends, and its failure is visible in Temporal.
pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> WorkflowTermination {
    ApplicationFailure::non_retryable(error).into()
}

/// A timer that a cancellation of the workflow does not touch.
pub(super) fn timer(
    now: UnixMillis,
    at: UnixMillis,
    detached: &WorkflowCancellationToken,
) -> TimerOptions {
    let duration = Duration::from_millis(at.remaining_ms(now).max(1));
    TimerOptions::builder(duration).cancellation_token(detached.clone()).build()
}

/// A wait that a cancellation of the workflow does not touch.
pub(super) fn condition(detached: &WorkflowCancellationToken) -> WaitConditionOptions {
    WaitConditionOptions::builder().cancellation_token(detached.clone()).build()
}

/// A message that a cancellation of the workflow does not touch.
pub(super) fn message(detached: &WorkflowCancellationToken) -> SignalWorkflowOptions {
    SignalWorkflowOptions::builder().cancellation_token(detached.clone()).build()
}
