//! Runs on Temporal, with a real server, real workers and simulated tenants.
//!
//! Owns what only the whole can show. Where the server is not installed, these tests say so and are skipped.

mod rig;
mod server;
mod smoke;
