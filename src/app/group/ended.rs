//! How a group of runs ended.
//!
//! Owns what is known of each tenant then, and the sums. Must never call a group ended well that left out a tenant.

use std::path::PathBuf;

use crate::app::refusal::{Reason, Refusal, Sent};
use crate::app::runs::ending::RunEnded;
use crate::app::runs::verdict::gravity;
use crate::model::{OutcomeCounts, RunVerdict};

/// How a group of runs ended.
#[derive(Debug)]
pub struct GroupEnded {
    /// Id of the group.
    pub group: String,
    /// Name of its job.
    pub job: String,
    /// Where its reports are.
    pub report_dir: PathBuf,
    /// Its tenants, in the order of the plan.
    pub tenants: Vec<TenantEnded>,
    /// Why its reports are not written; `None` where they are.
    pub not_reported: Option<Reason>,
}

/// How a tenant of a group ended.
#[derive(Debug)]
pub struct TenantEnded {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Id of its run; `None` where none began.
    pub run: Option<String>,
    /// What became of it.
    pub end: TenantEnd,
}

/// What became of a tenant of a group.
#[derive(Debug)]
pub enum TenantEnd {
    /// Its run was driven to an end.
    Ended(Box<RunEnded>),
    /// Its run could not be driven or recorded.
    BrokenOff(Refusal),
    /// Nothing was started or resumed now, for this reason.
    LeftOut(Reason),
    /// No run began when the group started, for this reason in words; empty where the program ended first, or the operator
    /// stopped the group.
    NeverBegan(String),
    /// Its run had ended before the group was resumed.
    EndedBefore(OutcomeCounts),
}

impl GroupEnded {
    /// Its tasks by outcome, over all tenants.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        let mut all = OutcomeCounts::default();
        for tenant in &self.tenants {
            let (TenantEnd::Ended(_) | TenantEnd::EndedBefore(_)) = &tenant.end else { continue };
            if let Some(counts) = tenant.end.counts() {
                all.merge(counts);
            }
        }
        all
    }

    /// What was sent over all tenants, before a resume included.
    #[must_use]
    pub fn sent(&self) -> Sent {
        let mut tasks = 0_u32;
        for tenant in &self.tenants {
            let sent = match &tenant.end {
                TenantEnd::Ended(ended) => ended.sent,
                TenantEnd::BrokenOff(refusal) => refusal.sent,
                TenantEnd::LeftOut(_) | TenantEnd::NeverBegan(_) | TenantEnd::EndedBefore(_) => {
                    Sent::Nothing
                }
            };
            match sent {
                Sent::Nothing => {}
                Sent::Some { tasks: more } => tasks = tasks.saturating_add(more),
                Sent::Unknown => return Sent::Unknown,
            }
        }
        Sent::of_tasks(tasks)
    }

    /// The gravest verdict on its runs; `None` where none was driven.
    #[must_use]
    pub fn verdict(&self) -> Option<RunVerdict> {
        let verdicts = self.tenants.iter().filter_map(|tenant| match &tenant.end {
            TenantEnd::Ended(ended) => Some(ended.verdict),
            _ => None,
        });
        verdicts.max_by_key(|verdict| gravity(*verdict))
    }
}

impl TenantEnd {
    /// The tasks of the run by outcome, where they are known.
    #[must_use]
    pub fn counts(&self) -> Option<&OutcomeCounts> {
        match self {
            Self::Ended(ended) => Some(&ended.counts),
            Self::EndedBefore(counts) => Some(counts),
            Self::BrokenOff(_) | Self::LeftOut(_) | Self::NeverBegan(_) => None,
        }
    }
}
