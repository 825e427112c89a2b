//! PINs of runs, as they are found.
//!
//! Owns which tasks have PINs, which lack one, and which PIN is to be tried first. Must never hand out a secret: a hidden value
//! says nothing of itself but whether it can be read.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reason::SecretsReason;
use super::sealing::{Identities, OpenError};
use crate::journal::RunHeader;
use crate::kandji::find_action;
use crate::model::{
    DeviceFacts, HeldPin, Outcome, ParamValue, PinOrigin, Platform, Sealed, Secret, Task,
    TaskIndex, UnixMillis,
};
use crate::report::ReportRow;

/// A task with its PINs, or the lock of a Mac that has none. `V` is [`HiddenValue`] until the secrets are revealed.
pub struct TaskPins<V> {
    /// Id of the run.
    pub run: String,
    /// Name of its job.
    pub job: String,
    /// Why the job is done, where its author said so.
    pub purpose: Option<String>,
    /// The task within the run.
    pub task: TaskIndex,
    /// The device, as the run planned it.
    pub device: Arc<DeviceFacts>,
    /// The action that set the PIN.
    pub action: String,
    /// How the task ended so far.
    pub outcome: Outcome,
    /// When the request left; `None` where none did.
    pub requested_at: Option<UnixMillis>,
    /// Its PINs, newest first.
    pub pins: Vec<FoundPin<V>>,
    /// Why a lock has no PIN; `None` where it has one or needs none.
    pub lack: Option<PinLack>,
    /// Secrets that were captured before an erase or a delete; empty unless asked for.
    pub secrets: Vec<FoundSecret<V>>,
}

/// A PIN of a task.
pub struct FoundPin<V> {
    /// The PIN, sealed or unencrypted.
    pub value: V,
    /// Where it came from.
    pub source: PinProvenance,
    /// When the PIN was received.
    pub at: Option<UnixMillis>,
    /// Whether the tenant showed the same PIN.
    pub is_verified: bool,
    /// Whether it is the one to try first, of all PINs of its device.
    pub is_first: bool,
}

/// A secret that was captured.
pub struct FoundSecret<V> {
    /// The API's name of the secret.
    pub name: String,
    /// The secret, sealed or unencrypted.
    pub value: V,
}

/// Where a PIN came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinProvenance {
    /// The job gave it, and it was sent.
    GivenByJob,
    /// The run holds it.
    Held {
        /// What it came with.
        origin: PinOrigin,
        /// Why it cannot be a PIN.
        flaw: Option<String>,
        /// Whether it may belong to an older lock.
        may_be_older: bool,
        /// Id of the run whose lock it belongs to, where that is another one.
        run: Option<String>,
    },
}

impl PinProvenance {
    pub(super) fn is_odd(&self) -> bool {
        matches!(self, Self::Held { flaw: Some(_), .. })
    }
}

/// Why a lock has no PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinLack {
    /// The reason of the task's outcome; may be empty.
    pub reason: String,
    /// Whether that reason is the missing PIN itself.
    pub is_pin_missing: bool,
}

/// A secret that is not revealed.
pub struct HiddenValue {
    pub(super) sealed: Sealed,
    pub(super) closed: WhyClosed,
}

/// Why a secret cannot be read.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyClosed {
    /// It is encrypted, and no identity file was given.
    Encrypted,
    /// It is encrypted to other keys than those of the identity file.
    OtherKeys,
    /// Its text is damaged.
    Damaged,
}

impl HiddenValue {
    fn new(sealed: &Sealed) -> Self {
        Self { sealed: sealed.clone(), closed: WhyClosed::Encrypted }
    }

    /// Whether it can be read once it is revealed.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.sealed.expose().is_some()
    }
}

impl TaskPins<HiddenValue> {
    pub(super) fn of(header: &RunHeader, task: TaskIndex, row: &ReportRow<'_>) -> Self {
        let record = row.record();
        let held = |held: &HeldPin| FoundPin {
            value: HiddenValue::new(&held.pin),
            source: PinProvenance::Held {
                origin: held.origin,
                flaw: held.flaw.clone(),
                may_be_older: held.may_be_older,
                run: held.run.clone(),
            },
            at: Some(held.at),
            is_verified: held.is_verified,
            is_first: false,
        };
        let mut pins: Vec<_> = record.pins.iter().map(held).collect();
        if record.may_be_applied() {
            pins.extend(given_pins(row.task(), record.requested_at));
        }
        let secret = |secret: &Secret| FoundSecret {
            name: secret.name.clone(),
            value: HiddenValue::new(&secret.value),
        };
        let lack =
            || PinLack { reason: row.reason().into_owned(), is_pin_missing: row.is_pin_missing() };
        Self {
            run: header.run.0.clone(),
            job: header.job.clone(),
            purpose: header.reason.clone(),
            task,
            device: Arc::clone(&row.task().device),
            action: row.action().to_owned(),
            outcome: row.outcome(),
            requested_at: record.requested_at,
            pins,
            lack: lacks_pin(row).then(lack),
            secrets: record.secrets.iter().map(secret).collect(),
        }
    }

    pub(super) fn is_worth_showing(&self) -> bool {
        !self.pins.is_empty() || self.lack.is_some() || !self.secrets.is_empty()
    }

