//! Comparing PINs with those that the tenant shows.
//!
//! Owns which device is asked for, and what an answer means for its saved PINs. Only reads the tenant and the journals. Must
//! never ask before the host's record says so, and never hand out a PIN.

use std::collections::BTreeMap;

use super::compared_pin::{ComparedPin, PinComparison, PinsCompared};
use super::pins_found::{FoundPin, HiddenValue, TaskPins};
use super::pins_search::PinsRequest;
use super::reason::SecretsReason;
use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::app::outside::ReadReason;
use crate::app::planning::make::reads_of;
use crate::app::refusal::Reason;
use crate::app::runs::opened_run_reason::OpeningPurpose;
use crate::app::runs::trust::refuse_simulated;
use crate::app::tenant::{Connection, TenantRequest};
use crate::drive::{Clock, ReadError, Reads, WallClock};
use crate::journal::{Distrust, JournalError, RunHeader, RunReader};
use crate::kandji::{pin_request, read_pin};
use crate::model::wire::Reply;
use crate::model::{Outcome, PinReading, Sealed};
use crate::transport::{HttpTransport, ReadOnly, tenant_key};

/// What these requests are counted as.
const KIND: &str = "pin";
/// Status of an answer about a device that the tenant does not have.
const NOT_FOUND: u16 = 404;

type Found = TaskPins<HiddenValue>;

impl Workspace {
    /// Compares PINs with those that their tenant shows: one read for each device whose PIN can be read here. Call it within
    /// a Tokio runtime.
    ///
    /// # Errors
    /// As [`Workspace::pins`]; or a run was simulated, its tenant cannot be reached with what `tenant` names, or the host's
    /// record cannot be written. What ends the reads later is in the result.
    pub async fn verify_pins(
        &self,
        request: &PinsRequest,
        tenant: &TenantRequest,
    ) -> Result<PinsCompared, Reason> {
        // Another tenant would answer about the runs of a group.
        if let Some(run) = &request.run {
            self.index().find_run(run)?;
        }
        let found = self.pins(&PinsRequest { with_secrets: false, ..request.clone() })?;
        let headers = headers_of(self, &found)?;
        let mut compared = PinsCompared { devices: Vec::new(), asked: 0, stopped: None };
        let devices: Vec<DevicePins<'_>> =
            by_device(&found).into_iter().filter_map(DevicePins::of).collect();
        let gates = gates(self, &devices, &headers, tenant)?;
        note(self, &devices)?;
        for device in &devices {
            let comparison = match &device.unasked {
                Some(known) => known.clone(),
                None if compared.stopped.is_some() => PinComparison::NotAsked,
                None => {
                    compared.asked += 1;
                    let gate = &gates[&tenant_key(&headers[&device.lead.run].base_url)];
                    let read = gate.read(&pin_request(&device.lead.device.id), KIND).await;
                    let (comparison, stopped) = device.compare(read);
                    compared.stopped = stopped;
                    comparison
                }
            };
            compared.devices.push(ComparedPin {
                device: device.lead.device.clone(),
                run: device.lead.run.clone(),
                comparison,
            });
        }
        for gate in gates.values() {
            gate.finish()?;
        }
        Ok(compared)
    }
}

type Gate = Reads<ReadOnly<HttpTransport>, WallClock>;

