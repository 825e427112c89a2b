//! What a front end says to a run while it goes on.
//!
//! Owns its form. Must never open a gate by itself.

use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::watch;

use crate::drive::Control;
use crate::engine::{Ask, OperatorAnswer};

/// Asks a person whether the next wave may begin. Following goes on until the answer comes.
pub type AskOperator = Arc<dyn Fn(Ask) -> BoxFuture<'static, OperatorAnswer> + Send + Sync>;

/// What a front end says to a run while it goes on.
#[derive(Clone)]
pub struct Operation {
    /// What the operator asks of the run.
    pub control: watch::Receiver<Control>,
    /// Asks a person between waves.
    pub ask: AskOperator,
}

impl Operation {
    /// No person answers, and a gate that prompts stays closed.
    #[must_use]
    pub fn unattended() -> Self {
        let (_, control) = watch::channel(Control::Go);
        let ask = |_| -> BoxFuture<'static, OperatorAnswer> {
            Box::pin(std::future::ready(OperatorAnswer::Stop))
        };
        Self { control, ask: Arc::new(ask) }
    }
}
