//! What the tenant answers about one device.
//!
//! Owns the modules that write rows and bodies. Must never change a device.

mod apple_details;
mod apple_sections;
pub(super) mod command_rows;
pub(super) mod details;
pub(super) mod device_reports;
pub(super) mod device_row;
mod general_section;
pub(super) mod lost_mode;
mod other_details;
pub(super) mod secrets;
mod versions;
