//! Who confirmed a run, and what it was checked against.
//!
//! Owns these words, which are in the run's header and so at the beginning of its chain. Must never hold a secret.

use serde::{Deserialize, Serialize};

use crate::model::JobConditions;

/// Where a run comes from. Empty texts where an older program wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The user who started it, on which host.
    pub operator: String,
    /// SHA-256 of its plan.
    pub plan_digest: String,
    /// The user who made the plan, on which host.
    pub planned_by: String,
    /// SHA-256 of the policy file; empty for the built-in rules.
    pub policy_digest: String,
    /// Id of the database whose caps, overlaps and runs it was checked against.
    pub database: String,
    /// Who approved it besides, and until when that held.
    pub approver: Option<String>,
    /// The approval itself, statement and signature, as it was read: verified again before the run sends again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Why it was sent outside of its window.
    pub break_glass: Option<String>,
    /// Its job is a file whose name tells it from others.
    pub is_named: bool,
    /// A person confirmed it on a terminal, and not beforehand.
    pub is_agreed_at_terminal: bool,
    /// Conditions that its job sets for its runs, those that a flag overrode included. A retry takes them over.
    #[serde(rename = "guards")]
    pub job_conditions: JobConditions,
    /// What named the address, the profile, and where the token came from; never the token.
    pub reached_by: String,
}
