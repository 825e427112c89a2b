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
    /// Plans of a set need an approval, and an approval is of one tenant's plan.
    #[serde(rename = "plan_set_needs_approval")]
    NeedsApproval {
        /// The tenants whose plans need one.
        tenants: Vec<String>,
    },
}

impl RefusalFacts for GroupReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::SameAddress { .. } => RefusalClass::Usage,
            Self::NeedsApproval { .. } => RefusalClass::Policy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::SameAddress { .. } | Self::NeedsApproval { .. } => {
                vec![NextStep::CorrectRequest { what: "tenants" }]
            }
        }
    }
}
