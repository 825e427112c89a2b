//! Reasons of audits.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::journal::{AuditFault, ChainAudit};

/// Why an audit does not say that everything is what was written.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AuditReason {
    /// The head that was kept elsewhere is no hash.
    AnchorMalformed {
        /// It, as it was given.
        given: String,
    },
    /// Something is not what was written.
    #[serde(rename = "audit_broken")]
    Broken {
        /// Every place, the most important first.
        faults: Vec<ChainFault>,
    },
}

impl RefusalFacts for AuditReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::AnchorMalformed { .. } => RefusalClass::Usage,
            Self::Broken { .. } => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::AnchorMalformed { .. } => vec![NextStep::CorrectRequest { what: "anchor" }],
            Self::Broken { .. } => vec![NextStep::KeepCopy],
        }
    }
}

/// A place that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFault {
    /// The run; `None` for the host's record.
    pub run: Option<String>,
    /// Number of the note or entry; 0 for what comes before the first.
    pub seq: u64,
    /// What does not fit.
    pub what: String,
}

impl ChainFault {
    /// The fault of a chain, if it has one.
    pub(super) fn of(run: Option<&str>, audit: &ChainAudit) -> Option<Self> {
        audit.fault.clone().map(|fault| Self::at(run, fault))
    }

    pub(super) fn at(run: Option<&str>, fault: AuditFault) -> Self {
        Self { run: run.map(str::to_owned), seq: fault.seq, what: fault.what }
    }
}
