//! Why an approval does not count, or cannot be given.
//!
//! Owns these reasons and their facts. Must never carry the text of an approval file that was not understood.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::UnixMillis;

/// Why an approval does not count, or cannot be given.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApprovalReason {
    /// The system cannot read the approval file.
    #[serde(rename = "approval_unreadable")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The system cannot write the approval file.
    #[serde(rename = "approval_unwritable")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The file is larger than any approval.
    #[serde(rename = "approval_too_large")]
    TooLarge {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The file is not an approval.
    #[serde(rename = "approval_invalid")]
    Invalid,
    /// A newer version of sortie made the approval.
    #[serde(rename = "approval_newer")]
    Newer,
    /// The statement means the right thing, but its text is not the canonical one.
    #[serde(rename = "approval_not_canonical")]
    NotCanonical,
    /// The approval is for something else.
    #[serde(rename = "approval_of_another")]
    OfAnother {
        /// What it was compared with.
        bound: ApprovalBound,
        /// The first fact that differs.
        fact: ApprovedFact,
        /// Its value in the approval.
        approved: String,
        /// Its value in the plan or run.
        actual: String,
    },
    /// The counts or times of the approval do not fit the plan.
    #[serde(rename = "approval_does_not_fit")]
    DoesNotFit,
    /// The approval was made later than now: one of two clocks is wrong.
    #[serde(rename = "approval_from_the_future")]
    FromTheFuture {
        /// When it was made, by the approver's clock.
        made_at: UnixMillis,
    },
    /// The approval expired.
    #[serde(rename = "approval_expired")]
    Expired {
        /// When it expired.
        expires_at: UnixMillis,
    },
    /// The list of signers changed: the key now belongs to another signer.
    #[serde(rename = "approval_signer_changed")]
    SignerChanged {
        /// The signer when the plan was checked.
        before: String,
        /// The signer now.
        now: String,
    },
    /// The policy does not say which signer a user is, so the approval may be that user's own.
    #[serde(rename = "approval_user_unknown")]
    UserUnknown {
        /// The user's name on this host.
        user: String,
        /// What the user does with the plan.
        role: PlanRole,
        /// The policy file; `None` for the built-in rules.
        policy: Option<PathBuf>,
    },
    /// The policy names no file of allowed signers.
    #[serde(rename = "approval_signers_not_named")]
    SignersNotNamed {
        /// The policy file; `None` for the built-in rules.
        policy: Option<PathBuf>,
    },
    /// The file of allowed signers does not exist.
    #[serde(rename = "approval_signers_missing")]
    SignersMissing {
        /// The file that the policy names.
        path: PathBuf,
        /// The policy file.
        policy: Option<PathBuf>,
    },
    /// The file of allowed signers is not UTF-8 text.
    #[serde(rename = "approval_signers_not_text")]
    SignersNotText {
        /// The file.
        path: PathBuf,
    },
    /// The signature does not count.
    #[serde(rename = "approval_signature_refused")]
    SignatureRefused {
        /// What is wrong with the signature, its key, or the line that lists the key.
        fault: String,
    },
    /// The signer also made, started or runs the plan.
    #[serde(rename = "approval_of_own_work")]
    OwnWork {
        /// The signer.
        principal: String,
    },
    /// The list of signers has a pattern, not a person, for the key.
    #[serde(rename = "approval_signer_not_a_person")]
    NotAPerson {
        /// The name that the list has.
        principal: String,
    },
    /// An older version of sortie kept the approver's name alone, and the host's record does not have it.
    #[serde(rename = "approval_not_in_record")]
    NotInRecord {
        /// The approver that the run names.
        approver: String,
    },
    /// The plan can no longer be started, so there is nothing to approve.
    #[serde(rename = "approval_too_late")]
    TooLate {
        /// Until when the plan could be started.
        start_until: UnixMillis,
    },
}

/// What an approval is compared with.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalBound {
    /// A plan that is to be run.
    Plan,
    /// The plan that a run carries out.
    Run,
}

/// A fact of the plan that its approval repeats.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedFact {
    /// The digest of the plan.
    Plan,
    /// The tenant's name.
    Tenant,
    /// The tenant's address.
    BaseUrl,
    /// The phrase that confirms the plan.
    Phrase,
}

/// What a user does with a plan.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanRole {
    /// Made it.
    Made,
    /// Started the run that carries it out.
    Started,
    /// Runs it now.
    Runs,
}

impl RefusalFacts for ApprovalReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Unwritable { .. } => RefusalClass::Journal,
            _ => RefusalClass::Policy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Unwritable { .. } => vec![NextStep::CorrectRequest { what: "out" }],
            Self::Newer => vec![NextStep::Update],
            Self::FromTheFuture { .. } => vec![NextStep::SetClock],
            Self::SignerChanged { .. } => vec![NextStep::StartRun],
            Self::TooLate { .. } => vec![NextStep::PlanAgain],
            Self::UserUnknown { policy, .. }
            | Self::SignersNotNamed { policy }
            | Self::SignersMissing { policy, .. } => {
                vec![NextStep::ChangePolicy { path: policy.clone() }]
            }
            // What refuses is the void approval's run, and there is no plan left to approve.
            Self::NotInRecord { .. } => Vec::new(),
            _ => vec![NextStep::Approve],
        }
    }
}
