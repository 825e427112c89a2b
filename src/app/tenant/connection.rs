//! The connection to a tenant: address, token and transport put together.
//!
//! Owns the only ways to one. Must never make a transport that can write before it is asked for, and never connect to the
//! tenant of a run by an address that only its database names.

use std::path::Path;
use std::sync::Arc;

use super::address::{Address, address, address_of_run};
use super::address_reason::AddressReason;
use super::connection_reason::ConnectionReason;
use super::request::{NamedAddress, NamedToken, TenantRequest, TokenPlace};
use super::simulated::serve_tenant;
use super::token::{find_token, read_token, renewal};
use super::token_command::TokenCommand;
use crate::app::refusal::Reason;
use crate::drive::RenewToken;
use crate::job::Job;
use crate::model::Sealed;
use crate::model::settings::tenant::TIMEOUT_MS_MIN;
use crate::simulator::Server;
use crate::transport::{
    BaseUrl, HttpSettings, HttpTransport, OtherHosts, ReadOnly, check_base_url,
};

/// What the simulated tenant is called; one of several has the name of its profile behind this.
pub(crate) const SIMULATED_TENANT: &str = "simulated";

/// Whether a tenant's name is that of a simulated one.
pub(crate) fn is_simulated_name(tenant: &str) -> bool {
    let rest = tenant.strip_prefix(SIMULATED_TENANT);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// A tenant that can be read from. What could write to it is made by the application only, for a run that was confirmed.
pub struct Connection {
    pub(crate) reader: Arc<ReadOnly<HttpTransport>>,
    /// The tenant as people know it.
    pub(crate) tenant: String,
    pub(crate) base_url: String,
    /// What named the address, the profile, and where the token came from, as the run records it.
    pub(crate) reached_by: String,
    /// The place of the token, by its name.
    pub(crate) token_from: String,
    settings: HttpSettings,
    token_command: Option<TokenCommand>,
    /// The simulated tenant, alive as long as this.
    pub(crate) simulated: Option<Server>,
}

impl Connection {
    /// Connects to the tenant that the request names, for new work; to a simulated one that has the devices of `job` where
    /// the request asks for that. No request is sent yet. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// The places of the request contradict each other, name no tenant, or hold no token that belongs to it.
    pub async fn open(request: &TenantRequest, job: Option<&Job>) -> Result<Self, Reason> {
        match request.simulated {
            true => Self::simulated(request, job).await,
            false => connect_to(address(request)?, request.timeout_ms, request),
        }
    }

    /// The address that the request names, and what names it. No token is read.
    pub(crate) fn address(request: &TenantRequest) -> Result<NamedAddress, AddressReason> {
        let Address { base_url, named_by, .. } = address(request)?;
        Ok(NamedAddress { url: base_url.url, named_by })
    }

    /// The place that a token for the request would come from, by its name. No token is read.
    ///
    /// # Errors
    /// The places of the request contradict each other, name no tenant, or hold no token that belongs to it.
    pub fn token_source(request: &TenantRequest) -> Result<String, Reason> {
        Ok(find_token(&address(request)?, request)?.named_by.clone())
    }

    /// Connects to the tenant of a run or plan, at the address that it was made for. A request may take `timeout_ms`.
    ///
    /// # Errors
    /// The request names another tenant, or nothing but a database names an address that is not the vendor's; no token was
    /// read then. Or there is no token that belongs to it.
    pub(crate) fn of_run(
        base_url: &str,
        timeout_ms: u64,
        request: &TenantRequest,
    ) -> Result<Self, Reason> {
        connect_to(address_of_run(base_url, request)?, timeout_ms, request)
    }

    /// Serves a simulated tenant, which has the devices of `job` and ends with the connection, and connects to it. Of the
    /// request only seed, timeout and the profile's name count. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// No port of this machine can be listened on.
    pub async fn simulated(request: &TenantRequest, job: Option<&Job>) -> Result<Self, Reason> {
        let unusable =
            |error: &dyn std::fmt::Display| ConnectionReason::Simulator { why: error.to_string() };
        let server = serve_tenant(request.seed, job).await.map_err(|error| unusable(&error))?;
        let base_url = check_base_url(&server.base_url(), OtherHosts::Refuse)
            .map_err(|error| unusable(&error))?;
        let token = Sealed::clear(server.token.clone());
        let settings = http_settings(&base_url, request.timeout_ms, token, None)?;
        let connection = Self::new(settings, base_url, None, Some(server))?;
        let tenant = match request.profile_name() {
            "" => SIMULATED_TENANT.to_owned(),
            name => format!("{SIMULATED_TENANT}-{name}"),
        };
        Ok(Self { tenant, ..connection })
    }

    /// The tenant as people know it: the profile's name, else the first label of its address.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What named the address, the profile, and where the token came from, as a run records it.
    #[must_use]
    pub fn reached_by(&self) -> &str {
        &self.reached_by
    }

    /// Whether the tenant is a simulated one inside this process.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    fn new(
        settings: HttpSettings,
        base_url: BaseUrl,
        token_command: Option<TokenCommand>,
        simulated: Option<Server>,
    ) -> Result<Self, ConnectionReason> {
        Ok(Self {
            reader: Arc::new(ReadOnly::new(transport(&settings)?)),
            tenant: base_url.tenant,
            base_url: base_url.url,
            reached_by: "a simulated tenant".to_owned(),
            token_from: "the simulated tenant".to_owned(),
            settings,
            token_command,
            simulated,
        })
    }

    /// A transport that can write, and the way to a fresh token for it. Call it only for a run that was
    /// confirmed.
    pub(crate) fn writer(
        &self,
    ) -> Result<(Arc<HttpTransport>, Option<RenewToken>), ConnectionReason> {
        let transport = Arc::new(transport(&self.settings)?);
        let renew = self.token_command.as_ref().map(|command| renewal(command, &transport));
        Ok((transport, renew))
    }
}

