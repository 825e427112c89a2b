//! Somebody else's word for a plan.
//!
//! Owns the statement that is signed, the file that carries it, and whose word counts. Must never take an approval from
//! the person who runs or made the plan, and never take what it does not know for somebody else.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::app::files::trusted_file::read_trusted;
use crate::app::operator::{Operator, user_in};
use crate::app::policy_file::PolicyFile;
use crate::app::signatures::{self, Claim, Signer};
use crate::app::ssh_keygen::{NAMESPACE, sign};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::model::UnixMillis;
use crate::plan::{PlanFile, phrase};

/// The newest format of statements and approval files.
const APPROVAL_FORMAT: u32 = 1;
/// Largest approval file: a statement and a signature, with room for large keys.
const APPROVAL_BYTES_MAX: usize = 64 * 1024;
/// Largest file of allowed signers: thousands of keys.
const SIGNERS_BYTES_MAX: u64 = 1024 * 1024;
/// So far the clock of the approver's host may be ahead, in milliseconds.
const CLOCK_AHEAD_MS: u64 = 120_000;

/// What is signed. Its text is canonical: keys in order, one line break at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    pub format: u32,
    /// Digest of the plan.
    pub plan: String,
    pub tenant: String,
    pub base_url: String,
    /// What a person types for it; empty for a plan that can be undone.
    pub phrase: String,
    /// Tasks by action.
    pub tasks: BTreeMap<String, u32>,
    /// Devices with something to do.
    pub devices: u32,
    pub made_at: UnixMillis,
    pub expires_at: UnixMillis,
    /// The approver as their system knows them; the signature tells who they are.
    pub approved_by: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalFile {
    format: u32,
    statement: String,
    signature: String,
}

/// An approval that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approved {
    /// Who gave it.
    pub principal: String,
    pub expires_at: UnixMillis,
    /// The approval as it was read, to be verified again.
    pub file: String,
}

/// What an approval is checked against.
pub(crate) struct Check<'a> {
    pub plan: &'a PlanFile,
    pub policy: &'a PolicyFile,
    pub runner: &'a Operator,
    pub now: UnixMillis,
}

impl Statement {
    /// What somebody says who approves this plan.
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

    fn text(&self) -> String {
        // Through a value, because its keys are in order.
        let value = serde_json::to_value(self).expect("a statement is made of texts and numbers");
        format!("{value}\n")
    }

    /// Signs it; the approval as a file.
    pub(crate) fn sign(&self, key: &Path) -> Result<String, Failure> {
        let statement = self.text();
        let signature = sign(key, statement.as_bytes())?;
        let file = ApprovalFile { format: APPROVAL_FORMAT, statement, signature };
        let text = serde_json::to_string_pretty(&file).expect("texts can always be written");
        Ok(text + "\n")
    }

    /// In what it speaks of something else than this plan.
    fn difference(&self, plan: &PlanFile) -> Option<String> {
        let own = Self::of(plan, &self.approved_by, self.made_at, self.expires_at);
        let texts = [
            ("plan", &self.plan, &own.plan),
            ("tenant", &self.tenant, &own.tenant),
            ("base URL", &self.base_url, &own.base_url),
            ("phrase", &self.phrase, &own.phrase),
        ];
        let text = texts.into_iter().find(|(_, said, is)| said != is).map(|(what, said, is)| {
            format!("the approval is for another {what} ('{said}', this one is '{is}')")
        });
        text.or_else(|| (*self != own).then(|| "the approval does not fit the plan".to_owned()))
    }
}

fn refuse(what: impl Into<String>) -> Failure {
    Failure::new(Exit::Policy, what)
        .next("have somebody else approve it: sortie approve PLAN --key KEY")
}

/// `PLAN.approval`, where an approval stands unless somebody says otherwise.
pub(crate) fn beside(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".approval");
    PathBuf::from(name)
}

