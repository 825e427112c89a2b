//! How the runs of a group stand, from the index and the journals alone.
//!
//! Owns the reading of them. Must never contact a tenant, and never wait for a process that drives a run.

use crate::app::runs::status::RunStatus;
use crate::app::{Reason, Workspace};
use crate::journal::GroupRow;

/// A group of runs, and how each stands.
pub struct GroupStatus {
    /// The group as the index has it.
    pub group: GroupRow,
    /// Its tenants, in the order of the plan.
    pub tenants: Vec<TenantStatus>,
}

/// A tenant of a group.
pub struct TenantStatus {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Its run; `None` where none began.
    pub run: Option<RunStatus>,
    /// Why none began, in words; `None` where one did, or the program ended first.
    pub left_out: Option<String>,
}

impl Workspace {
    /// The group that a name means: its id, a unique beginning of it, or `latest` where the newest run belongs to one. `None` where
    /// the name means a run, or nothing.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn group_named(&self, name: &str) -> Result<Option<GroupRow>, Reason> {
        Ok(self.index().group_named(name)?)
    }

    /// All groups, the newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn groups(&self) -> Result<Vec<GroupRow>, Reason> {
        Ok(self.index().groups()?)
    }

    /// How each run of a group stands.
    ///
    /// # Errors
    /// The journal of a run cannot be read.
    pub fn group_status(&self, group: GroupRow) -> Result<GroupStatus, Reason> {
        let read = |member: &crate::journal::GroupMember| {
            Ok(TenantStatus {
                tenant: member.tenant.clone(),
                run: member.run.as_deref().map(|run| self.status(run)).transpose()?,
                left_out: member.left_out.clone(),
            })
        };
        let tenants = group.members.iter().map(read).collect::<Result<_, Reason>>()?;
        Ok(GroupStatus { group, tenants })
    }
}
