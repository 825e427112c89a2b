//! A run under way.
//!
//! Owns signals, the end of a run and what is said about it. Must never change what the engine decided.

use std::fs::File;
use std::sync::Arc;
use tokio::sync::watch;

use super::admission::sent_devices;
use super::connect::Connection;
use super::exit::{Exit, RunEnd, exit_of};
use super::failure::Failure;
use super::live_guard::LiveGuard;
use super::operator::Operator;
use super::options::{EndingOptions, ProgressForm};
use super::policy_file::PolicyFile;
use super::printer::Printer;
use super::progress::Watcher;
use super::reporter::{Reporter, RunView, standing};
use super::sealing::Recipients;
use super::state::State;
use crate::drive::{
    Clock, Control, Ended, Guard, Quota, RenewToken, RunParts, Sealer, Unguarded, WallClock, run,
    system_pins,
};
use crate::engine::{Engine, Scope};
use crate::journal::{RequestCounts, RunHeader, RunJournal, RunReader, Writer};
use crate::model::{Outcome, OutcomeCounts, StopCause, Task, TaskIndex, Turn, UnixMillis};
use crate::report::{Rerun, summary_text};

/// Everything that a run under way needs.
pub(super) struct Live<'a> {
    pub state: &'a State,
    /// The policy that it was planned under, or that holds when it is resumed.
    pub house: PolicyFile,
    pub connection: Connection,
    pub header: RunHeader,
    pub tasks: Arc<[Task]>,
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
pub(super) async fn go(
    live: Live<'_>,
    ending: &EndingOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Live {
        state,
        house,
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
    } = live;
    engine.set_scope(scope);
    let run_id = header.run.0.clone();
    let records = RunReader::open(&state.dir, &run_id)?.records()?;
    let notices = printer.clone();
    let reporter = Reporter::start(
        state.dir.clone(),
        run_id.clone(),
        header.report_dir.clone(),
        move |text| notices.warn(text),
    );
    // The run's own keys, so that a resume seals to the same people.
    let sealer = match Recipients::of_run(&header.encrypt_to)? {
        Some(recipients) => Some(recipients.sealer()?),
        None => None,
    };
    let form = ending.progress;
    let mut watcher =
        Watcher::new(&header, &tasks, records, form, printer, reporter, quota.clone());
    let (sender, mut control) = watch::channel(Control::Go);
    let signals = tokio::spawn(listen(sender));
    let journal = Writer::start(journal)?;
    let guard: Box<dyn Guard> = match scope {
        Scope::Whole => {
            let stop_file = state.dir.stop_file();
            Box::new(LiveGuard::new(stop_file, &header.report_dir, house, Arc::clone(&tasks)))
        }
        Scope::Follow | Scope::OnePass => Box::new(Unguarded),
    };
    let parts = Parts { journal, quota, engine, tasks: &tasks, requests, sealer, guard };
    let ended = match scope {
        Scope::Whole => {
            let (transport, renew_token) = connection.writer()?;
            run(parts.with(transport, renew_token), &mut control, &mut watcher).await
        }
        // Whoever only follows holds nothing that could send.
        Scope::Follow | Scope::OnePass => {
            let reader = Arc::clone(&connection.reader);
            run(parts.with(reader, None), &mut control, &mut watcher).await
        }
    };
    signals.abort();
    let is_forbidden = watcher.is_forbidden;
    let counts = watcher.finish();
    let exit = match ended {
        Ok(ended) => {
            let end = End {
                state,
                header: &header,
                tasks: &tasks,
                counts: &counts,
                is_forbidden,
                ending,
            };
            end.close(&ended, printer)
        }
        Err(error) => {
            let reports = write_reports(state, &header, ending, WallClock.now(), printer);
            let failure = Failure::from(error)
                .state("everything committed until then is in the journal; requests that were under way are in doubt")
                .next(format!("make the state directory writable, then: sortie resume {run_id}"));
            if let Err(second) = reports {
                printer.warn(&second.what);
            }
            Err(failure)
        }
    };
    drop((hold, sending));
    exit
}

/// What a run is made of besides the way to the tenant.
struct Parts<'a> {
    journal: Writer,
    quota: Quota,
    engine: Engine,
    tasks: &'a Arc<[Task]>,
    requests: RequestCounts,
    sealer: Option<Sealer>,
    guard: Box<dyn Guard>,
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
            guard: self.guard,
        }
    }
}

/// The first signal drains, the second leaves at once.
async fn listen(control: watch::Sender<Control>) {
    let mut asked = Control::Go;
    loop {
        wait_for_signal().await;
        asked = match asked {
            Control::Go => Control::Drain,
            Control::Drain | Control::Abort => Control::Abort,
        };
        // The run may have ended in the meantime; then nobody listens.
        let _ = control.send(asked);
    }
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    // Without a way to hear the signal the default action of the system applies.
    let _ = tokio::signal::ctrl_c().await;
}

