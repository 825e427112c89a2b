//! Resolving: a person decides about tasks in doubt.
//!
//! Owns the taking of decisions, and their place in journal and record. Must never send anything: what is to be sent again goes
//! back to the queue, and a resume sends it.

use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;

use super::doubt::{Doubt, DoubtReason, EvidenceByTask};
use super::held::HeldRun;
use super::run_view::RunView;
use super::trust::Replay;
use crate::app::Workspace;
use crate::app::consent::{Consent, Question};
use crate::app::operator::Operator;
use crate::app::refusal::Reason;
use crate::drive::{Clock, WallClock};
use crate::engine::{Engine, Phase, Scope};
use crate::journal::{HeldLock, RequestCounts, RunJournal, RunReader, RunRow, RunState};
use crate::model::{Decision, Entry, Event, Outcome, Task, TaskIndex, UnixMillis};
use crate::report::ReportRow;

/// Which doubts are to be resolved.
#[derive(Clone, Debug)]
pub struct ResolveRequest {
    /// Id of the run, a unique beginning of it, or `latest`.
    pub run: String,
    /// Devices by id or serial number; every device in doubt where none is named.
    pub devices: Vec<String>,
}

/// What is in doubt.
pub enum DoubtsFound {
    /// Nothing.
    Nothing {
        /// Id of the run.
        run: String,
        /// The newest other run of which something is.
        other: Option<String>,
    },
    /// Some tasks are.
    Held(Box<HeldDoubts>),
}

/// Tasks in doubt of one run. No other process can resume it while this value exists.
pub struct HeldDoubts {
    row: RunRow,
    view: RunView,
    engine: Engine,
    journal: RunJournal,
    /// Entries that are written together with the decisions.
    entries: Vec<Entry>,
    now: UnixMillis,
    doubts: Vec<Doubt>,
    is_closed: bool,
    _hold: HeldLock,
}

/// What a person decided about one task.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct DoubtDecision {
    /// Which task of the run.
    pub task: TaskIndex,
    /// What the person decided.
    pub decision: Decision,
}

/// Decisions that were taken.
#[derive(Clone, Debug)]
pub struct DoubtsResolved {
    /// Id of the run.
    pub run: String,
    /// Number of tasks about which it was decided.
    pub tasks: usize,
    /// PINs of locked Macs are missing now, and may be recovered.
    pub is_pin_missing: bool,
    /// Tasks are to be sent again, by a resume.
    pub is_sent_again: bool,
}

impl Workspace {
    /// Takes a run for resolving what is in doubt. Requests that were in progress when its last process ended come into doubt
    /// by that, which is recorded even if nothing is decided.
    ///
    /// # Errors
    /// The run does not exist, another process uses it, its database is not what sortie wrote, or nothing is in doubt for a
    /// device that the request names.
    pub fn doubts(&self, request: &ResolveRequest) -> Result<DoubtsFound, Reason> {
        let HeldRun { row, opening, hold } = HeldRun::take(self, &request.run)?;
        let mut replay = Replay::new(opening.tasks(), &opening.header().policy);
        let mut seen = EvidenceByTask::default();
        let run = opening.follow(|entry| {
            replay.take(entry);
            seen.take(entry);
        })?;
        let mut journal = RunJournal::go_on(&self.dir, &run)?;
        let is_closed = run.closed.is_some();
        let view = RunView::of(run);
        let now = WallClock.now();
        let mut engine = Engine::new(replay.end()?);
        engine.set_scope(Scope::Follow);
        // What was in progress when the last process ended comes into doubt only now, and its quarantine begins.
        let opened = engine.open(now, concat!("sortie ", env!("CARGO_PKG_VERSION")))?;
        let is_news = opened.len() > 1;
        if is_news {
            journal.append(&opened, &RequestCounts::new())?;
        }
        let entries = if is_news { Vec::new() } else { opened };
        let doubts = doubts_of(&engine, &view, &mut seen, is_closed, &request.devices);
        let is_known = |name: &&String| doubts.iter().any(|doubt| doubt.is_of(name));
        if let Some(stranger) = request.devices.iter().find(|name| !is_known(name)) {
            let device = stranger.clone();
            return Err(DoubtReason::NotFound { run: row.id, device }.into());
        }
        if doubts.is_empty() {
            let other = self.other_in_doubt(&row)?;
            return Ok(DoubtsFound::Nothing { run: row.id, other });
        }
        Ok(DoubtsFound::Held(Box::new(HeldDoubts {
            row,
            view,
            engine,
            journal,
            entries,
            now,
            doubts,
            is_closed,
            _hold: hold,
        })))
    }

