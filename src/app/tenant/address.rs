//! Which tenant is meant.
//!
//! Owns the order of the places that may name the tenant's address, and what contradicts itself. Must never mix them up: a
//! profile's name and token belong to the profile's address and to no other.

use super::address_reason::AddressReason;
use super::request::TenantRequest;
use crate::app::settings::ProfileChoice;
use crate::transport::{BaseUrl, OtherHosts, check_base_url, tenant_key};

/// What names the address of a run or plan, in the record's words.
const BY_RUN: &str = "the run or plan";

/// The address of a tenant, chosen and checked.
pub(super) struct Address {
    pub base_url: BaseUrl,
    /// It is the profile's, so the profile's name and token belong to it.
    pub is_profiles: bool,
    /// The profile is all that names it.
    pub is_named_by_profile: bool,
    /// What names it, in the front end's words.
    pub named_by: String,
}

/// The address that a request names.
pub(super) fn address(request: &TenantRequest) -> Result<Address, AddressReason> {
    refuse_contradiction(request)?;
    let profile = request.profile.as_ref();
    let of_profile = profile.and_then(|profile| profile.place.address.as_ref());
    let given = request.given.address.as_ref();
    let environment = request.environment.address.as_ref();
    let (named, is_named_by_profile) = match (given, environment, of_profile) {
        (Some(named), ..) => (named, false),
        (None, _, Some(named)) if request.is_profile_chosen() => (named, true),
        (None, Some(named), _) => (named, false),
        (None, None, Some(named)) => (named, true),
        (None, None, None) => return Err(AddressReason::Unnamed),
    };
    let is_profiles = request.profile_url().is_some_and(|url| is_same(url, &named.url));
    let is_allowed_there = profile.is_some_and(|profile| profile.place.is_other_host_allowed);
    let is_allowed = request.given.is_other_host_allowed || (is_profiles && is_allowed_there);
    let other_hosts = if is_allowed { OtherHosts::Allow } else { OtherHosts::Refuse };
    let base_url = check_base_url(&named.url, other_hosts)?;
    Ok(Address { base_url, is_profiles, is_named_by_profile, named_by: named.named_by.clone() })
}

/// Refuses a profile that was asked for beside the address of another tenant: one of them is a mistake, and sortie cannot tell
/// which.
fn refuse_contradiction(request: &TenantRequest) -> Result<(), AddressReason> {
    let Some(own) = request.profile_url().filter(|_| request.is_profile_chosen()) else {
        return Ok(());
    };
    // What was given outranks the environment, which then is not asked.
    let Some(other) = request.named_address() else { return Ok(()) };
    if is_same_tenant(own, &other.url) {
        return Ok(());
    }
    Err(AddressReason::ProfileContradicted {
        profile: request.profile_name().to_owned(),
        profile_url: own.to_owned(),
        url: other.url.clone(),
        named_by: other.named_by.clone(),
    })
}

/// Whether two addresses lead to one tenant.
pub(super) fn is_same_tenant(one: &str, other: &str) -> bool {
    let key = |text| {
        let checked = check_base_url(text, OtherHosts::Allow).ok();
        checked.map_or_else(|| text.to_owned(), |checked| tenant_key(&checked.url))
    };
    key(one) == key(other)
}

/// The address of a run that is resumed: its own; another named address must be equal. What is in a database
/// is no reason to send a token there: the request, the environment or the profile names the address, or it is the vendor's.
pub(super) fn address_of_run(
    base_url: &str,
    request: &TenantRequest,
) -> Result<Address, AddressReason> {
    refuse_contradiction(request)?;
    let (named, of_profile) = (request.named_address(), request.profile_url());
    let is_given = request.profile.as_ref().is_some_and(|it| it.chosen == ProfileChoice::Flag);
    if let Some(own) = of_profile.filter(|own| is_given && !is_same_tenant(own, base_url)) {
        return Err(AddressReason::ProfileOfAnotherTenant {
            run_url: base_url.to_owned(),
            profile: request.profile_name().to_owned(),
            profile_url: own.to_owned(),
        });
    }
    if request.simulated || named.is_some_and(|named| !is_same(&named.url, base_url)) {
        return Err(AddressReason::AnotherTenant { run_url: base_url.to_owned() });
    }
    let is_profiles = of_profile.is_some_and(|url| is_same(url, base_url));
    let is_vendors = check_base_url(base_url, OtherHosts::Refuse).is_ok_and(|url| !url.is_loopback);
    if named.is_none() && !is_profiles && !is_vendors {
        return Err(AddressReason::OnlyInRun { run_url: base_url.to_owned() });
    }
    // It is named here and now, or it is the vendor's.
    let checked = check_base_url(base_url, OtherHosts::Allow)?;
    let named_by = BY_RUN.to_owned();
    Ok(Address { base_url: checked, is_profiles, is_named_by_profile: false, named_by })
}

