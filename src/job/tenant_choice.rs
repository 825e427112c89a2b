//! Which tenants a job is for, and which names they may have.
//!
//! Owns the choice and the check of a name. Must never guess a tenant: one that is near is only suggested.

use super::diagnostics::{Flaw, quote};
use crate::kandji::fold;
use crate::model::nearest;

/// The word for every profile.
pub const ALL_TENANTS: &str = "all";
/// The name of the column, and of the key of a device.
pub(super) const TENANT_NAME: &str = "tenant";
/// The key of `targets` that names tenants.
pub(super) const TENANTS: &str = "tenants";
/// Most names that a hint lists.
const NAMES_SHOWN_MAX: usize = 8;

/// Which tenants a job is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantChoice {
    /// Every profile of the configuration.
    All,
    /// These profiles, in this order.
    Named(Vec<String>),
}

impl TenantChoice {
    /// The choice that these names make; `None` where `all` stands beside other names.
    #[must_use]
    pub fn of(names: &[String]) -> Option<Self> {
        match names.iter().any(|name| name == ALL_TENANTS) {
            true if names.len() > 1 => None,
            true => Some(Self::All),
            false => Some(Self::Named(names.to_vec())),
        }
    }

    /// Whether it may be more than one tenant.
    #[must_use]
    pub fn is_several(&self) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.len() > 1,
        }
    }
}

/// Which names of tenants a job may use.
#[derive(Copy, Clone, Default)]
pub(super) struct TenantNames<'a> {
    /// The profiles; `None` where any name is one.
    pub known: Option<&'a [String]>,
    /// The tenants that the job is for, where it says so apart from its devices.
    pub chosen: Option<&'a TenantChoice>,
}

impl TenantNames<'_> {
    /// Whether a device has to say its tenant.
    pub fn are_several(self) -> bool {
        self.chosen.is_some_and(TenantChoice::is_several)
    }

    /// Checks the name of a tenant.
    pub fn check(self, name: &str) -> Result<(), Flaw> {
        if let Some(known) = self.known
            && !known.iter().any(|it| it == name)
        {
            let flaw = Flaw::new(format!("there is no profile {}", quote(name)));
            return Err(flaw.hint(hint(name, known)));
        }
        match self.chosen {
            Some(TenantChoice::Named(names)) if !names.iter().any(|it| it == name) => {
                Err(Flaw::new(format!("the job is not for tenant {}", quote(name))).hint(format!(
                    "it is for {}; add the tenant, or remove the device",
                    names.join(", ")
                )))
            }
            _ => Ok(()),
        }
    }
}

fn hint(name: &str, known: &[String]) -> String {
    if let Some(near) = nearest(name, known.iter().map(String::as_str)) {
        return format!("did you mean '{near}'?");
    }
    match known {
        [] => "write a profile first with: sortie init".to_owned(),
        few if few.len() <= NAMES_SHOWN_MAX => format!("the profiles are {}", few.join(", ")),
        _ => "list the profiles with: sortie profiles".to_owned(),
    }
}

/// The flaw of devices of which none says its tenant, in a job for several.
pub(super) fn without_tenant(what: &str) -> Flaw {
    Flaw::new(format!("the job is for several tenants, and {what}"))
}

/// Whether the name of a column means the tenant of a row.
pub(super) fn is_tenant_column(name: &str) -> bool {
    fold(name) == TENANT_NAME
}