    /// Takes decisions about tasks in doubt. Nothing is sent.
    ///
    /// # Errors
    /// The consent is not enough, a task must not be sent again, or the journal, the index or the reports cannot be written.
    pub fn resolve(
        &self,
        held: HeldDoubts,
        decisions: &[DoubtDecision],
        consent: &Consent,
    ) -> Result<DoubtsResolved, Reason> {
        for taken in decisions {
            held.check(*taken)?;
        }
        held.question(decisions).verify(consent)?;
        let HeldDoubts { row, mut engine, mut journal, mut entries, now, is_closed, .. } = held;
        let who = Operator::current().shown();
        for taken in decisions {
            entries.extend(engine.resolve(now, taken.task, taken.decision, &who)?);
        }
        entries.push(Entry { at: now, event: Event::Closed });
        journal.append(&entries, &RequestCounts::new())?;
        self.note_decisions(&row.id, decisions, &who, now)?;
        let view = RunView::read(&self.dir, &row.id)?;
        note_page(self, &view, &ReportForm::of(&view.header));
        view.write(&view.header.report_dir, Some(now))?;
        let (run_state, summary) = match view.standing() {
            (_, summary) if is_closed => (RunState::Closed, summary),
            standing => standing,
        };
        self.index().set_run_state(&row.id, run_state, Some(now), &summary)?;
        let is_pin_missing = view.rows().iter().any(|row: ReportRow<'_>| row.lacks_pin());
        Ok(DoubtsResolved {
            run: row.id,
            tasks: decisions.len(),
            is_pin_missing,
            is_sent_again: decisions.iter().any(|taken| taken.is_sent_again()),
        })
    }

    /// Writes into the host's record what was decided.
    fn note_decisions(
        &self,
        run: &str,
        decisions: &[DoubtDecision],
        who: &str,
        now: UnixMillis,
    ) -> Result<(), Reason> {
        for decision in [Decision::Done, Decision::NotDone, Decision::SendAgain] {
            let tasks = decisions.iter().filter(|taken| taken.decision == decision).count();
            if tasks > 0 {
                let body =
                    serde_json::json!({ "who": who, "decision": decision.word(), "tasks": tasks });
                self.index().note(now, "resolved", Some(run), &body)?;
            }
        }
        Ok(())
    }

    /// Which other run has anything in doubt, the newest first.
    fn other_in_doubt(&self, asked: &RunRow) -> Result<Option<String>, Reason> {
        let runs = self.index().runs()?;
        for row in runs.iter().filter(|row| row.state != RunState::Finished && row.id != asked.id) {
            let outcomes = RunReader::open(&self.dir, &row.id)?.outcomes()?;
            if outcomes.iter().any(|word| word == Outcome::InDoubt.word()) {
                return Ok(Some(row.id.clone()));
            }
        }
        Ok(None)
    }
}

/// The tasks of a run that are in doubt, of these devices or of all.
fn doubts_of(
    engine: &Engine,
    view: &RunView,
    seen: &mut EvidenceByTask,
    is_closed: bool,
    devices: &[String],
) -> Vec<Doubt> {
    (0..)
        .map(TaskIndex)
        .zip(view.tasks.iter())
        .filter(|(index, _)| engine.state().task(*index).phase == Phase::Doubt)
        .map(|(index, task)| Doubt {
            index,
            task: task.clone(),
            evidence: seen.remove(index),
            quarantine_ends: engine.state().quarantine_ends(index),
            send_until: view.header.policy.send_until,
            is_closed,
        })
        .filter(|doubt| devices.is_empty() || devices.iter().any(|name| doubt.is_of(name)))
        .collect()
}

impl DoubtDecision {
    fn is_sent_again(self) -> bool {
        self.decision == Decision::SendAgain
    }
}

impl HeldDoubts {
    /// The tasks in doubt that were asked for, in the order of the run.
    #[must_use]
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// Id of the run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.row.id
    }

    /// The tenant as people know it.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.view.header.tenant
    }

    /// Whether a decision can be taken.
    ///
    /// # Errors
    /// The task is none of these, or it must not be sent again.
    pub fn check(&self, taken: DoubtDecision) -> Result<(), DoubtReason> {
        match self.doubts.iter().find(|doubt| doubt.index == taken.task) {
            Some(doubt) => doubt.check(taken.decision, self.now),
            None => Err(DoubtReason::NotFound {
                run: self.row.id.clone(),
                device: format!("task {}", taken.task.0),
            }),
        }
    }

    /// What these decisions need. What may happen twice takes what a plan of it would, however the run was confirmed.
    #[must_use]
    pub fn question(&self, decisions: &[DoubtDecision]) -> Question {
        let tasks: Vec<&Task> = decisions
            .iter()
            .filter(|taken| taken.is_sent_again())
            .filter_map(|taken| self.view.tasks.get(taken.task.at()))
            .collect();
        match tasks.is_empty() {
            true => Question::of_yes("deciding about tasks in doubt"),
            false => Question::of_sending_again(&tasks, self.tenant()),
        }
    }
}
