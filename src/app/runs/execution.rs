//! A run under way.
//!
//! Owns signals, the end of a run and what is said about it. Must never change what the engine decided.

use std::fs::File;
use std::sync::Arc;
use tokio::sync::watch;

use crate::app::Workspace;
use crate::app::charging::{LastSends, sent_of};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::app::runs::reporter::Reporter;
use crate::app::runs::run_view::{RunView, standing};
use crate::app::runs::watchdog::PolicyWatchdog;
use crate::app::secrets::known_pins::known_pins;
use crate::app::secrets::sealing::Recipients;
use crate::app::tenant::Connection;
use crate::cli::exit::{Exit, RunEnd, exit_of};
use crate::cli::failure::{BeforeSending, Done, Failed, Failure};
use crate::cli::options::{EndingOptions, ProgressForm};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::{Watched, Watcher};
use crate::cli::terminal::signals::listen;
use crate::drive::{
    Clock, Control, DriveError, Ended, NoWatchdog, Quota, RenewToken, RunParts, Sealer, WallClock,
    Watchdog, run, system_pins,
};
use crate::engine::{Engine, Scope};
use crate::journal::{RequestCounts, RunHeader, RunJournal, RunReader, RunState, Writer};
use crate::model::{Outcome, StopCause, Task, TaskIndex, TaskRecord, Turn, UnixMillis};
use crate::report::{Rerun, summary_text};

/// Everything that a run under way needs.
pub(crate) struct Execution<'a> {
    pub workspace: &'a Workspace,
    /// The policy that it was planned under, or that holds when it is resumed.
    pub policy: PolicyFile,
    pub connection: Connection,
    pub header: RunHeader,
    pub tasks: Arc<[Task]>,
    /// What is known of each task.
    pub records: Vec<TaskRecord>,
    pub engine: Engine,
    pub journal: RunJournal,
    pub quota: Quota,
    pub requests: RequestCounts,
    /// Held until the run is left.
    pub hold: File,
    /// The same, where the run may send.
    pub sending: Option<File>,
    /// What is done with the run.
    pub scope: Scope,
}

/// Drives the run, reports, and says how it ended.
pub(crate) async fn go(
    execution: Execution<'_>,
    ending: &EndingOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let Execution {
        records,
        workspace: state,
        policy: house,
        connection,
        header,
        tasks,
        mut engine,
        journal,
        quota,
        requests,
        hold,
        sending,
        scope,
    } = execution;
    engine.set_scope(scope);
    let run_id = header.run.0.clone();
    let reporter = Reporter::start(
        state.dir.clone(),
        run_id.clone(),
        header.report_dir.clone(),
        state.events.clone(),
    );
    // The run's own keys, so that a resume seals to the same people.
    let recipients = Recipients::of_run(&header.encrypt_to).before_sending()?;
    let sealer = recipients.map(|keys| keys.sealer()).transpose().before_sending()?;
    if !header.simulated {
        engine.set_known_pins(known_pins(state, &header, &tasks, sealer.clone()));
    }
    let form = ending.progress;
    let mut watcher =
        Watcher::new(&header, &tasks, records, form, printer, reporter, quota.clone());
    let (sender, mut control) = watch::channel(Control::Go);
    let signals = tokio::spawn(listen(sender));
    let journal = Writer::start(journal).before_sending()?;
    let watchdog: Box<dyn Watchdog> = match scope {
        Scope::Whole => {
            let stop_file = state.dir.stop_file();
            Box::new(PolicyWatchdog::new(stop_file, &header.report_dir, house, Arc::clone(&tasks)))
        }
        Scope::Follow | Scope::OnePass => Box::new(NoWatchdog),
    };
    let parts = Parts { journal, quota, engine, tasks: &tasks, requests, sealer, watchdog };
    let ended = match scope {
        Scope::Whole => {
            let (transport, renew_token) = connection.writer().before_sending()?;
            run(parts.with(transport, renew_token), &mut control, &mut watcher).await
        }
        // Whoever only follows holds nothing that could send.
        Scope::Follow | Scope::OnePass => {
            let reader = Arc::clone(&connection.reader);
            run(parts.with(reader, None), &mut control, &mut watcher).await
        }
    };
    signals.abort();
    let watched = watcher.finish();
    let end = End { state, header: &header, tasks: &tasks, watched: &watched, ending };
    let left = match ended {
        Ok(ended) => end.close(&ended, printer),
        Err(error) => Err(end.broken_off(error, printer)),
    };
    drop((hold, sending));
    left
}

/// What a run is made of besides the way to the tenant.
struct Parts<'a> {
    journal: Writer,
    quota: Quota,
    engine: Engine,
    tasks: &'a Arc<[Task]>,
    requests: RequestCounts,
    sealer: Option<Sealer>,
    watchdog: Box<dyn Watchdog>,
}

