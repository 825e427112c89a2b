//! What this state directory knows of Macs that are locked already.
//!
//! Owns the look through other runs on the same tenant: for the plan, which locks still wait for their Macs, and for a
//! run that finds a Mac locked, the PIN that is in force. Only reads. Must never take the PIN of one device, or of a lock
//! that came to nothing, for that of another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::planning::earlier::reader_of;
use crate::app::{AppEvent, Events, Workspace};
use crate::drive::Sealer;
use crate::engine::KnownPins;
use crate::journal::{DeviceEvent, Index, JournalError, RunHeader, RunState, StateDir};
use crate::kandji::find_action;
use crate::model::{DeviceId, KnownPin, Outcome, RunTasks, Task, TaskIndex, TaskRecord, Turn};

/// Devices that a note names.
const NAMED_MAX: usize = 3;

/// The PINs that a run may ask for when the API says that a Mac is locked already.
pub(crate) fn known_pins(
    workspace: &Workspace,
    header: &RunHeader,
    tasks: &RunTasks,
    sealer: Option<Sealer>,
) -> KnownPins {
    let source = Source {
        dir: workspace.dir.clone(),
        index: Arc::clone(&workspace.index),
        base_url: header.base_url.clone(),
        run: header.run.0.clone(),
        tasks: tasks.clone(),
        sealer,
        events: workspace.events.clone(),
    };
    Box::new(move |task| source.pin_of(task))
}

struct Source {
    dir: StateDir,
    index: Arc<Mutex<Index>>,
    base_url: String,
    /// The run that asks.
    run: String,
    tasks: RunTasks,
    sealer: Option<Sealer>,
    events: Events,
}

/// What the lock of another run says of the PIN that is in force.
#[derive(Debug, PartialEq, Eq)]
enum Earlier {
    /// It is this one.
    Is(KnownPin),
    /// The Mac may be locked by it, and its PIN is not known: those of older locks are void.
    Unknown,
    /// It locked nothing.
    Nothing,
}

impl Source {
    /// The PIN of the newest lock of a task's device that another run has sent.
    fn pin_of(&self, task: TaskIndex) -> Option<KnownPin> {
        // A task that cannot be used ends the run where it is sent.
        let task = self.tasks.get(task).ok()?;
        let device = &task.device.id;
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let events = index.device_tasks(device.as_str());
        drop(index);
        let events = events.unwrap_or_else(|error| {
            self.events.tell(&AppEvent::EarlierLocksUnknown {
                device: device.clone(),
                run: None,
                error,
            });
            Vec::new()
        });
        for event in events.iter().rev().filter(|event| event.run != self.run) {
            match self.lock_of(event, device) {
                Ok(Earlier::Is(known)) => return Some(self.sealed(known)),
                Ok(Earlier::Unknown) => return None,
                Ok(Earlier::Nothing) => {}
                Err(error) => self.events.tell(&AppEvent::EarlierLocksUnknown {
                    device: device.clone(),
                    run: Some(event.run.clone()),
                    error,
                }),
            }
        }
        None
    }

    fn lock_of(&self, event: &DeviceEvent, device: &DeviceId) -> Result<Earlier, JournalError> {
        let Some(reader) = reader_of(&self.dir, &event.run, &self.base_url)? else {
            return Ok(Earlier::Nothing);
        };
        let index = TaskIndex(event.task);
        let tasks = reader.tasks()?;
        let is_lock = |task: &&Task| task.device.id == *device && gives_pin(&task.action);
        let Some(task) = tasks.get(index.at()).filter(is_lock) else {
            return Ok(Earlier::Nothing);
        };
        let mut record = TaskRecord::new(task);
        let wanted = BTreeSet::from([index]);
        reader.for_each_entry_of(&wanted, |_, entry| record.apply(entry.at, &entry.event))?;
        Ok(earlier(&record, &event.run))
    }

    /// As this run seals, unless that run has sealed it already.
    fn sealed(&self, known: KnownPin) -> KnownPin {
        match &self.sealer {
            Some(sealer) if known.pin.expose().is_some() => {
                KnownPin { pin: sealer(&known.pin), ..known }
            }
            _ => known,
        }
    }
}

fn earlier(record: &TaskRecord, run: &str) -> Earlier {
    match record.outcome() {
        Outcome::Skipped | Outcome::NotAttempted | Outcome::Refused => return Earlier::Nothing,
        // The Mac itself said that it did not lock.
        Outcome::Failed if !record.is_pin_missing() => return Earlier::Nothing,
        Outcome::Failed | Outcome::InDoubt => return Earlier::Unknown,
        Outcome::Completed
        | Outcome::Accepted
        | Outcome::Pending
        | Outcome::NotNow
        | Outcome::AlreadyInEffect => {}
    }
    // What was pruned is empty.
    match record.first_pin().filter(|held| held.pin.expose() != Some("")) {
        Some(held) => Earlier::Is(KnownPin {
            pin: held.pin.clone(),
            run: held.run.clone().unwrap_or_else(|| run.to_owned()),
        }),
        None => Earlier::Unknown,
    }
}

