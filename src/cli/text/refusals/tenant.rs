//! Refusals on the way to the tenant, in words.
//!
//! Owns what to do about them. Must never repeat what stands in the place of a token.

use super::words::Words;
use crate::app::tenant::{AddressReason, ConnectionReason, KeyringError, TokenReason};
use crate::transport::BaseUrlError;

pub(super) fn address(reason: &AddressReason) -> Words {
    match reason {
        AddressReason::Unnamed => Words::new(
            "no tenant is given",
            "give --base-url, --subdomain, SORTIE_BASE_URL or a profile; --simulate needs none",
        ),
        AddressReason::Invalid { fault } => {
            let next = match fault {
                BaseUrlError::UnknownHost { .. } => {
                    "if this host is right, give --allow-other-host"
                }
                _ => "",
            };
            Words::new(fault.to_string(), next)
        }
        AddressReason::ProfileContradicted { profile, profile_url, url, named_by } => Words::new(
            format!("the profile '{profile}' is for {profile_url}, but {named_by} says {url}"),
            "remove one of the two: each names a different tenant",
        ),
        AddressReason::ProfileOfAnotherTenant { run_url, profile, profile_url } => Words::new(
            format!(
                "the run is for {run_url}, but the profile '{profile}' is for {profile_url}"
            ),
            "use the profile of the run's tenant, or no profile",
        ),
        AddressReason::AnotherTenant { run_url } => Words::new(
            format!("the run is for {run_url}, but another tenant is given"),
            "resume the run without --base-url, --subdomain and SORTIE_BASE_URL, or with the run's address",
        ),
        AddressReason::OnlyInRun { run_url } => Words::new(
            format!(
                "the run's address {run_url} is not a Kandji or Iru host, and no flag, variable or profile names it"
            ),
            format!("if this address is right, give --base-url {run_url}"),
        )
        .state("the token was not read"),
    }
}

pub(super) fn token(reason: &TokenReason) -> Words {
    match reason {
        TokenReason::Missing => no_token("no API token is given"),
        TokenReason::File { why } => no_token(format!("the token file {why}")),
        TokenReason::Command { error } => no_token(error.to_string()),
        TokenReason::Keyring { error: error @ KeyringError::Empty { profile } } => {
            Words::new(error.to_string(), format!("store it:\n  sortie token set {profile}"))
        }
        TokenReason::Keyring {
            error: error @ (KeyringError::NotBuilt | KeyringError::OtherSystem),
        } => Words::new(
            error.to_string(),
            "set token_command in the profile; for commands of Linux and macOS see:\n  sortie help secrets",
        ),
        TokenReason::Keyring { error } => Words::new(
            error.to_string(),
            "unlock the keyring and allow sortie to read it, or give --token-file",
        ),
        TokenReason::Malformed { flaw } => no_token(flaw.to_string()),
        TokenReason::AnotherTenant { base_url, named_by, token, url, url_named_by } => {
            mixed(format!(
                "the address {base_url} comes from {named_by}, but the token in {token} belongs to {url_named_by}, which names {url}"
            ))
        }
        TokenReason::Unpaired { base_url, profile, token } => mixed(format!(
            "the address {base_url} comes from the profile '{profile}', but the token comes from {token} and may be for another tenant"
        )),
    }
}

fn no_token(what: impl Into<String>) -> Words {
    Words::new(what, "set SORTIE_TOKEN, or give --token-file or --token-command")
}

/// A token that may be for another tenant than the address.
fn mixed(what: String) -> Words {
    Words::new(
        what,
        "set token_file or token_command in the profile, give --token-file or --token-command, or set SORTIE_BASE_URL beside the token",
    )
}

pub(super) fn connection(reason: &ConnectionReason) -> Words {
    match reason {
        ConnectionReason::Certificates { path, why } => {
            Words::new(format!("--ca-file {}: {why}", path.display()), "")
        }
        ConnectionReason::Transport { why } => Words::new(why.as_str(), ""),
        ConnectionReason::Simulator { why } => {
            Words::new(format!("cannot start the simulated tenant: {why}"), "")
        }
    }
}
