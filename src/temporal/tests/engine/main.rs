//! Runs on Temporal, with a real server, real workers and simulated tenants.
//!
//! Owns what only the whole can show. Where the server is not installed, these tests say so and are skipped.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test prints what it measured, in the real time of the server"
)]

mod arrivals;
mod days;
mod figures;
mod keys;
mod kills;
mod processes;
mod quota;
mod rig;
mod server;
mod smoke;
mod upgrade;
