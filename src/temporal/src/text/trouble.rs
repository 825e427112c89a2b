//! Errors of Temporal in words.
//!
//! Owns the words. Must never show what a message carried: it may be a record.

use sortie::app::RefusalClass;
use sortie::cli::companion::CompanionError;
use temporalio_client::errors::{
    ClientError, WorkflowGetResultError, WorkflowInteractionError, WorkflowQueryError,
    WorkflowStartError,
};
use temporalio_client::schedules::ScheduleError;
use temporalio_client::tonic::{Code, Status};

/// What to do when nothing else helps.
const CHECK: &str = "check the server and the network, then try again";

/// A number with its noun.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// What failed, as far as a status of the server tells it.
pub trait ServerFault: std::error::Error {
    /// The status, where the server gave one.
    fn status(&self) -> Option<&Status>;
}

macro_rules! faults {
    ($($type:ty: $($variant:ident)|+,)*) => {
        $(impl ServerFault for $type {
            fn status(&self) -> Option<&Status> {
                match self {
                    $(Self::$variant(status) => Some(status),)+
                    _ => None,
                }
            }
        })*
    };
}

faults! {
    WorkflowStartError: Rpc,
    WorkflowInteractionError: NotFound | Rpc,
    WorkflowQueryError: NotFound | Rpc,
    WorkflowGetResultError: NotFound | Rpc,
    ClientError: Rpc,
    ScheduleError: Rpc,
}

/// An error of the server or of the way to it.
#[must_use]
pub fn of(error: &impl ServerFault) -> CompanionError {
    match error.status() {
        Some(status) => of_status(status),
        None => CompanionError::new(
            RefusalClass::Unexpected,
            format!("the Temporal server answered something unexpected: {error}"),
            CHECK,
        ),
    }
}

/// An error of a client's request.
#[must_use]
pub fn of_client(error: &crate::client::ClientError) -> CompanionError {
    CompanionError::new(RefusalClass::Unexpected, error.to_string(), CHECK)
}

/// A status of the server.
#[must_use]
pub fn of_status(status: &Status) -> CompanionError {
    let said = status.message();
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => CompanionError::new(
            RefusalClass::Authentication,
            format!("the Temporal server denies access: {said}"),
            "check the API key or the client certificate",
        ),
        Code::Unavailable | Code::DeadlineExceeded => CompanionError::new(
            RefusalClass::Unexpected,
            format!("the Temporal server did not answer: {said}"),
            CHECK,
        ),
        Code::ResourceExhausted => CompanionError::new(
            RefusalClass::Unexpected,
            format!("the Temporal server takes no more requests now: {said}"),
            "wait a little, then try again; a namespace has limits of its own",
        ),
        code => CompanionError::new(
            RefusalClass::Unexpected,
            format!("the Temporal server refused: {said} ({code:?})"),
            CHECK,
        ),
    }
}

/// No worker answered a question about a run.
#[must_use]
pub fn no_worker(task_queue: &str) -> CompanionError {
    CompanionError::new(
        RefusalClass::Unexpected,
        format!("no worker answers on task queue '{task_queue}'"),
        "start a worker, or name its queue with --task-queue:\n  sortie-temporal worker",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_the_server_says_what_to_do() {
        for (code, expected) in [
            (Code::PermissionDenied, "denies access"),
            (Code::Unavailable, "did not answer"),
            (Code::ResourceExhausted, "takes no more requests"),
            (Code::Internal, "refused"),
        ] {
            let error = of_status(&Status::new(code, "details"));
            assert!(error.what().contains(expected), "{}", error.what());
            assert!(error.what().contains("details") && !error.next().is_empty());
        }
    }
}
