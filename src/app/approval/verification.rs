//! Whether an approval counts.
//!
//! Owns the checks of an approval of a plan and of one that was kept with a run. Must never accept an approval by the person
//! who made, started or runs the plan, and never take an unknown user for another person.

use std::collections::BTreeSet;

use super::reason::{ApprovalBound, ApprovalReason, ApprovedFact, PlanRole};
use super::statement::{ApprovalFile, Statement, same_facts};
use crate::app::files::trusted_file::read_trusted;
use crate::app::operator::{Operator, user_in};
use crate::app::policy_file::PolicyFile;
use crate::app::refusal::Reason;
use crate::app::signatures::{self, Claim, Signer};
use crate::app::ssh_keygen::NAMESPACE;
use crate::model::UnixMillis;
use crate::plan::PlanFile;

/// Largest file of allowed signers: thousands of keys.
const SIGNERS_BYTES_MAX: u64 = 1024 * 1024;
/// How far the clock of the approver's host may be ahead, in milliseconds.
const CLOCK_AHEAD_MS: u64 = 120_000;

/// An approval that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The signer, as the list of allowed signers names them.
    pub principal: String,
    /// When the approval expires.
    pub expires_at: UnixMillis,
    /// The approval file as it was read, to be verified again.
    pub file: String,
}

/// What the approval of a plan is checked against.
pub(crate) struct ApprovalCheck<'a> {
    pub plan: &'a PlanFile,
    pub policy: &'a PolicyFile,
    pub runner: &'a Operator,
    pub now: UnixMillis,
}

/// Verifies the approval of a plan.
pub(crate) fn verify(bytes: &[u8], check: &ApprovalCheck<'_>) -> Result<Approved, Reason> {
    let (file, statement) = ApprovalFile::parse(bytes)?;
    statement.check_plan(check.plan)?;
    check_time(&statement, check.now)?;
    let people = [
        (PlanRole::Runs, check.runner.user.as_str()),
        (PlanRole::Made, user_in(&check.plan.made_by)),
    ];
    let principal = signer_of(&file, check.policy, &people, check.now)?;
    approved(bytes, principal, &statement)
}

/// Verifies an approval once more: it may have expired, or its signer been removed, while a person was asked.
pub(crate) fn verify_again(
    approved: &Approved,
    check: &ApprovalCheck<'_>,
) -> Result<Approved, Reason> {
    let now = verify(approved.file.as_bytes(), check)?;
    if now.principal != approved.principal {
        let before = approved.principal.clone();
        return Err(ApprovalReason::SignerChanged { before, now: now.principal }.into());
    }
    Ok(now)
}

/// What an approval that was kept with a run is checked against before the run sends again.
pub(crate) struct KeptApprovalCheck<'a> {
    /// Digest of the plan that the run carries out.
    pub plan_digest: &'a str,
    pub tenant: &'a str,
    pub base_url: &'a str,
    /// Who made the plan, and who started the run, as the run's header shows them.
    pub made_by: &'a str,
    pub started_by: &'a str,
    /// When the run began: the approval had to be in force then, and need not be now.
    pub started_at: UnixMillis,
    pub policy: &'a PolicyFile,
    /// Who wants the run to send again.
    pub runner: &'a Operator,
    /// The signer has to be allowed to approve now: one that was removed from the list counts no more.
    pub now: UnixMillis,
}

/// Verifies an approval that was kept with a run.
pub(crate) fn verify_kept(bytes: &[u8], kept: &KeptApprovalCheck<'_>) -> Result<Approved, Reason> {
    let (file, statement) = ApprovalFile::parse(bytes)?;
    same_facts(
        ApprovalBound::Run,
        [
            (ApprovedFact::Plan, &statement.plan, kept.plan_digest),
            (ApprovedFact::Tenant, &statement.tenant, kept.tenant),
            (ApprovedFact::BaseUrl, &statement.base_url, kept.base_url),
        ],
    )?;
    check_time(&statement, kept.started_at)?;
    let people = [
        (PlanRole::Runs, kept.runner.user.as_str()),
        (PlanRole::Started, user_in(kept.started_by)),
        (PlanRole::Made, user_in(kept.made_by)),
    ];
    let principal = signer_of(&file, kept.policy, &people, kept.now)?;
    approved(bytes, principal, &statement)
}

fn approved(bytes: &[u8], principal: String, statement: &Statement) -> Result<Approved, Reason> {
    let file = String::from_utf8(bytes.to_vec()).map_err(|_| ApprovalReason::Invalid)?;
    Ok(Approved { principal, expires_at: statement.expires_at, file })
}

fn check_time(statement: &Statement, now: UnixMillis) -> Result<(), ApprovalReason> {
    let Statement { made_at, expires_at, .. } = *statement;
    if made_at > now.plus_ms(CLOCK_AHEAD_MS) {
        return Err(ApprovalReason::FromTheFuture { made_at });
    }
    if expires_at <= now {
        return Err(ApprovalReason::Expired { expires_at });
    }
    Ok(())
}

/// The signer, if it is none of the people who make or run the plan.
fn signer_of(
    file: &ApprovalFile,
    policy: &PolicyFile,
    people: &[(PlanRole, &str)],
    now: UnixMillis,
) -> Result<String, Reason> {
    let own = own_principals(policy, people)?;
    // Read once: what was checked for its owner is what the signature is checked against.
    let allowed_signers = allowed_signers(policy)?;
    let claim = Claim {
        signature: &file.signature,
        message: file.statement.as_bytes(),
        namespace: NAMESPACE,
        allowed_signers: &allowed_signers,
        now,
    };
    let signer =
        signatures::check(&claim).map_err(|fault| ApprovalReason::SignatureRefused { fault })?;
    Ok(person_of(&signer, &own)?)
}

/// The signers that may not approve, in small letters: who runs the plan and who made it.
fn own_principals(
    policy: &PolicyFile,
    people: &[(PlanRole, &str)],
) -> Result<BTreeSet<String>, ApprovalReason> {
    let known = &policy.policy.approval.people;
    people
        .iter()
        .map(|(role, user)| {
            let principal = known.get(*user).map(|principal| folded(principal));
            principal.ok_or_else(|| ApprovalReason::UserUnknown {
                user: (*user).to_owned(),
                role: *role,
                policy: policy.path.clone(),
            })
        })
        .collect()
}

/// The text of the file that lists the keys that may approve.
pub(crate) fn allowed_signers(policy: &PolicyFile) -> Result<String, Reason> {
    let path = policy
        .allowed_signers()
        .ok_or_else(|| ApprovalReason::SignersNotNamed { policy: policy.path.clone() })?;
    match read_trusted(&path, &policy.trust, SIGNERS_BYTES_MAX)? {
        None => Err(ApprovalReason::SignersMissing { path, policy: policy.path.clone() }.into()),
        Some(bytes) => {
            Ok(String::from_utf8(bytes).map_err(|_| ApprovalReason::SignersNotText { path })?)
        }
    }
}

/// The signer's name, if it is another person's.
fn person_of(signer: &Signer, own: &BTreeSet<String>) -> Result<String, ApprovalReason> {
    // A key can be on more than one line, and under patterns.
    if let Some(own) = own.iter().find(|own| signer.may_be(own)) {
        return Err(ApprovalReason::OwnWork { principal: own.clone() });
    }
    let principal = signer.names.first().map_or("", String::as_str).to_owned();
    if principal.is_empty() || principal.contains(['*', '?', '!']) {
        return Err(ApprovalReason::NotAPerson { principal });
    }
    Ok(principal)
}

fn folded(principal: &str) -> String {
    principal.trim().to_lowercase()
}
