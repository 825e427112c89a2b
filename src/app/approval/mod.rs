//! Another person's approval of a plan.
//!
//! Owns the statement that is signed, the file that carries it, and whose approval counts. Must never accept an approval by
//! the person who runs or made the plan.

mod draft;
mod reason;
mod statement;
mod verification;

pub use draft::{ApprovalDraft, write_approval};
pub use reason::{ApprovalBound, ApprovalReason, ApprovedFact, PlanRole};
pub(crate) use statement::read_approval;
pub use statement::{Statement, approval_beside};
pub use verification::Approved;
pub(crate) use verification::{
    ApprovalCheck, KeptApprovalCheck, allowed_signers, verify, verify_again, verify_kept,
};

#[cfg(all(test, unix))]
pub(crate) mod tests;
