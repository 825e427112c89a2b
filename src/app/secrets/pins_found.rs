//! Finding the PINs of runs.
//!
//! Owns which tasks have PINs, which lack one, and which PIN is to be tried first. Must never print one.

use std::collections::BTreeMap;

use crate::app::Workspace;
use crate::app::runs::run_view::RunView;
use crate::app::secrets::sealing::{Identities, OpenError};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::PinsOptions;
use crate::cli::terminal::printer::Printer;
use crate::journal::RunReader;
use crate::kandji::find_action;
use crate::model::{
    DeviceFacts, HeldPin, Outcome, ParamValue, Platform, Risk, Sealed, Secret, Task, TaskIndex,
    UnixMillis,
};
use crate::report::ReportRow;

/// A task with its PINs, or the lock of a Mac that has none.
pub(crate) struct Found {
    pub run: String,
    pub task: TaskIndex,
    pub device: DeviceFacts,
    pub action: String,
    pub outcome: Outcome,
    pub requested_at: Option<UnixMillis>,
    /// Newest first.
    pub pins: Vec<FoundPin>,
    /// Why a lock has none.
    pub missing: Option<String>,
    pub secrets: Vec<FoundSecret>,
}

/// A PIN.
pub(crate) struct FoundPin {
    pub value: Kept,
    pub origin: String,
    pub at: Option<UnixMillis>,
    pub is_verified: bool,
    /// It has not the form of a PIN.
    pub is_odd: bool,
    /// Of all PINs of its device, the one to try first.
    pub is_first: bool,
}

/// A secret that was captured.
pub(crate) struct FoundSecret {
    pub name: String,
    pub value: Kept,
}

/// Something that is sealed, and why it cannot be read where it cannot.
pub(crate) struct Kept {
    sealed: Sealed,
    closed: &'static str,
}

impl Kept {
    fn new(sealed: &Sealed) -> Self {
        Self { sealed: sealed.clone(), closed: "encrypted" }
    }

    /// The text, or why it cannot be read.
    pub(crate) fn read(&self) -> Result<&str, &'static str> {
        self.sealed.expose().ok_or(self.closed)
    }
}

impl Found {
    fn of(run: &str, task: TaskIndex, row: &ReportRow<'_>) -> Self {
        let record = row.record();
        let held = |held: &HeldPin| FoundPin {
            value: Kept::new(&held.pin),
            origin: origin_of(held),
            at: Some(held.at),
            is_verified: held.is_verified,
            is_odd: held.flaw.is_some(),
            is_first: false,
        };
        let mut pins: Vec<FoundPin> = record.pins.iter().map(held).collect();
        if record.may_be_applied() {
            pins.extend(given_pins(row.task(), record.requested_at));
        }
        let secret = |secret: &Secret| FoundSecret {
            name: secret.name.clone(),
            value: Kept::new(&secret.value),
        };
        Self {
            run: run.to_owned(),
            task,
            device: row.device().clone(),
            action: row.action().to_owned(),
            outcome: row.outcome(),
            requested_at: record.requested_at,
            pins,
            missing: lacks_pin(row).then(|| reason_of_lack(row)),
            secrets: record.secrets.iter().map(secret).collect(),
        }
    }

    fn is_worth_showing(&self, options: &PinsOptions) -> bool {
        let has_secrets = options.secrets && !self.secrets.is_empty();
        !self.pins.is_empty() || self.missing.is_some() || has_secrets
    }

    /// PINs and secrets.
    fn kept(&mut self) -> impl Iterator<Item = &mut Kept> {
        let pins = self.pins.iter_mut().map(|pin| &mut pin.value);
        pins.chain(self.secrets.iter_mut().map(|secret| &mut secret.value))
    }

    /// How many of its PINs and secrets can be read.
    pub(crate) fn readable(&self) -> usize {
        self.values().filter(|value| value.read().is_ok()).count()
    }

    /// How many of its PINs and secrets cannot be read.
    pub(crate) fn closed(&self) -> usize {
        self.values().filter(|value| value.read().is_err()).count()
    }

    fn values(&self) -> impl Iterator<Item = &Kept> {
        let pins = self.pins.iter().map(|pin| &pin.value);
        pins.chain(self.secrets.iter().map(|secret| &secret.value))
    }
}

