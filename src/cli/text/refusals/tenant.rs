//! Refusals on the way to the tenant, in words.
//!
//! Owns what to do about them. Must never repeat what stands in the place of a token.

use super::words::Words;
use crate::app::tenant::{AddressReason, ConnectionReason, TokenReason};
use crate::transport::BaseUrlError;

pub(super) fn address(reason: &AddressReason) -> Words {
    match reason {
        AddressReason::Unnamed => Words::new(
            "no tenant is named",
            "give --base-url, --subdomain, SORTIE_BASE_URL or a profile; --simulate needs none",
        ),
        AddressReason::Invalid { fault } => {
            let next = match fault {
                BaseUrlError::UnknownHost { .. } => {
                    "if you mean that host, say so with --allow-other-host"
                }
                _ => "",
            };
            Words::new(fault.to_string(), next)
        }
        AddressReason::ProfileContradicted { profile, profile_url, url, named_by } => Words::new(
            format!("the profile '{profile}' is for {profile_url}, and {named_by} names {url}"),
            "leave one of them out: both name a tenant, and only one can be meant",
        ),
        AddressReason::ProfileOfAnotherTenant { run_url, profile, profile_url } => Words::new(
            format!(
                "the run belongs to {run_url}, and the profile '{profile}' is for {profile_url}"
            ),
            "name the profile of the run's tenant, or none",
        ),
        AddressReason::AnotherTenant { run_url } => Words::new(
            format!("the run belongs to {run_url}, another tenant is named"),
            "resume it without --base-url, --subdomain or SORTIE_BASE_URL, or with its own",
        ),
        AddressReason::OnlyInRun { run_url } => Words::new(
            format!(
                "the run's address {run_url} is not one of the vendor's, and no flag, variable or profile names it"
            ),
            format!("if that address is right, name it: --base-url {run_url}"),
        )
        .state("the token was not read"),
    }
}

pub(super) fn token(reason: &TokenReason) -> Words {
    match reason {
        TokenReason::Missing => no_token("no token was given"),
        TokenReason::File { why } => no_token(format!("the token file {why}")),
        TokenReason::Command { error } => no_token(error.to_string()),
        TokenReason::Malformed { flaw } => no_token(flaw.to_string()),
        TokenReason::AnotherTenant { base_url, named_by, token, url, url_named_by } => {
            mixed(format!(
                "the address {base_url} comes from {named_by}, and {token} stands beside {url_named_by}, which names {url}"
            ))
        }
        TokenReason::Unpaired { base_url, profile, token } => mixed(format!(
            "the address {base_url} comes from the profile '{profile}', and the token from {token}, which may be for \
             another tenant"
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
        "give the profile a token_file or token_command, or give --token-file or --token-command, or name the \
         address in SORTIE_BASE_URL beside the token",
    )
}

pub(super) fn connection(reason: &ConnectionReason) -> Words {
    match reason {
        ConnectionReason::Certificates { path, why } => {
            Words::new(format!("--ca-file {}: {why}", path.display()), "")
        }
        ConnectionReason::Transport { why } => Words::new(why.as_str(), ""),
        ConnectionReason::Simulator { why } => {
            Words::new(format!("the simulated tenant cannot listen: {why}"), "")
        }
    }
}
