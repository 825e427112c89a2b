//! A small tenant under test with a clock that the test moves.
//!
//! Owns short words for what the simulator's own tests do all the time. Must never be built outside tests.

use serde_json::Value;

use super::setup::device_kind::DeviceKind;
use super::setup::faults::Faults;
use super::setup::fleet::FleetSpec;
use super::setup::new_device::{NewDevice, Presence};
use super::setup::switches::Switches;
use super::wire::exchange::{SimReply, SimRequest};
use super::world::World;
use crate::kandji::find_action;
use crate::model::UnixMillis;

/// The full hour 2025-06-15T15:00:00Z, so that the rate windows are fresh.
pub(super) const START: UnixMillis = UnixMillis(1_750_000_000_000 - 400_000);

/// A tenant under test.
pub(super) struct Testbed {
    /// The tenant.
    pub(super) world: World,
    /// The time that the test has reached.
    pub(super) now: UnixMillis,
    ids: Vec<String>,
}

impl Testbed {
    /// A tenant with these devices and no commands of others.
    pub(super) fn with(devices: Vec<NewDevice>) -> Self {
        let fleet = FleetSpec { devices: 0, seed: 5, ..FleetSpec::default() };
        let switches = Switches { background_commands_max: 0, ..Switches::default() };
        let mut world = World::new(&fleet, switches, Faults::default(), START);
        let ids = devices.into_iter().map(|device| world.add_device(device)).collect();
        Self { world, now: START, ids }
    }

    /// A tenant with one device of each of these kinds.
    pub(super) fn of(kinds: &[DeviceKind]) -> Self {
        Self::with(kinds.iter().map(|kind| NewDevice::new(*kind)).collect())
    }

    /// A tenant with this many Macs with Apple silicon.
    pub(super) fn macs(count: usize) -> Self {
        Self::of(&vec![DeviceKind::MacAppleSilicon; count])
    }

    /// The id of a device.
    pub(super) fn id(&self, place: usize) -> String {
        self.ids[place].clone()
    }

    /// The path of a device.
    pub(super) fn path(&self, place: usize) -> String {
        format!("/api/v1/devices/{}", self.ids[place])
    }

    /// Sends a `GET` with the tenant's token.
    pub(super) fn get(&mut self, target: &str) -> SimReply {
        let request = SimRequest::get(target, self.world.token());
        self.world.handle(self.now, &request)
    }

    /// Sends a request with any method.
    pub(super) fn send(&mut self, method: &str, target: &str, body: &str) -> SimReply {
        let mut request = SimRequest::post(target, self.world.token(), body);
        request.method = method.to_owned();
        self.world.handle(self.now, &request)
    }

    /// Sends an action of the table, with its method.
    pub(super) fn post(&mut self, place: usize, action: &str, body: &str) -> SimReply {
        let action = find_action(action).expect("an action");
        let target = format!("{}{}", self.path(place), action.path_suffix);
        let mut request = SimRequest::post(&target, self.world.token(), body);
        request.method = action.method.word().to_owned();
        self.world.handle(self.now, &request)
    }

    /// Lets this many milliseconds pass.
    pub(super) fn pass_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.world.advance(self.now);
    }

    /// Takes a device off the network or puts it back.
    pub(super) fn set_presence(&mut self, place: usize, presence: Presence) {
        let id = self.id(place);
        self.world.set_presence(&id, presence);
    }

    /// How many commands a device already had.
    pub(super) fn set_background(&mut self, place: usize, count: u32) {
        self.world.mdm_mut().set_background(place, count);
    }

    /// Whether a device is switched on and has a network.
    pub(super) fn is_online(&mut self, place: usize) -> bool {
        self.world.mdm_mut().devices().at(place).is_online()
    }

    /// What the record says.
    pub(super) fn facts(&self, place: usize) -> &NewDevice {
        self.world.device(&self.ids[place]).expect("a record")
    }

    /// The row of a device.
    pub(super) fn device(&mut self, place: usize) -> Value {
        self.get(&self.path(place)).json()
    }

    /// The rows of the command history, up to 300.
    pub(super) fn commands(&mut self, place: usize) -> Vec<Value> {
        let body = self.get(&format!("{}/commands?limit=300", self.path(place))).json();
        body["commands"]["results"].as_array().cloned().unwrap_or_default()
    }

    /// The status of the first command.
    pub(super) fn status(&mut self, place: usize) -> u64 {
        self.commands(place)[0]["status"].as_u64().expect("a number")
    }
}
