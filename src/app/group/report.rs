//! The reports of a group of runs.
//!
//! Owns what they are made from: the journals of its runs, and the tenants that the index names. Must never write a report that
//! leaves out a run of the group.

use std::path::{Path, PathBuf};

use super::ended::{GroupEnded, TenantEnd, TenantEnded};
use super::standing::GroupStatus;
use crate::app::refusal::Reason;
use crate::app::runs::report_again::ReportRequest;
use crate::app::runs::run_view::ReportsReason;
use crate::app::runs::verdict::gravity;
use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;
use crate::app::{AppEvent, Workspace};
use crate::journal::{GroupRow, RunState};
use crate::model::settings::SettingValues;
use crate::model::{PagePins, UnixMillis};
use crate::report::{RunFacts, RunOverview, SeveralRuns, write_reports};

/// Why the reports of a tenant are empty that never began.
const NEVER_BEGAN: &str = "the group ended before its run began";

/// Reports of a group that were written.
pub struct GroupReportsWritten {
    /// The group.
    pub group: GroupRow,
    /// The directory of the reports.
    pub directory: PathBuf,
    /// The tasks of all tenants at a glance.
    pub overview: RunOverview,
    /// The form in which they were written.
    pub form: ReportForm,
}

impl Workspace {
    /// Writes the reports of a group again, from the journals of its runs. Those of each run are written beside them.
    ///
    /// # Errors
    /// A journal or the directory cannot be used, or reports in the group's own directory may contain pruned secrets.
    pub fn report_group(
        &self,
        group: GroupRow,
        request: &ReportRequest,
    ) -> Result<GroupReportsWritten, Reason> {
        for run in group.runs() {
            let directory = match &request.directory {
                None => None,
                Some(directory) => {
                    let own = self.status(run)?.report_dir().file_name().map(PathBuf::from);
                    Some(directory.join(own.unwrap_or_else(|| run.into())))
                }
            };
            self.report(&ReportRequest {
                run: run.to_owned(),
                directory,
                form: request.form.clone(),
            })?;
        }
        let directory = request.directory.clone().unwrap_or_else(|| group.report_dir.clone());
        self.write_group(group, &directory, &request.form)
    }

    /// Writes the reports of all tenants into one directory.
    pub(super) fn write_group(
        &self,
        group: GroupRow,
        directory: &Path,
        changes: &SettingValues,
    ) -> Result<GroupReportsWritten, Reason> {
        let status = self.group_status(group)?;
        refuse_pruned(&status, directory)?;
        let form = form_of(&status).changed_by(changes);
        let mut several = SeveralRuns::default();
        for tenant in &status.tenants {
            match &tenant.run {
                Some(run) => {
                    note_page(self, run.view(), &form);
                    let view = run.view();
                    let facts = view.facts(ended_at(run));
                    several.add(&tenant.tenant, &facts, view.tasks.to_vec(), view.records.clone());
                }
                None => {
                    let why = tenant.left_out.as_deref().unwrap_or(NEVER_BEGAN);
                    several.leave_out(&tenant.tenant, why);
                }
            }
        }
        let facts = facts_of(&status, &several);
        let ReportForm { formats, options } = &form;
        write_reports(directory, formats, options, &facts, &several.rows()).map_err(|error| {
            let (run, fault) = (status.group.id.clone(), error.fault());
            ReportsReason::Unwritable { run, fault, detail: error.to_string() }
        })?;
        let overview = RunOverview::of(&facts, &several.rows());
        let directory = directory.to_owned();
        Ok(GroupReportsWritten { group: status.group, directory, overview, form })
    }

