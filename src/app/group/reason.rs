//! Reasons about jobs for several tenants.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why a job for several tenants is not planned.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GroupReason {
    /// Two profiles lead to one tenant, so that its caps would be counted for each of them.
    #[serde(rename = "tenants_same_address")]
    SameAddress {
        /// The names of both.
        tenants: [String; 2],
        /// The address of the second one.
        address: String,
    },
}

impl RefusalFacts for GroupReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::SameAddress { .. } => RefusalClass::Usage,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::SameAddress { .. } => vec![NextStep::CorrectRequest { what: "tenants" }],
        }
    }
}
