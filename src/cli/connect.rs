//! The way to the tenant: address, token, transport.
//!
//! Owns how a token is found. Must never print one, and never take one from the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::failure::Failure;
use super::options::TenantOptions;
use super::settings::Profile;
use crate::drive::{Clock, RenewToken, WallClock};
use crate::job::Job;
use crate::model::{Platform, Sealed};
use crate::simulator::{Faults, FleetSpec, NamedDevice, Server, Switches, World, serve};
use crate::transport::{
    BaseUrl, BaseUrlError, HttpSettings, HttpTransport, OtherHosts, ReadOnly, Region, base_url_of,
    check_base_url,
};

/// Variables that may hold the address, strongest first; `--base-url` reads `SORTIE_BASE_URL` itself.
const URL_VARIABLES: [&str; 2] = ["IRU_API_URL", "KANDJI_API_URL"];
/// Variables that may hold the token, strongest first.
const TOKEN_VARIABLES: [&str; 4] =
    ["SORTIE_TOKEN", "IRU_API_TOKEN", "KANDJI_API_TOKEN", "KANDJI_TOKEN"];
/// Devices of the simulated fleet besides those that the job names.
const SIMULATED_DEVICES: u32 = 60;
/// How long one request may take, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;
/// OS versions that simulated devices of a job get, recent enough for every option.
const SIMULATED_OS: [(Platform, &str); 2] = [(Platform::Mac, "14.5"), (Platform::Windows, "24H2")];
const SIMULATED_OS_OTHER: &str = "17.5";
/// Devices of a selection that the simulated fleet gets for sure.
const SIMULATED_SELECTED: u32 = 3;

/// A tenant that can be read from. What could write to it is made only by [`Connection::writer`].
pub(super) struct Connection {
    pub reader: Arc<ReadOnly<HttpTransport>>,
    /// The tenant as people know it.
    pub tenant: String,
    pub base_url: String,
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
            settings,
            token_command,
            simulated,
        })
    }

    /// A transport that can write, and the way to a fresh token for it. Call it only for a run that was
    /// agreed to.
    pub(super) fn writer(&self) -> Result<(Arc<HttpTransport>, Option<RenewToken>), Failure> {
        let transport = Arc::new(transport(&self.settings)?);
        let renew = self.token_command.as_ref().map(|command| renewal(command, &transport));
        Ok((transport, renew))
    }
}

fn transport(settings: &HttpSettings) -> Result<HttpTransport, Failure> {
    HttpTransport::new(settings).map_err(|error| Failure::new(Exit::Unexpected, error.to_string()))
}

impl TenantOptions {
    /// The same options for the tenant of a run that is resumed: it cannot change.
    pub(super) fn with_base_url(&self, base_url: &str) -> Result<Self, Failure> {
        let is_other = |given: &String| {
            !check_base_url(given, OtherHosts::Allow).is_ok_and(|given| given.url == base_url)
        };
        if self.simulate || self.subdomain.is_some() || self.base_url.as_ref().is_some_and(is_other)
        {
            return Err(Failure::usage(format!("the run belongs to {base_url}"))
                .next("resume it without naming a tenant; only the token may change"));
        }
        let base_url = Some(base_url.to_owned());
        // The host was agreed to when the run began.
        Ok(Self { base_url, allow_other_host: true, ..self.clone() })
    }
}

/// Connects to the tenant that options, environment and profile name; with `--simulate` to one of our own
/// that has the devices of `job`.
pub(super) async fn connect(
    options: &TenantOptions,
    profile: &Profile,
    job: Option<&Job>,
) -> Result<Connection, Failure> {
    if options.simulate {
        return simulate(options.seed.unwrap_or(1), job).await;
    }
    let base_url = base_url(options, profile)?;
    let token_command = options.token_command.as_ref().or(profile.token_command.as_ref());
    let token = read_token(options, profile, token_command)?;
    let settings = http_settings(&base_url, token, options, profile)?;
    let mut connection = Connection::new(settings, base_url, token_command.cloned(), None)?;
    if let Some(name) = &profile.name {
        connection.tenant.clone_from(name);
    }
    Ok(connection)
}