/// Where a PIN came from, and what speaks against it.
fn origin_of(held: &HeldPin) -> String {
    match &held.flaw {
        Some(flaw) => format!("{}, no PIN: it {flaw}", held.origin.word()),
        None if held.may_be_older => "may be of an older lock".to_owned(),
        None if held.run.is_some() => {
            format!("lock by run {}", held.run.as_deref().unwrap_or_default())
        }
        None => held.origin.word().to_owned(),
    }
}

/// PINs that the job gave and that have been sent.
fn given_pins(task: &Task, at: Option<UnixMillis>) -> impl Iterator<Item = FoundPin> {
    task.params.values().filter_map(move |value| match value {
        ParamValue::Secret(pin) => Some(FoundPin {
            value: Kept::new(pin),
            origin: "given by the job".to_owned(),
            at,
            is_verified: false,
            is_odd: false,
            is_first: false,
        }),
        _ => None,
    })
}

/// Whether a Mac may be locked and no PIN of it is known: also one whose lock is in doubt.
pub(crate) fn lacks_pin(row: &ReportRow<'_>) -> bool {
    let is_lock = row.device().platform == Platform::Mac
        && find_action(row.action()).is_ok_and(|action| action.gives_pin);
    let is_doubt = row.outcome() == Outcome::InDoubt && row.record().pin().is_none();
    row.lacks_pin() || (is_lock && is_doubt)
}

fn reason_of_lack(row: &ReportRow<'_>) -> String {
    let reason = row.reason();
    match reason.as_ref() {
        "" => row.outcome().word().to_owned(),
        reason if row.is_pin_missing() => reason.to_owned(),
        reason => format!("{}: {reason}", row.outcome()),
    }
}

/// What the options ask for: the finds of one run, or those of a device over all runs.
pub(crate) fn find(
    state: &Workspace,
    options: &PinsOptions,
    printer: &Printer,
) -> Result<Vec<Found>, Failure> {
    let mut found = match (&options.run, &options.device) {
        (Some(run), None) => {
            let row = state.index().find_run(run)?;
            of_run(state, &row.id, options)?
        }
        (run, Some(device)) => of_device(state, run.as_deref(), device, options, printer)?,
        (None, None) => {
            newest(state, options, |_| true).map(|(_, found)| found).unwrap_or_default()
        }
    };
    arrange(&mut found);
    Ok(found)
}

fn of_run(state: &Workspace, run: &str, options: &PinsOptions) -> Result<Vec<Found>, Failure> {
    Ok(of_view(&RunView::read(&state.dir, run)?, |_| true, options))
}

fn of_view(
    view: &RunView,
    is_wanted: impl Fn(TaskIndex) -> bool,
    options: &PinsOptions,
) -> Vec<Found> {
    let rows = view.rows();
    (0..)
        .map(TaskIndex)
        .map_while(|task| Some((task, rows.get(task)?)))
        .filter(|(task, _)| is_wanted(*task))
        .map(|(task, row)| Found::of(&view.header.run.0, task, &row))
        .map(|found| Found {
            secrets: if options.secrets { found.secrets } else { Vec::new() },
            ..found
        })
        .filter(|found| found.is_worth_showing(options))
        .collect()
}

fn of_device(
    state: &Workspace,
    run: Option<&str>,
    device: &str,
    options: &PinsOptions,
    printer: &Printer,
) -> Result<Vec<Found>, Failure> {
    let run = run.map(|run| state.index().find_run(run)).transpose()?.map(|row| row.id);
    let mut by_run: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for event in state.index().device_tasks(device)? {
        if run.as_ref().is_none_or(|run| *run == event.run) {
            by_run.entry(event.run).or_default().push(event.task);
        }
    }
    if by_run.is_empty() {
        let place = run.map_or_else(
            || format!("the runs of {}", state.dir.path().display()),
            |run| format!("run {run}"),
        );
        return Err(Failure::new(Exit::Target, format!("no task for '{device}' in {place}"))
            .next("give an id, a serial number, a name or a user's address in full"));
    }
    let mut found = Vec::new();
    for (run, tasks) in by_run {
        match RunView::read(&state.dir, &run) {
            Ok(view) => found.extend(of_view(&view, |task| tasks.contains(&task.0), options)),
            // The PIN that is looked for may stand in another run.
            Err(error) => printer.warn(&format!("run {run} is left out: {error}")),
        }
    }
    Ok(found)
}