/// A run that was left, with what decides how that is told.
struct End<'a> {
    state: &'a State,
    header: &'a RunHeader,
    tasks: &'a [Task],
    counts: &'a OutcomeCounts,
    is_forbidden: bool,
    ending: &'a EndingOptions,
}

impl End<'_> {
    fn close(&self, ended: &Ended, printer: &Printer) -> Result<Exit, Failure> {
        let run = &self.header.run.0;
        let stop = ended.progress.stop.as_ref().map(|(cause, _)| *cause);
        let exit = if ended.is_aborted {
            Exit::Aborted
        } else {
            exit_of(&RunEnd {
                counts: self.counts,
                stop,
                is_forbidden: self.is_forbidden,
                skips_asked: self.skips_asked(),
                pending_ok: self.header.pending_ok,
            })
        };
        let (run_state, summary) = standing(self.counts);
        let now = WallClock.now();
        let written = write_reports(self.state, self.header, self.ending, now, printer)?;
        self.state.index().set_run_state(run, run_state, Some(now), &summary)?;
        self.leave(&written, exit, now)?;
        if exit == Exit::Well {
            return Ok(exit);
        }
        Err(self.failure(exit, ended, stop, &written))
    }

    /// Settles what the run was charged by what it sent, and ties its journal to the host's record.
    fn leave(&self, written: &RunView, exit: Exit, now: UnixMillis) -> Result<(), Failure> {
        let run = &self.header.run.0;
        let sent = sent_devices(self.tasks, &written.records);
        self.state.index().settle_charges(run, &sent)?;
        let head = RunReader::open(&self.state.dir, run)?.head()?;
        let outcomes: std::collections::BTreeMap<&str, u32> =
            self.counts.iter().map(|(outcome, count)| (outcome.word(), count)).collect();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "head": head.head, "entries": head.entries,
            "outcomes": outcomes, "exit": exit as u8,
        });
        self.state.index().note(now, "left", Some(run), &body)?;
        Ok(())
    }

    /// Devices that the plan had not left out and that were left out later.
    fn skips_since(&self) -> u32 {
        let planned = self.tasks.iter().filter(|task| matches!(task.turn, Turn::Skip { .. }));
        let planned = u32::try_from(planned.count()).unwrap_or(u32::MAX);
        self.counts.of(Outcome::Skipped).saturating_sub(planned)
    }

    /// Skips that a flag or the job asked for, or that came up on the way.
    fn skips_asked(&self) -> u32 {
        let is_asked = |task: &&Task| matches!(task.turn, Turn::Skip { asked: true, .. });
        let asked = u32::try_from(self.tasks.iter().filter(is_asked).count()).unwrap_or(u32::MAX);
        asked + self.skips_since()
    }

    /// Tasks that the plan left out, be it because an earlier run has done them.
    fn left_out(&self) -> u32 {
        let is_left_out = |task: &&Task| task.turn != Turn::Do;
        u32::try_from(self.tasks.iter().filter(is_left_out).count()).unwrap_or(u32::MAX)
    }

    /// The files that repeat what did not end well, as far as they hold anything.
    fn rerun_files(&self, written: &RunView) -> String {
        let rows = written.rows();
        let tasks = (0..self.counts.total()).map(TaskIndex);
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
        let count = |outcome| self.counts.of(outcome);
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
        let left = count(Outcome::NotAttempted);
        let doubts = match count(Outcome::InDoubt) {
            0 => String::new(),
            doubts => format!("{doubts} of them in doubt, "),
        };
        let state = format!(
            "{} tasks sent, {doubts}{left} not attempted; everything is in the journal of run {run}",
            self.counts.total() - left - self.left_out()
        );
        Failure::new(exit, what).state(state).next(next)
    }
}

/// Writes the final reports and says what came out.
fn write_reports(
    state: &State,
    header: &RunHeader,
    ending: &EndingOptions,
    finished_at: UnixMillis,
    printer: &Printer,
) -> Result<RunView, Failure> {
    let view = RunView::read(&state.dir, &header.run.0)?;
    // The moment that the list of runs keeps, so that `sortie report` writes the same again.
    let finished_at = Some(finished_at);
    view.write(&header.report_dir, finished_at)?;
    printer.say(&summary_text(&view.facts(finished_at), &view.rows()));
    let directory = header.report_dir.display().to_string();
    if ending.progress == Some(ProgressForm::Json) {
        let line = serde_json::json!({ "event": "reported", "report_dir": directory });
        printer.data(&line.to_string());
    } else {
        printer.data(&directory);
    }
    Ok(view)
}
