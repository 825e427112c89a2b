//! `sortie pins --recover`: asking the tenant for PINs that are missing.
//!
//! Owns what becomes of the answers. Only reads the tenant, and must never write into the journal of a run
//! that another process drives.

use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::app::planning::planning::reads_of;
use crate::app::runs::run_view::RunView;
use crate::app::runs::trust::open_run;
use crate::app::secrets::pins_found::{lacks_pin, newest};
use crate::app::secrets::sealing::Recipients;
use crate::app::settings::timeout_ms;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, PinsOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::connect_again;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::pin_news::word_of;
use crate::drive::{Clock, ReadError, Reads, Sealer, WallClock};
use crate::journal::{JournalError, RequestCounts, RunJournal, RunRow};
use crate::kandji::{pin_request, read_pin};
use crate::model::{CommandStatus, Entry, Event, Outcome, OutcomeCounts, PinReading, TaskIndex};
use crate::transport::{HttpTransport, ReadOnly};

/// What such requests are counted as.
const KIND: &str = "pin";

pub(crate) fn recover(
    global: &GlobalOptions,
    options: &PinsOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (given, profile) = (tenant.values()?, read_profile(global)?);
    let state = open_workspace(global, printer)?;
    let Some(row) = run_of(&state, options)? else {
        printer.say("no run has locked a Mac whose PIN is missing");
        return Ok(Exit::Well);
    };
    let hold = state.dir.hold_run(&row.id).map_err(|error| busy(error, &row.id))?;
    let run = open_run(&state, &row.id)?.follow(|_| {})?;
    let journal = RunJournal::go_on(&state.dir, &run)?;
    let view = RunView::of(run);
    let wanted = wanted(&state, &view, options)?;
    if wanted.is_empty() {
        printer.say(&format!("run {} has locked no such Mac without a PIN", row.id));
        return Ok(Exit::Well);
    }
    if view.header.simulated {
        return Err(Failure::usage(format!(
            "run {} was made against a simulated tenant, which ended with it",
            row.id
        )));
    }
    let sealer = match Recipients::of_run(&view.header.encrypt_to)? {
        Some(recipients) => Some(recipients.sealer()?),
        None => None,
    };
    let read = runtime()?.block_on(async {
        let policy = &view.header.policy;
        let connection =
            connect_again(&view.header.base_url, timeout_ms(&given)?, &given, &profile)?;
        let quota = state.quota(&connection.base_url, policy.per_hour);
        let reads = reads_of(&connection, &quota, policy.per_second, &state.events);
        let mut recovery = Recovery { view: &view, reads, journal, sealer, printer, recovered: 0 };
        let ended = recovery.read_all(&wanted).await;
        recovery.count_requests()?;
        ended.map(|()| recovery.recovered)
    });
    rewrite(&state, &row)?;
    drop(hold);
    let body = serde_json::json!({
        "who": Operator::current().shown(), "asked": wanted.len(),
        "recovered": read.as_ref().ok(),
    });
    state.index().note(WallClock.now(), "recovered", Some(&row.id), &body)?;
    let recovered = read?;
    if recovered == wanted.len() {
        return Ok(Exit::Well);
    }
    let what = format!("{} of {} still without PIN", wanted.len() - recovered, wanted.len());
    Err(Failure::new(Exit::Partly, what)
        .state("what was found is in the journal, and the reports have been written again")
        .next(format!(
            "a PIN may appear when the Mac has taken the lock: sortie pins {} --recover",
            row.id
        )))
}

/// The run that is named, else the newest one that lacks a PIN.
fn run_of(state: &Workspace, options: &PinsOptions) -> Result<Option<RunRow>, Failure> {
    let name = match &options.run {
        Some(name) => name.clone(),
        None => match newest(state, options, |found| found.missing.is_some()) {
            Some((run, _)) => run,
            None => return Ok(None),
        },
    };
    Ok(Some(state.index().find_run(&name)?))
}

fn busy(error: JournalError, run: &str) -> Failure {
    let is_busy = matches!(error, JournalError::Busy { .. });
    let failure = Failure::from(error);
    if is_busy {
        return failure.next(format!(
            "the run reads missing PINs itself while it goes on; see them with: sortie pins {run}"
        ));
    }
    failure
}

/// The locks of a run that lack a PIN, those of one device where it is named.
fn wanted(
    state: &Workspace,
    view: &RunView,
    options: &PinsOptions,
) -> Result<Vec<TaskIndex>, Failure> {
    let of_device = match &options.device {
        None => None,
        Some(device) => Some(state.index().device_tasks(device)?),
    };
    let is_named = |task: TaskIndex| {
        of_device.as_ref().is_none_or(|events| {
            events.iter().any(|event| event.run == view.header.run.0 && event.task == task.0)
        })
    };
    let rows = view.rows();
    let tasks = (0..).map(TaskIndex).map_while(|task| Some((task, rows.get(task)?)));
    Ok(tasks
        .filter(|(task, row)| is_named(*task) && lacks_pin(row))
        .map(|(task, _)| task)
        .collect())
}

