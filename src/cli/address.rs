//! Which tenant is meant.
//!
//! Owns the order of the places that may name the tenant's address. Must never mix them up: a profile's name
//! and token belong to the profile's address and to no other.

use super::failure::Failure;
use super::options::{TenantOptions, variable};
use super::settings::Profile;
use crate::transport::{BaseUrl, BaseUrlError, OtherHosts, Region, base_url_of, check_base_url};

/// Variables that may hold the address, strongest first.
const URL_VARIABLES: [&str; 3] = ["SORTIE_BASE_URL", "IRU_API_URL", "KANDJI_API_URL"];

/// The address of a tenant.
pub(super) struct Address {
    pub base_url: BaseUrl,
    /// It is the profile's, so the profile's name and token belong to it.
    pub is_profiles: bool,
}

/// The address that options, environment or profile name.
pub(super) fn address(options: &TenantOptions, profile: &Profile) -> Result<Address, Failure> {
    let profiles = profiles_url(profile)?;
    let (text, is_profiles) = match (given_url(options)?, profiles) {
        (Some(url), profiles) => {
            let is_profiles = profiles.is_some_and(|profiles| is_same(&profiles, &url));
            (url, is_profiles)
        }
        (None, Some(url)) => (url, true),
        (None, None) => {
            return Err(Failure::usage("no tenant is named").next(
                "give --base-url, --subdomain, SORTIE_BASE_URL or a profile; --simulate needs none",
            ));
        }
    };
    let other_hosts = if options.allow_other_host || (is_profiles && profile.allow_other_host) {
        OtherHosts::Allow
    } else {
        OtherHosts::Refuse
    };
    let base_url = check_base_url(&text, other_hosts).map_err(|error| refused(&error))?;
    Ok(Address { base_url, is_profiles })
}

/// The address of a run that is resumed: its own, whatever else is named may only agree with it. What stands in a database
/// is no reason to send a token there: a flag, the environment or the profile names the address, or it is the vendor's.
pub(super) fn address_of_run(
    base_url: &str,
    options: &TenantOptions,
    profile: &Profile,
) -> Result<Address, Failure> {
    let given = given_url(options)?;
    if options.simulate || given.as_ref().is_some_and(|url| !is_same(url, base_url)) {
        return Err(Failure::usage(format!(
            "the run belongs to {base_url}, another tenant is named"
        ))
        .next("resume it without --base-url, --subdomain or SORTIE_BASE_URL, or with its own"));
    }
    let is_profiles = profiles_url(profile)?.is_some_and(|url| is_same(&url, base_url));
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
    Ok(Address { base_url: checked, is_profiles })
}

/// Whether two spellings name the same address.
fn is_same(one: &str, other: &str) -> bool {
    let url = |text| check_base_url(text, OtherHosts::Allow).ok().map(|checked| checked.url);
    url(one).is_some_and(|one| url(other) == Some(one))
}

/// The address that flags or the environment give.
fn given_url(options: &TenantOptions) -> Result<Option<String>, Failure> {
    if let Some(url) = &options.base_url {
        return Ok(Some(url.clone()));
    }
    if let Some(subdomain) = &options.subdomain {
        return url_of(subdomain, options.region.as_deref()).map(Some);
    }
    Ok(URL_VARIABLES.into_iter().find_map(variable))
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
