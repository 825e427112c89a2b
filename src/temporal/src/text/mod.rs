//! Words and tables of this program.
//!
//! Owns what people read besides what `sortie` itself says. Must never decide anything.

pub mod runs;
pub mod trouble;
