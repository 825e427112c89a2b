//! What the settings of a run come to, for any front end.
//!
//! Owns the way from values to the rules of a run, and profiles. Must never read the environment or a flag: values come
//! from the front end, and refusals are data.

mod profile;
mod run;

pub use profile::{Profile, ProfileChoice, ProfileError, SecretKeys};
pub use run::{RunSettings, SettingsRefusal, timeout_ms};
