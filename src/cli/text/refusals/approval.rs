//! Approvals that do not count, in words.
//!
//! Owns what people read about an approval, its signature and the signing tool. Must never show a text of an approval file that
//! was not understood.

use super::words::Words;
use crate::app::{ApprovalBound, ApprovalReason, ApprovedFact, PlanRole, SigningReason};
use crate::cli::text::policy::policy_at;

const APPROVE: &str = "have another person approve the plan:\n  sortie approve PLAN --key KEY";
const NAME_SIGNERS: &str = "ask the policy owner to name the file of approvers' keys in policy.toml:\n  [approval] allowed_signers = \"FILE\"";

pub(super) fn approval(reason: &ApprovalReason) -> Words {
    Words::new(what(reason), next(reason))
}

fn what(reason: &ApprovalReason) -> String {
    match reason {
        ApprovalReason::Unreadable { path, error } => {
            format!("cannot read the approval {}: {error}", path.display())
        }
        ApprovalReason::Unwritable { path, error } => {
            format!("cannot write {}: {error}", path.display())
        }
        ApprovalReason::TooLarge { bytes_max } => {
            format!("the approval file is larger than {bytes_max} bytes")
        }
        ApprovalReason::Invalid => "the file is not an approval".to_owned(),
        ApprovalReason::Newer => "the approval was made by a newer version of sortie".to_owned(),
        ApprovalReason::NotCanonical => {
            "the approval file was not written by sortie, or was edited".to_owned()
        }
        ApprovalReason::OfAnother { bound, fact, approved, actual } => {
            let this = match bound {
                ApprovalBound::Plan => "this one has",
                ApprovalBound::Run => "the run has",
            };
            let fact = fact_word(*fact);
            format!("the approval is for another {fact} ('{approved}', {this} '{actual}')")
        }
        ApprovalReason::DoesNotFit => "the approval does not match the plan".to_owned(),
        ApprovalReason::FromTheFuture { made_at } => {
            format!("the approval is dated in the future ({made_at})")
        }
        ApprovalReason::Expired { expires_at } => format!("the approval expired at {expires_at}"),
        ApprovalReason::SignerChanged { before, now } => format!(
            "allowed_signers changed: it listed the approver's key for {before}, and now lists it for {now}"
        ),
        ApprovalReason::UserUnknown { user, role, policy } => format!(
            "'{user}', who {} the plan, is not listed in [approval.people] of {}; sortie cannot rule out that they approved their own plan",
            role_word(*role),
            policy_at(policy.as_deref())
        ),
        ApprovalReason::SignersNotNamed { .. } => "the policy names no approvers".to_owned(),
        ApprovalReason::SignersMissing { path, .. } => format!("{} does not exist", path.display()),
        ApprovalReason::SignersNotText { path } => format!("{} is not UTF-8 text", path.display()),
        ApprovalReason::SignatureRefused { fault } => {
            format!("the approval is not valid: {fault}")
        }
        ApprovalReason::OwnWork { principal } => format!(
            "the approval is signed by {principal}, who made or runs the plan; another person must approve it"
        ),
        ApprovalReason::NotAPerson { principal } => {
            format!(
                "allowed_signers lists the key for '{principal}', which does not name one person"
            )
        }
        ApprovalReason::NotInRecord { approver } => {
            format!(
                "the run was approved by {approver}, but the host's record has no such approval"
            )
        }
        ApprovalReason::TooLate { start_until } => {
            format!("the plan expired at {start_until}")
        }
    }
}

fn next(reason: &ApprovalReason) -> String {
    match reason {
        ApprovalReason::Unwritable { .. } => "choose another file with --out FILE".to_owned(),
        ApprovalReason::Newer => "update sortie on this host".to_owned(),
        ApprovalReason::FromTheFuture { .. } => "set the clocks on both hosts".to_owned(),
        ApprovalReason::SignerChanged { .. } => "start the plan again".to_owned(),
        ApprovalReason::UserUnknown { user, .. } => {
            format!("ask the policy owner to add this line there:\n  {user:?} = \"PRINCIPAL\"")
        }
        ApprovalReason::SignersNotNamed { .. } | ApprovalReason::SignersMissing { .. } => {
            NAME_SIGNERS.to_owned()
        }
        ApprovalReason::NotAPerson { .. } => {
            "ask the owner of allowed_signers to list each person by name".to_owned()
        }
        ApprovalReason::NotInRecord { .. } => String::new(),
        ApprovalReason::TooLate { .. } => {
            "make a new plan:\n  sortie plan JOB --out PLAN".to_owned()
        }
        _ => APPROVE.to_owned(),
    }
}

fn fact_word(fact: ApprovedFact) -> &'static str {
    match fact {
        ApprovedFact::Plan => "plan",
        ApprovedFact::Tenant => "tenant",
        ApprovedFact::BaseUrl => "base URL",
        ApprovedFact::Phrase => "phrase",
    }
}

