//! A simulated tenant: a believable stand-in for the API, for rehearsals and tests.
//!
//! Owns everything behind the API's door: devices, rules, command life, faults, and a ledger that tells
//! afterwards what really happened. The world is pure; only the server reads a clock and opens sockets.
//! Bodies are written apart from the client's codec: the two share the action table and nothing else.
//! Must never reach a real tenant.

mod actions;
mod answers;
mod auth;
mod check_ins;
mod commands;
mod details;
mod device;
mod directory;
mod door;
mod draws;
mod effects;
mod exchange;
mod faults;
mod fields;
mod fleet;
mod gateway;
mod ledger;
mod life;
mod lists;
mod naming;
mod notes;
mod records;
mod routes;
mod secrets;
mod server;
mod spelling;
mod switches;
#[cfg(test)]
mod testbed;
mod updates;
mod world;

pub use device::{CommandEnd, DeviceKind, NewDevice, Presence, SimUser};
pub use door::InProcess;
pub use exchange::{Delivery, SimReply, SimRequest};
pub use faults::{
    CannedAnswer, ErrorPage, FaultKind, FaultMatcher, FaultMoment, FaultScope, Faults,
    ScriptedFault,
};
pub use fleet::{FleetSpec, Oddities};
pub use ledger::{Accepted, Ledger};
pub use naming::NamedDevice;
pub use server::{Server, serve, wall_clock};
pub use switches::{
    CheckIn, CommandNames, CommandOrder, CommandTimes, Erased, ErrorShape, ForeignCommands,
    LinkHost, ListTimes, LockAgain, MissingFields, MissingPermission, NoSecret, NotFoundBody,
    PinVisible, PinlessLock, Revocation, SamePending, SingleDevice, SuccessBody, Switches,
    UnauthorizedBody,
};
pub use world::World;
