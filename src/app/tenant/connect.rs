//! The way to the tenant: address, token and transport put together.
//!
//! Owns the connection, and the simulated tenant that stands in for one. Must never make a transport that can
//! write before it is asked for.

use std::path::Path;
use std::sync::Arc;

use crate::app::settings::{Profile, timeout_ms};
use crate::app::tenant::address::{Address, address, address_of_run};
use crate::app::tenant::token::{FoundToken, renewal};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::drive::{Clock, RenewToken, WallClock};
use crate::job::Job;
use crate::model::settings::{SettingValues, tenant};
use crate::model::{Platform, Sealed};
use crate::simulator::{Faults, FleetSpec, NamedDevice, Server, Switches, World, serve};
use crate::transport::{
    BaseUrl, HttpSettings, HttpTransport, OtherHosts, ReadOnly, check_base_url,
};

/// Devices of the simulated fleet besides those that the job names.
const SIMULATED_DEVICES: u32 = 60;
/// OS versions that simulated devices of a job get, recent enough for every option.
const SIMULATED_OS: [(Platform, &str); 2] = [(Platform::Mac, "14.5"), (Platform::Windows, "24H2")];
const SIMULATED_OS_OTHER: &str = "17.5";
/// Devices of a selection that the simulated fleet gets for sure.
const SIMULATED_SELECTED: u32 = 3;

/// A tenant that can be read from. What could write to it is made only by [`Connection::writer`].
pub(crate) struct Connection {
    pub reader: Arc<ReadOnly<HttpTransport>>,
    /// The tenant as people know it.
    pub tenant: String,
    pub base_url: String,
    /// What named the address, the profile, and where the token came from, for people.
    pub reached_by: String,
    settings: HttpSettings,
    token_command: Option<String>,
    /// The simulated tenant, alive as long as this.
    pub simulated: Option<Server>,
}

impl Connection {
    fn new(
        settings: HttpSettings,
        base_url: BaseUrl,
        token_command: Option<String>,
        simulated: Option<Server>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            reader: Arc::new(ReadOnly::new(transport(&settings)?)),
            tenant: base_url.tenant,
            base_url: base_url.url,
            reached_by: "a simulated tenant".to_owned(),
            settings,
            token_command,
            simulated,
        })
    }

    /// A transport that can write, and the way to a fresh token for it. Call it only for a run that was
    /// agreed to.
    pub(crate) fn writer(&self) -> Result<(Arc<HttpTransport>, Option<RenewToken>), Failure> {
        let transport = Arc::new(transport(&self.settings)?);
        let renew = self.token_command.as_ref().map(|command| renewal(command, &transport));
        Ok((transport, renew))
    }
}

fn transport(settings: &HttpSettings) -> Result<HttpTransport, Failure> {
    HttpTransport::new(settings).map_err(|error| Failure::new(Exit::Unexpected, error.to_string()))
}

/// Connects to the tenant that options, environment and profile name; with `--simulate` to one of our own
/// that has the devices of `job`.
pub(crate) async fn connect(
    given: &SettingValues,
    profile: &Profile,
    job: Option<&Job>,
) -> Result<Connection, Failure> {
    if given.is_on(&tenant::SIMULATE) {
        return simulate(given, job).await;
    }
    connect_to(address(given, profile)?, timeout_ms(given)?, given, profile)
}

/// Connects to the tenant of a run that is resumed.
pub(crate) fn connect_again(
    base_url: &str,
    timeout_ms: u64,
    given: &SettingValues,
    profile: &Profile,
) -> Result<Connection, Failure> {
    connect_to(address_of_run(base_url, given, profile)?, timeout_ms, given, profile)
}