fn role_word(role: PlanRole) -> &'static str {
    match role {
        PlanRole::Made => "made",
        PlanRole::Started => "started",
        PlanRole::Runs => "runs",
    }
}

pub(super) fn signing(reason: &SigningReason) -> Words {
    match reason {
        SigningReason::ToolMissing { tool } => Words::new(
            format!("{tool} is not installed; approvals are signed with it"),
            "install OpenSSH (apt install openssh-client, dnf install openssh, or the optional feature of Windows)",
        ),
        SigningReason::ToolFailed { tool, error } => Words::new(
            format!("cannot run {tool}: {error}"),
            "try it by hand:\n  ssh-keygen -Y sign",
        ),
        SigningReason::ToolLost { tool, error } => {
            Words::new(format!("lost track of {tool}: {error}"), "try again")
        }
        SigningReason::TimedOut { tool, limit_s } => {
            Words::new(format!("{tool} did not finish within {limit_s} s"), "try again")
        }
        SigningReason::NotSigned { tool, key, status } => Words::new(
            format!("{tool} did not sign with {} ({status})", key.display()),
            "give --key FILE: your private SSH key, or the public key of a key in your agent",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{BindingFileReason, Reason, VoidApproval};
    use crate::cli::text::refusals::words;
    use crate::model::UnixMillis;
    use std::path::PathBuf;

    /// What is said of a reason, in one text.
    fn said(reason: impl Into<Reason>) -> String {
        let Words { what, state, next } = words(&reason.into());
        assert_eq!(state, "");
        format!("{what} | {next}")
    }

    #[test]
    fn every_approval_refusal_says_what_to_do() {
        let of_another = |bound, fact| ApprovalReason::OfAnother {
            bound,
            fact,
            approved: "a".to_owned(),
            actual: "b".to_owned(),
        };
        let at = UnixMillis(0);
        let path = || PathBuf::from("p");
        let policy = Some(PathBuf::from("/etc/sortie/policy.toml"));
        let user = "dave".to_owned();
        for (reason, expected) in [
            (
                of_another(ApprovalBound::Plan, ApprovedFact::BaseUrl),
                "the approval is for another base URL ('a', this one has 'b') | have another person approve the plan:\n  sortie approve PLAN --key KEY",
            ),
            (
                of_another(ApprovalBound::Run, ApprovedFact::Plan),
                "the approval is for another plan ('a', the run has 'b') | have another person approve the plan:\n  sortie approve PLAN --key KEY",
            ),
            (
                ApprovalReason::Newer,
                "the approval was made by a newer version of sortie | update sortie on this host",
            ),
            (
                ApprovalReason::FromTheFuture { made_at: at },
                "the approval is dated in the future (1970-01-01T00:00:00.000Z) | set the clocks on both hosts",
            ),
            (
                ApprovalReason::Expired { expires_at: at },
                "the approval expired at 1970-01-01T00:00:00.000Z | have another person approve the plan:\n  sortie approve PLAN --key KEY",
            ),
            (
                ApprovalReason::UserUnknown { user, role: PlanRole::Runs, policy },
                "'dave', who runs the plan, is not listed in [approval.people] of the policy /etc/sortie/policy.toml; sortie cannot rule out that they approved their own plan | ask the policy owner to add this line there:\n  \"dave\" = \"PRINCIPAL\"",
            ),
            (
                ApprovalReason::SignersMissing { path: path(), policy: None },
                "p does not exist | ask the policy owner to name the file of approvers' keys in policy.toml:\n  [approval] allowed_signers = \"FILE\"",
            ),
            (
                ApprovalReason::Unwritable { path: path(), error: "full".to_owned() },
                "cannot write p: full | choose another file with --out FILE",
            ),
            (
                ApprovalReason::TooLate { start_until: at },
                "the plan expired at 1970-01-01T00:00:00.000Z | make a new plan:\n  sortie plan JOB --out PLAN",
            ),
        ] {
            assert_eq!(said(reason), expected);
        }
    }

    #[test]
    fn a_void_approval_follows_the_refusal() {
        let refused = BindingFileReason::TooLarge { path: PathBuf::from("p"), bytes_max: 1 };
        let void =
            VoidApproval { refused: refused.into(), void_approval: ApprovalReason::Invalid.into() };
        assert_eq!(
            said(void),
            "p is larger than 1 bytes; also, the run's approval is no longer valid: the file is not an approval | shorten the file"
        );
    }

    #[test]
    fn a_missing_signing_tool_is_reported_with_its_cure() {
        let text = said(SigningReason::ToolMissing { tool: "ssh-keygen" });
        assert!(
            text.starts_with("ssh-keygen is not installed") && text.contains("install OpenSSH")
        );
    }
}