/// The newest run with something that fits. Runs that cannot be read are passed over.
pub(crate) fn newest(
    state: &Workspace,
    options: &PinsOptions,
    fits: impl Fn(&Found) -> bool,
) -> Option<(String, Vec<Found>)> {
    let runs = state.index().runs().unwrap_or_default();
    runs.into_iter().find_map(|run| {
        let actions = RunReader::open(&state.dir, &run.id).and_then(|reader| reader.actions());
        if !actions.ok()?.iter().any(|action| may_hold_secrets(action)) {
            return None;
        }
        let found = of_run(state, &run.id, options).ok()?;
        found.iter().any(&fits).then_some((run.id, found))
    })
}

fn may_hold_secrets(action: &str) -> bool {
    find_action(action).is_ok_and(|action| {
        action.gives_pin || action.takes_pin.is_some() || action.risk == Risk::Irreversible
    })
}

/// Locks without PIN first, then device by device in the order of the plan, each with its newest first; marks
/// the PIN to try first.
fn arrange(found: &mut [Found]) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for found in found.iter() {
        let next = places.len();
        places.entry(found.device.id.to_string()).or_insert(next);
    }
    // A request that was refused changed nothing, so its PIN is the last to try.
    let rank = |found: &Found| {
        let is_unlikely = matches!(found.outcome, Outcome::Refused | Outcome::NotAttempted);
        (is_unlikely, std::cmp::Reverse(found.pins.first().and_then(|pin| pin.at)))
    };
    found.sort_by_cached_key(|found| {
        (found.missing.is_none(), places.get(found.device.id.as_str()).copied(), rank(found))
    });
    let mut marked = std::collections::BTreeSet::new();
    for found in found.iter_mut() {
        if let Some(pin) = found.pins.first_mut().filter(|pin| !pin.is_odd) {
            pin.is_first = marked.insert(found.device.id.to_string());
        }
    }
}

/// Opens what is encrypted, as far as these keys can.
pub(crate) fn open(found: &mut [Found], identities: &Identities) -> Result<(), Failure> {
    let (mut opened, mut strange) = (0_usize, 0_usize);
    for kept in found.iter_mut().flat_map(Found::kept) {
        if kept.sealed.expose().is_some() {
            continue;
        }
        match identities.open(&kept.sealed) {
            Ok(sealed) => {
                opened += 1;
                kept.sealed = sealed;
            }
            Err(OpenError::OtherKey) => {
                strange += 1;
                kept.closed = "encrypted to other keys";
            }
            Err(OpenError::Damaged(_)) => kept.closed = "damaged",
        }
    }
    if opened == 0 && strange > 0 {
        return Err(Failure::usage(
            "the identity file opens none of them: they are encrypted to other keys",
        )
        .next("use the file of one of those whose keys encrypt_to named when the run began"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceId;

    fn found(device: &str, outcome: Outcome, pins_at: &[i64]) -> Found {
        let pin = |at: &i64| FoundPin {
            value: Kept::new(&Sealed::clear(at.to_string())),
            origin: "answer".to_owned(),
            at: Some(UnixMillis(*at)),
            is_verified: false,
            is_odd: false,
            is_first: false,
        };
        Found {
            run: "R".to_owned(),
            task: TaskIndex(0),
            device: DeviceFacts {
                id: DeviceId::from_api(device),
                serial_number: device.to_owned(),
                name: String::new(),
                user_email: String::new(),
                platform: Platform::Mac,
                ..DeviceFacts::default()
            },
            action: "lock".to_owned(),
            outcome,
            requested_at: None,
            pins: pins_at.iter().map(pin).collect(),
            missing: pins_at.is_empty().then(|| "none came".to_owned()),
            secrets: Vec::new(),
        }
    }

    #[test]
    fn locks_without_pin_come_first_and_the_newest_pin_of_a_device_is_tried_first() {
        let mut all = [
            found("b", Outcome::Completed, &[5]),
            found("a", Outcome::Completed, &[7, 3]),
            found("a", Outcome::Refused, &[9]),
            found("a", Outcome::Pending, &[8]),
            found("z", Outcome::Failed, &[]),
        ];
        arrange(&mut all);
        let order: Vec<(&str, Vec<(&str, bool)>)> = all
            .iter()
            .map(|found| {
                let pins = found.pins.iter();
                let pins = pins.map(|pin| (pin.value.read().expect("clear"), pin.is_first));
                (found.device.serial_number.as_str(), pins.collect())
            })
            .collect();
        assert_eq!(
            order,
            [
                ("z", vec![]),
                ("b", vec![("5", true)]),
                ("a", vec![("8", true)]),
                ("a", vec![("7", false), ("3", false)]),
                ("a", vec![("9", false)]),
            ]
        );
    }
}
