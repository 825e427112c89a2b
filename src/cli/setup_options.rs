//! Flags of `sortie init`, and exit codes of the commands that set a host up.
//!
//! Owns their names and help. Must never take a token: arguments are visible to every user of the machine.

use clap::Args;
use std::path::PathBuf;

use crate::model::settings::HelpHeading;
use crate::model::settings::tenant::REGIONS;

const TENANT: &str = HelpHeading::Tenant.shown();
const SAFETY: &str = HelpHeading::Safety.shown();
const OUTPUT: &str = HelpHeading::Output.shown();

/// The exit codes of `sortie doctor`, for its help.
pub(crate) const DOCTOR_CODES: &str = "\
Exit codes:
  0   if no check finds a problem; warnings do not count
  1   connection
  2   configuration or address
  3   token
  5   permission
  6   quota
  8   policy
  9   STOP file
  12  disk

The first problem gives the code.";

/// The exit codes of `sortie init`, for its help.
pub(crate) const INIT_CODES: &str = "\
Exit codes:
  0  if the profile was written and its test finds no problem

Otherwise the code of the first problem, as with sortie doctor. The profile stays.";

/// The exit codes of `sortie notify`, for its help.
pub(crate) const NOTIFY_CODES: &str = "\
Exit codes:
  0  if every delivery succeeded
  1  if a channel could not be reached
  2  if the profile does not have the channel

A run never fails because of a notification.";

#[derive(Debug, Args)]
pub(crate) struct NotifyOptions {
    /// Send a test notice to this channel, or to every channel of the profile
    #[arg(long, value_name = "CHANNEL", num_args = 0..=1, help_heading = OUTPUT)]
    pub test: Option<Option<String>>,
    /// Deliver the notices that wait, without the pauses between tries
    #[arg(long, help_heading = OUTPUT, conflicts_with = "test")]
    pub send: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    /// Profile name [default: the subdomain]
    #[arg(value_name = "PROFILE")]
    pub name: Option<String>,
    /// Set the tenant's subdomain, such as acme
    #[arg(long, value_name = "NAME", help_heading = TENANT, conflicts_with = "base_url")]
    pub subdomain: Option<String>,
    /// Set the region of the subdomain [default: us]
    #[arg(long, value_name = "REGION", help_heading = TENANT, value_parser = clap::builder::PossibleValuesParser::new(REGIONS), requires = "subdomain")]
    pub region: Option<String>,
    /// Set the address of the tenant's API
    #[arg(long, value_name = "URL", help_heading = TENANT)]
    pub base_url: Option<String>,
    /// Allow an address outside Kandji and Iru
    #[arg(long, help_heading = TENANT, hide_short_help = true)]
    pub allow_other_host: bool,
    /// Trust this certificate authority (PEM) in addition to the system's
    #[arg(long, value_name = "FILE", help_heading = TENANT, hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
    /// Read the token from this file (mode 0600)
    #[arg(long, value_name = "FILE", help_heading = TENANT)]
    pub token_file: Option<PathBuf>,
    /// Read the token from the output of this command
    #[arg(long, value_name = "COMMAND", help_heading = TENANT, conflicts_with = "token_file")]
    pub token_command: Option<String>,
    /// Encrypt PINs and secrets to this age key (repeatable)
    #[arg(long, value_name = "KEY", help_heading = SAFETY)]
    pub encrypt_to: Vec<String>,
    /// Allow a single --encrypt-to key, whose loss loses every PIN
    #[arg(long, help_heading = SAFETY, requires = "encrypt_to")]
    pub single_key: bool,
    /// Replace a profile of the same name
    #[arg(long, help_heading = SAFETY)]
    pub force: bool,
    /// Use this profile by default
    #[arg(long, help_heading = OUTPUT)]
    pub default: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// Store a token (prompted, or read from standard input), forget it, or show where the token of
    /// the profile comes from
    #[arg(value_name = "WHAT", value_parser = ["set", "forget", "status"])]
    pub what: String,
    /// Profile of the token
    #[arg(value_name = "PROFILE")]
    pub profile: String,
}