fn http_settings(
    base_url: &BaseUrl,
    token: Sealed,
    options: &TenantOptions,
    profile: &Profile,
) -> Result<HttpSettings, Failure> {
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .map_err(|error| Failure::usage(format!("--ca-file {}: {error}", path.display())))
    };
    Ok(HttpSettings {
        base_url: base_url.url.clone(),
        token,
        timeout_ms: TIMEOUT_MS,
        ca_file: options.ca_file.as_ref().or(profile.ca_file.as_ref()).map(read).transpose()?,
        user_agent: concat!("sortie/", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

fn base_url(options: &TenantOptions, profile: &Profile) -> Result<BaseUrl, Failure> {
    let region = |word: Option<&str>| word.and_then(Region::parse).unwrap_or(Region::Us);
    let built = |subdomain: &str, word: Option<&str>| {
        base_url_of(subdomain, region(word)).map_err(|error| Failure::usage(error.to_string()))
    };
    let from_environment = || {
        URL_VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
    };
    let text = match (&options.base_url, &options.subdomain, from_environment()) {
        (Some(url), _, _) => url.clone(),
        (None, Some(subdomain), _) => built(subdomain, options.region.as_deref())?,
        (None, None, Some(url)) => url,
        (None, None, None) => match (&profile.base_url, &profile.subdomain) {
            (Some(url), _) => url.clone(),
            (None, Some(subdomain)) => built(subdomain, profile.region.as_deref())?,
            (None, None) => {
                return Err(Failure::usage("no tenant is named").next(
                    "give --base-url, --subdomain, SORTIE_BASE_URL or a profile; --simulate needs none",
                ));
            }
        },
    };
    let other_hosts = if options.allow_other_host || profile.allow_other_host {
        OtherHosts::Allow
    } else {
        OtherHosts::Refuse
    };
    check_base_url(&text, other_hosts).map_err(|error| {
        let failure = Failure::usage(error.to_string());
        match error {
            BaseUrlError::UnknownHost { .. } => failure.next("if it is meant: --allow-other-host"),
            _ => failure.next("the address stands under Settings > Access in the web app"),
        }
    })
}

fn read_token(
    options: &TenantOptions,
    profile: &Profile,
    token_command: Option<&String>,
) -> Result<Sealed, Failure> {
    let from_environment = || {
        TOKEN_VARIABLES
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
    };
    let text = match (&options.token_file, &options.token_command) {
        (Some(path), _) => token_from_file(path)?,
        (None, Some(command)) => run_token_command(command).map_err(no_token)?,
        (None, None) => match (from_environment(), &profile.token_file, token_command) {
            (Some(text), _, _) => text,
            (None, Some(path), _) => token_from_file(path)?,
            (None, None, Some(command)) => run_token_command(command).map_err(no_token)?,
            (None, None, None) => {
                return Err(no_token("no token was given".to_owned()));
            }
        },
    };
    let token = text.trim();
    if token.is_empty() || token.chars().any(|letter| letter.is_control() || letter == ' ') {
        return Err(no_token("the token is empty or holds spaces".to_owned()));
    }
    Ok(Sealed::clear(token.to_owned()))
}

fn no_token(what: String) -> Failure {
    Failure::new(Exit::Authentication, what)
        .next("set SORTIE_TOKEN, or give --token-file or --token-command")
}

fn token_from_file(path: &Path) -> Result<String, Failure> {
    // The name is not repeated: people paste tokens where a file name belongs.
    let refused = |why: String| no_token(format!("the token file {why}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata =
            std::fs::metadata(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(refused(
                "can be read by others; make it yours alone with chmod 600".to_owned(),
            ));
        }
    }
    std::fs::read_to_string(path).map_err(|error| refused(format!("cannot be read: {error}")))
}

/// Runs the command in the shell and takes the first line that it prints.
fn run_token_command(command: &str) -> Result<String, String> {
    let mut shell = if cfg!(windows) {
        let mut shell = std::process::Command::new("cmd");
        shell.arg("/C");
        shell
    } else {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c");
        shell
    };
    let output = shell
        .arg(command)
        .stderr(std::process::Stdio::inherit())
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("the token command cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("the token command failed ({})", output.status));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| "the token command printed something that is not text".to_owned())?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn renewal(command: &str, transport: &Arc<HttpTransport>) -> RenewToken {
    let (command, transport) = (command.to_owned(), Arc::clone(transport));
    Arc::new(move || {
        let (command, transport) = (command.clone(), Arc::clone(&transport));
        Box::pin(async move {
            let token = tokio::task::spawn_blocking(move || run_token_command(&command))
                .await
                .map_err(|error| error.to_string())??;
            transport.set_token(&Sealed::clear(token)).map_err(|error| error.to_string())
        })
    })
}

async fn simulate(seed: u64, job: Option<&Job>) -> Result<Connection, Failure> {
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
    let settings = http_settings(&base_url, token, &TenantOptions::default(), &Profile::default())?;
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