/// Whether two spellings name the same address.
fn is_same(one: &str, other: &str) -> bool {
    let url = |text| check_base_url(text, OtherHosts::Allow).ok().map(|checked| checked.url);
    url(one).is_some_and(|one| url(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::super::request::{NamedAddress, TenantPlace, TenantProfile};
    use super::*;

    const RUN: &str = "https://accuhive.api.kandji.io";
    const OTHER: &str = "https://other.api.kandji.io";
    const PROXY: &str = "https://proxy.example.com";

    fn place(url: Option<&str>) -> TenantPlace {
        let address = url.map(|url| NamedAddress { url: url.to_owned(), named_by: "x".to_owned() });
        TenantPlace { address, ..TenantPlace::default() }
    }

    fn request(
        given: Option<&str>,
        environment: Option<&str>,
        profile: Option<(&str, ProfileChoice)>,
    ) -> TenantRequest {
        TenantRequest {
            given: place(given),
            environment: place(environment),
            profile: profile.map(|(url, chosen)| TenantProfile {
                name: "p".to_owned(),
                chosen,
                place: place(Some(url)),
            }),
            ..TenantRequest::default()
        }
    }

    fn kind(result: Result<Address, AddressReason>) -> String {
        match result {
            Ok(address) => address.base_url.url,
            Err(reason) => serde_json::to_value(&reason).expect("data")["kind"].to_string(),
        }
    }

    #[test]
    fn the_strongest_place_names_the_address() {
        use ProfileChoice::{Default, Flag, Variable};
        for (given, environment, profile, expected) in [
            (Some(RUN), Some(OTHER), Some((OTHER, Default)), RUN),
            (None, Some(RUN), Some((OTHER, Default)), RUN),
            (None, None, Some((RUN, Default)), RUN),
            (None, Some(RUN), Some((RUN, Flag)), RUN),
            (None, None, None, "\"tenant_unnamed\""),
            (None, Some(RUN), Some((OTHER, Flag)), "\"profile_contradicted\""),
            (Some(RUN), None, Some((OTHER, Variable)), "\"profile_contradicted\""),
            (Some(PROXY), None, None, "\"address_invalid\""),
        ] {
            assert_eq!(kind(address(&request(given, environment, profile))), expected);
        }
    }

    #[test]
    fn a_run_is_reached_at_its_address_or_not_at_all() {
        use ProfileChoice::{Default, Flag};
        for (run, given, environment, profile, expected) in [
            (RUN, None, None, None, RUN),
            (RUN, Some(RUN), None, Some((OTHER, Default)), RUN),
            (RUN, Some(OTHER), None, None, "\"run_of_another_tenant\""),
            (RUN, None, Some(OTHER), None, "\"run_of_another_tenant\""),
            (RUN, None, None, Some((OTHER, Flag)), "\"profile_of_another_tenant\""),
            (PROXY, None, None, None, "\"run_address_unnamed\""),
            (PROXY, None, None, Some((RUN, Default)), "\"run_address_unnamed\""),
            (PROXY, Some(PROXY), None, None, PROXY),
            (PROXY, None, Some(PROXY), None, PROXY),
            (PROXY, None, None, Some((PROXY, Flag)), PROXY),
            ("http://127.0.0.1:8080", None, None, None, "\"run_address_unnamed\""),
        ] {
            let request = request(given, environment, profile);
            assert_eq!(kind(address_of_run(run, &request)), expected, "{run} {given:?}");
        }
        let simulated = TenantRequest { simulated: true, ..TenantRequest::default() };
        assert_eq!(kind(address_of_run(RUN, &simulated)), "\"run_of_another_tenant\"");
    }
}
