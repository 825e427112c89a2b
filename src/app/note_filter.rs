//! Which notes of the host's record a listing shows.
//!
//! Owns the kinds of notes and the filter. Must never keep a note from being verified: it only picks what is shown.

use std::collections::BTreeSet;

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::app::runs::listing::is_job;
use crate::journal::AuditRecord;
use crate::model::UnixMillis;

/// The kinds of notes that this program writes.
pub const NOTE_KINDS: [&str; 14] = [
    "planned",
    "started",
    "handed_over",
    "resumed",
    "left",
    "ended_elsewhere",
    "closed",
    "resolved",
    "refused",
    "pins_shown",
    "pins_compared",
    "recovered",
    "pruned",
    "clock_repaired",
];

/// Which notes are shown; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesRequest {
    /// One of these kinds; none means any.
    pub kinds: Vec<String>,
    /// About this run: its id, a unique prefix, or `latest`.
    pub run: Option<String>,
    /// About this job or a run of it.
    pub job: Option<String>,
    /// Written at this moment or later.
    pub since: Option<UnixMillis>,
    /// Written before this moment.
    pub until: Option<UnixMillis>,
}

/// A request whose runs are known.
#[derive(Clone, Debug)]
pub struct NoteFilter {
    request: NotesRequest,
    run: Option<String>,
    /// The runs of the job.
    of_job: BTreeSet<String>,
}

impl NoteFilter {
    /// Whether a note is shown.
    #[must_use]
    pub fn picks(&self, note: &AuditRecord) -> bool {
        let NotesRequest { kinds, run: _, job, since, until } = &self.request;
        let is_of_job = |job: &String| {
            let named = note.body["job"].as_str().map(str::to_lowercase);
            named.is_some_and(|named| named == job.to_lowercase())
                || note.run.as_ref().is_some_and(|run| self.of_job.contains(run))
        };
        (kinds.is_empty() || kinds.contains(&note.kind))
            && self.run.as_ref().is_none_or(|run| note.run.as_ref() == Some(run))
            && job.as_ref().is_none_or(is_of_job)
            && since.is_none_or(|since| note.at >= since)
            && until.is_none_or(|until| note.at < until)
    }
}

impl Workspace {
    /// The filter of a request.
    ///
    /// # Errors
    /// The run does not exist, or the index cannot be read.
    pub fn note_filter(&self, request: &NotesRequest) -> Result<NoteFilter, Reason> {
        let run = request.run.as_ref().map(|name| self.index().find_run(name)).transpose()?;
        let mut of_job = BTreeSet::new();
        if let Some(job) = &request.job {
            let rows = self.index().runs()?.into_iter().filter(|row| is_job(row, job));
            of_job.extend(rows.map(|row| row.id));
        }
        Ok(NoteFilter { request: request.clone(), run: run.map(|row| row.id), of_job })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_filter_picks_notes_by_kind_run_job_and_time() {
        let note = AuditRecord {
            seq: 1,
            at: UnixMillis(100),
            kind: "refused".to_owned(),
            run: None,
            body: json!({ "job": "Lock", "why": "x" }),
            hash: String::new(),
            fits: true,
        };
        let of_run = AuditRecord {
            kind: "left".to_owned(),
            run: Some("run".to_owned()),
            body: json!({}),
            ..note.clone()
        };
        let all = NotesRequest::default();
        let of_kind = |kind: &str| NotesRequest { kinds: vec![kind.to_owned()], ..all.clone() };
        for (request, expected) in [
            (all.clone(), [true, true]),
            (of_kind("refused"), [true, false]),
            (NotesRequest { run: Some("ru".to_owned()), ..all.clone() }, [false, true]),
            (NotesRequest { job: Some("lock".to_owned()), ..all.clone() }, [true, true]),
            (NotesRequest { job: Some("erase".to_owned()), ..all.clone() }, [false, false]),
            (NotesRequest { since: Some(UnixMillis(101)), ..all.clone() }, [false, false]),
            (NotesRequest { until: Some(UnixMillis(101)), ..all.clone() }, [true, true]),
        ] {
            let filter = NoteFilter {
                run: request.run.as_ref().map(|_| "run".to_owned()),
                of_job: match request.job.as_deref() {
                    Some("lock") => BTreeSet::from(["run".to_owned()]),
                    _ => BTreeSet::new(),
                },
                request,
            };
            assert_eq!([&note, &of_run].map(|note| filter.picks(note)), expected, "{filter:?}");
        }
    }
}