/// Reads an approval file within its limit.
pub(crate) fn read_approval(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let unreadable =
        |error: std::io::Error| refuse(format!("the approval {}: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(APPROVAL_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Says whether an approval file counts for a plan, and whose word it is.
pub(crate) fn verify(bytes: &[u8], check: &Check<'_>) -> Result<Approved, Failure> {
    let (file, statement) = parse(bytes)?;
    if let Some(difference) = statement.difference(check.plan) {
        return Err(refuse(difference));
    }
    check_time(&statement, check.now)?;
    let people = [("runs", check.runner.user.as_str()), ("made", user_in(&check.plan.made_by))];
    let principal = signer_of(&file, check.policy, &people, check.now)?;
    approved(bytes, principal, &statement)
}

/// Verifies an approval once more: its end may have passed, or the signer been taken off the list, while somebody was asked.
pub(crate) fn verify_again(approved: &Approved, check: &Check<'_>) -> Result<(), Failure> {
    let now = verify(approved.file.as_bytes(), check)?;
    if now.principal != approved.principal {
        let what = format!(
            "allowed_signers was changed: the approval was by {}, and is by {} now",
            approved.principal, now.principal
        );
        return Err(refuse(what).next("start the plan again"));
    }
    Ok(())
}

/// What an approval that was kept with a run is checked against before the run sends again.
pub(crate) struct Kept<'a> {
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
    /// The approver has to be allowed to approve now: one that was taken off the list counts no more.
    pub now: UnixMillis,
}

/// Says whether the approval that was kept with a run still counts for it.
pub(crate) fn verify_kept(bytes: &[u8], kept: &Kept<'_>) -> Result<Approved, Failure> {
    let (file, statement) = parse(bytes)?;
    let texts = [
        ("plan", &statement.plan, kept.plan_digest),
        ("tenant", &statement.tenant, kept.tenant),
        ("base URL", &statement.base_url, kept.base_url),
    ];
    if let Some((what, said, is)) = texts.into_iter().find(|(_, said, is)| said != is) {
        let what = format!("the approval is for another {what} ('{said}', the run's is '{is}')");
        return Err(refuse(what));
    }
    check_time(&statement, kept.started_at)?;
    let people = [
        ("runs", kept.runner.user.as_str()),
        ("started", user_in(kept.started_by)),
        ("made", user_in(kept.made_by)),
    ];
    let principal = signer_of(&file, kept.policy, &people, kept.now)?;
    approved(bytes, principal, &statement)
}

fn approved(bytes: &[u8], principal: String, statement: &Statement) -> Result<Approved, Failure> {
    let file = String::from_utf8(bytes.to_vec()).map_err(|_| refuse("this is no approval"))?;
    Ok(Approved { principal, expires_at: statement.expires_at, file })
}

fn parse(bytes: &[u8]) -> Result<(ApprovalFile, Statement), Failure> {
    if bytes.len() > APPROVAL_BYTES_MAX {
        return Err(refuse(format!("an approval has at most {APPROVAL_BYTES_MAX} bytes")));
    }
    let none = |_| refuse("this is no approval");
    let file: ApprovalFile = serde_json::from_slice(bytes).map_err(none)?;
    let statement: Statement = serde_json::from_str(&file.statement).map_err(none)?;
    if file.format > APPROVAL_FORMAT || statement.format > APPROVAL_FORMAT {
        return Err(refuse("a newer program made this approval").next("update this one"));
    }
    // What would not be written again says more than was read.
    if statement.text() != file.statement {
        return Err(refuse("the approval is not written as approvals are"));
    }
    Ok((file, statement))
}

fn check_time(statement: &Statement, now: UnixMillis) -> Result<(), Failure> {
    if statement.made_at > now.plus_ms(CLOCK_AHEAD_MS) {
        let what = format!("the approval is from the future ({})", statement.made_at);
        return Err(refuse(what).next("set the clocks of both hosts"));
    }
    check_end(statement.expires_at, now)
}

fn check_end(expires_at: UnixMillis, now: UnixMillis) -> Result<(), Failure> {
    if expires_at <= now {
        return Err(refuse(format!("the approval ended at {expires_at}")));
    }
    Ok(())
}

/// Who signed, if it was none of those who make or run the plan.
fn signer_of(
    file: &ApprovalFile,
    policy: &PolicyFile,
    people: &[(&str, &str)],
    now: UnixMillis,
) -> Result<String, Failure> {
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
    let signer = signatures::check(&claim)
        .map_err(|why| refuse(format!("the approval does not count: {why}")))?;
    named(&signer, &own)
}

/// Those whose word does not count, in small letters: who runs the plan and who made it.
fn own_principals(
    policy: &PolicyFile,
    people: &[(&str, &str)],
) -> Result<BTreeSet<String>, Failure> {
    let known = &policy.policy.approval.people;
    people
        .iter()
        .map(|(role, user)| {
            known.get(*user).map(|principal| folded(principal)).ok_or_else(|| {
                let shown = crate::cli::text::policy::policy_name(policy);
                refuse(format!(
                    "'{user}', who {role} the plan, is not in [approval.people] of {shown}, so nobody can tell \
                     whether the approval is their own"
                ))
                .next(format!("have its owner add there: {user:?} = \"PRINCIPAL\""))
            })
        })
        .collect()
}

/// The file of the keys that may approve.
fn allowed_signers(policy: &PolicyFile) -> Result<String, Failure> {
    let add = "have the owner of the policy name a file: [approval] allowed_signers = \"FILE\"";
    let path = policy
        .allowed_signers()
        .ok_or_else(|| refuse("the policy names no keys that may approve").next(add))?;
    let bytes = read_trusted(&path, &policy.trust, SIGNERS_BYTES_MAX)?
        .ok_or_else(|| refuse(format!("{} is not there", path.display())).next(add))?;
    String::from_utf8(bytes).map_err(|_| refuse(format!("{} is not UTF-8 text", path.display())))
}

/// The signer's name, if it is another person's.
fn named(signer: &Signer, own: &BTreeSet<String>) -> Result<String, Failure> {
    // A key can stand on more than one line, and under patterns.
    if let Some(own) = own.iter().find(|own| signer.may_be(own)) {
        return Err(refuse(format!(
            "the approval is signed with a key of {own}, who made or runs the plan: it takes two persons"
        )));
    }
    let principal = signer.names.first().map_or("", String::as_str);
    if principal.is_empty() || principal.contains(['*', '?', '!']) {
        return Err(refuse(format!(
            "allowed_signers lists the key for '{principal}', which is no person"
        ))
        .next("have the owner of that file name people one by one"));
    }
    Ok(principal.to_owned())
}

fn folded(principal: &str) -> String {
    principal.trim().to_lowercase()
}

#[cfg(all(test, unix))]
pub(crate) mod tests;