impl Parts<'_> {
    fn with<T>(
        self,
        transport: Arc<T>,
        renew_token: Option<RenewToken>,
    ) -> RunParts<T, WallClock, Writer> {
        RunParts {
            transport,
            clock: WallClock,
            journal: self.journal,
            quota: self.quota,
            engine: self.engine,
            tasks: Arc::clone(self.tasks),
            requests: self.requests,
            program: concat!("sortie ", env!("CARGO_PKG_VERSION")).to_owned(),
            renew_token,
            sealer: self.sealer,
            draw_pin: system_pins(),
            watchdog: self.watchdog,
        }
    }
}

/// A run that was left, with what decides how that is told.
struct End<'a> {
    state: &'a Workspace,
    header: &'a RunHeader,
    tasks: &'a [Task],
    watched: &'a Watched,
    ending: &'a EndingOptions,
}

impl End<'_> {
    fn close(&self, ended: &Ended, printer: &Printer) -> Result<Done, Failed> {
        let stop = ended.progress.stop.as_ref().map(|(cause, _)| *cause);
        let exit = if ended.is_aborted {
            Exit::Aborted
        } else {
            exit_of(&RunEnd {
                counts: &self.watched.counts,
                stop,
                is_forbidden: self.watched.is_forbidden,
                skips_asked: self.skips_asked(),
                pending_ok: self.header.pending_ok,
            })
        };
        let now = WallClock.now();
        let view = RunView::read(&self.state.dir, &self.header.run.0)
            .map_err(|error| self.unrecorded(Failure::from(error).next(self.repair())))?;
        // Each is tried, whatever became of the others: the list of runs may be writable where the reports are not.
        let written = write_reports(&view, self.header, self.ending, now, printer);
        let entered = self.enter_end(ended, now);
        let left = self.leave(&view, exit, now);
        let in_state = |failure: Failure| failure.next(self.repair());
        let broken = [written.err(), entered.err().map(in_state), left.err().map(in_state)];
        let mut broken = broken.into_iter().flatten();
        if let Some(first) = broken.next() {
            broken.for_each(|more| printer.warn(&more.what));
            return Err(self.unrecorded(first));
        }
        if exit == Exit::Well {
            return Ok(Done { exit, sent: self.watched.sent });
        }
        Err(self.failure(exit, ended, stop, &view).sent(self.watched.sent))
    }

    /// Says why the run broke off, after what can be reported was reported.
    fn broken_off(&self, error: DriveError, printer: &Printer) -> Failed {
        let run = &self.header.run.0;
        let reported =
            RunView::read(&self.state.dir, run).map_err(Failure::from).and_then(|view| {
                write_reports(&view, self.header, self.ending, WallClock.now(), printer)
            });
        if let Err(second) = reported {
            printer.warn(&second.what);
        }
        Failure::from(error)
            .state("everything committed until then is in the journal; requests that were under way are in doubt")
            .next(format!("make the state directory writable, then: sortie resume {run}"))
            .sent(self.watched.sent)
    }

    /// A failure to record the end of the run. What it was asked to do is done: nothing may invite to do it again.
    fn unrecorded(&self, failure: Failure) -> Failed {
        let (left, run) = (self.left_open(), &self.header.run.0);
        let state = format!("{left}; the end of run {run} could not be recorded in full");
        Failure { exit: Exit::Journal, state, ..failure }.sent(self.watched.sent)
    }

    /// What to do when the state directory fails at the end of the run.
    fn repair(&self) -> String {
        let (directory, run) = (self.state.dir.path().display(), &self.header.run.0);
        format!("check the disk and {directory}, then: sortie resume {run}")
    }

    /// Enters in the list of runs how this one stands.
    fn enter_end(&self, ended: &Ended, now: UnixMillis) -> Result<(), Failure> {
        let (mut run_state, summary) = standing(&self.watched.counts);
        let stop = ended.progress.stop.as_ref().map(|(cause, _)| *cause);
        let is_interrupted = ended.is_aborted || stop.is_some_and(StopCause::ends_reading);
        if run_state == RunState::Ended && is_interrupted {
            run_state = RunState::Paused;
        }
        let index = self.state.index();
        Ok(index.set_run_state(&self.header.run.0, run_state, Some(now), &summary)?)
    }

    /// Settles what the run was charged by what it sent, and ties its journal to the host's record.
    fn leave(&self, view: &RunView, exit: Exit, now: UnixMillis) -> Result<(), Failure> {
        let run = &self.header.run.0;
        let reader = RunReader::open(&self.state.dir, run)?;
        let last = LastSends::read(&reader, self.tasks)?;
        let sent = sent_of(&last, self.tasks, &view.records);
        self.state.index().settle_charges(run, &sent)?;
        let head = reader.head()?;
        let outcomes: std::collections::BTreeMap<&str, u32> =
            self.watched.counts.iter().map(|(outcome, count)| (outcome.word(), count)).collect();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "head": head.head, "entries": head.entries,
            "outcomes": outcomes, "exit": exit as u8,
        });
        self.state.index().note(now, "left", Some(run), &body)?;
        Ok(())
    }

    /// What is in doubt and what is left, in words.
    fn left_open(&self) -> String {
        let left = self.watched.counts.of(Outcome::NotAttempted);
        match self.watched.counts.of(Outcome::InDoubt) {
            0 => format!("{left} not attempted"),
            doubts => format!("{doubts} in doubt, {left} not attempted"),
        }
    }

    /// Devices that the plan had not left out and that were left out later.
    fn skips_since(&self) -> u32 {
        let planned = self.tasks.iter().filter(|task| matches!(task.turn, Turn::Skip { .. }));
        let planned = u32::try_from(planned.count()).unwrap_or(u32::MAX);
        self.watched.counts.of(Outcome::Skipped).saturating_sub(planned)
    }

    /// Skips that a flag or the job asked for, or that came up on the way.
    fn skips_asked(&self) -> u32 {
        let is_asked = |task: &&Task| matches!(task.turn, Turn::Skip { asked: true, .. });
        let asked = u32::try_from(self.tasks.iter().filter(is_asked).count()).unwrap_or(u32::MAX);
        asked + self.skips_since()
    }

    /// The files that repeat what did not end well, as far as they hold anything.
    fn rerun_files(&self, written: &RunView) -> String {
        let rows = written.rows();
        let tasks = (0..self.watched.counts.total()).map(TaskIndex);
        let kinds: Vec<Rerun> = tasks.filter_map(|task| Rerun::of(&rows, task)).collect();
        let files: Vec<&str> =
            [(Rerun::Failed, "failed.csv"), (Rerun::Unprocessed, "unprocessed.csv")]
                .into_iter()
                .filter(|(kind, _)| kinds.contains(kind))
                .map(|(_, file)| file)
                .collect();
        if files.is_empty() {
            return String::new();
        }
        format!(
            "; what can be repeated is in {} beside it, and is repeated by: sortie retry {}",
            files.join(" and "),
            self.header.run
        )
    }

    /// Says why the run did not end well, and which command goes on from there.
    fn failure(
        &self,
        exit: Exit,
        ended: &Ended,
        stop: Option<StopCause>,
        written: &RunView,
    ) -> Failure {
        let run = &self.header.run.0;
        let count = |outcome| self.watched.counts.of(outcome);
        let report = self.header.report_dir.join("report.csv");
        let resume = format!("go on with: sortie resume {run}");
        let why = ended
            .progress
            .stop
            .as_ref()
            .map(|(_, reason)| format!(": {reason}"))
            .unwrap_or_default();
        let (what, next) = match exit {
            Exit::Aborted => ("left at once".to_owned(), resume),
            Exit::Authentication => {
                (format!("the token is not accepted{why}"), format!("with a new token, {resume}"))
            }
            Exit::Permission => (
                "the token lacks the permission for an action".to_owned(),
                format!("grant it under Settings > Access, then {resume}"),
            ),
            Exit::Doubt => (
                format!(
                    "{} tasks are in doubt: sent, and no usable answer came",
                    count(Outcome::InDoubt)
                ),
                format!(
                    "look at the evidence and decide with: sortie resolve {run}; once more read what became of them: sortie watch {run} --once; the report is {}",
                    report.display()
                ),
            ),
            Exit::Partly => (
                format!(
                    "{} tasks did not end well",
                    count(Outcome::Failed)
                        + count(Outcome::Refused)
                        + count(Outcome::NotAttempted)
                        + self.skips_asked()
                ),
                format!("see {}{}", report.display(), self.rerun_files(written)),
            ),
            Exit::Pending => (
                format!(
                    "{} commands are still pending",
                    count(Outcome::Pending) + count(Outcome::NotNow)
                ),
                format!("follow them with: sortie watch {run}, or once with --once"),
            ),
            Exit::Quota if stop == Some(StopCause::Throttled) => {
                let until = ended.progress.paused_until.unwrap_or_default();
                (format!("stopped{why}"), format!("after {until}, {resume}"))
            }
            // A resume may not send after the deadline either.
            Exit::Quota => (
                format!("stopped{why}"),
                format!("see {}{}", report.display(), self.rerun_files(written)),
            ),
            Exit::Stopped if count(Outcome::NotAttempted) == 0 => {
                (format!("stopped{why}"), format!("everything is sent; to follow it, {resume}"))
            }
            _ => (format!("stopped{why}"), resume),
        };
        let what = match (exit, stop) {
            (Exit::Doubt, Some(_)) => format!("{what}; stopped{why}"),
            _ => what,
        };
        let state = format!("{}; everything is in the journal of run {run}", self.left_open());
        Failure::new(exit, what).state(state).next(next)
    }
}

/// Writes the final reports and says what came out.
fn write_reports(
    view: &RunView,
    header: &RunHeader,
    ending: &EndingOptions,
    finished_at: UnixMillis,
    printer: &Printer,
) -> Result<(), Failure> {
    // The moment that the list of runs keeps, so that `sortie report` writes the same again.
    let finished_at = Some(finished_at);
    printer.say(&summary_text(&view.facts(finished_at), &view.rows()));
    view.write(&header.report_dir, finished_at)?;
    let directory = header.report_dir.display().to_string();
    if ending.progress == Some(ProgressForm::Json) {
        let line = serde_json::json!({ "event": "reported", "report_dir": directory });
        printer.data(&line.to_string());
    } else {
        printer.data(&directory);
    }
    Ok(())
}
