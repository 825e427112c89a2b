//! Flags about the harm that a job does besides what it is for.
//!
//! Owns their names. What they mean is the plan's. Must never turn one on by itself.

use clap::Args;

use crate::job::BeforeLoss;

/// Given for everything that makes a plan.
#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct GuardOptions {
    /// Read and keep FileVault key, bypass code and recovery password before an erase or a delete
    #[arg(long, conflicts_with = "secrets_elsewhere")]
    pub capture_secrets: bool,
    /// The secrets that an erase or a delete takes away are kept elsewhere
    #[arg(long)]
    pub secrets_elsewhere: bool,
    /// Allow to lock Macs with Apple silicon before macOS 11.5, which deactivates them without a PIN
    #[arg(long)]
    pub allow_deactivation: bool,
    /// Allow entries of exclude that match no device
    #[arg(long)]
    pub allow_unmatched_exclude: bool,
}

impl GuardOptions {
    /// What the flags say about secrets; `None` leaves it to the job.
    pub(crate) fn before_loss(&self) -> Option<BeforeLoss> {
        match (self.capture_secrets, self.secrets_elsewhere) {
            (true, _) => Some(BeforeLoss::Capture),
            (false, true) => Some(BeforeLoss::Elsewhere),
            (false, false) => None,
        }
    }
}
