//! What the loop asks while a run goes on: stop requests, protected devices, changed targets, an operator's answer.
//!
//! Owns the interface between the loop and the front end's checks. Must never decide what is sent: the engine decides,
//! with what it learns from here.

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::engine::{Ask, OperatorAnswer};
use crate::model::{Device, Recheck, StopCause, Task, TaskIndex, UnixMillis};

/// What changed outside the run since the last check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// Why the run must stop sending; `None` while it may go on.
    pub stop: Option<(StopCause, String)>,
    /// Tasks that must no longer be sent from now on, each with the reason that its report shows. Those of earlier checks
    /// stay protected.
    pub protected: Vec<(TaskIndex, String)>,
}

/// The checks that a run depends on and that read the world outside of it.
///
/// The loop calls [`check`](Self::check) before each batch, [`recheck`](Self::recheck) for each target that was read
/// again, and [`ask`](Self::ask) before a wave that an operator has to confirm.
pub trait Watchdog: Send {
    /// Checks for stop requests and for devices that became protected. Must return within milliseconds: sending waits
    /// for it.
    fn check(&mut self, now: UnixMillis) -> Alarm;

    /// Compares a target's record, read just before its request, with the facts in the plan. The caller has already
    /// verified that the record belongs to this target.
    fn recheck(&mut self, task: &Task, device: &Device) -> Recheck;

    /// Asks an operator whether the next wave may begin. Following goes on until the answer comes.
    fn ask(&mut self, ask: Ask) -> BoxFuture<'static, OperatorAnswer>;
}

/// A watchdog that never reports anything and stops at each question. For tests, and for programs that embed the
/// library and do these checks elsewhere.
#[derive(Copy, Clone, Debug, Default)]
pub struct NoWatchdog;

impl Watchdog for NoWatchdog {
    fn check(&mut self, _now: UnixMillis) -> Alarm {
        Alarm::default()
    }

    fn recheck(&mut self, _task: &Task, _device: &Device) -> Recheck {
        Recheck::Same
    }

    fn ask(&mut self, _ask: Ask) -> BoxFuture<'static, OperatorAnswer> {
        // No operator is there to confirm.
        std::future::ready(OperatorAnswer::Stop).boxed()
    }
}
