//! Which tenant is meant.
//!
//! Owns the order of the places that may name the tenant's address. Must never mix them up: a profile's name
//! and token belong to the profile's address and to no other.

use crate::cli::failure::Failure;
use crate::cli::options::{TenantOptions, variable};
use crate::cli::settings::{Chosen, Profile};
use crate::transport::{
    BaseUrl, BaseUrlError, OtherHosts, Region, base_url_of, check_base_url, tenant_key,
};

/// Variables that may hold the address, strongest first.
const URL_VARIABLES: [&str; 3] = ["SORTIE_BASE_URL", "IRU_API_URL", "KANDJI_API_URL"];

/// The address of a tenant.
pub(crate) struct Address {
    pub base_url: BaseUrl,
    /// It is the profile's, so the profile's name and token belong to it.
    pub is_profiles: bool,
    pub source: AddressSource,
}

/// What names the address.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum AddressSource {
    Flag,
    Variable(&'static str),
    Profile,
    /// The run or plan that is gone on with.
    Run,
}

impl AddressSource {
    /// In words, for people who look where a command goes to.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Flag => "the command line",
            Self::Variable(name) => name,
            Self::Profile => "the profile",
            Self::Run => "the run or plan",
        }
    }
}

/// The address that options, environment or profile name.
pub(crate) fn address(options: &TenantOptions, profile: &Profile) -> Result<Address, Failure> {
    let profiles = profiles_url(profile)?;
    refuse_contradiction(options, profile)?;
    let is_chosen = profile.chosen != Chosen::Default;
    let (text, source) = match (flag_url(options)?, variable_url(), &profiles) {
        (Some(url), ..) => (url, AddressSource::Flag),
        (None, _, Some(url)) if is_chosen => (url.clone(), AddressSource::Profile),
        (None, Some((name, url)), _) => (url, AddressSource::Variable(name)),
        (None, None, Some(url)) => (url.clone(), AddressSource::Profile),
        (None, None, None) => {
            return Err(Failure::usage("no tenant is named").next(
                "give --base-url, --subdomain, SORTIE_BASE_URL or a profile; --simulate needs none",
            ));
        }
    };
    let is_profiles = profiles.is_some_and(|profiles| is_same(&profiles, &text));
    let other_hosts = if options.allow_other_host || (is_profiles && profile.allow_other_host) {
        OtherHosts::Allow
    } else {
        OtherHosts::Refuse
    };
    let base_url = check_base_url(&text, other_hosts).map_err(|error| refused(&error))?;
    Ok(Address { base_url, is_profiles, source })
}

/// Refuses a profile that was asked for beside the address of another tenant: one of them is a mistake, and nobody can tell
/// which.
fn refuse_contradiction(options: &TenantOptions, profile: &Profile) -> Result<(), Failure> {
    let Some(own) = profiles_url(profile)?.filter(|_| profile.chosen != Chosen::Default) else {
        return Ok(());
    };
    let flag = flag_url(options)?.map(|url| ("the command line", url));
    // A flag outranks the environment, which then is not asked.
    let Some((name, other)) = flag.or_else(variable_url) else { return Ok(()) };
    if is_same_tenant(&own, &other) {
        return Ok(());
    }
    let profile = profile.name.as_deref().unwrap_or_default();
    Err(Failure::usage(format!("the profile '{profile}' is for {own}, and {name} names {other}"))
        .next("leave one of them out: both name a tenant, and only one can be meant"))
}

/// The variable that names another tenant than this address, with what it names. A token of the environment belongs to it.
pub(crate) fn variable_of_another_tenant(base_url: &str) -> Option<(&'static str, String)> {
    variable_url().filter(|(_, url)| !is_same_tenant(url, base_url))
}

/// Whether the environment names an address.
pub(crate) fn has_variable() -> bool {
    variable_url().is_some()
}

