//! Options made complete.
//!
//! Owns what flags, environment and configuration give together, and the words for what is wrong with them. Must never
//! show a secret of the environment.

use std::path::Path;

use crate::app::settings::{Profile, ProfileChoice, ProfileError, ProfileFileError, RunSettings};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, LimitOptions, PurposeOptions, TenantOptions};
use crate::cli::setting_flags::{FlagError, variable};
use crate::cli::text::profiles::{profile_error, profile_file_error};
use crate::cli::text::refusals::Words;
use crate::job::Job;
use crate::model::parse_duration_ms;
use crate::model::settings::{SettingFault, global};

/// Reads the profile that flags or environment name, else the default one of the configuration.
pub(crate) fn read_profile(options: &GlobalOptions) -> Result<Profile, Failure> {
    Ok(profile_at(config_path(options)?.as_deref(), options)?)
}

/// Reads it from the configuration at a path.
pub(crate) fn profile_at(
    path: Option<&Path>,
    options: &GlobalOptions,
) -> Result<Profile, ProfileError> {
    let of_variable = || global::PROFILE.variables.iter().find_map(|name| variable(name));
    let (asked, choice) = match &options.profile {
        Some(name) => (Some(name.clone()), ProfileChoice::Flag),
        None => match of_variable() {
            Some(name) => (Some(name), ProfileChoice::Variable),
            None => (None, ProfileChoice::Default),
        },
    };
    Profile::read(path, asked.as_deref(), choice)
}

/// The settings of a run of this job: flags, environment, job and profile together.
pub(crate) fn run_settings(
    limits: &LimitOptions,
    tenant: &TenantOptions,
    purpose: &PurposeOptions,
    profile: &Profile,
    job: &Job,
) -> Result<RunSettings, Failure> {
    let given = limits.values()?.merged(&tenant.values()?).merged(&purpose.values()?);
    Ok(RunSettings::new(given.merged(&profile.values), job))
}

/// Reads a duration given by a flag that is no setting.
pub(crate) fn duration(flag: &str, text: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let unreadable = || unreadable(flag, text, SettingFault::Duration, "a duration");
    parse_duration_ms(text).map(Some).ok_or_else(unreadable)
}

/// The words for a text that a flag or a variable does not take.
fn unreadable(source: &str, text: &str, fault: SettingFault, takes: &str) -> Failure {
    let (what, next) = match fault {
        SettingFault::Duration => ("is not a duration", "write it like 90s, 10m or 2h"),
        SettingFault::CountOrShare => ("is neither a number nor a share like 5%", ""),
        SettingFault::WaveEnd => {
            ("is neither a number of devices nor a share", "write it like 1,5,20%,100%")
        }
        SettingFault::IfRunning => (
            "is not fail, skip, wait or wait=DURATION",
            "write the longest wait like wait=30m, at most wait=24h",
        ),
        SettingFault::Word => {
            return Failure::usage(format!("{source}: '{text}' is not one of {takes}"))
                .next(format!("give one of {takes}"));
        }
        _ => {
            return Failure::usage(format!("{source}: '{text}' is not valid"))
                .next(format!("give: {takes}"));
        }
    };
    Failure::usage(format!("{source}: '{text}' {what}")).next(next)
}

impl From<FlagError> for Failure {
    fn from(error: FlagError) -> Self {
        unreadable(&error.source, &error.text, error.fault, &error.takes)
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        of_words(profile_error(&error))
    }
}

impl From<ProfileFileError> for Failure {
    fn from(error: ProfileFileError) -> Self {
        let exit = match error {
            ProfileFileError::Unwritable { .. } => Exit::Journal,
            _ => Exit::Usage,
        };
        Self { exit, ..of_words(profile_file_error(&error)) }
    }
}

fn of_words(words: Words) -> Failure {
    Failure::usage(words.what).state(words.state).next(words.next)
}
