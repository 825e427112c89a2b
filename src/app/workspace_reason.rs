//! Reasons about workspaces.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why a workspace does not have what was asked for.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkspaceReason {
    /// There is no state directory yet, or it knows no run.
    NoRuns,
}

impl RefusalFacts for WorkspaceReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::StartRun, NextStep::ChooseStateDirectory]
    }
}
