//! How doubt is settled, and how the PINs of locked Macs are kept.
//!
//! Owns the queue of safety reads and what follows from them. Must never know of sends or of looks, and never record
//! anything.

mod custody;
mod doubt;
mod safety_reads;
mod settle;

pub use safety_reads::PIN_SOUGHT_MS;
pub(super) use settle::{SafetyRead, Settlement};
