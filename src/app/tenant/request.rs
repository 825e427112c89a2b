//! What a front end knows of the tenant that is meant.
//!
//! Owns the places that may name an address or hold a token, as data. Must never read one of them, and never choose among
//! them: that is the rules' part, so that no front end can leave a contradiction out.

use std::path::PathBuf;

use crate::app::settings::ProfileChoice;
use crate::model::{Policy, Sealed, UnixMillis};

/// Everything that names a tenant or holds a token for it.
///
/// A front end fills in each place as it finds it; the application chooses among them and refuses what contradicts
/// itself. A token never goes to another address than the one it belongs to.
#[derive(Clone)]
pub struct TenantRequest {
    /// What was given with this request. It outranks the other places.
    pub given: TenantPlace,
    /// What holds for all requests of this user or process. A token given here belongs to the address given here.
    pub environment: TenantPlace,
    /// The profile of a configuration.
    pub profile: Option<TenantProfile>,
    /// Where it is set, a simulated tenant inside this process takes the place of a real one.
    pub simulated: bool,
    /// Seed of the simulated tenant.
    pub seed: Option<u64>,
    /// How long one request may take, in milliseconds; less than [`TIMEOUT_MS_MIN`](crate::model::settings::tenant::TIMEOUT_MS_MIN) counts as that.
    pub timeout_ms: u64,
    /// A person sits at the terminal of this process, and a token command may ask them.
    pub is_attended: bool,
    /// Names of the environment's variables that may hold a token. A token command does not see them.
    pub token_variables: Vec<String>,
}

/// What one place says of the tenant.
#[derive(Clone, Default)]
pub struct TenantPlace {
    /// The tenant's address, if one is named.
    pub address: Option<NamedAddress>,
    /// Where the token is.
    pub token: Option<NamedToken>,
    /// Certificate authorities to trust besides the system's: a file in PEM.
    pub ca_file: Option<PathBuf>,
    /// The address may be of a host that is not one of the vendor's.
    pub is_other_host_allowed: bool,
}

/// A profile of a configuration, as far as it concerns the tenant.
#[derive(Clone)]
pub struct TenantProfile {
    /// Its name, by which people know the tenant.
    pub name: String,
    /// What chose the profile: a flag, a variable or the default.
    pub chosen: ProfileChoice,
    /// What the profile says about the tenant.
    pub place: TenantPlace,
}

/// The address of a tenant, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAddress {
    /// The address as it was written; it is checked before it is used.
    pub url: String,
    /// What names it, in the front end's words, such as `SORTIE_BASE_URL`.
    pub named_by: String,
}

/// A place that holds a token, and its name.
#[derive(Clone)]
pub struct NamedToken {
    /// Where the token comes from.
    pub place: TokenPlace,
    /// Its name in the front end's words, such as `--token-file`. Never what was given as a file's name: people paste tokens
    /// there.
    pub named_by: String,
}

/// A place that holds a token.
#[derive(Clone)]
pub enum TokenPlace {
    /// A file that only its owner can read.
    File(PathBuf),
    /// A command line of the system's shell, which prints it. It is asked again when the token has expired.
    Command(String),
    /// The keyring of the system, under the name of this profile.
    Keyring(String),
    /// The token itself.
    Text(Sealed),
}

impl Default for TenantRequest {
    /// Names no tenant, and gives a request the usual time.
    fn default() -> Self {
        Self {
            given: TenantPlace::default(),
            environment: TenantPlace::default(),
            profile: None,
            simulated: false,
            seed: None,
            timeout_ms: Policy::default_at(UnixMillis(0), 0).timeout_ms,
            is_attended: false,
            token_variables: Vec::new(),
        }
    }
}

impl TenantRequest {
    /// The address that was named besides the profile's, the strongest one.
    pub(super) fn named_address(&self) -> Option<&NamedAddress> {
        self.given.address.as_ref().or(self.environment.address.as_ref())
    }

    /// The address of the profile.
    pub(super) fn profile_url(&self) -> Option<&str> {
        let address = self.profile.as_ref()?.place.address.as_ref()?;
        Some(address.url.as_str())
    }

    /// Whether the profile was asked for, and is not only the default one.
    pub(super) fn is_profile_chosen(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.chosen != ProfileChoice::Default)
    }

    /// Name of the profile; empty where there is none.
    pub(super) fn profile_name(&self) -> &str {
        self.profile.as_ref().map_or("", |profile| profile.name.as_str())
    }
}
