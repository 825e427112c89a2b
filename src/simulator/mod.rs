//! A simulated tenant: a believable stand-in for the API, for rehearsals and tests.
//!
//! Owns everything behind the API's door: devices, rules, command life, faults, and a ledger that tells
//! afterwards what really happened. `World` coordinates the parts, which own their state and do not know
//! each other. The world is pure; only the server reads a clock and opens sockets. Bodies are written apart
//! from the client's codec: the two share the action table and nothing else. Must never reach a real tenant.

mod acceptance;
mod device_list;
mod directory;
mod draws;
mod gateway;
mod ids;
mod in_process;
mod ledger;
mod library_items;
mod mdm;
mod notes;
mod record_update;
mod server;
mod setup;
#[cfg(test)]
mod testbed;
mod tokens;
mod views;
mod wire;
mod world;

pub use in_process::InProcess;
pub use ledger::{Accepted, Ledger};
pub use server::{Server, serve, wall_clock};
pub use setup::device_kind::DeviceKind;
pub use setup::faults::{
    CannedAnswer, ErrorPage, FaultKind, FaultMatcher, FaultMoment, FaultScope, Faults,
    ScriptedFault,
};
pub use setup::fleet::{FleetSpec, Oddities};
pub use setup::named_devices::NamedDevice;
pub use setup::new_device::{CommandEnd, NewDevice, Presence, SimUser};
pub use setup::switch_values::{
    BlueprintTypes, CheckIn, CommandNames, CommandOrder, CommandTimes, Erased, ErrorShape,
    ForeignCommands, LinkHost, ListTimes, LockAgain, LostModeAgain, LostModeCanceled, LostModeOff,
    MissingFields, MissingPermission, NoSecret, NotFoundBody, NoteAnswer, PinVisible, PinlessLock,
    Revocation, SamePending, SingleDevice, SuccessBody, UnauthorizedBody, UpdateAnswer,
};
pub use setup::switches::Switches;
pub use wire::exchange::{Delivery, SimReply, SimRequest};
pub use world::World;