    /// The end of a group: its reports are written.
    pub(super) fn group_ended(&self, group: &GroupRow, tenants: Vec<TenantEnded>) -> GroupEnded {
        let report_dir = group.report_dir.clone();
        // As the index has it now: with the runs that were entered.
        let entered = self.index().group_named(&group.id).map_err(Reason::from);
        let written = entered.and_then(|row| {
            let row = row.unwrap_or_else(|| group.clone());
            self.write_group(row, &report_dir, &SettingValues::default())
        });
        if written.is_ok() {
            self.events.tell(&AppEvent::GroupReported { report_dir: report_dir.clone() });
        }
        let (id, job) = (group.id.clone(), group.job.clone());
        GroupEnded { group: id, job, report_dir, tenants, not_reported: written.err() }
    }
}

/// When a run ended; `None` while a process drives it, or after one that died.
fn ended_at(run: &crate::app::RunStatus) -> Option<UnixMillis> {
    match run.row.state {
        RunState::Open => None,
        _ => run.row.ended_at,
    }
}

/// The form of the reports: that of the first run. The page shows PINs only where each run lets its own page show them.
fn form_of(status: &GroupStatus) -> ReportForm {
    let runs = || status.tenants.iter().filter_map(|tenant| tenant.run.as_ref());
    let mut form = runs().next().map(|run| ReportForm::of(&run.view().header)).unwrap_or_default();
    let hides =
        |run: &crate::app::RunStatus| run.view().header.report_options.pins == PagePins::Hidden;
    if runs().any(hides) {
        form.options.pins = PagePins::Hidden;
    }
    form
}

/// Refuses to write over reports that may hold secrets which were pruned from a journal.
fn refuse_pruned(status: &GroupStatus, directory: &Path) -> Result<(), ReportsReason> {
    if directory != status.group.report_dir || !directory.exists() {
        return Ok(());
    }
    let runs = status.tenants.iter().filter_map(|tenant| tenant.run.as_ref());
    let Some(at) = runs.filter_map(|run| run.pruned_at).max() else { return Ok(()) };
    let (run, directory) = (status.group.id.clone(), directory.to_owned());
    Err(ReportsReason::Pruned { run, at, directory })
}

/// What the reports say of the group itself.
fn facts_of(status: &GroupStatus, several: &SeveralRuns) -> RunFacts {
    let runs: Vec<RunFacts> = status
        .tenants
        .iter()
        .filter_map(|tenant| tenant.run.as_ref())
        .map(|run| run.view().facts(ended_at(run)))
        .collect();
    let mut facts = runs.first().cloned().unwrap_or_default();
    facts.run_id.clone_from(&status.group.id);
    facts.job.clone_from(&status.group.job);
    facts.tenant = format!("{} tenants", status.tenants.len());
    facts.started_at = status.group.started_at;
    facts.finished_at = match runs.iter().all(|run| run.finished_at.is_some()) {
        true => runs.iter().filter_map(|run| run.finished_at).max(),
        false => None,
    };
    facts.requests.clear();
    for (kind, count) in runs.iter().flat_map(|run| &run.requests) {
        *facts.requests.entry(kind.clone()).or_default() += count;
    }
    facts.per_hour = runs.iter().fold(0, |sum: u32, run| sum.saturating_add(run.per_hour));
    facts.verdict = match facts.finished_at {
        Some(_) => runs.iter().filter_map(|run| run.verdict).max_by_key(|it| gravity(*it)),
        None => None,
    };
    facts.wave_gate = None;
    facts.record = crate::model::RunRecord {
        last_at: runs.iter().map(|run| run.record.last_at).max().unwrap_or_default(),
        ..crate::model::RunRecord::default()
    };
    facts.tenants = several.tenants().to_vec();
    facts
}

impl TenantEnded {
    /// The tenant is done: its run ended well, now or before.
    #[must_use]
    pub fn is_well(&self) -> bool {
        match &self.end {
            TenantEnd::Ended(ended) => ended.verdict == crate::model::RunVerdict::Well,
            TenantEnd::EndedBefore(_) => true,
            TenantEnd::BrokenOff(_) | TenantEnd::LeftOut(_) | TenantEnd::NeverBegan(_) => false,
        }
    }
}
