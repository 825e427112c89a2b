//! Groups of runs: one job on several tenants, with one run for each.
//!
//! Owns which runs belong together, and which tenants were left out. A tenant is entered before its run is, so that one that
//! never began is not forgotten. Must never say how a run stands: the list of runs does.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::{Path, PathBuf};

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// A group of runs, with its tenants in the order of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Id of the group, in the form of run ids.
    pub id: String,
    /// Name of its job.
    pub job: String,
    /// Directory of its reports. Those of its runs are in directories below.
    pub report_dir: PathBuf,
    /// When the group started.
    pub started_at: UnixMillis,
    /// Its tenants.
    pub members: Vec<GroupMember>,
}

/// A tenant of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMember {
    /// The tenant, as people know it.
    pub tenant: String,
    /// Id of its run; `None` where none began.
    pub run: Option<String>,
    /// Why no run began, in words; `None` where one did, or the program ended first.
    pub left_out: Option<String>,
}

/// The place of a run in its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    /// Id of the group.
    pub group: String,
    /// Position of its tenant, from 0.
    pub position: usize,
}

impl GroupRow {
    /// Ids of its runs, in the order of its tenants.
    pub fn runs(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter_map(|member| member.run.as_deref())
    }
}

impl Index {
    /// Enters a group with all of its tenants, before any of its runs.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has been entered then.
    pub fn add_group(&mut self, group: &GroupRow) -> Result<(), JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        transaction
            .execute(
                "INSERT INTO run_groups (id, job, report_dir, started_at) VALUES (?,?,?,?)",
                params![
                    group.id,
                    group.job,
                    group.report_dir.to_string_lossy(),
                    group.started_at.0
                ],
            )
            .at(path)?;
        for (position, member) in group.members.iter().enumerate() {
            transaction
                .execute(
                    "INSERT INTO run_group_members (group_id, position, tenant, run, left_out)
                     VALUES (?,?,?,?,?)",
                    params![group.id, position as i64, member.tenant, member.run, member.left_out],
                )
                .at(path)?;
        }
        transaction.commit().at(path)
    }

    /// Notes why no run began for a tenant of a group.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn leave_out(&self, place: &GroupPlace, why: &str) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE run_group_members SET left_out = ? WHERE group_id = ? AND position = ?",
                params![why, place.group, place.position as i64],
            )
            .at(&self.path)
            .map(drop)
    }

    /// All groups, the newest first; none where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn groups(&self) -> Result<Vec<GroupRow>, JournalError> {
        if !self.has_table("run_groups")? {
            return Ok(Vec::new());
        }
        let path = &self.path;
        let mut select = self
            .connection
            .prepare("SELECT id, job, report_dir, started_at FROM run_groups ORDER BY rowid DESC")
            .at(path)?;
        let rows = select
            .query_map([], |row| {
                Ok(GroupRow {
                    id: row.get(0)?,
                    job: row.get(1)?,
                    report_dir: PathBuf::from(row.get::<_, String>(2)?),
                    started_at: UnixMillis(row.get(3)?),
                    members: Vec::new(),
                })
            })
            .at(path)?;
        let mut groups: Vec<GroupRow> = rows.collect::<Result<_, _>>().at(path)?;
        for group in &mut groups {
            group.members = self.members_of(&group.id)?;
        }
        Ok(groups)
    }

    /// The group that a run belongs to; `None` for a run of its own.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn group_of(&self, run: &str) -> Result<Option<String>, JournalError> {
        if !self.has_table("run_groups")? {
            return Ok(None);
        }
        self.connection
            .query_row("SELECT group_id FROM run_group_members WHERE run = ?", [run], |row| {
                row.get(0)
            })
            .optional()
            .at(&self.path)
    }

    /// The group that a name means: its id, a unique beginning of it that fits no run, or `latest` where the newest run belongs
    /// to one.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn group_named(&self, name: &str) -> Result<Option<GroupRow>, JournalError> {
        let groups = self.groups()?;
        if groups.is_empty() {
            return Ok(None);
        }
        if name == "latest" {
            let newest = self.runs()?.into_iter().next();
            let of = newest.map(|run| self.group_of(&run.id)).transpose()?.flatten();
            return Ok(groups.into_iter().find(|group| Some(&group.id) == of.as_ref()));
        }
        if let Some(exact) = groups.iter().find(|group| group.id == name) {
            return Ok(Some(exact.clone()));
        }
        if self.runs()?.iter().any(|run| run.id.starts_with(name)) {
            return Ok(None);
        }
        let mut fitting = groups.into_iter().filter(|group| group.id.starts_with(name));
        Ok(match (fitting.next(), fitting.next()) {
            (Some(group), None) => Some(group),
            _ => None,
        })
    }

    fn members_of(&self, group: &str) -> Result<Vec<GroupMember>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT tenant, run, left_out FROM run_group_members WHERE group_id = ?
                 ORDER BY position",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([group], |row| {
                Ok(GroupMember { tenant: row.get(0)?, run: row.get(1)?, left_out: row.get(2)? })
            })
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }
}

/// Ties a run to its place in a group, in the transaction that enters the run.
pub(super) fn tie(
    transaction: &Transaction<'_>,
    path: &Path,
    run: &str,
    place: &GroupPlace,
) -> Result<(), JournalError> {
    transaction
        .execute(
            "UPDATE run_group_members SET run = ? WHERE group_id = ? AND position = ?",
            params![run, place.group, place.position as i64],
        )
        .at(path)
        .map(drop)
}
