//! The tenants that a host has tokens for, found by address.
//!
//! Owns the choice of the profile: the one with the address of the run. Must never give a token to another tenant than its own, and
//! never read one: the application does, when it connects.

use clap::Args;

use crate::app::Connection;
use crate::app::settings::{Profile, ProfileList};
use crate::app::tenant::TenantRequest;
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, TenantOptions};
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::tenant_request;
use crate::model::settings::SettingValues;
use crate::transport::tenant_key;

/// Flags that name one tenant besides those of the profiles.
#[derive(Debug, Args)]
pub struct TenantWish {
    #[command(flatten)]
    tenant: TenantOptions,
}

/// The tenants that a host has tokens for.
pub struct KnownTenants {
    /// By the key of the address.
    tenants: Vec<(String, TenantRequest)>,
}

impl KnownTenants {
    pub(crate) fn read(global: &GlobalOptions, choice: &TenantWish) -> Result<Self, Failure> {
        let mut tenants = Vec::new();
        // What flags, variables and the chosen profile name comes first.
        let given = choice.tenant.values()?;
        tenants.extend(known(tenant_request(&given, &read_profile(global)?)?));
        let profiles: Vec<Profile> = match config_path(global)? {
            Some(path) => ProfileList::read(&path)?.profiles,
            None => Vec::new(),
        };
        for profile in &profiles {
            // Flags and variables hold for one tenant, and this may be another.
            tenants.extend(known(tenant_request(&SettingValues::default(), profile)?));
        }
        Ok(Self { tenants })
    }

    /// What names the tenant at an address and holds its token; `None` where this host has none.
    #[must_use]
    pub fn find(&self, base_url: &str) -> Option<TenantRequest> {
        let key = tenant_key(base_url);
        let mut fitting = self.tenants.iter().filter(|(known, _)| *known == key);
        fitting.next().map(|(_, request)| request.clone())
    }

    /// Number of addresses.
    #[must_use]
    pub fn count(&self) -> usize {
        let keys: std::collections::BTreeSet<&String> =
            self.tenants.iter().map(|(key, _)| key).collect();
        keys.len()
    }
}

/// A request with the key of its address, where it names one and a token for it.
fn known(request: TenantRequest) -> Option<(String, TenantRequest)> {
    Connection::token_source(&request).ok()?;
    let address = Connection::address(&request).ok()?;
    Some((tenant_key(&address.url), request))
}
