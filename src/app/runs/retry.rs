//! Retrying: what failed or was never reached, as a new run.
//!
//! Owns the taking over from the old run. Invariant: before the new run can send anything, the old one cannot send
//! any longer the same. Must never repeat what is pending, in doubt, or a lock whose PIN is missing.
//!
//! A retry is a job file in memory, planned, checked and confirmed like any other; gates come from the old tasks. The old
//! run's tasks are closed before the new run exists. If the program dies in between, nothing is sent twice: the next retry
//! finds what was closed for a run that never began.

use crate::app::secrets::pins_shown::note_page;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::charging::sent_of;
use crate::app::job_files::{check_requirement, read_required_again};
use crate::app::planning::earlier::LookBack;
use crate::app::planning::reason::RetryReason;
use crate::app::queue_place::queue_of_run;
use crate::app::runs::opened_run_reason::OpeningPurpose;
use crate::app::runs::run_view::{RunView, standing};
use crate::app::runs::trust::{open_run, refuse_simulated};
use crate::app::settings::ReportForm;
use crate::app::takeover::{TAKEN_OVER, taken_over_by};
use crate::app::{AppEvent, Reason, Workspace};
use crate::drive::{Clock, WallClock};
use crate::job::{BeforeLoss, Input, Job, JobSettings, ParseOptions, Step, parse};
use crate::journal::{HeldLock, RequestCounts, RunHeader, RunJournal, RunRow, RunState};
use crate::model::settings::{SettingValue, following, output, pace, safety};
use crate::model::{
    Entry, Event, Outcome, OutcomeCounts, OutsideWindow, ParamValue, Risk, Rollout, Task,
    TaskIndex, TaskRecord,
};
use crate::report::{Refused, job_csv, to_retry};

/// What there is to repeat of a run.
pub(crate) enum TakenUp {
    /// Nothing; with the outcomes of the run, and how many refused tasks could be repeated.
    Nothing { row: RunRow, counts: OutcomeCounts, may_include_refused: bool },
    /// So many tasks, as a job.
    Work { job: Box<Job>, takeover: Box<Takeover>, tasks: usize },
}

/// What is to be repeated of a run, as a job. The run is held from here on, so that no process resumes it meanwhile.
pub(crate) fn take_up(state: &Workspace, name: &str, refused: Refused) -> Result<TakenUp, Reason> {
    let row = state.index().find_run(name)?;
    state.place.want(queue_of_run(&row.id));
    let hold = state.dir.hold_run(&row.id)?;
    let opening = open_run(state, &row.id)?;
    refuse_simulated(opening.header(), OpeningPurpose::Retry)?;
    let run = opening.follow(|_| {})?;
    let journal = RunJournal::go_on(&state.dir, &run)?;
    let mut view = RunView::of(run);
    // A process that died could not say what it did not use.
    let sent = sent_of(&view.record, &view.rows());
    state.index().settle_charges(&row.id, &sent)?;
    let closed = reopen_lost(state, &mut view)?;
    let rows = view.rows();
    let tasks = to_retry(&rows, refused);
    if tasks.is_empty() {
        let may_include_refused = !to_retry(&rows, Refused::Include).is_empty();
        return Ok(TakenUp::Nothing { row, counts: rows.outcomes(), may_include_refused });
    }
    let job = job_of(&view, &tasks)?;
    let is_unsent = |index: &TaskIndex| {
        let outcome = view.records[index.at()].outcome();
        outcome == Outcome::NotAttempted && !closed.contains(index)
    };
    let unsent = tasks.iter().copied().filter(is_unsent).collect();
    let journal = RefCell::new(journal);
    let takeover = Takeover { row, header: view.header, unsent, journal, _hold: hold };
    Ok(TakenUp::Work { job: Box::new(job), takeover: Box::new(takeover), tasks: tasks.len() })
}

/// A run that died before it was entered in the list has taken over nothing: what was closed for it is open again.
/// Returns those tasks, which are closed in the journal already.
fn reopen_lost(state: &Workspace, view: &mut RunView) -> Result<BTreeSet<TaskIndex>, Reason> {
    let runs: BTreeSet<String> = state.index().runs()?.into_iter().map(|run| run.id).collect();
    let mut reopened = BTreeSet::new();
    for (at, (task, record)) in (0..).zip(view.tasks.iter().zip(&mut view.records)) {
        if taken_over_by(record, &task.turn).is_some_and(|run| !runs.contains(run)) {
            *record = TaskRecord::new(task);
            reopened.insert(TaskIndex(at));
        }
    }
    Ok(reopened)
}