struct Recovery<'a> {
    view: &'a RunView,
    reads: Reads<ReadOnly<HttpTransport>, WallClock>,
    journal: RunJournal,
    sealer: Option<Sealer>,
    printer: &'a Printer,
    recovered: usize,
}

impl Recovery<'_> {
    async fn read_all(&mut self, wanted: &[TaskIndex]) -> Result<(), Failure> {
        for task in wanted {
            let device = &self.view.tasks[task.at()].device;
            let reading = match self.reads.read(&pin_request(&device.id), KIND).await {
                Ok(reply) => read_pin(&reply),
                // This concerns one device; everything else concerns all of them.
                Err(ReadError::Unusable(reason)) => {
                    PinReading::Unreadable { reason, is_forbidden: false }
                }
                Err(error) => return Err(failure_of(error)),
            };
            self.take(*task, reading)?;
        }
        Ok(())
    }

    /// Puts an answer into the journal, sealed, before anything is said about it.
    fn take(&mut self, task: TaskIndex, reading: PinReading) -> Result<(), Failure> {
        let device = &self.view.tasks[task.at()].device;
        let word = word_of(device);
        match reading {
            PinReading::Found { pin, .. } => {
                let pin = self.sealer.as_ref().map_or(pin.clone(), |sealer| sealer(&pin));
                let at = WallClock.now();
                let reading = PinReading::Found { pin, agrees: None };
                let mut entries = vec![Entry { at, event: Event::PinRead { task, reading } }];
                let record = &self.view.records[task.at()];
                let is_taken = record
                    .command
                    .as_ref()
                    .is_some_and(|seen| seen.status == CommandStatus::Completed);
                let may_be_older = !is_taken && !record.is_settled();
                if record.is_pin_missing() {
                    let outcome =
                        if is_taken { Outcome::Completed } else { Outcome::AlreadyInEffect };
                    let event = Event::Settled {
                        task,
                        outcome,
                        reason: "the PIN was recovered later".to_owned(),
                    };
                    entries.push(Entry { at, event });
                }
                self.journal.append(&entries, &RequestCounts::new())?;
                if may_be_older {
                    self.printer.say(&format!(
                        "{word}: the tenant shows a PIN, which may be that of an older lock: the Mac has not taken this one yet; it is kept, and read again by: sortie watch {}",
                        self.view.header.run
                    ));
                    return Ok(());
                }
                self.recovered += 1;
                let run = &self.view.header.run;
                self.printer.say(&format!(
                    "{word}: PIN recovered, see it with: sortie pins {run} --device {word}"
                ));
            }
            PinReading::Odd { pin, flaw } => {
                let pin = self.sealer.as_ref().map_or(pin.clone(), |sealer| sealer(&pin));
                let said =
                    format!("{word}: nothing found, what the tenant shows {flaw}; it is kept");
                let event = Event::PinRead { task, reading: PinReading::Odd { pin, flaw } };
                let entry = Entry { at: WallClock.now(), event };
                self.journal.append(&[entry], &RequestCounts::new())?;
                self.printer.say(&said);
            }
            // Only a run under way asks the state directory.
            PinReading::Known { .. } => {}
            PinReading::Nothing => {
                self.printer.say(&format!("{word}: nothing found, the tenant shows no PIN"));
            }
            PinReading::Unreadable { reason, .. } => {
                self.printer.say(&format!("{word}: nothing found, {reason}"));
            }
        }
        Ok(())
    }

    fn count_requests(&mut self) -> Result<(), Failure> {
        let requests = self.reads.finish()?;
        Ok(self.journal.append(&[], &requests)?)
    }
}

fn failure_of(error: ReadError) -> Failure {
    let is_permission = matches!(error, ReadError::Unauthorized(_) | ReadError::Forbidden(_));
    let failure = Failure::from(error).state(
        "what was found until then is in the journal, and the reports have been written again",
    );
    if is_permission {
        return failure.next("grant the token the permission to read device secrets (unlock PIN)");
    }
    failure
}

/// Writes the reports again, and the run's line in the list of runs.
fn rewrite(state: &Workspace, row: &RunRow) -> Result<(), Failure> {
    let view = RunView::read(&state.dir, &row.id)?;
    let mut counts = OutcomeCounts::default();
    view.records.iter().for_each(|record| counts.add(record.outcome()));
    let summary: Vec<String> =
        counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
    view.write(&view.header.report_dir, row.ended_at)?;
    state.index().set_run_state(&row.id, row.state, row.ended_at, &summary.join(", "))?;
    Ok(())
}
