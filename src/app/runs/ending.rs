//! The end of a run that was driven.
//!
//! Owns what is recorded then: its reports, its place in the index, its charges, its head in the host's record. Each is tried, no matter what
//! became of the others. Must never report an end that the journal does not hold.

use super::end_reasons::{BrokenOffReason, RunEndFault, RunEndReason};
use crate::app::charging::sent_of;
use crate::app::notify::RunNotices;
use crate::app::operator::Operator;
use crate::app::outside::{DriveReason, JournalReason};
use crate::app::refusal::{Reason, Refusal};
use crate::app::runs::run_view::{ReportsReason, RunView, standing};
use crate::app::runs::run_watch::Watched;
use crate::app::runs::verdict::{PlannedSkips, VerdictFacts, number_of, verdict_of};
use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;
use crate::app::{AppEvent, Sent, Workspace};
use crate::drive::{Clock, DriveError, Ended, WallClock};
use crate::journal::{Distrust, JournalError, RunHeader, RunReader, RunState};
use crate::model::{Outcome, OutcomeCounts, RunTasks, RunVerdict, StopCause, UnixMillis};
use crate::report::RunOverview;
use std::path::PathBuf;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunEnded {
    /// Id of the run.
    pub run: String,
    /// How it ended, in one word.
    pub verdict: RunVerdict,
    /// What was sent for it, before a resume included.
    pub sent: Sent,
    /// Its tasks by outcome.
    pub counts: OutcomeCounts,
    /// Why it stopped, for programs and for people; `None` where it did not.
    pub stop: Option<(StopCause, String)>,
    /// Until when nothing may be sent.
    pub paused_until: Option<UnixMillis>,
    /// Skips that the request or the job asked for, or that came up on the way.
    pub skips_asked: u32,
    /// Where its reports are.
    pub report_dir: PathBuf,
    /// Its tasks at a glance.
    pub overview: Box<RunOverview>,
}

/// A run that was left.
pub(crate) struct Ending<'a> {
    pub workspace: &'a Workspace,
    pub header: &'a RunHeader,
    pub tasks: &'a RunTasks,
    pub skips: PlannedSkips,
    pub watched: &'a Watched,
    pub notices: &'a RunNotices,
}

