//! Closing a run: a person ends a run for good.
//!
//! Owns the end: the journal and the host's record say who ended it, and what it had not sent is free again for others. Must
//! never send anything, and never change how a task ended.

use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;

use super::held::HeldRun;
use super::run_view::RunView;
use crate::app::Workspace;
use crate::app::charging::sent_of;
use crate::app::consent::{Consent, Question};
use crate::app::operator::Operator;
use crate::app::refusal::Reason;
use crate::drive::{Clock, WallClock};
use crate::journal::{
    HeldLock, RequestCounts, RunJournal, RunReader, RunRow, RunState, TrustedRun,
};
use crate::model::{Entry, Event, OutcomeCounts, UnixMillis};
use crate::report::Rows;

/// What closing a run would do.
pub enum Closing {
    /// A person has closed it already.
    Closed {
        /// Id of the run.
        run: String,
        /// When.
        at: UnixMillis,
        /// Who, as the journal keeps it.
        by: String,
    },
    /// Every task has ended: there is nothing to close.
    Finished {
        /// Id of the run.
        run: String,
    },
    /// It can be closed.
    Open(Box<ClosableRun>),
}

/// A run that can be closed. No other process can resume it while this value exists.
pub struct ClosableRun {
    row: RunRow,
    run: TrustedRun,
    counts: OutcomeCounts,
    _hold: HeldLock,
}

impl Workspace {
    /// Takes a run for closing it. `name` is its id, a unique beginning of it, or `latest`.
    ///
    /// # Errors
    /// The run does not exist, another process uses it, or its database is not what sortie wrote.
    pub fn prepare_close(&self, name: &str) -> Result<Closing, Reason> {
        let HeldRun { row, opening, hold } = HeldRun::take(self, name)?;
        let run = opening.follow(|_| {})?;
        if let Some((at, by)) = &run.closed {
            return Ok(Closing::Closed { run: row.id, at: *at, by: by.clone() });
        }
        if row.state == RunState::Finished {
            return Ok(Closing::Finished { run: row.id });
        }
        let mut counts = OutcomeCounts::default();
        run.records.iter().for_each(|record| counts.add(record.outcome()));
        Ok(Closing::Open(Box::new(ClosableRun { row, run, counts, _hold: hold })))
    }

    /// Closes a run: it no longer sends or follows, and its outcomes stay as they are.
    ///
    /// # Errors
    /// The consent is not enough, or the journal, the index or the reports cannot be written.
    pub fn close(&self, closable: ClosableRun, consent: &Consent) -> Result<(), Reason> {
        closable.question().verify(consent)?;
        let ClosableRun { row, run, counts, _hold } = closable;
        let (now, by) = (WallClock.now(), Operator::current().shown());
        let mut journal = RunJournal::go_on(&self.dir, &run)?;
        let entry = Entry { at: now, event: Event::Ended { by: by.clone() } };
        journal.append(std::slice::from_ref(&entry), &RequestCounts::new())?;
        let head = journal.run_head();
        let summary: Vec<String> =
            counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
        let sent = sent_of(&run.record, &Rows::new(&run.tasks, &run.records));
        {
            let mut index = self.index();
            index.settle_charges(&row.id, &sent)?;
            index.set_run_state(&row.id, RunState::Closed, Some(now), &summary.join(", "))?;
            let body = serde_json::json!({
                "who": by, "head": head.head, "entries": head.entries, "outcomes": summary.join(", "),
            });
            index.note(now, "closed", Some(&row.id), &body)?;
        }
        let mut view = RunView::of(run);
        view.record.apply(&entry);
        view.measures = RunReader::open(&self.dir, &row.id)?.measures()?;
        note_page(self, &view, &ReportForm::of(&view.header));
        view.write(&view.header.report_dir, Some(now))?;
        Ok(())
    }
}

impl ClosableRun {
    /// Id of the run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.row.id
    }

    /// Its tasks by state, which no longer changes.
    #[must_use]
    pub fn counts(&self) -> &OutcomeCounts {
        &self.counts
    }

    /// What closing it needs.
    #[must_use]
    pub fn question(&self) -> Question {
        Question::of_yes("closing a run")
    }
}