/// The tasks as a job, by the way of the file that repeats them: it is checked as any other.
fn job_of(view: &RunView, tasks: &[TaskIndex]) -> Result<Job, Reason> {
    let old: Vec<&Task> = tasks.iter().filter_map(|index| view.tasks.get(index.at())).collect();
    check_secrets(view, &old)?;
    let bytes = job_csv(&view.rows(), tasks);
    // The old run was allowed to.
    let options = ParseOptions {
        allow_wipe_protected: true,
        // The run knows its tenant.
        carries_tenant: true,
        delimiter: Some(b','),
        ..ParseOptions::default()
    };
    let no_files = |name: &str| Err(format!("a retry reads no file, but needs {name}"));
    let job = parse(&Input { name: "retry.csv", bytes: &bytes }, &options, &no_files);
    let mut job = job.map_err(|_| RetryReason::InvalidJob { run: view.header.run.0.clone() })?;
    if job.rows.len() != old.len() {
        return Err(RetryReason::OtherRows { run: view.header.run.0.clone() }.into());
    }
    for (row, task) in job.rows.iter_mut().zip(&old) {
        // The file has no column for it.
        let after = task.after.map(|(_, gate)| gate);
        let steps: Vec<Step> =
            row.steps.iter().map(|step| Step { after, ..step.clone() }).collect();
        row.steps = Arc::from(steps);
    }
    // It is the same job, so that the old one is not started beside it.
    job.name.clone_from(&view.header.job);
    job.digest.clone_from(&view.header.job_digest);
    job.reason.clone_from(&view.header.reason);
    job.settings = settings_of(&view.header, &old);
    if let Some(kept) = &view.header.provenance.job_conditions.require {
        job.settings.require = Some(read_required_again(kept, &view.header.run.0)?);
        check_requirement(&job)?;
    }
    job.notes.clear();
    Ok(job)
}

/// A parameter that cannot be read here cannot be repeated.
fn check_secrets(view: &RunView, tasks: &[&Task]) -> Result<(), Reason> {
    let is_closed = |value: &ParamValue| match value {
        ParamValue::Secret(secret) => matches!(secret.expose(), None | Some("")),
        _ => false,
    };
    let closed = tasks.iter().filter(|task| task.params.values().any(is_closed)).count();
    if closed == 0 {
        return Ok(());
    }
    Err(RetryReason::ClosedPins { run: view.header.run.0.clone(), tasks: closed }.into())
}

/// What held for the old run's job holds for its retry, as far as no flag says otherwise. When sending ends is counted anew.
fn settings_of(header: &RunHeader, tasks: &[&Task]) -> JobSettings {
    let policy = &header.policy;
    let mut settings = JobSettings::default();
    for (setting, value) in [
        (&pace::CONCURRENCY, policy.concurrency),
        (&pace::PER_SECOND, policy.per_second),
        (&pace::PER_HOUR, policy.per_hour),
        (&pace::RETRY_COUNT, policy.retries.count),
    ] {
        settings.set(setting, SettingValue::Count(value));
    }
    for (setting, value) in [
        (&following::WAIT, policy.wait_ms),
        (&pace::RETRY_DELAY, policy.retries.delay_ms),
        (&pace::RETRY_DELAY_MAX, policy.retries.delay_ms_max),
    ] {
        settings.set(setting, SettingValue::Duration(value));
    }
    settings.set(&pace::RETRY_JITTER, SettingValue::Switch(policy.retries.jitter));
    settings.set(&safety::MAX_ERRORS, SettingValue::MaxErrors(policy.max_errors));
    if let Some(errors) = policy.errors_in_a_row {
        settings.set(&safety::ERRORS_IN_A_ROW, SettingValue::Count(errors));
    }
    // The usual waves are chosen anew, by how many devices are left.
    if let Some(rollout) = policy.rollout.as_ref().filter(|rollout| !is_usual(rollout)) {
        set_rollout(&mut settings, rollout);
    }
    // The rules of a run outside of its window have none; older programs kept no other.
    let kept = header.provenance.job_conditions.window.as_ref();
    if let Some(window) = kept.or(policy.windows.first()) {
        settings.set(&safety::WINDOW, SettingValue::Window(window.clone()));
    }
    let outside = match policy.outside_window {
        OutsideWindow::Refuse => "refuse",
        OutsideWindow::Wait => "wait",
    };
    settings.set(&safety::OUTSIDE_WINDOW, SettingValue::Word(outside));
    if let Some(channels) = &header.provenance.job_conditions.notify {
        settings.set(&output::NOTIFY, SettingValue::Texts(channels.clone()));
    }
    if let Some(parent) = header.report_dir.parent() {
        settings.set(&output::REPORT_DIR, SettingValue::Path(parent.to_owned()));
    }
    ReportForm::of(header).set(&mut settings);
    if let Some(file) = &header.metrics_file {
        settings.set(&output::METRICS_FILE, SettingValue::Path(file.clone()));
    }
    // The old plan was confirmed with one of the two.
    let captures = tasks.iter().any(|task| !task.capture.is_empty());
    let choice = if captures { BeforeLoss::Capture } else { BeforeLoss::Elsewhere };
    settings.set(&safety::BEFORE_LOSS, SettingValue::Word(choice.word()));
    settings.set(&safety::ENCRYPT_TO, SettingValue::Texts(header.encrypt_to.clone()));
    let is_single = header.encrypt_to.len() == 1;
    settings.set(&safety::SINGLE_KEY, SettingValue::Switch(is_single));
    settings
}

