//! What guards a run from outside while it goes on.
//!
//! Owns the shape of it: who asks a person, who sees that a run is to stop, who knows which devices must not be
//! touched. Must never decide what is sent: the engine does, on what it is told from here.

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::engine::{Ask, OperatorAnswer};
use crate::model::{Device, Recheck, StopCause, Task, TaskIndex, UnixMillis};

/// What has been seen since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// The run is to stop, and why.
    pub stop: Option<(StopCause, String)>,
    /// Tasks that must not be sent any more, each with the reason.
    pub protected: Vec<(TaskIndex, String)>,
}

/// Guards a run from outside.
pub trait Guard: Send {
    /// Looks around. Called before every batch of sends, so it has to be quick.
    fn look(&mut self, now: UnixMillis) -> Alarm;

    /// Compares the record of a target, read just before its request, with what the plan froze. That the record is
    /// the target's has been compared before.
    fn recheck(&mut self, task: &Task, device: &Device) -> Recheck;

    /// Asks a person whether the next wave may begin.
    fn ask(&mut self, ask: Ask) -> BoxFuture<'static, OperatorAnswer>;
}

/// Guards nothing: for runs that are embedded elsewhere, and for tests.
#[derive(Copy, Clone, Debug, Default)]
pub struct Unguarded;

impl Guard for Unguarded {
    fn look(&mut self, _now: UnixMillis) -> Alarm {
        Alarm::default()
    }

    fn recheck(&mut self, _task: &Task, _device: &Device) -> Recheck {
        Recheck::Same
    }

    fn ask(&mut self, _ask: Ask) -> BoxFuture<'static, OperatorAnswer> {
        // Nobody is there to agree.
        std::future::ready(OperatorAnswer::Stop).boxed()
    }
}
