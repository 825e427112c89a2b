//! All devices of the tenant.
//!
//! Owns their places, which never change, and the look-up by id. Invariant: every change of what a list is
//! ordered by changes the revision. Must never know commands.

use std::collections::HashMap;

use super::simulated_device::SimulatedDevice;
use crate::simulator::setup::new_device::{NewDevice, SimUser};

/// Most devices of one tenant: more would not fit what a laptop simulates.
const DEVICES_MAX: usize = 1_000_000;

/// The devices of the tenant, by place.
pub(crate) struct Devices {
    seed: u64,
    devices: Vec<SimulatedDevice>,
    places: HashMap<String, usize>,
    revision: u64,
}

/// What `PATCH /devices/{id}` changes in a record; `None` leaves the field as it is.
#[derive(Default)]
pub(crate) struct RecordUpdate {
    /// The asset tag; an empty text removes it.
    pub(crate) asset_tag: Option<String>,
    /// The blueprint's name.
    pub(crate) blueprint: Option<String>,
    /// The assigned user; the inner `None` removes it.
    pub(crate) user: Option<Option<SimUser>>,
    /// All tags.
    pub(crate) tags: Option<Vec<String>>,
}

impl Devices {
    /// No devices yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, devices: Vec::new(), places: HashMap::new(), revision: 0 }
    }

    /// How many devices there are, deleted ones included: the place of the next one.
    pub(crate) fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether the tenant takes no more devices.
    pub(crate) fn is_full(&self) -> bool {
        self.devices.len() >= DEVICES_MAX
    }

    /// A number that changes with everything that a device list is ordered by, check-ins aside.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Adds a device. One with the id of another takes its place in look-ups.
    pub(crate) fn add(&mut self, facts: NewDevice) -> usize {
        let place = self.devices.len();
        self.places.insert(facts.device_id.clone(), place);
        self.devices.push(SimulatedDevice::new(self.seed, place, facts));
        self.revision += 1;
        place
    }

    /// The place of the device with this id, without regard to case; `None` when it has no record.
    pub(crate) fn place_of(&self, device_id: &str) -> Option<usize> {
        let hit = self.places.get(device_id);
        hit.or_else(|| self.places.get(&device_id.to_ascii_lowercase())).copied()
    }

    /// The device at this place.
    pub(crate) fn at(&self, place: usize) -> &SimulatedDevice {
        &self.devices[place]
    }

    /// The device at this place, to change its state. Its name and its record are changed by
    /// [`Self::rename`], [`Self::update`] and [`Self::delete`].
    pub(crate) fn at_mut(&mut self, place: usize) -> &mut SimulatedDevice {
        &mut self.devices[place]
    }

    /// The facts of all devices that have a record, in the order of their arrival.
    pub(crate) fn present(&self) -> impl Iterator<Item = &NewDevice> + Clone {
        self.devices.iter().filter(|device| !device.is_deleted()).map(|device| &device.facts)
    }

    /// Gives a device another name.
    pub(crate) fn rename(&mut self, place: usize, name: String) {
        self.devices[place].facts.name = name;
        self.revision += 1;
    }

    /// Changes the record of a device.
    pub(crate) fn update(&mut self, place: usize, update: RecordUpdate) {
        let facts = &mut self.devices[place].facts;
        if let Some(asset_tag) = update.asset_tag {
            facts.asset_tag = asset_tag;
        }
        if let Some(blueprint) = update.blueprint {
            facts.blueprint = blueprint;
        }
        if let Some(user) = update.user {
            facts.user = user;
        }
        if let Some(tags) = update.tags {
            facts.tags = tags;
        }
        self.revision += 1;
    }

    /// Deletes the record of a device; its place stays.
    pub(crate) fn delete(&mut self, place: usize) {
        let device = &mut self.devices[place];
        device.delete();
        self.places.remove(&device.facts.device_id);
        self.revision += 1;
    }
}