/// Whether two addresses lead to one tenant.
fn is_same_tenant(one: &str, other: &str) -> bool {
    let key = |text| {
        let checked = check_base_url(text, OtherHosts::Allow).ok();
        checked.map_or_else(|| text.to_owned(), |checked| tenant_key(&checked.url))
    };
    key(one) == key(other)
}

/// The address of a run that is resumed: its own, whatever else is named may only agree with it. What stands in a database
/// is no reason to send a token there: a flag, the environment or the profile names the address, or it is the vendor's.
pub(crate) fn address_of_run(
    base_url: &str,
    options: &TenantOptions,
    profile: &Profile,
) -> Result<Address, Failure> {
    refuse_contradiction(options, profile)?;
    let given = given_url(options)?;
    let profiles = profiles_url(profile)?;
    if profile.chosen == Chosen::Flag
        && let Some(own) = profiles.as_ref().filter(|own| !is_same_tenant(own, base_url))
    {
        let name = profile.name.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!(
            "the run belongs to {base_url}, and the profile '{name}' is for {own}"
        ))
        .next("name the profile of the run's tenant, or none"));
    }
    if options.simulate || given.as_ref().is_some_and(|url| !is_same(url, base_url)) {
        return Err(Failure::usage(format!(
            "the run belongs to {base_url}, another tenant is named"
        ))
        .next("resume it without --base-url, --subdomain or SORTIE_BASE_URL, or with its own"));
    }
    let is_profiles = profiles.is_some_and(|url| is_same(&url, base_url));
    let is_vendors = check_base_url(base_url, OtherHosts::Refuse).is_ok_and(|url| !url.is_loopback);
    if given.is_none() && !is_profiles && !is_vendors {
        return Err(Failure::usage(format!(
            "the run's address {base_url} is not one of the vendor's, and no flag, variable or profile names it"
        ))
        .state("the token was not read")
        .next(format!("if that address is right, name it: --base-url {base_url}")));
    }
    // It is named here and now, or it is the vendor's.
    let checked = check_base_url(base_url, OtherHosts::Allow).map_err(|error| refused(&error))?;
    Ok(Address { base_url: checked, is_profiles, source: AddressSource::Run })
}

/// Whether two spellings name the same address.
fn is_same(one: &str, other: &str) -> bool {
    let url = |text| check_base_url(text, OtherHosts::Allow).ok().map(|checked| checked.url);
    url(one).is_some_and(|one| url(other) == Some(one))
}

/// The address that flags or the environment give.
fn given_url(options: &TenantOptions) -> Result<Option<String>, Failure> {
    Ok(flag_url(options)?.or_else(|| variable_url().map(|(_, url)| url)))
}

fn variable_url() -> Option<(&'static str, String)> {
    URL_VARIABLES.into_iter().find_map(|name| Some((name, variable(name)?)))
}

fn flag_url(options: &TenantOptions) -> Result<Option<String>, Failure> {
    if let Some(url) = &options.base_url {
        return Ok(Some(url.clone()));
    }
    if let Some(subdomain) = &options.subdomain {
        return url_of(subdomain, options.region.as_deref()).map(Some);
    }
    Ok(None)
}

fn profiles_url(profile: &Profile) -> Result<Option<String>, Failure> {
    match (&profile.base_url, &profile.subdomain) {
        (Some(url), _) => Ok(Some(url.clone())),
        (None, Some(subdomain)) => url_of(subdomain, profile.region.as_deref()).map(Some),
        (None, None) => Ok(None),
    }
}

fn url_of(subdomain: &str, region: Option<&str>) -> Result<String, Failure> {
    let region = match region {
        None => Region::Us,
        Some(word) => Region::parse(word).ok_or_else(|| {
            Failure::usage(format!("there is no region '{word}'")).next("write us or eu")
        })?,
    };
    base_url_of(subdomain, region).map_err(|error| refused(&error))
}

fn refused(error: &BaseUrlError) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        BaseUrlError::UnknownHost { .. } => {
            failure.next("if you mean that host, say so with --allow-other-host")
        }
        _ => failure,
    }
}
