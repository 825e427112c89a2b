//! What a test or a rehearsal chooses about a tenant before it opens.
//!
//! Owns the modules of devices, fleets, switches and faults. Must never hold what happens afterwards.

pub(super) mod device_kind;
pub(super) mod faults;
pub(super) mod fleet;
pub(super) mod named_devices;
pub(super) mod new_device;
pub(super) mod switch_values;
pub(super) mod switches;
