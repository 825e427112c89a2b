//! The MDM service behind the API: devices, their command queues, and what happens to them over time.
//!
//! Owns the modules of devices and commands. Must never write an answer.

pub(super) mod background;
pub(super) mod check_ins;
pub(super) mod command;
pub(super) mod command_queues;
pub(super) mod device_view;
pub(super) mod devices;
pub(super) mod effects;
pub(super) mod lost_mode;
pub(super) mod pins;
pub(super) mod schedule;
pub(super) mod service;
pub(super) mod simulated_device;