fn transport(settings: &HttpSettings) -> Result<HttpTransport, ConnectionReason> {
    HttpTransport::new(settings)
        .map_err(|error| ConnectionReason::Transport { why: error.to_string() })
}

fn connect_to(
    address: Address,
    timeout_ms: u64,
    request: &TenantRequest,
) -> Result<Connection, Reason> {
    // What a profile says belongs to the profile's address.
    let profile = request.profile.as_ref().filter(|_| address.is_profiles);
    let NamedToken { place, named_by: token } = find_token(&address, request)?;
    let of_profile = profile.and_then(|profile| profile.place.ca_file.as_deref());
    let ca_file = request.given.ca_file.as_deref().or(of_profile);
    let settings =
        http_settings(&address.base_url, timeout_ms, read_token(place, request)?, ca_file)?;
    let command = match place {
        TokenPlace::Command(line) => Some(TokenCommand::new(line, request)),
        TokenPlace::File(_) | TokenPlace::Keyring(_) | TokenPlace::Text(_) => None,
    };
    let named = match profile {
        Some(profile) => format!("profile {}", profile.name),
        None => "no profile".to_owned(),
    };
    let reached_by = format!("{named}, address from {}, token from {token}", address.named_by);
    let connection = Connection::new(settings, address.base_url, command, None)?;
    let connection = Connection { reached_by, token_from: token.clone(), ..connection };
    Ok(match profile {
        Some(profile) => Connection { tenant: profile.name.clone(), ..connection },
        None => connection,
    })
}

fn http_settings(
    base_url: &BaseUrl,
    timeout_ms: u64,
    token: Sealed,
    ca_file: Option<&Path>,
) -> Result<HttpSettings, ConnectionReason> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| ConnectionReason::Certificates {
            path: path.to_owned(),
            why: error.to_string(),
        })
    };
    Ok(HttpSettings {
        base_url: base_url.url.clone(),
        token,
        timeout_ms: timeout_ms.max(TIMEOUT_MS_MIN),
        ca_file: ca_file.map(read).transpose()?,
        user_agent: concat!("sortie/", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}
