//! What the settings of a run come to, for any front end.
//!
//! Owns the way from values to the rules of a run, and profiles. Must never read the environment or a flag: values come
//! from the front end, and refusals are data.

mod profile;
mod profile_edit;
mod profile_file;
mod profile_list;
mod report;
mod run;

pub use profile::{Profile, ProfileChoice, ProfileError, SecretKeys};
pub use profile_edit::NewProfile;
pub use profile_file::{
    ProfileFileError, ProfileWishes, WrittenProfile, is_profile_name, store_token, write_profile,
};
pub use profile_list::ProfileList;
pub use report::ReportForm;
pub use run::{RunSettings, SettingsRefusal, metrics_file, timeout_ms};
