//! What an approver signs, and the file that carries it.
//!
//! Owns the canonical text of a statement and the form of approval files. Must never decide whether an approval counts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::reason::{ApprovalBound, ApprovalReason, ApprovedFact};
use crate::model::UnixMillis;
use crate::plan::{PlanFile, phrase};

/// The newest format of statements and approval files.
const APPROVAL_FORMAT: u32 = 1;
/// Largest approval file: a statement and a signature, with room for large keys.
pub(super) const APPROVAL_BYTES_MAX: usize = 64 * 1024;

/// What an approver signs. Its text is canonical: keys in order, one line break at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Format of the statement.
    pub format: u32,
    /// Digest of the plan.
    pub plan: String,
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's address.
    pub base_url: String,
    /// The phrase that confirms the plan; empty for a plan that can be undone.
    pub phrase: String,
    /// Number of tasks by action.
    pub tasks: BTreeMap<String, u32>,
    /// Number of devices with something to do.
    pub devices: u32,
    /// When the approval was made, by the approver's clock.
    pub made_at: UnixMillis,
    /// When the approval expires; never later than the plan's latest start.
    pub expires_at: UnixMillis,
    /// The approver as their system knows them; the signature proves who they are.
    pub approved_by: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalFile {
    pub(super) format: u32,
    pub(super) statement: String,
    pub(super) signature: String,
}

impl Statement {
    /// What a person says who approves this plan.
    pub(crate) fn of(
        plan: &PlanFile,
        approved_by: &str,
        made_at: UnixMillis,
        expires_at: UnixMillis,
    ) -> Self {
        let mut tasks = BTreeMap::new();
        for task in plan.plan.to_do() {
            *tasks.entry(task.action.clone()).or_default() += 1;
        }
        Self {
            format: APPROVAL_FORMAT,
            plan: plan.digest(),
            tenant: plan.tenant.clone(),
            base_url: plan.base_url.clone(),
            phrase: phrase(&plan.plan, &plan.tenant).unwrap_or_default(),
            tasks,
            devices: u32::try_from(plan.plan.devices()).unwrap_or(u32::MAX),
            made_at,
            expires_at: expires_at.min(plan.start_until),
            approved_by: approved_by.to_owned(),
        }
    }

    /// The canonical text, which is signed.
    pub(super) fn text(&self) -> String {
        // Through a value, because its keys are in order.
        let value = serde_json::to_value(self).expect("a statement is made of texts and numbers");
        format!("{value}\n")
    }

    /// Refuses a statement about anything but this plan.
    pub(super) fn check_plan(&self, plan: &PlanFile) -> Result<(), ApprovalReason> {
        let own = Self::of(plan, &self.approved_by, self.made_at, self.expires_at);
        same_facts(
            ApprovalBound::Plan,
            [
                (ApprovedFact::Plan, &self.plan, &own.plan),
                (ApprovedFact::Tenant, &self.tenant, &own.tenant),
                (ApprovedFact::BaseUrl, &self.base_url, &own.base_url),
                (ApprovedFact::Phrase, &self.phrase, &own.phrase),
            ],
        )?;
        if *self == own { Ok(()) } else { Err(ApprovalReason::DoesNotFit) }
    }
}

/// Refuses the first fact whose approved value is not the actual one.
pub(super) fn same_facts<const COUNT: usize>(
    bound: ApprovalBound,
    facts: [(ApprovedFact, &str, &str); COUNT],
) -> Result<(), ApprovalReason> {
    match facts.into_iter().find(|(_, approved, actual)| approved != actual) {
        None => Ok(()),
        Some((fact, approved, actual)) => Err(ApprovalReason::OfAnother {
            bound,
            fact,
            approved: approved.to_owned(),
            actual: actual.to_owned(),
        }),
    }
}

impl ApprovalFile {
    /// The file of a signed statement.
    pub(super) fn new(statement: String, signature: String) -> Self {
        Self { format: APPROVAL_FORMAT, statement, signature }
    }

    /// The file as text.
    pub(super) fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts can always be written") + "\n"
    }

    /// Reads a file and its statement. The signature is not verified.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, Statement), ApprovalReason> {
        if bytes.len() > APPROVAL_BYTES_MAX {
            return Err(ApprovalReason::TooLarge { bytes_max: APPROVAL_BYTES_MAX });
        }
        let invalid = |_| ApprovalReason::Invalid;
        let file: Self = serde_json::from_slice(bytes).map_err(invalid)?;
        let statement: Statement = serde_json::from_str(&file.statement).map_err(invalid)?;
        if file.format > APPROVAL_FORMAT || statement.format > APPROVAL_FORMAT {
            return Err(ApprovalReason::Newer);
        }
        // A text that would not be written again says more than was read.
        if statement.text() != file.statement {
            return Err(ApprovalReason::NotCanonical);
        }
        Ok((file, statement))
    }
}

/// The place of a plan's approval where no other is named: `PLAN.approval`.
#[must_use]
pub fn approval_beside(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".approval");
    PathBuf::from(name)
}

/// Reads an approval file within its limit.
pub(crate) fn read_approval(path: &Path) -> Result<Vec<u8>, ApprovalReason> {
    let unreadable = |error: std::io::Error| ApprovalReason::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(APPROVAL_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