    /// How many of its PINs and secrets can be read.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.values().filter(|value| value.is_readable()).count()
    }

    /// How many of its PINs can be read and were not pruned.
    #[must_use]
    pub fn readable_pins(&self) -> usize {
        let is_there = |pin: &&FoundPin<HiddenValue>| {
            pin.value.sealed.expose().is_some_and(|it| !it.is_empty())
        };
        self.pins.iter().filter(is_there).count()
    }

    /// How many of its captured secrets can be read and were not pruned.
    #[must_use]
    pub fn readable_secrets(&self) -> usize {
        let is_there = |secret: &&FoundSecret<HiddenValue>| {
            secret.value.sealed.expose().is_some_and(|it| !it.is_empty())
        };
        self.secrets.iter().filter(is_there).count()
    }

    /// How many of its PINs and secrets cannot be read.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.values().filter(|value| !value.is_readable()).count()
    }

    fn values(&self) -> impl Iterator<Item = &HiddenValue> {
        let pins = self.pins.iter().map(|pin| &pin.value);
        pins.chain(self.secrets.iter().map(|secret| &secret.value))
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut HiddenValue> {
        let pins = self.pins.iter_mut().map(|pin| &mut pin.value);
        pins.chain(self.secrets.iter_mut().map(|secret| &mut secret.value))
    }
}

/// PINs that the job gave and that have been sent.
fn given_pins(task: &Task, at: Option<UnixMillis>) -> impl Iterator<Item = FoundPin<HiddenValue>> {
    task.params.values().filter_map(move |value| match value {
        ParamValue::Secret(pin) => Some(FoundPin {
            value: HiddenValue::new(pin),
            source: PinProvenance::GivenByJob,
            at,
            is_verified: false,
            is_first: false,
        }),
        _ => None,
    })
}

/// Whether a Mac may be locked and no PIN of it is known: also one whose lock is in doubt.
pub(super) fn lacks_pin(row: &ReportRow<'_>) -> bool {
    let is_lock = row.device().platform == Platform::Mac
        && find_action(row.action()).is_ok_and(|action| action.gives_pin);
    let is_doubt = row.outcome() == Outcome::InDoubt && row.record().pin().is_none();
    row.lacks_pin() || (is_lock && is_doubt)
}

/// Locks without PIN first, then device by device in the order of the plan, each with its newest first; marks
/// the PIN to try first.
pub(super) fn arrange(found: &mut [TaskPins<HiddenValue>]) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for found in found.iter() {
        let next = places.len();
        places.entry(found.device.id.to_string()).or_insert(next);
    }
    // A request that was refused changed nothing, so its PIN is the last to try.
    let rank = |found: &TaskPins<HiddenValue>| {
        let is_unlikely = matches!(found.outcome, Outcome::Refused | Outcome::NotAttempted);
        (is_unlikely, std::cmp::Reverse(found.pins.first().and_then(|pin| pin.at)))
    };
    found.sort_by_cached_key(|found| {
        (found.lack.is_none(), places.get(found.device.id.as_str()).copied(), rank(found))
    });
    let mut marked = BTreeSet::new();
    for found in found.iter_mut() {
        if let Some(pin) = found.pins.first_mut().filter(|pin| !pin.source.is_odd()) {
            pin.is_first = marked.insert(found.device.id.to_string());
        }
    }
}

/// Decrypts what these keys open. Refused where they open nothing and something is encrypted to other keys.
pub(super) fn open(
    found: &mut [TaskPins<HiddenValue>],
    identities: &Identities,
) -> Result<(), SecretsReason> {
    let (mut opened, mut strange) = (0_usize, 0_usize);
    for value in found.iter_mut().flat_map(TaskPins::values_mut) {
        if value.is_readable() {
            continue;
        }
        match identities.open(&value.sealed) {
            Ok(sealed) => {
                opened += 1;
                value.sealed = sealed;
            }
            Err(OpenError::OtherKey) => {
                strange += 1;
                value.closed = WhyClosed::OtherKeys;
            }
            Err(OpenError::Damaged(_)) => value.closed = WhyClosed::Damaged,
        }
    }
    if opened == 0 && strange > 0 {
        return Err(SecretsReason::OtherKeys);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceGroup, DeviceId};

    fn found(device: &str, outcome: Outcome, pins_at: &[i64]) -> TaskPins<HiddenValue> {
        let pin = |at: &i64| FoundPin {
            value: HiddenValue::new(&Sealed::clear(at.to_string())),
            source: PinProvenance::GivenByJob,
            at: Some(UnixMillis(*at)),
            is_verified: false,
            is_first: false,
        };
        TaskPins {
            run: "R".to_owned(),
            job: "locks".to_owned(),
            purpose: None,
            task: TaskIndex(0),
            device: Arc::new(DeviceFacts {
                id: DeviceId::from_api(device),
                serial_number: device.into(),
                group: DeviceGroup::on(Platform::Mac),
                ..DeviceFacts::default()
            }),
            action: "lock".to_owned(),
            outcome,
            requested_at: None,
            pins: pins_at.iter().map(pin).collect(),
            lack: pins_at
                .is_empty()
                .then(|| PinLack { reason: "none came".to_owned(), is_pin_missing: true }),
            secrets: Vec::new(),
        }
    }

    #[test]
    fn locks_without_pin_come_first_then_the_newest_pin() {
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
                let pins =
                    pins.map(|pin| (pin.value.sealed.expose().expect("clear"), pin.is_first));
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
