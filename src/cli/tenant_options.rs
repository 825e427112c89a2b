//! The tenant, as flags, environment and profile name it.
//!
//! Owns the names of these places. Must never choose among them, which the application does, and never read a token file or
//! run a token command.

use super::failure::Failure;
use super::locations::open_workspace;
use super::options::{GlobalOptions, TenantOptions};
use super::runtime::runtime;
use super::settings::read_profile;
use super::terminal::printer::Printer;
use super::terminal::question::can_ask;
use crate::app::settings::{Profile, timeout_ms};
use crate::app::{
    AddressReason, Connection, NamedAddress, NamedToken, ReadPace, Reason, TenantPlace,
    TenantProfile, TenantReader, TenantRequest, TokenPlace, has_keyring,
};
use crate::job::Job;
use crate::model::settings::{
    PlacedValue, SettingLayer, SettingSource, SettingSpec, SettingValue, SettingValues, pace,
    tenant,
};
use crate::transport::{Region, base_url_of};

/// Connects to the tenant that is named; with `--simulate` to one of our own that has the devices of `job`.
pub(crate) async fn connect(
    given: &SettingValues,
    profile: &Profile,
    job: Option<&Job>,
) -> Result<Connection, Failure> {
    Ok(Connection::open(&tenant_request(given, profile)?, job).await?)
}

/// Reads the tenant that is named.
pub(crate) fn with_reader<T>(
    global: &GlobalOptions,
    tenant: &TenantOptions,
    printer: &Printer,
    look: impl AsyncFnOnce(&TenantReader) -> Result<T, Reason>,
) -> Result<T, Failure> {
    let profile = read_profile(global)?;
    let workspace = open_workspace(global, printer)?;
    let given = tenant.values()?;
    runtime()?.block_on(async {
        let connection = connect(&given, &profile, None).await?;
        Ok(look(&workspace.tenant_reader(connection, read_pace(&profile))).await?)
    })
}

/// How fast a tenant may be read by its profile.
pub(crate) fn read_pace(profile: &Profile) -> ReadPace {
    ReadPace {
        per_second: profile.values.count(&pace::PER_SECOND),
        per_hour: profile.values.count(&pace::PER_HOUR),
    }
}

/// Everything that names a tenant or holds a token for it. `given` is what flags and environment say.
pub(crate) fn tenant_request(
    given: &SettingValues,
    profile: &Profile,
) -> Result<TenantRequest, Failure> {
    let simulated = TenantRequest {
        simulated: given.is_on(&tenant::SIMULATE),
        seed: given.number(&tenant::SEED),
        timeout_ms: timeout_ms(given)?,
        ..TenantRequest::default()
    };
    if simulated.simulated {
        return Ok(simulated);
    }
    let mut of_profile = place(&profile.values, SettingLayer::Profile)?;
    if let (None, true, Some(name)) = (&of_profile.token, has_keyring(), &profile.name) {
        let place = TokenPlace::Keyring(name.clone());
        of_profile.token = Some(NamedToken { place, named_by: "the keyring".to_owned() });
    }
    Ok(TenantRequest {
        // Without a name there is no profile.
        profile: profile.name.clone().map(|name| TenantProfile {
            name,
            chosen: profile.choice,
            place: of_profile,
        }),
        given: place(given, SettingLayer::Flag)?,
        environment: place(given, SettingLayer::Variable)?,
        is_attended: can_ask(),
        token_variables: tenant::TOKEN.variables.iter().map(|name| (*name).to_owned()).collect(),
        ..simulated
    })
}

/// What one kind of source says of the tenant.
fn place(values: &SettingValues, layer: SettingLayer) -> Result<TenantPlace, Failure> {
    let of = |setting: &SettingSpec| values.of_layer(setting, layer);
    let address = match (of(&tenant::BASE_URL), of(&tenant::SUBDOMAIN)) {
        (Some(placed), _) => Some((placed, placed.value.shown())),
        (None, Some(placed)) => {
            let region = of(&tenant::REGION).map(|placed| placed.value.shown());
            Some((placed, url_of(&placed.value.shown(), region.as_deref())?))
        }
        (None, None) => None,
    };
    let tokens = [&tenant::TOKEN_FILE, &tenant::TOKEN_COMMAND, &tenant::TOKEN];
    let is_allowed = of(&tenant::ALLOW_OTHER_HOST).map(|placed| &placed.value);
    Ok(TenantPlace {
        address: address.map(|(placed, url)| NamedAddress { url, named_by: named_by(placed) }),
        token: tokens.into_iter().find_map(|setting| token(setting, of(setting)?)),
        ca_file: of(&tenant::CA_FILE).and_then(|placed| match &placed.value {
            SettingValue::Path(path) => Some(path.clone()),
            _ => None,
        }),
        is_other_host_allowed: matches!(is_allowed, Some(SettingValue::Switch(true))),
    })
}

/// What names an address, for people.
fn named_by(placed: &PlacedValue) -> String {
    match placed.source {
        SettingSource::Flag(_) => "the command line",
        SettingSource::Variable(name) => name,
        SettingSource::Profile => "the profile",
        SettingSource::Job { .. } => "the job",
    }
    .to_owned()
}

/// The place of a token, with its name: that of the setting, never what was given as a file's name.
fn token(setting: &SettingSpec, placed: &PlacedValue) -> Option<NamedToken> {
    let place = match &placed.value {
        SettingValue::Path(path) => TokenPlace::File(path.clone()),
        SettingValue::Text(line) => TokenPlace::Command(line.clone()),
        SettingValue::Secret(text) => TokenPlace::Text(text.clone()),
        _ => return None,
    };
    let named_by = match placed.source {
        SettingSource::Flag(name) => format!("--{name}"),
        SettingSource::Variable(name) => name.to_owned(),
        SettingSource::Profile | SettingSource::Job { .. } => {
            format!("the profile's {}", setting.name)
        }
    };
    Some(NamedToken { place, named_by })
}

/// The address of a tenant from its subdomain.
pub(crate) fn url_of(subdomain: &str, region: Option<&str>) -> Result<String, Failure> {
    let region = match region {
        None => Region::Us,
        Some(word) => Region::parse(word).ok_or_else(|| {
            Failure::usage(format!("there is no region '{word}'")).next("write us or eu")
        })?,
    };
    Ok(base_url_of(subdomain, region).map_err(AddressReason::from)?)
}
