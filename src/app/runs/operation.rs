//! What a front end says to a run while it goes on.
//!
//! Owns its form. Must never open a gate by itself.

use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::watch;

use crate::drive::Control;
use crate::engine::{Ask, OperatorAnswer};

/// A question of a run to a person: whether its next wave may begin.
#[derive(Clone, Debug)]
pub struct RunQuestion {
    /// Id of the run.
    pub run: String,
    /// Its tenant, as people know it.
    pub tenant: String,
    /// The wave.
    pub ask: Ask,
}

/// Asks a person whether the next wave may begin. Following goes on until the answer comes.
pub type AskOperator = Arc<dyn Fn(RunQuestion) -> BoxFuture<'static, OperatorAnswer> + Send + Sync>;

/// What a front end says to a run while it goes on.
#[derive(Clone)]
pub struct Operation {
    /// What the operator asks of the run.
    pub control: watch::Receiver<Control>,
    /// Asks a person between waves.
    pub ask: AskOperator,
    /// How many runs of a group are driven at a time; at least one is.
    pub runs_at_once: usize,
}

/// Runs of a group that are driven at a time where the system allows it.
pub const RUNS_AT_ONCE: usize = 128;

impl Operation {
    /// No person answers, and a gate that prompts stays closed.
    #[must_use]
    pub fn unattended() -> Self {
        let (_, control) = watch::channel(Control::Go);
        let ask = |_: RunQuestion| -> BoxFuture<'static, OperatorAnswer> {
            Box::pin(std::future::ready(OperatorAnswer::Stop))
        };
        Self { control, ask: Arc::new(ask), runs_at_once: RUNS_AT_ONCE }
    }
}