fn gives_pin(action: &str) -> bool {
    find_action(action).is_ok_and(|action| action.gives_pin)
}

/// A note for the plan for each run whose locks of devices of a plan still wait for their Macs.
pub(crate) fn pending_locks<'a>(
    workspace: &Workspace,
    base_url: &str,
    tasks: impl Iterator<Item = &'a Task>,
) -> Result<Vec<String>, JournalError> {
    let wanted: BTreeMap<DeviceId, &str> = tasks
        .filter(|task| task.turn == Turn::Do && gives_pin(&task.action))
        .map(|task| (task.device.id.clone(), task.device.serial_number.as_str()))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let devices: BTreeSet<DeviceId> = wanted.keys().cloned().collect();
    let mut notes = Vec::new();
    for row in workspace.index().runs()?.iter().filter(|row| row.state != RunState::Finished) {
        let Some(reader) = reader_of(&workspace.dir, &row.id, base_url)? else { continue };
        let pending: BTreeSet<DeviceId> = reader
            .pending_on(&devices)?
            .into_iter()
            .filter(|(_, action)| gives_pin(action))
            .map(|(device, _)| device)
            .collect();
        if !pending.is_empty() {
            let serials: Vec<&str> = pending
                .iter()
                .take(NAMED_MAX)
                .filter_map(|device| wanted.get(device).copied())
                .collect();
            let more = if pending.len() > NAMED_MAX { ", ..." } else { "" };
            notes.push(format!(
                "{} already locked by run {}, and the lock is still pending ({}{more}): the tenant refuses a second lock, and the first PIN stays valid",
                counted(pending.len()),
                row.id,
                serials.join(", ")
            ));
        }
    }
    Ok(notes)
}

fn counted(devices: usize) -> String {
    if devices == 1 { "1 device was".to_owned() } else { format!("{devices} devices were") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, ApiRefusal, Event, Sealed, UnixMillis, Verdict};

    const TASK: TaskIndex = TaskIndex(0);

    fn pin() -> Sealed {
        Sealed::clear("012345".to_owned())
    }

    /// What a lock of another run says that was answered so and then ended so, if it ended.
    fn said(verdict: Verdict, ended: Option<(Outcome, &str)>) -> Earlier {
        let mut record = TaskRecord::default();
        let mut apply = |event: Event| record.apply(UnixMillis(1), &event);
        apply(Event::Intent { task: TASK, attempt: 1, pin: None, sends: None, lists: None });
        apply(Event::Answered { task: TASK, attempt: 1, http_status: Some(200), verdict });
        if let Some((outcome, reason)) = ended {
            apply(Event::Settled { task: TASK, outcome, reason: reason.to_owned() });
        }
        earlier(&record, "A")
    }

    #[test]
    fn the_newest_lock_that_may_hold_decides_which_pin_is_known() {
        let taken = || Verdict::Accepted(Answer { pin: Some(pin()), ..Answer::default() });
        let without = || Verdict::Accepted(Answer::default());
        let refused = || Verdict::Refused { kind: ApiRefusal::Rejected, reason: String::new() };
        let known = || Earlier::Is(KnownPin { pin: pin(), run: "A".to_owned() });
        assert_eq!(said(taken(), None), known());
        assert_eq!(said(taken(), Some((Outcome::Completed, ""))), known());
        assert_eq!(said(taken(), Some((Outcome::Failed, "the Mac said no"))), Earlier::Nothing);
        assert_eq!(said(refused(), Some((Outcome::Refused, ""))), Earlier::Nothing);
        assert_eq!(said(without(), None), Earlier::Unknown);
        let missing = Some((Outcome::Failed, "pin_missing: none came"));
        assert_eq!(said(without(), missing), Earlier::Unknown);
        let pruned = Answer { pin: Some(Sealed::clear(String::new())), ..Answer::default() };
        assert_eq!(said(Verdict::Accepted(pruned), None), Earlier::Unknown);
    }

    #[test]
    fn a_pin_that_a_run_had_from_another_one_keeps_its_origin() {
        let mut record = TaskRecord::default();
        let in_effect = Verdict::InEffect { reason: String::new() };
        let reading = crate::model::PinReading::Known { pin: pin(), run: "A".to_owned() };
        for event in [
            Event::Intent { task: TASK, attempt: 1, pin: None, sends: None, lists: None },
            Event::Answered { task: TASK, attempt: 1, http_status: Some(400), verdict: in_effect },
            Event::PinRead { task: TASK, reading },
        ] {
            record.apply(UnixMillis(1), &event);
        }
        let known = KnownPin { pin: pin(), run: "A".to_owned() };
        assert_eq!(earlier(&record, "B"), Earlier::Is(known));
    }
}
