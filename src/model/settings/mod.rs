//! The table of settings: one row of data for each, and values with their sources.
//!
//! Owns the names of a setting on the command line, in the environment, in jobs and in profiles. Owns its type, range,
//! default and help, and the one reading of its text. Everything else derives from the rows. Must never read the
//! environment or a file, and must never know what a run makes of a value.
//!
//! Each value keeps its source, so that the strongest wins in one place. Limits that catch a wrong unit apply in jobs and
//! not to flags.

#[macro_use]
mod row;

pub mod following;
pub mod global;
pub mod output;
pub mod pace;
pub mod safety;
pub mod targets;
pub mod tenant;

mod read;
mod value;

#[cfg(test)]
mod tests;

pub use read::{SettingError, SettingFault};
pub use row::{FlagGroup, HelpHeading, SettingFlag, SettingKind, SettingSpec};
pub use value::{PlacedValue, SettingLayer, SettingSource, SettingValue, SettingValues};

/// All rows, in the order of their headings.
pub fn settings() -> impl Iterator<Item = &'static SettingSpec> {
    [targets::ROWS, tenant::ROWS, safety::ROWS, pace::ROWS]
        .into_iter()
        .chain([following::ROWS, output::ROWS, global::ROWS])
        .flatten()
        .copied()
}
