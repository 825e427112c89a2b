//! Bulk job runner for device fleets behind the Kandji / Iru Endpoint REST API.

pub mod job;
pub mod kandji;
pub mod model;
pub mod simulator;
pub mod transport;
