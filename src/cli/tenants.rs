//! The tenants that a job names, as profiles of the configuration.
//!
//! Owns which profiles these are, and the refusal of flags that name another tenant. Must never read a token, and never choose a
//! tenant that the job does not name.

use crate::app::settings::{Profile, ProfileChoice, ProfileList};
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, TenantOptions};
use crate::cli::setting_flags::{SettingFlags, TenantsFlags};
use crate::cli::settings::read_profile;
use crate::job::{Job, TenantChoice};
use crate::model::settings::{targets, tenant};

/// The tenants of a job.
pub(crate) enum JobTenants {
    /// It names none: flags, environment and configuration say which one is meant.
    AsUsual,
    /// One, by its profile.
    One(Box<Profile>),
    /// Several, by their profiles.
    Several(Vec<Profile>),
}

/// Which names a tenant of a job may have.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum TenantNaming {
    /// Those of profiles.
    Profiles,
    /// Those of profiles where there is a configuration: the job is only checked, perhaps on another host.
    ProfilesIfAny,
    /// Any: the tenants are simulated.
    Any,
}

impl TenantNaming {
    /// For a command with these flags.
    pub(crate) fn of(flags: &TenantOptions) -> Self {
        if flags.has(&tenant::SIMULATE) { Self::Any } else { Self::Profiles }
    }
}

/// The names of all profiles; `None` where any name is one.
pub(crate) fn known_tenants(global: &GlobalOptions, naming: TenantNaming) -> Option<Vec<String>> {
    match (config_path(global).ok().flatten(), naming) {
        (_, TenantNaming::Any) | (None, TenantNaming::ProfilesIfAny) => None,
        (None, TenantNaming::Profiles) => Some(Vec::new()),
        // What is wrong with the configuration is reported where its profile is read.
        (Some(path), _) => ProfileList::read(&path).ok().map(|list| names_of(&list)),
    }
}

/// The tenants that `--tenants` names.
pub(crate) fn chosen_tenants(
    flags: &SettingFlags<TenantsFlags>,
) -> Result<Option<TenantChoice>, Failure> {
    let values = flags.values()?;
    let Some(names) = values.texts(&targets::TENANTS) else { return Ok(None) };
    let mixed = || {
        Failure::usage("--tenants: 'all' stands beside other names")
            .next("give --tenants all, or list the profiles")
    };
    TenantChoice::of(names).map(Some).ok_or_else(mixed)
}

/// The profiles of the tenants that a job names.
pub(crate) fn tenants_of(
    global: &GlobalOptions,
    flags: &TenantOptions,
    job: &Job,
) -> Result<JobTenants, Failure> {
    let list = match config_path(global)? {
        Some(path) if job.names_tenants() => ProfileList::read(&path)?,
        _ => ProfileList::default(),
    };
    let Some(names) = job.tenants_among(&names_of(&list)) else { return Ok(JobTenants::AsUsual) };
    refuse_other_tenant(global, flags, &names)?;
    let profiles: Vec<Profile> = names.iter().map(|name| profile_of(&list, name)).collect();
    match <[Profile; 1]>::try_from(profiles) {
        Ok([only]) => Ok(JobTenants::One(Box::new(only))),
        Err(profiles) if profiles.is_empty() => {
            Err(Failure::usage("the job is for all tenants, and there are no profiles")
                .next("write a profile for each tenant:\n  sortie init"))
        }
        Err(profiles) => Ok(JobTenants::Several(profiles)),
    }
}

/// The profile of this name, as if a flag named it. Simulated tenants need none.
pub(crate) fn profile_of(list: &ProfileList, name: &str) -> Profile {
    let found = list.profiles.iter().find(|it| it.name.as_deref() == Some(name)).cloned();
    let profile =
        found.unwrap_or_else(|| Profile { name: Some(name.to_owned()), ..Profile::default() });
    Profile { choice: ProfileChoice::Flag, ..profile }
}

fn names_of(list: &ProfileList) -> Vec<String> {
    list.profiles.iter().filter_map(|profile| profile.name.clone()).collect()
}

/// A flag or a variable that names one tenant contradicts a job that names others.
pub(crate) fn refuse_other_tenant(
    global: &GlobalOptions,
    flags: &TenantOptions,
    names: &[String],
) -> Result<(), Failure> {
    let profile = read_profile(global)?;
    if let Some(name) = profile.name.as_ref().filter(|_| profile.is_chosen())
        && names != std::slice::from_ref(name)
    {
        let others = shown(names);
        return Err(Failure::usage(format!(
            "profile {name} is asked for, but the job is for {others}"
        ))
        .next("give no profile, or run the job with another list of devices"));
    }
    let rows = [&tenant::BASE_URL, &tenant::SUBDOMAIN, &tenant::TOKEN_FILE, &tenant::TOKEN_COMMAND];
    if let Some(row) = rows.into_iter().find(|row| names.len() > 1 && flags.has(row)) {
        let flag = row.flags.first().map_or(row.name, |flag| flag.long);
        return Err(Failure::usage(format!(
            "--{flag} is for one tenant, but the job is for {}",
            shown(names)
        ))
        .next("remove the flag: address and token come from the profile of each tenant"));
    }
    Ok(())
}

/// The names of tenants, or their number where there are many.
fn shown(names: &[String]) -> String {
    match names {
        few if few.len() <= 3 => few.join(", "),
        many => format!("{} tenants", many.len()),
    }
}
