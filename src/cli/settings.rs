//! Options made complete.
//!
//! Owns what flags, environment and configuration give together, and the words for what is wrong with them. Must never
//! show a value of the environment: it may be a token.

use crate::app::settings::{Profile, ProfileChoice, ProfileError, RunSettings};
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, LimitOptions, PurposeOptions, TenantOptions};
use crate::cli::setting_flags::{FlagError, variable};
use crate::job::Job;
use crate::model::settings::{SettingFault, global};
use crate::model::{nearest, parse_duration_ms};

/// Reads the profile that flags or environment name, else the default one of the configuration.
pub(crate) fn read_profile(options: &GlobalOptions) -> Result<Profile, Failure> {
    let path = config_path(options)?;
    let of_variable = || global::PROFILE.variables.iter().find_map(|name| variable(name));
    let (asked, choice) = match &options.profile {
        Some(name) => (Some(name.clone()), ProfileChoice::Flag),
        None => match of_variable() {
            Some(name) => (Some(name), ProfileChoice::Variable),
            None => (None, ProfileChoice::Default),
        },
    };
    Ok(Profile::read(path.as_deref(), asked.as_deref(), choice)?)
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
    let unreadable = || unreadable(flag, text, SettingFault::Duration);
    parse_duration_ms(text).map(Some).ok_or_else(unreadable)
}

/// The words for a text that a flag does not take.
fn unreadable(flag: &str, text: &str, fault: SettingFault) -> Failure {
    let (what, next) = match fault {
        SettingFault::Duration => ("is not a duration", "write it like 90s, 10m or 2h"),
        SettingFault::CountOrShare => ("is neither a number nor a share like 5%", ""),
        SettingFault::WaveEnd => {
            ("is neither a number of devices nor a share", "write it like 1,5,20%,100%")
        }
        _ => ("is not a value of this flag", ""),
    };
    Failure::usage(format!("{flag}: '{text}' {what}")).next(next)
}

impl From<FlagError> for Failure {
    fn from(error: FlagError) -> Self {
        unreadable(&format!("--{}", error.flag), &error.text, error.fault)
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NoConfiguration { name } => {
                Self::usage(format!("no configuration holds the profile '{name}'"))
                    .next("give --config FILE")
            }
            ProfileError::Unreadable { path, why } | ProfileError::Invalid { path, why } => {
                Self::usage(format!("{}: {why}", path.display()))
            }
            ProfileError::NoSuchProfile { path, name, known } => {
                let next = match nearest(&name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("use one of its profiles: {}", known.join(", ")),
                };
                Self::usage(format!("{} has no profile '{name}'", path.display())).next(next)
            }
        }
    }
}