fn connect_to(
    address: Address,
    timeout_ms: u64,
    given: &SettingValues,
    profile: &Profile,
) -> Result<Connection, Failure> {
    // A token of the profile must not be sent to another address than the profile's.
    let nobody = Profile::default();
    let profile = if address.is_profiles { profile } else { &nobody };
    let FoundToken { source, shown } = FoundToken::find(&address, given, profile)?;
    let settings = http_settings(&address.base_url, timeout_ms, source.read()?, given, profile)?;
    let named = match &profile.name {
        Some(name) => format!("profile {name}"),
        None => "no profile".to_owned(),
    };
    let reached_by =
        format!("{named}, address from {}, token from {shown}", address.source.shown());
    let connection = Connection::new(settings, address.base_url, source.into_command(), None)?;
    let connection = Connection { reached_by, ..connection };
    Ok(match &profile.name {
        Some(name) => Connection { tenant: name.clone(), ..connection },
        None => connection,
    })
}

fn http_settings(
    base_url: &BaseUrl,
    timeout_ms: u64,
    token: Sealed,
    given: &SettingValues,
    profile: &Profile,
) -> Result<HttpSettings, Failure> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Failure::usage(format!("--ca-file {}: {error}", path.display())))
    };
    let ca_file = given.path(&tenant::CA_FILE).or(profile.values.path(&tenant::CA_FILE));
    Ok(HttpSettings {
        base_url: base_url.url.clone(),
        token,
        timeout_ms,
        ca_file: ca_file.map(read).transpose()?,
        user_agent: concat!("sortie/", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

async fn simulate(given: &SettingValues, job: Option<&Job>) -> Result<Connection, Failure> {
    let seed = given.number(&tenant::SEED).unwrap_or(1);
    let fleet = FleetSpec {
        devices: SIMULATED_DEVICES,
        seed,
        naming: job.map(named_devices).unwrap_or_default(),
        ..FleetSpec::default()
    };
    let world = World::new(&fleet, Switches::default(), Faults::latency(), WallClock.now());
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server = serve(address, world).await.map_err(|error| {
        Failure::new(Exit::Unexpected, format!("the simulated tenant cannot listen: {error}"))
    })?;
    let base_url = check_base_url(&server.base_url(), OtherHosts::Refuse)
        .map_err(|error| Failure::new(Exit::Unexpected, error.to_string()))?;
    let token = Sealed::clear(server.token.clone());
    let (nothing, nobody) = (SettingValues::default(), Profile::default());
    let settings = http_settings(&base_url, timeout_ms(given)?, token, &nothing, &nobody)?;
    let connection = Connection::new(settings, base_url, None, Some(server))?;
    Ok(Connection { tenant: "simulated".to_owned(), ..connection })
}

/// The devices that a job names, each on a platform on which its steps can be done.
fn named_devices(job: &Job) -> Vec<NamedDevice> {
    let mut named: Vec<NamedDevice> = job
        .rows
        .iter()
        .map(|row| {
            let platform = fitting_platform(&row.steps);
            let target = &row.target;
            NamedDevice {
                device_id: target.device_id.as_ref().map(ToString::to_string),
                serial_number: target.serial_number.clone(),
                user_email: target.user_email.clone(),
                device_name: target.device_name.clone(),
                asset_tag: target.asset_tag.clone(),
                platform,
                os_version: platform.map(|platform| simulated_os(platform).to_owned()),
                ..NamedDevice::default()
            }
        })
        .collect();
    if let Some(selection) = &job.selection {
        let filter = &selection.filter;
        let platform =
            filter.platform.first().copied().or_else(|| fitting_platform(&selection.steps));
        for _ in 0..SIMULATED_SELECTED {
            named.push(NamedDevice {
                platform,
                os_version: platform.map(|platform| simulated_os(platform).to_owned()),
                blueprint: filter.blueprint.first().cloned(),
                tag: filter.tag.first().cloned(),
                ..NamedDevice::default()
            });
        }
    }
    named
}

fn simulated_os(platform: Platform) -> &'static str {
    SIMULATED_OS
        .iter()
        .find(|(on, _)| *on == platform)
        .map_or(SIMULATED_OS_OTHER, |(_, version)| version)
}

fn fitting_platform(steps: &[crate::job::Step]) -> Option<Platform> {
    Platform::ALL.into_iter().find(|platform| {
        let os = simulated_os(*platform);
        steps.iter().all(|step| step.action.objection(*platform, os, &step.params).is_none())
    })
}