fn set_rollout(settings: &mut JobSettings, rollout: &Rollout) {
    settings.set(&safety::WAVES, SettingValue::Waves(rollout.waves.clone()));
    settings.set(&safety::WAVE_PAUSE, SettingValue::Duration(rollout.pause_ms));
    settings.set(&safety::GATE, SettingValue::Word(rollout.gate.word()));
    settings.set(&safety::GATE_TIMEOUT, SettingValue::Duration(rollout.gate_timeout_ms));
}

/// Whether these are the waves that a silent job gets.
fn is_usual(rollout: &Rollout) -> bool {
    [Risk::Disruptive, Risk::Irreversible]
        .into_iter()
        .any(|risk| *rollout == Rollout::of_usual_waves(risk))
}

/// What a new run takes over from an old one.
pub(crate) struct Takeover {
    pub row: RunRow,
    pub header: RunHeader,
    /// Tasks that the old run has not sent.
    unsent: Vec<TaskIndex>,
    /// The old run's journal, from where it was verified.
    journal: RefCell<RunJournal>,
    /// Held until the retry is over.
    _hold: HeldLock,
}

impl Takeover {
    /// Which runs may have done since what is to be repeated: those after the old one, or all others where what is done
    /// anywhere is skipped.
    pub(crate) fn look_back(&self, skip_done: bool) -> LookBack<'_> {
        if skip_done {
            LookBack::All { except: Some(&self.row.id) }
        } else {
            LookBack::Since(&self.row)
        }
    }

    /// Closes in the old run what it has not sent, for the new run `by`.
    pub(crate) fn close(&self, state: &Workspace, by: &str) -> Result<(), Reason> {
        let at = WallClock.now();
        let close = |task: &TaskIndex| {
            let (task, outcome) = (*task, Outcome::NotAttempted);
            let reason = format!("{TAKEN_OVER}{by}");
            Entry { at, event: Event::Settled { task, outcome, reason } }
        };
        let entries: Vec<Entry> = self.unsent.iter().map(close).collect();
        self.journal.borrow_mut().append(&entries, &RequestCounts::new())?;
        let view = RunView::read(&state.dir, &self.row.id)?;
        let mut counts = OutcomeCounts::default();
        view.records.iter().for_each(|record| counts.add(record.outcome()));
        // What it has not sent is the new run's now.
        let is_left = |outcome: &Outcome| *outcome != Outcome::NotAttempted;
        let mut left = OutcomeCounts::default();
        let outcomes = view.records.iter().map(TaskRecord::outcome);
        outcomes.filter(is_left).for_each(|outcome| left.add(outcome));
        let run_state = match self.row.state {
            RunState::Closed => RunState::Closed,
            _ => standing(&left).0,
        };
        let summary: Vec<String> =
            counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
        let ended_at = self.row.ended_at.or(Some(at));
        state.index().set_run_state(&self.row.id, run_state, ended_at, &summary.join(", "))?;
        // Its files must not offer the same work a second time. PINs that were pruned stay in the old ones.
        let is_pruned = !state.index().prunings(&self.row.id)?.is_empty();
        if is_pruned {
            return Ok(());
        }
        note_page(state, &view, &ReportForm::of(&view.header));
        if let Err(reason) = view.write(&self.header.report_dir, ended_at) {
            let (run, reason) = (self.row.id.clone(), reason.into());
            state.events.tell(&AppEvent::OldReports { run, reason });
        }
        Ok(())
    }
}
