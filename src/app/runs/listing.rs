//! The list of runs.
//!
//! Owns what is known of a run without its entries, and which runs a request picks. Must never fail because one run cannot
//! be read: the audit reports that.

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::journal::{RunReader, RunRow, RunState, StateDir};
use crate::model::UnixMillis;

/// Which runs a list shows; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunsRequest {
    /// Name of their job, in any case.
    pub job: Option<String>,
    /// One of these states; none means any.
    pub states: Vec<RunState>,
    /// Started at this moment or later.
    pub since: Option<UnixMillis>,
    /// Started before this moment.
    pub until: Option<UnixMillis>,
    /// At most this many: the newest.
    pub limit: Option<usize>,
}

/// A run in the list of runs.
#[derive(Clone, Debug)]
pub struct RunListing {
    /// Its row in the index.
    pub row: RunRow,
    /// The base URL of its tenant; empty where its database cannot be read.
    pub base_url: String,
    /// What named the base URL, as the journal keeps it; empty where its database cannot be read.
    pub reached_by: String,
    /// Id of the group that it belongs to; `None` for a run of its own.
    pub group: Option<String>,
}

impl RunsRequest {
    fn picks(&self, row: &RunRow) -> bool {
        let Self { job, states, since, until, limit: _ } = self;
        job.as_ref().is_none_or(|job| is_job(row, job))
            && (states.is_empty() || states.contains(&row.state))
            && since.is_none_or(|since| row.started_at >= since)
            && until.is_none_or(|until| row.started_at < until)
    }
}

/// Whether a run is one of this job, in any case.
pub(in crate::app) fn is_job(row: &RunRow, job: &str) -> bool {
    row.job.to_lowercase() == job.to_lowercase()
}

impl Workspace {
    /// All runs, the newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn runs(&self) -> Result<Vec<RunListing>, Reason> {
        self.runs_matching(&RunsRequest::default())
    }

    /// The runs that a request picks, the newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn runs_matching(&self, request: &RunsRequest) -> Result<Vec<RunListing>, Reason> {
        let rows = self.index().runs()?.into_iter().filter(|row| request.picks(row));
        let groups = self.index().groups()?;
        let group_of = |run: &str| {
            let found = groups.iter().find(|group| group.runs().any(|it| it == run));
            found.map(|group| group.id.clone())
        };
        let mut known = addresses_noted(self.index().notes_of_runs("started")?);
        let listed = rows.take(request.limit.unwrap_or(usize::MAX)).map(|row| {
            let noted = known.remove(&row.id);
            let RunAddress { base_url, reached_by } =
                noted.or_else(|| address_in_header(&self.dir, &row.id)).unwrap_or_default();
            let group = group_of(&row.id);
            RunListing { row, base_url, reached_by, group }
        });
        Ok(listed.collect())
    }
}

/// Where a run's tenant is, and what named it.
#[derive(Default, Deserialize)]
struct RunAddress {
    #[serde(rename = "url")]
    base_url: String,
    reached_by: String,
}

/// The addresses that the host's record has of runs that began: a thousand databases need not be opened for them.
fn addresses_noted(notes: Vec<(String, String)>) -> BTreeMap<String, RunAddress> {
    let read = |(run, body): (String, String)| Some((run, serde_json::from_str(&body).ok()?));
    notes.into_iter().filter_map(read).collect()
}

/// The address of a run that an older program noted without it.
fn address_in_header(state_dir: &StateDir, run: &str) -> Option<RunAddress> {
    let header = RunReader::open(state_dir, run).ok()?.header().ok()??;
    Some(RunAddress { base_url: header.base_url, reached_by: header.provenance.reached_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_picks_runs_by_job_state_and_time() {
        let row = RunRow {
            id: "run".to_owned(),
            job: "Mass-Restart".to_owned(),
            tenant: "acme".to_owned(),
            tasks: 1,
            state: RunState::Paused,
            started_at: UnixMillis(100),
            ended_at: None,
            summary: String::new(),
        };
        let all = RunsRequest::default();
        for (request, is_picked) in [
            (all.clone(), true),
            (RunsRequest { job: Some("mass-restart".to_owned()), ..all.clone() }, true),
            (RunsRequest { job: Some("restart".to_owned()), ..all.clone() }, false),
            (RunsRequest { states: vec![RunState::Open, RunState::Paused], ..all.clone() }, true),
            (RunsRequest { states: vec![RunState::Finished], ..all.clone() }, false),
            (RunsRequest { since: Some(UnixMillis(100)), ..all.clone() }, true),
            (RunsRequest { since: Some(UnixMillis(101)), ..all.clone() }, false),
            (RunsRequest { until: Some(UnixMillis(100)), ..all }, false),
        ] {
            assert_eq!(request.picks(&row), is_picked, "{request:?}");
        }
    }
}
