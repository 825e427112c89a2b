//! Which tenant is meant.
//!
//! Owns the order of the places that may name the tenant's address. Must never mix them up: a profile's name
//! and token belong to the profile's address and to no other.

use crate::app::settings::{Profile, ProfileChoice};
use crate::cli::failure::Failure;
use crate::model::settings::{SettingLayer, SettingSource, SettingValue, SettingValues, tenant};
use crate::transport::{
    BaseUrl, BaseUrlError, OtherHosts, Region, base_url_of, check_base_url, tenant_key,
};

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
pub(crate) fn address(given: &SettingValues, profile: &Profile) -> Result<Address, Failure> {
    let profiles = profiles_url(profile)?;
    refuse_contradiction(given, profile)?;
    let is_chosen = profile.is_chosen();
    let (text, source) = match (flag_url(given)?, variable_url(given), &profiles) {
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
    let other_hosts = if given.is_on(&tenant::ALLOW_OTHER_HOST)
        || (is_profiles && profile.values.is_on(&tenant::ALLOW_OTHER_HOST))
    {
        OtherHosts::Allow
    } else {
        OtherHosts::Refuse
    };
    let base_url = check_base_url(&text, other_hosts).map_err(|error| refused(&error))?;
    Ok(Address { base_url, is_profiles, source })
}

/// Refuses a profile that was asked for beside the address of another tenant: one of them is a mistake, and nobody can tell
/// which.
fn refuse_contradiction(given: &SettingValues, profile: &Profile) -> Result<(), Failure> {
    let Some(own) = profiles_url(profile)?.filter(|_| profile.is_chosen()) else {
        return Ok(());
    };
    let flag = flag_url(given)?.map(|url| ("the command line", url));
    // A flag outranks the environment, which then is not asked.
    let Some((name, other)) = flag.or_else(|| variable_url(given)) else { return Ok(()) };
    if is_same_tenant(&own, &other) {
        return Ok(());
    }
    let profile = profile.name.as_deref().unwrap_or_default();
    Err(Failure::usage(format!("the profile '{profile}' is for {own}, and {name} names {other}"))
        .next("leave one of them out: both name a tenant, and only one can be meant"))
}

/// The variable that names another tenant than this address, with what it names. A token of the environment belongs to it.
pub(crate) fn variable_of_another_tenant(
    given: &SettingValues,
    base_url: &str,
) -> Option<(&'static str, String)> {
    variable_url(given).filter(|(_, url)| !is_same_tenant(url, base_url))
}

/// Whether the environment names an address.
pub(crate) fn has_variable(given: &SettingValues) -> bool {
    variable_url(given).is_some()
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
    given: &SettingValues,
    profile: &Profile,
) -> Result<Address, Failure> {
    refuse_contradiction(given, profile)?;
    let other = given_url(given)?;
    let profiles = profiles_url(profile)?;
    if profile.choice == ProfileChoice::Flag
        && let Some(own) = profiles.as_ref().filter(|own| !is_same_tenant(own, base_url))
    {
        let name = profile.name.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!(
            "the run belongs to {base_url}, and the profile '{name}' is for {own}"
        ))
        .next("name the profile of the run's tenant, or none"));
    }
    if given.is_on(&tenant::SIMULATE) || other.as_ref().is_some_and(|url| !is_same(url, base_url)) {
        return Err(Failure::usage(format!(
            "the run belongs to {base_url}, another tenant is named"
        ))
        .next("resume it without --base-url, --subdomain or SORTIE_BASE_URL, or with its own"));
    }
    let is_profiles = profiles.is_some_and(|url| is_same(&url, base_url));
    let is_vendors = check_base_url(base_url, OtherHosts::Refuse).is_ok_and(|url| !url.is_loopback);
    if other.is_none() && !is_profiles && !is_vendors {
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
fn given_url(given: &SettingValues) -> Result<Option<String>, Failure> {
    Ok(flag_url(given)?.or_else(|| variable_url(given).map(|(_, url)| url)))
}

fn variable_url(given: &SettingValues) -> Option<(&'static str, String)> {
    let placed = given.of_layer(&tenant::BASE_URL, SettingLayer::Variable)?;
    match (placed.source, &placed.value) {
        (SettingSource::Variable(name), SettingValue::Text(url)) => Some((name, url.clone())),
        _ => None,
    }
}

fn flag_url(given: &SettingValues) -> Result<Option<String>, Failure> {
    url_of_layer(given, SettingLayer::Flag)
}

fn profiles_url(profile: &Profile) -> Result<Option<String>, Failure> {
    url_of_layer(&profile.values, SettingLayer::Profile)
}

/// The address that one kind of source gives, as an address or as a subdomain.
fn url_of_layer(values: &SettingValues, layer: SettingLayer) -> Result<Option<String>, Failure> {
    let shown = |setting| values.of_layer(setting, layer).map(|placed| placed.value.shown());
    match (shown(&tenant::BASE_URL), shown(&tenant::SUBDOMAIN)) {
        (Some(url), _) => Ok(Some(url)),
        (None, Some(subdomain)) => url_of(&subdomain, shown(&tenant::REGION).as_deref()).map(Some),
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
