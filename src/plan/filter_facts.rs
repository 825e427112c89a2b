//! What filters have to know that no row of the device list says.
//!
//! Owns which devices are asked about, and what is said of answers that are missing. Invariant: a list that the tenant
//! should have filtered is believed only if its two halves contradict each other nowhere. Must never see the network.

use std::collections::{BTreeMap, HashSet};

use super::inventory::Inventory;
use super::select::{Condition, FactSource, Truth, conditions, is_excluded, is_listed};
use crate::job::{Exclusion, Filter, Job, OsCondition, Row};
use crate::model::{Device, DeviceId, Os, Platform, UnixMillis};

/// Most devices whose details are read for a filter: a fifth of the hour that the vendor documents, and two minutes at the
/// default rate.
pub const FILTER_DETAILS_MAX: usize = 2_000;
/// Devices that a note names.
const NAMED_MAX: usize = 5;

/// The filters of a job, or of a list of devices.
#[derive(Copy, Clone, Debug)]
pub struct FilterFacts<'a> {
    filter: Option<&'a Filter>,
    exclude: Option<&'a Exclusion>,
    rows: &'a [Row],
}

/// Why the two lists of Macs with FileVault on and off are not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterIgnored {
    /// A device is in both.
    #[error("{0} is listed both as on and as off")]
    InBoth(String),
    /// A device that is no Mac is in one of them.
    #[error("{0} is listed, which is no Mac")]
    NoMac(String),
}

impl<'a> FilterFacts<'a> {
    /// Of a job.
    #[must_use]
    pub fn of_job(job: &'a Job) -> Self {
        Self {
            filter: job.selection.as_ref().map(|selection| &selection.filter),
            exclude: Some(&job.exclude),
            rows: &job.rows,
        }
    }

    /// Of a list of devices.
    #[must_use]
    pub fn of_filter(filter: &'a Filter) -> Self {
        Self { filter: Some(filter), exclude: None, rows: &[] }
    }

    fn filters(&self) -> impl Iterator<Item = &'a Filter> {
        self.filter.into_iter().chain(self.exclude.map(|exclude| &exclude.filter))
    }

    /// Whether it has to be known which Macs have FileVault on.
    #[must_use]
    pub fn need_filevault(&self) -> bool {
        self.filters().any(|filter| filter.filevault.is_some())
    }

    /// The conditions whose answers are in the details of each device, by their names.
    #[must_use]
    pub fn of_details(&self) -> Vec<&'static str> {
        let supervised = self.filters().any(|filter| filter.supervised.is_some());
        let locked = self.filters().any(|filter| filter.activation_lock.is_some());
        let names = [supervised.then_some("supervised"), locked.then_some("activation_lock")];
        names.into_iter().flatten().collect()
    }

    /// The devices whose details decide whether they are selected: all other conditions hold.
    #[must_use]
    pub fn details_wanted(&self, inventory: &Inventory, now: UnixMillis) -> Vec<DeviceId> {
        if self.of_details().is_empty() {
            return Vec::new();
        }
        let is_open = |device: &&Device| {
            let open = |filter| open_by_details(filter, device, now);
            let filter = self.filter.map_or(Open::Yes, open);
            let exclude =
                self.exclude.map_or(Open::Yes, |exclude| self.exclusion(exclude, device, now));
            device.is_managed()
                && device.details.is_none()
                && matches!(
                    (filter, exclude),
                    (Open::ByDetails, Open::Yes | Open::ByDetails) | (Open::Yes, Open::ByDetails)
                )
        };
        self.considered(inventory)
            .into_iter()
            .filter(is_open)
            .map(|device| device.id.clone())
            .collect()
    }

    /// Whether an exclusion leaves a device in.
    fn exclusion(&self, exclude: &Exclusion, device: &Device, now: UnixMillis) -> Open {
        if is_listed(exclude, device) {
            return Open::No;
        }
        conditions(&exclude.filter, device, now).fold(Open::Yes, |open, condition| {
            match (open, condition) {
                (_, Condition { holds: Truth::No, .. }) => open,
                (
                    Open::Yes | Open::ByDetails,
                    Condition { source: FactSource::Details, holds: Truth::Unknown, .. },
                ) => Open::ByDetails,
                _ => Open::No,
            }
        })
    }

    /// The devices that the filters are asked about: those that rows name, else all.
    fn considered<'i>(&self, inventory: &'i Inventory) -> Vec<&'i Device> {
        match self.filter {
            Some(_) => inventory.devices().iter().collect(),
            None => {
                let mut seen = HashSet::new();
                let named = self.rows.iter().filter_map(|row| inventory.resolve(&row.target).ok());
                named.filter(|device| seen.insert(&device.id)).collect()
            }
        }
    }

    /// What there is to say of devices about which a condition is unknown, and of ranges of versions over several
    /// platforms.
    #[must_use]
    pub fn notes(&self, inventory: &Inventory, now: UnixMillis) -> Vec<String> {
        let mut notes = Vec::new();
        // Without conditions nothing is unknown, and the devices of a large job are many to look for.
        if self.filters().all(|filter| *filter == Filter::default()) {
            return notes;
        }
        let considered = self.considered(inventory);
        if let Some(filter) = self.filter {
            let left = considered.iter().copied().filter(|device| {
                device.is_managed()
                    && self.exclude.is_none_or(|exclude| !is_excluded(exclude, device, now))
            });
            let unknown = unknown_of(filter, left, now, |holds| holds != Truth::No);
            notes.extend(unknown_notes("filter", &unknown, ("is", "are"), "not selected"));
            notes.extend(several_platforms(filter, &considered, now));
        }
        if let Some(exclude) = self.exclude {
            let selected = considered.iter().copied().filter(|device| {
                device.is_managed()
                    && !is_listed(exclude, device)
                    && self
                        .filter
                        .is_none_or(|filter| super::select::is_selected(filter, device, now))
            });
            let unknown = unknown_of(&exclude.filter, selected, now, |holds| holds != Truth::Yes);
            notes.extend(unknown_notes("exclude", &unknown, ("is", "are"), "excluded"));
        }
        notes
    }
}

