//! Writing the reports of a run again.
//!
//! Owns where they go. Must never overwrite reports that still contain secrets which were pruned from the journal,
//! nor show PINs on a page before the host's record says for whom.

use std::path::PathBuf;

use super::run_view::ReportsReason;
use super::status::RunStatus;
use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;
use crate::model::settings::SettingValues;

/// Which reports are written again, and where.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    /// Id of the run, a unique beginning of it, or `latest`.
    pub run: String,
    /// Another directory than the run's own.
    pub directory: Option<PathBuf>,
    /// What differs from the run's own form of reports.
    pub form: SettingValues,
}

/// Reports that were written again.
pub struct ReportsWritten {
    /// The directory of the reports.
    pub directory: PathBuf,
    /// How far the run is.
    pub status: RunStatus,
    /// The form in which they were written.
    pub form: ReportForm,
}

impl Workspace {
    /// Writes the reports of a run again, from its journal.
    ///
    /// # Errors
    /// The run does not exist, its journal or the directory cannot be used, or reports in the run's own directory may contain
    /// pruned secrets.
    pub fn report(&self, request: &ReportRequest) -> Result<ReportsWritten, Reason> {
        let status = self.status(&request.run)?;
        let directory = request.directory.as_deref().unwrap_or(status.report_dir()).to_owned();
        if let (Some(at), None, true) = (status.pruned_at, &request.directory, directory.exists()) {
            return Err(ReportsReason::Pruned { run: status.row.id, at, directory }.into());
        }
        let form = ReportForm::of(&status.view().header).changed_by(&request.form);
        note_page(self, status.view(), &form);
        status.view().write_as(&form, &directory, status.row.ended_at)?;
        Ok(ReportsWritten { directory, status, form })
    }
}
