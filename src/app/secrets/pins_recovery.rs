//! Asking the tenant for PINs that are missing.
//!
//! Owns what becomes of the answers. Only reads the tenant, and must never write into the journal of a run
//! that another process drives.

use super::pins_found::lacks_pin;
use super::pins_search::{PinsRequest, newest};
use super::pins_shown::note_page;
use super::reason::SecretsReason;
use super::recovered_pin::{PinRecovery, RecoveredPin};
use super::sealing::Recipients;
use crate::app::operator::Operator;
use crate::app::outside::ReadReason;
use crate::app::planning::make::reads_of;
use crate::app::refusal::Reason;
use crate::app::runs::opened_run_reason::OpeningPurpose;
use crate::app::runs::run_view::RunView;
use crate::app::runs::trust::{open_run, refuse_simulated};
use crate::app::settings::ReportForm;
use crate::app::tenant::{Connection, TenantRequest};
use crate::app::{AppEvent, Events, Workspace};
use crate::drive::{Clock, ReadError, Reads, Sealer, WallClock};
use crate::journal::{JournalError, RequestCounts, RunJournal, RunRow};
use crate::kandji::{pin_request, read_pin};
use crate::model::{
    CommandStatus, Entry, Event, Outcome, OutcomeCounts, PinReading, Sealed, TaskIndex,
};
use crate::transport::{HttpTransport, ReadOnly};

/// What these requests are counted as.
const KIND: &str = "pin";

/// Which missing PINs the tenant is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryRequest {
    /// Id of the run, a unique prefix, or `latest`; `None` for the newest run that lacks a PIN.
    pub run: Option<String>,
    /// Id, serial number, name or user of a device; `None` for all devices of the run.
    pub device: Option<String>,
}

/// How a recovery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryEnd {
    /// No run lacks a PIN.
    NoRunLacksPins,
    /// The run does not lack the PINs that were asked for.
    NothingLacks {
        /// Id of the run.
        run: String,
    },
    /// The tenant was asked.
    Asked {
        /// Id of the run.
        run: String,
        /// Number of locks whose PIN the tenant was asked for.
        asked: usize,
        /// Number of PINs that were recovered.
        recovered: usize,
    },
}

impl Workspace {
    /// Asks the run's tenant for the PINs of Macs that the run locked and that have none. Each answer is reported as
    /// [`AppEvent::PinRecovered`]. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// There is no such run, it is not what sortie wrote, another process drives it, or the tenant cannot be reached with
    /// what `tenant` names.
    pub async fn recover_pins(
        &self,
        request: &RecoveryRequest,
        tenant: &TenantRequest,
    ) -> Result<RecoveryEnd, Reason> {
        let Some(row) = run_of(self, request)? else { return Ok(RecoveryEnd::NoRunLacksPins) };
        let hold = self.dir.hold_run(&row.id).map_err(busy)?;
        let run = open_run(self, &row.id)?.follow(|_| {})?;
        let journal = RunJournal::go_on(&self.dir, &run)?;
        let view = RunView::of(run);
        let wanted = wanted(self, &view, request)?;
        if wanted.is_empty() {
            return Ok(RecoveryEnd::NothingLacks { run: row.id });
        }
        refuse_simulated(&view.header, OpeningPurpose::RecoverPins)?;
        let sealer = sealer_of(&view)?;
        let read = match Connection::of_run(&view.header.base_url, tenant.timeout_ms, tenant) {
            Ok(connection) => {
                let policy = &view.header.policy;
                let quota = self.quota(&connection.base_url, policy.per_hour);
                let reads = reads_of(&connection, &quota, policy.per_second, &self.events);
                let events = &self.events;
                Recovery { view: &view, reads, journal, sealer, events }.run(&wanted).await
            }
            Err(reason) => Err(reason),
        };
        rewrite(self, &row)?;
        drop(hold);
        let body = serde_json::json!({
            "who": Operator::current().shown(), "asked": wanted.len(),
            "recovered": read.as_ref().ok(),
        });
        self.index().note(WallClock.now(), "recovered", Some(&row.id), &body)?;
        Ok(RecoveryEnd::Asked { run: row.id, asked: wanted.len(), recovered: read? })
    }
}

/// The run that is named, else the newest one that lacks a PIN.
fn run_of(workspace: &Workspace, request: &RecoveryRequest) -> Result<Option<RunRow>, Reason> {
    let name = match &request.run {
        Some(name) => name.clone(),
        None => match newest(workspace, &PinsRequest::default(), |found| found.lack.is_some()) {
            Some((run, _)) => run,
            None => return Ok(None),
        },
    };
    Ok(Some(workspace.index().find_run(&name)?))
}

fn busy(error: JournalError) -> Reason {
    match error {
        JournalError::Busy { run } => SecretsReason::RunUnderWay { run }.into(),
        error => error.into(),
    }
}