/// Whether a device is still among those that a filter selects.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Open {
    Yes,
    /// Its details decide.
    ByDetails,
    No,
}

fn open_by_details(filter: &Filter, device: &Device, now: UnixMillis) -> Open {
    conditions(filter, device, now).fold(Open::Yes, |open, condition| match (open, condition) {
        (Open::No, _) => Open::No,
        (open, Condition { holds: Truth::Yes, .. }) => open,
        (_, Condition { source: FactSource::Details, holds: Truth::Unknown, .. }) => {
            Open::ByDetails
        }
        _ => Open::No,
    })
}

/// Devices by the condition that is unknown about them, where no other condition decides.
fn unknown_of<'d>(
    filter: &Filter,
    devices: impl Iterator<Item = &'d Device>,
    now: UnixMillis,
    leaves_open: impl Fn(Truth) -> bool,
) -> BTreeMap<&'static str, Vec<&'d Device>> {
    let mut unknown: BTreeMap<&'static str, Vec<&Device>> = BTreeMap::new();
    for device in devices {
        let found: Vec<Condition> = conditions(filter, device, now).collect();
        if !found.iter().all(|condition| leaves_open(condition.holds)) {
            continue;
        }
        if let Some(first) = found.iter().find(|condition| condition.holds == Truth::Unknown) {
            unknown.entry(first.key).or_default().push(device);
        }
    }
    unknown
}

fn unknown_notes(
    what: &str,
    unknown: &BTreeMap<&'static str, Vec<&Device>>,
    (is, are): (&str, &str),
    end: &str,
) -> Vec<String> {
    let note = |(key, devices): (&&str, &Vec<&Device>)| {
        let (noun, verb) = if devices.len() == 1 { ("device", is) } else { ("devices", are) };
        let shown: Vec<String> = devices
            .iter()
            .take(NAMED_MAX)
            .map(|device| match *key {
                "os_version" => format!("{} ('{}')", device.serial_number, device.make.os_version),
                _ => device.serial_number.to_string(),
            })
            .collect();
        let more = match devices.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let why = match *key {
            "os_version" => "cannot compare the versions",
            _ => "the tenant does not tell it",
        };
        format!(
            "{what} {key}: {why} of {} {noun}, which {verb} {end}: {}{more}",
            devices.len(),
            shown.join(", ")
        )
    };
    unknown.iter().map(note).collect()
}

/// Says where a range of versions selects devices of several platforms, which count their versions apart.
fn several_platforms(filter: &Filter, devices: &[&Device], now: UnixMillis) -> Option<String> {
    let is_range = |condition: &OsCondition| matches!(condition, OsCondition::Range(..));
    if !filter.os_version.iter().any(is_range) {
        return None;
    }
    let mut counts: BTreeMap<Platform, usize> = BTreeMap::new();
    for device in devices.iter().filter(|device| Os::of_numbers(&device.make.os_version).is_some())
    {
        if super::select::is_selected(filter, device, now) {
            *counts.entry(device.platform).or_default() += 1;
        }
    }
    let shown: Vec<String> =
        counts.iter().map(|(platform, count)| format!("{platform} {count}")).collect();
    (counts.len() > 1).then(|| {
        format!(
            "filter os_version: the range selects devices of several platforms, which count their versions apart ({}); add a platform",
            shown.join(", ")
        )
    })
}

impl Inventory {
    /// Notes which Macs have FileVault on and off, by two lists that the tenant has filtered. A Mac in neither stays
    /// unknown.
    ///
    /// # Errors
    /// [`FilterIgnored`] when the lists show that the tenant did not filter; then nothing is noted.
    pub fn add_filevault(&mut self, on: &[Device], off: &[Device]) -> Result<(), FilterIgnored> {
        let named = |device: &Device| match device.serial_number.is_empty() {
            true => device.id.to_string(),
            false => device.serial_number.to_string(),
        };
        if let Some(other) = on.iter().chain(off).find(|device| device.platform != Platform::Mac) {
            return Err(FilterIgnored::NoMac(named(other)));
        }
        let ids: HashSet<String> =
            on.iter().map(|device| device.id.as_str().to_lowercase()).collect();
        if let Some(both) =
            off.iter().find(|device| ids.contains(&device.id.as_str().to_lowercase()))
        {
            return Err(FilterIgnored::InBoth(named(both)));
        }
        for (devices, is_on) in [(on, true), (off, false)] {
            for device in devices {
                self.set_filevault(&device.id, is_on);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
