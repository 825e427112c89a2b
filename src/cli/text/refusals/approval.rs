//! Approvals that do not count, in words.
//!
//! Owns what people read about an approval, its signature and the signing tool. Must never show a text of an approval file that
//! was not understood.

use super::words::Words;
use crate::app::{ApprovalBound, ApprovalReason, ApprovedFact, PlanRole, SigningReason};
use crate::cli::text::policy::policy_at;

const APPROVE: &str = "have somebody else approve it: sortie approve PLAN --key KEY";
const NAME_SIGNERS: &str =
    "have the owner of the policy name a file: [approval] allowed_signers = \"FILE\"";

pub(super) fn approval(reason: &ApprovalReason) -> Words {
    Words::new(what(reason), next(reason))
}

fn what(reason: &ApprovalReason) -> String {
    match reason {
        ApprovalReason::Unreadable { path, error } => {
            format!("the approval {}: {error}", path.display())
        }
        ApprovalReason::Unwritable { path, error } => {
            format!("{} cannot be written: {error}", path.display())
        }
        ApprovalReason::TooLarge { bytes_max } => {
            format!("an approval has at most {bytes_max} bytes")
        }
        ApprovalReason::Invalid => "this is no approval".to_owned(),
        ApprovalReason::Newer => "a newer program made this approval".to_owned(),
        ApprovalReason::NotCanonical => "the approval is not written as approvals are".to_owned(),
        ApprovalReason::OfAnother { bound, fact, approved, actual } => {
            let this = match bound {
                ApprovalBound::Plan => "this one is",
                ApprovalBound::Run => "the run's is",
            };
            let fact = fact_word(*fact);
            format!("the approval is for another {fact} ('{approved}', {this} '{actual}')")
        }
        ApprovalReason::DoesNotFit => "the approval does not fit the plan".to_owned(),
        ApprovalReason::FromTheFuture { made_at } => {
            format!("the approval is from the future ({made_at})")
        }
        ApprovalReason::Expired { expires_at } => format!("the approval ended at {expires_at}"),
        ApprovalReason::SignerChanged { before, now } => format!(
            "allowed_signers was changed: the approval was by {before}, and is by {now} now"
        ),
        ApprovalReason::UserUnknown { user, role, policy } => format!(
            "'{user}', who {} the plan, is not in [approval.people] of {}, so nobody can tell whether the approval is their own",
            role_word(*role),
            policy_at(policy.as_deref())
        ),
        ApprovalReason::SignersNotNamed { .. } => {
            "the policy names no keys that may approve".to_owned()
        }
        ApprovalReason::SignersMissing { path, .. } => format!("{} is not there", path.display()),
        ApprovalReason::SignersNotText { path } => format!("{} is not UTF-8 text", path.display()),
        ApprovalReason::SignatureRefused { fault } => {
            format!("the approval does not count: {fault}")
        }
        ApprovalReason::OwnWork { principal } => format!(
            "the approval is signed with a key of {principal}, who made or runs the plan: it takes two persons"
        ),
        ApprovalReason::NotAPerson { principal } => {
            format!("allowed_signers lists the key for '{principal}', which is no person")
        }
        ApprovalReason::NotInRecord { approver } => {
            format!("the run names the approver {approver}, and the host's record does not")
        }
        ApprovalReason::TooLate { start_until } => {
            format!("the plan could be started until {start_until}")
        }
    }
}

fn next(reason: &ApprovalReason) -> String {
    match reason {
        ApprovalReason::Unwritable { .. } => "give another place with --out FILE".to_owned(),
        ApprovalReason::Newer => "update this one".to_owned(),
        ApprovalReason::FromTheFuture { .. } => "set the clocks of both hosts".to_owned(),
        ApprovalReason::SignerChanged { .. } => "start the plan again".to_owned(),
        ApprovalReason::UserUnknown { user, .. } => {
            format!("have its owner add there: {user:?} = \"PRINCIPAL\"")
        }
        ApprovalReason::SignersNotNamed { .. } | ApprovalReason::SignersMissing { .. } => {
            NAME_SIGNERS.to_owned()
        }
        ApprovalReason::NotAPerson { .. } => {
            "have the owner of that file name people one by one".to_owned()
        }
        ApprovalReason::NotInRecord { .. } => String::new(),
        ApprovalReason::TooLate { .. } => {
            "have a new one made: sortie plan JOB --out PLAN".to_owned()
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
            format!("{tool} is not installed, and approvals are signed with it"),
            "install OpenSSH: apt install openssh-client, dnf install openssh, or Windows' optional feature",
        ),
        SigningReason::ToolFailed { tool, error } => Words::new(
            format!("{tool} cannot be run: {error}"),
            "try it by hand: ssh-keygen -Y sign",
        ),
        SigningReason::ToolLost { tool, error } => {
            Words::new(format!("{tool} was lost: {error}"), "try again")
        }
        SigningReason::TimedOut { tool, limit_s } => {
            Words::new(format!("{tool} did not end within {limit_s} s"), "try again")
        }
        SigningReason::NotSigned { tool, key, status } => Words::new(
            format!("{tool} did not sign with {} ({status})", key.display()),
            "give --key FILE: your private SSH key, or the public one of a key in your agent",
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
                "the approval is for another base URL ('a', this one is 'b') | have somebody else approve it: sortie approve PLAN --key KEY",
            ),
            (
                of_another(ApprovalBound::Run, ApprovedFact::Plan),
                "the approval is for another plan ('a', the run's is 'b') | have somebody else approve it: sortie approve PLAN --key KEY",
            ),
            (ApprovalReason::Newer, "a newer program made this approval | update this one"),
            (
                ApprovalReason::FromTheFuture { made_at: at },
                "the approval is from the future (1970-01-01T00:00:00.000Z) | set the clocks of both hosts",
            ),
            (
                ApprovalReason::Expired { expires_at: at },
                "the approval ended at 1970-01-01T00:00:00.000Z | have somebody else approve it: sortie approve PLAN --key KEY",
            ),
            (
                ApprovalReason::UserUnknown { user, role: PlanRole::Runs, policy },
                "'dave', who runs the plan, is not in [approval.people] of the policy /etc/sortie/policy.toml, so nobody can tell whether the approval is their own | have its owner add there: \"dave\" = \"PRINCIPAL\"",
            ),
            (
                ApprovalReason::SignersMissing { path: path(), policy: None },
                "p is not there | have the owner of the policy name a file: [approval] allowed_signers = \"FILE\"",
            ),
            (
                ApprovalReason::Unwritable { path: path(), error: "full".to_owned() },
                "p cannot be written: full | give another place with --out FILE",
            ),
            (
                ApprovalReason::TooLate { start_until: at },
                "the plan could be started until 1970-01-01T00:00:00.000Z | have a new one made: sortie plan JOB --out PLAN",
            ),
        ] {
            assert_eq!(said(reason), expected);
        }
    }

    #[test]
    fn a_void_approval_stands_behind_what_refused() {
        let refused = BindingFileReason::TooLarge { path: PathBuf::from("p"), bytes_max: 1 };
        let void =
            VoidApproval { refused: refused.into(), void_approval: ApprovalReason::Invalid.into() };
        assert_eq!(
            said(void),
            "p has more than 1 bytes; and the approval of the run counts no more: this is no approval | make it smaller"
        );
    }

    #[test]
    fn a_missing_signing_tool_is_told_with_its_cure() {
        let text = said(SigningReason::ToolMissing { tool: "ssh-keygen" });
        assert!(
            text.starts_with("ssh-keygen is not installed") && text.contains("install OpenSSH")
        );
    }
}