/// A gate to each tenant that is asked. No request is sent yet.
fn gates(
    workspace: &Workspace,
    devices: &[DevicePins<'_>],
    headers: &BTreeMap<String, RunHeader>,
    tenant: &TenantRequest,
) -> Result<BTreeMap<String, Gate>, Reason> {
    let mut gates = BTreeMap::new();
    for device in devices.iter().filter(|device| device.unasked.is_none()) {
        let header = &headers[&device.lead.run];
        let key = tenant_key(&header.base_url);
        if gates.contains_key(&key) {
            continue;
        }
        refuse_simulated(header, OpeningPurpose::ComparePins)?;
        let connection = Connection::of_run(&header.base_url, tenant.timeout_ms, tenant)?;
        let policy = &header.policy;
        let quota = workspace.quota(&connection.base_url, policy.per_hour);
        let gate = reads_of(&connection, &quota, policy.per_second, &workspace.events);
        gates.insert(key, gate);
    }
    Ok(gates)
}

/// The headers of the runs of these tasks.
fn headers_of(
    workspace: &Workspace,
    found: &[Found],
) -> Result<BTreeMap<String, RunHeader>, Distrust> {
    let mut headers = BTreeMap::new();
    for found in found {
        if !headers.contains_key(&found.run) {
            let header = RunReader::open(&workspace.dir, &found.run)?.header()?;
            let header = header.ok_or_else(|| Distrust::NeverBegun(found.run.clone()))?;
            headers.insert(found.run.clone(), header);
        }
    }
    Ok(headers)
}

/// Notes in the host's record whose PINs are about to be compared, run by run; never which.
fn note(workspace: &Workspace, devices: &[DevicePins<'_>]) -> Result<(), JournalError> {
    let who = Operator::current().shown();
    let mut by_run: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for device in devices.iter().filter(|device| device.unasked.is_none()) {
        by_run.entry(&device.lead.run).or_default().push(device.lead.device.id.as_str());
    }
    for (run, devices) in by_run {
        let body = serde_json::json!({ "who": who, "devices": devices });
        workspace.index().note(WallClock.now(), "pins_compared", Some(run), &body)?;
    }
    Ok(())
}

/// The tasks by device, in the order of the listing.
fn by_device(found: &[Found]) -> Vec<Vec<&Found>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut devices: Vec<Vec<&Found>> = Vec::new();
    for found in found {
        let place = *places.entry(found.device.id.as_str()).or_insert(devices.len());
        match devices.get_mut(place) {
            Some(device) => device.push(found),
            None => devices.push(vec![found]),
        }
    }
    devices
}

/// The saved PINs of one device.
struct DevicePins<'a> {
    /// The task with the PIN to try first; the newest lock where that has none.
    lead: &'a Found,
    /// All PINs that can be compared, the one to try first in front.
    pins: Vec<(&'a Found, &'a Sealed, &'a FoundPin<HiddenValue>)>,
    /// What is known without asking the tenant.
    unasked: Option<PinComparison>,
}

impl<'a> DevicePins<'a> {
    fn of(tasks: Vec<&'a Found>) -> Option<Self> {
        let first = *tasks.first()?;
        let all = || tasks.iter().flat_map(|task| task.pins.iter().map(move |pin| (*task, pin)));
        let is_text = |sealed: &Sealed| sealed.expose().is_some_and(|text| !text.is_empty());
        let pins: Vec<_> = all()
            .filter(|(_, pin)| !pin.source.is_odd() && is_text(&pin.value.sealed))
            .map(|(task, pin)| (task, &pin.value.sealed, pin))
            .collect();
        let lacking = tasks.iter().copied().find(|task| task.lack.is_some());
        let is_outdated = |lacking: &&Found| {
            pins.first().is_none_or(|(task, ..)| task.requested_at <= lacking.requested_at)
        };
        if let Some(lacking) = lacking.filter(is_outdated) {
            return Some(Self { lead: lacking, pins, unasked: Some(PinComparison::NotSaved) });
        }
        let newest = all().find(|(_, pin)| !pin.source.is_odd());
        // An encrypted PIN that is newer than all that can be read is the one that counts.
        let unasked = match (newest, pins.first()) {
            (Some((_, pin)), _) if pin.value.sealed.expose().is_none() => {
                Some(PinComparison::Closed { why: pin.value.closed })
            }
            (_, Some(_)) => None,
            (Some(_), None) => Some(PinComparison::Pruned),
            (None, None) => Some(PinComparison::NotSaved),
        };
        let lead = match (&unasked, pins.first(), newest) {
            (None, Some((task, ..)), _) => task,
            (Some(_), _, Some((task, _))) => task,
            _ => first,
        };
        Some(Self { lead, pins, unasked })
    }

    /// What the tenant's answer says of the saved PINs, and whether asking for others is in vain.
    fn compare(&self, read: Result<Reply, ReadError>) -> (PinComparison, Option<SecretsReason>) {
        match read {
            Ok(reply) if reply.status == NOT_FOUND => (PinComparison::DeviceGone, None),
            Ok(reply) => (self.compare_reading(read_pin(&reply)), None),
            // These concern one device; every other failure concerns all of them.
            Err(ReadError::Unusable(reason) | ReadError::OtherDevice(reason)) => {
                (PinComparison::Unreadable { reason }, None)
            }
            Err(error) => {
                let comparison = match error {
                    ReadError::Forbidden(_) => PinComparison::Forbidden,
                    _ => PinComparison::NotAsked,
                };
                let cause = ReadReason::Failed(error);
                (comparison, Some(SecretsReason::VerificationStopped { cause }))
            }
        }
    }

    fn compare_reading(&self, reading: PinReading) -> PinComparison {
        let pin = match reading {
            PinReading::Found { pin, .. } | PinReading::Known { pin, .. } => pin,
            PinReading::Odd { flaw, .. } => return PinComparison::Odd { flaw },
            PinReading::Nothing => return PinComparison::NotShown,
            PinReading::Unreadable { reason, .. } => return PinComparison::Unreadable { reason },
        };
        let equal = self.pins.iter().position(|(_, saved, _)| saved.is_same(&pin) == Some(true));
        match equal.map(|place| (place, &self.pins[place])) {
            Some((0, _)) => PinComparison::Same,
            // The same digits may be saved twice, from the answer and from a read.
            Some((_, (task, _, found))) => {
                PinComparison::SameAsOther { run: task.run.clone(), saved_at: found.at }
            }
            None if self.lead.outcome == Outcome::Completed => PinComparison::LockedAgain,
            None => PinComparison::MayBeOlder,
        }
    }
}
