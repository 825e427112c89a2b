//! When the next request may leave.
//!
//! Owns the rate per second and how it adapts to the tenant, the arithmetic of the rolling hour, and backoff. Time is an argument. Must
//! never sleep, read a clock or touch the ledger's file.

mod adaptive;
mod backoff;
mod hour;
mod second;

pub use adaptive::AdaptiveRate;
pub use backoff::{backoff_ms, breaker_ms};
pub use hour::{BLOCK_LIFE_MS, Grant, HOUR_MS, Lease, grant, others_pause_until};
pub use second::PerSecond;