impl Ending<'_> {
    /// Records the end of a run that the loop left in order.
    pub(crate) fn close(&self, ended: &Ended) -> Result<RunEnded, Refusal> {
        let stop = ended.progress.stop.as_ref().map(|(cause, _)| *cause);
        let verdict = if ended.is_aborted {
            RunVerdict::Aborted
        } else {
            verdict_of(&VerdictFacts {
                counts: &self.watched.counts,
                stop,
                is_forbidden: self.watched.is_forbidden,
                skips_asked: self.skips_asked(),
                pending_ok: self.header.pending_ok,
            })
        };
        let now = WallClock.now();
        let view = RunView::read_with(&self.workspace.dir, &self.header.run.0, self.tasks)
            .map_err(|error| self.unrecorded(of_distrust(error)).after(self.watched.sent))?;
        let overview = RunOverview::of(&view.facts(Some(now)), &view.rows());
        view.refuse_fault()
            .map_err(|error| self.unrecorded(of_journal(error)).after(self.watched.sent))?;
        let missing_pins = overview.without_pin.iter().map(|group| group.count).sum();
        if !ended.progress.notes.is_empty() {
            let (run, notes) = (self.header.run.0.clone(), ended.progress.notes.clone());
            self.workspace.events.tell(&AppEvent::NotesAdded { run, notes });
        }
        self.notices.finished(verdict, &self.watched.counts, missing_pins, stop);
        // Each is tried, even where others failed: the index may be writable where the reports are not.
        let written =
            self.write_reports(&view, overview.clone(), now).map_err(RunEndFault::Reports);
        let entered = self.enter_end(ended, now).map_err(of_journal);
        let left = self.leave(&view, verdict, now).map_err(of_journal);
        let mut broken = [written.err(), entered.err(), left.err()].into_iter().flatten();
        if let Some(first) = broken.next() {
            let tell = |fault| {
                let more = AppEvent::EndNotRecorded(self.unrecorded(fault));
                self.workspace.events.tell(&more);
            };
            broken.for_each(tell);
            return Err(self.unrecorded(first).after(self.watched.sent));
        }
        Ok(RunEnded {
            run: self.header.run.0.clone(),
            verdict,
            sent: self.watched.sent,
            counts: self.watched.counts.clone(),
            stop: ended.progress.stop.clone(),
            paused_until: ended.progress.paused_until,
            skips_asked: self.skips_asked(),
            report_dir: self.header.report_dir.clone(),
            overview: Box::new(overview),
        })
    }

    /// Says why the run broke off, after what can be reported was reported.
    pub(crate) fn broken_off(&self, error: DriveError) -> Refusal {
        self.notices.broken_off();
        let run = self.header.run.0.clone();
        let reported = RunView::read_with(&self.workspace.dir, &run, self.tasks)
            .map_err(of_distrust)
            .and_then(|view| {
                let now = WallClock.now();
                let overview = RunOverview::of(&view.facts(Some(now)), &view.rows());
                self.write_reports(&view, overview, now).map_err(RunEndFault::Reports)
            });
        if let Err(fault) = reported {
            self.workspace.events.tell(&AppEvent::EndNotRecorded(self.unrecorded(fault)));
        }
        Reason::from(BrokenOffReason { run, why: DriveReason(error) }).after(self.watched.sent)
    }

    /// A failure to record the end of the run. What it was asked to do is done: nothing may invite to do it again.
    fn unrecorded(&self, why: RunEndFault) -> Reason {
        RunEndReason {
            run: self.header.run.0.clone(),
            doubts: self.watched.counts.of(Outcome::InDoubt),
            not_attempted: self.watched.counts.of(Outcome::NotAttempted),
            state_dir: self.workspace.path().to_owned(),
            why,
        }
        .into()
    }

    /// Tells what came out, and writes the final reports. `finished_at` is the moment that the index keeps, so that reports
    /// that are written again are the same.
    fn write_reports(
        &self,
        view: &RunView,
        overview: RunOverview,
        finished_at: UnixMillis,
    ) -> Result<(), ReportsReason> {
        self.workspace.events.tell(&AppEvent::RunSummary(Box::new(overview)));
        note_page(self.workspace, view, &ReportForm::of(&view.header));
        view.write(&self.header.report_dir, Some(finished_at))?;
        let report_dir = self.header.report_dir.clone();
        let run = self.header.run.0.clone();
        self.workspace.events.tell(&AppEvent::RunReported { run, report_dir });
        Ok(())
    }

    /// Enters in the index the state of the run.
    fn enter_end(&self, ended: &Ended, now: UnixMillis) -> Result<(), JournalError> {
        let (mut run_state, summary) = standing(&self.watched.counts);
        let stop = ended.progress.stop.as_ref().map(|(cause, _)| *cause);
        let is_interrupted = ended.is_aborted || stop.is_some_and(StopCause::ends_reading);
        if run_state == RunState::Ended && is_interrupted {
            run_state = RunState::Paused;
        }
        let index = self.workspace.index();
        index.set_run_state(&self.header.run.0, run_state, Some(now), &summary)
    }

    /// Settles what the run was charged by what it sent, and ties its journal to the host's record.
    fn leave(
        &self,
        view: &RunView,
        verdict: RunVerdict,
        now: UnixMillis,
    ) -> Result<(), JournalError> {
        let run = &self.header.run.0;
        let sent = sent_of(&view.record, &view.rows());
        view.refuse_fault()?;
        self.workspace.index().settle_charges(run, &sent)?;
        let head = RunReader::open(&self.workspace.dir, run)?.head()?;
        let outcomes: std::collections::BTreeMap<&str, u32> =
            self.watched.counts.iter().map(|(outcome, count)| (outcome.word(), count)).collect();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "head": head.head, "entries": head.entries,
            "outcomes": outcomes, "exit": number_of(verdict),
        });
        self.workspace.index().note(now, "left", Some(run), &body)?;
        Ok(())
    }

    /// Skips that the request or the job asked for, or that came up on the way.
    fn skips_asked(&self) -> u32 {
        self.skips.asked_of(&self.watched.counts)
    }
}

fn of_journal(error: JournalError) -> RunEndFault {
    RunEndFault::Journal(JournalReason::Failed(error))
}

fn of_distrust(error: Distrust) -> RunEndFault {
    RunEndFault::Journal(match error {
        Distrust::Journal(error) => JournalReason::Failed(error),
        other => JournalReason::Distrusted(other),
    })
}
