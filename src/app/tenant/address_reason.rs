//! Why an address is not used.
//!
//! Owns these reasons. Must never hold a token.

use serde::{Serialize, Serializer};

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::transport::BaseUrlError;

/// Why the address of a tenant is not used. No token was read.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AddressReason {
    /// Nothing names a tenant.
    #[serde(rename = "tenant_unnamed")]
    Unnamed,
    /// It is not the address of a tenant.
    #[serde(rename = "address_invalid")]
    Invalid {
        /// What is wrong with it.
        #[serde(serialize_with = "as_text")]
        fault: BaseUrlError,
    },
    /// A profile was asked for beside the address of another tenant: one of the two is a mistake.
    ProfileContradicted {
        /// Name of the profile.
        profile: String,
        /// Its address.
        profile_url: String,
        /// The other address.
        url: String,
        /// What names the other address, in the front end's words.
        named_by: String,
    },
    /// The profile that was asked for is not of the run's tenant.
    ProfileOfAnotherTenant {
        /// Address of the run.
        run_url: String,
        /// Name of the profile.
        profile: String,
        /// Its address.
        profile_url: String,
    },
    /// Another tenant is named than the run's.
    #[serde(rename = "run_of_another_tenant")]
    AnotherTenant {
        /// Address of the run.
        run_url: String,
    },
    /// Only the run's database has its address, and is not one of the vendor's.
    #[serde(rename = "run_address_unnamed")]
    OnlyInRun {
        /// Address of the run.
        run_url: String,
    },
}

impl RefusalFacts for AddressReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        let what = match self {
            Self::Invalid { fault: BaseUrlError::UnknownHost { .. } } => "allow_other_host",
            Self::ProfileContradicted { .. } | Self::ProfileOfAnotherTenant { .. } => "profile",
            Self::Unnamed
            | Self::Invalid { .. }
            | Self::AnotherTenant { .. }
            | Self::OnlyInRun { .. } => "base_url",
        };
        vec![NextStep::CorrectRequest { what }]
    }
}

impl From<BaseUrlError> for AddressReason {
    fn from(fault: BaseUrlError) -> Self {
        Self::Invalid { fault }
    }
}

fn as_text<S: Serializer>(fault: &BaseUrlError, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}
