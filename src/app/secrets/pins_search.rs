//! Finding the PINs of runs.
//!
//! Owns which runs and tasks are searched. Must never hand out a secret: what is found is hidden.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::pins_found::{HiddenValue, TaskPins, arrange, open};
use super::reason::SecretsReason;
use super::sealing::{Identities, Recipients};
use crate::app::refusal::Reason;
use crate::app::runs::run_view::RunView;
use crate::app::{AppEvent, Workspace};
use crate::journal::{Distrust, RunReader};
use crate::kandji::find_action;
use crate::model::{Risk, TaskIndex};

/// Which PINs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinsRequest {
    /// Id of the run or group, a unique prefix, or `latest`. `None` for the newest run that has PINs, or for all runs where a device
    /// is named.
    pub run: Option<String>,
    /// Id, serial number, name or user of a device; `None` for all devices of the run.
    pub device: Option<String>,
    /// Whether secrets that were captured before an erase or a delete are wanted too.
    pub with_secrets: bool,
    /// File with private keys, which decrypt what is encrypted; `None` leaves it encrypted.
    pub identity: Option<PathBuf>,
}

impl Workspace {
    /// Finds PINs: locks without PIN first, then device by device, the PIN to try first in front. The secrets stay hidden
    /// until [`super::PinsViewer`] reveals them.
    ///
    /// # Errors
    /// There is no such run or device, a run cannot be read, or the identity file opens nothing.
    pub fn pins(&self, request: &PinsRequest) -> Result<Vec<TaskPins<HiddenValue>>, Reason> {
        let named = request.run.as_deref().map(|run| self.index().group_named(run)).transpose()?;
        let mut found = Vec::new();
        match named.flatten() {
            Some(group) => {
                for run in group.runs() {
                    let of_run = PinsRequest { run: Some(run.to_owned()), ..request.clone() };
                    found.extend(self.found_pins(&of_run)?);
                }
            }
            None => found = self.found_pins(request)?,
        }
        arrange(&mut found);
        if let Some(path) = request.identity.as_ref().filter(|_| !found.is_empty()) {
            open(&mut found, &Identities::read(path)?)?;
        }
        Ok(found)
    }

    fn found_pins(&self, request: &PinsRequest) -> Result<Vec<TaskPins<HiddenValue>>, Reason> {
        Ok(match (&request.run, &request.device) {
            (Some(run), None) => {
                let row = self.index().find_run(run)?;
                of_run(self, &row.id, request)?
            }
            (run, Some(device)) => of_device(self, run.as_deref(), device, request)?,
            (None, None) => {
                newest(self, request, |_| true).map(|(_, found)| found).unwrap_or_default()
            }
        })
    }

    /// The keys to which a run encrypts, with the run's id.
    ///
    /// # Errors
    /// There is no such run, it cannot be read, or it encrypts to no keys.
    pub fn keys_of_run(&self, run: &str) -> Result<(Recipients, String), Reason> {
        let run = self.index().find_run(run)?.id;
        let header = RunReader::open(&self.dir, &run)?.header()?;
        let texts = header.map(|header| header.encrypt_to).unwrap_or_default();
        match Recipients::of_run(&texts)? {
            Some(recipients) => Ok((recipients, run)),
            None => Err(SecretsReason::NoKeys { run }.into()),
        }
    }
}

fn of_run(
    workspace: &Workspace,
    run: &str,
    request: &PinsRequest,
) -> Result<Vec<TaskPins<HiddenValue>>, Distrust> {
    Ok(of_view(&RunView::read(&workspace.dir, run)?, |_| true, request))
}

pub(super) fn of_view(
    view: &RunView,
    is_wanted: impl Fn(TaskIndex) -> bool,
    request: &PinsRequest,
) -> Vec<TaskPins<HiddenValue>> {
    let rows = view.rows();
    (0..)
        .map(TaskIndex)
        .map_while(|task| Some((task, rows.get(task)?)))
        .filter(|(task, _)| is_wanted(*task))
        .map(|(task, row)| TaskPins::of(&view.header, task, &row))
        .map(|found| TaskPins {
            secrets: if request.with_secrets { found.secrets } else { Vec::new() },
            ..found
        })
        .filter(TaskPins::is_worth_showing)
        .collect()
}

fn of_device(
    workspace: &Workspace,
    run: Option<&str>,
    device: &str,
    request: &PinsRequest,
) -> Result<Vec<TaskPins<HiddenValue>>, Reason> {
    let run = run.map(|run| workspace.index().find_run(run)).transpose()?.map(|row| row.id);
    let mut by_run: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for event in workspace.index().device_tasks(device)? {
        if run.as_ref().is_none_or(|run| *run == event.run) {
            by_run.entry(event.run).or_default().push(event.task);
        }
    }
    if by_run.is_empty() {
        let (device, state_directory) = (device.to_owned(), workspace.path().to_owned());
        return Err(SecretsReason::DeviceWithoutTask { device, run, state_directory }.into());
    }
    let mut found = Vec::new();
    for (run, tasks) in by_run {
        match RunView::read(&workspace.dir, &run) {
            Ok(view) => found.extend(of_view(&view, |task| tasks.contains(&task.0), request)),
            // The PIN that is wanted may be in another run.
            Err(error) => {
                workspace.events.tell(&AppEvent::RunLeftOut { run, reason: error.into() });
            }
        }
    }
    Ok(found)
}

/// The newest run with something that fits. Runs that cannot be read are skipped.
pub(super) fn newest(
    workspace: &Workspace,
    request: &PinsRequest,
    fits: impl Fn(&TaskPins<HiddenValue>) -> bool,
) -> Option<(String, Vec<TaskPins<HiddenValue>>)> {
    let runs = workspace.index().runs().unwrap_or_default();
    runs.into_iter().find_map(|run| {
        let actions = RunReader::open(&workspace.dir, &run.id).and_then(|reader| reader.actions());
        if !actions.ok()?.iter().any(|action| may_hold_secrets(action)) {
            return None;
        }
        let found = of_run(workspace, &run.id, request).ok()?;
        found.iter().any(&fits).then_some((run.id, found))
    })
}

fn may_hold_secrets(action: &str) -> bool {
    find_action(action).is_ok_and(|action| {
        action.gives_pin || action.takes_pin.is_some() || action.risk == Risk::Irreversible
    })
}
