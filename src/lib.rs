//! Bulk job runner for device fleets behind the Kandji / Iru Endpoint REST API.

pub mod app;
pub mod cli;
pub mod drive;
pub mod engine;
pub mod job;
pub mod journal;
pub mod kandji;
pub mod model;
pub mod pace;
pub mod plan;
pub mod report;
pub mod simulator;
pub mod transport;