/// What seals to the run's own keys.
fn sealer_of(view: &RunView) -> Result<Option<Sealer>, SecretsReason> {
    let recipients = Recipients::of_run(&view.header.encrypt_to)?;
    recipients.map(|keys| keys.sealer()).transpose()
}

/// The locks of a run that lack a PIN, those of one device where it is named.
fn wanted(
    workspace: &Workspace,
    view: &RunView,
    request: &RecoveryRequest,
) -> Result<Vec<TaskIndex>, JournalError> {
    let of_device = match &request.device {
        None => None,
        Some(device) => Some(workspace.index().device_tasks(device)?),
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
    events: &'a Events,
}

impl Recovery<'_> {
    /// Asks for the PINs of these tasks, and counts the requests however that ends; how many PINs were recovered.
    async fn run(mut self, wanted: &[TaskIndex]) -> Result<usize, Reason> {
        let ended = self.read_all(wanted).await;
        let requests = self.reads.finish()?;
        self.journal.append(&[], &requests)?;
        ended
    }

    async fn read_all(&mut self, wanted: &[TaskIndex]) -> Result<usize, Reason> {
        let mut recovered = 0;
        for task in wanted {
            let device = &self.view.tasks[task.at()].device;
            let reading = match self.reads.read(&pin_request(&device.id), KIND).await {
                Ok(reply) => read_pin(&reply),
                // This concerns one device; every other failure concerns all of them.
                Err(ReadError::Unusable(reason)) => {
                    PinReading::Unreadable { reason, is_forbidden: false }
                }
                Err(error) => {
                    return Err(SecretsReason::RecoveryStopped {
                        cause: ReadReason::Failed(error),
                    }
                    .into());
                }
            };
            let Some(found) = self.keep(*task, reading)? else { continue };
            recovered += usize::from(found == RecoveredPin::Found);
            let (run, device) = (self.view.header.run.0.clone(), device.clone());
            self.events.tell(&AppEvent::PinRecovered(PinRecovery { run, device, found }));
        }
        Ok(recovered)
    }

    /// Puts an answer into the journal, sealed, before anything is said about it.
    fn keep(
        &mut self,
        task: TaskIndex,
        reading: PinReading,
    ) -> Result<Option<RecoveredPin>, JournalError> {
        let at = WallClock.now();
        let sealed =
            |pin: &Sealed| self.sealer.as_ref().map_or_else(|| pin.clone(), |sealer| sealer(pin));
        match reading {
            PinReading::Found { pin, .. } => {
                let reading = PinReading::Found { pin: sealed(&pin), agrees: None };
                let mut entries = vec![Entry { at, event: Event::PinRead { task, reading } }];
                let (settled, found) = self.outcome_of(task);
                entries.extend(settled.map(|event| Entry { at, event }));
                self.journal.append(&entries, &RequestCounts::new())?;
                Ok(Some(found))
            }
            PinReading::Odd { pin, flaw } => {
                let reading = PinReading::Odd { pin: sealed(&pin), flaw: flaw.clone() };
                let entry = Entry { at, event: Event::PinRead { task, reading } };
                self.journal.append(&[entry], &RequestCounts::new())?;
                Ok(Some(RecoveredPin::Odd { flaw }))
            }
            // Only a run in progress asks the state directory.
            PinReading::Known { .. } => Ok(None),
            PinReading::Nothing => Ok(Some(RecoveredPin::Nothing)),
            PinReading::Unreadable { reason, .. } => Ok(Some(RecoveredPin::Unreadable { reason })),
        }
    }

    /// The end that a PIN gives its task, and what kind of find it is.
    fn outcome_of(&self, task: TaskIndex) -> (Option<Event>, RecoveredPin) {
        let record = &self.view.records[task.at()];
        let is_taken =
            record.command.as_ref().is_some_and(|seen| seen.status == CommandStatus::Completed);
        let found = match is_taken || record.is_settled() {
            true => RecoveredPin::Found,
            false => RecoveredPin::MayBeOlder,
        };
        let outcome = if is_taken { Outcome::Completed } else { Outcome::AlreadyInEffect };
        let reason = "the PIN was recovered later".to_owned();
        let settled = Event::Settled { task, outcome, reason };
        (record.is_pin_missing().then_some(settled), found)
    }
}

/// Writes the reports again, and the run's line in the list of runs.
fn rewrite(workspace: &Workspace, row: &RunRow) -> Result<(), Reason> {
    let view = RunView::read(&workspace.dir, &row.id)?;
    let mut counts = OutcomeCounts::default();
    view.records.iter().for_each(|record| counts.add(record.outcome()));
    let summary: Vec<String> =
        counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
    note_page(workspace, &view, &ReportForm::of(&view.header));
    view.write(&view.header.report_dir, row.ended_at)?;
    workspace.index().set_run_state(&row.id, row.state, row.ended_at, &summary.join(", "))?;
    Ok(())
}
