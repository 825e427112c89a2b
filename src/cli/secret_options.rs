//! Options of the commands that show or remove what journals keep secret.
//!
//! Owns their names. Must never open a journal or an identity file.

use clap::Args;
use std::path::PathBuf;

use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const TARGETS: &str = HelpHeading::Targets.shown();
const SAFETY: &str = HelpHeading::Safety.shown();
const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct PinsOptions {
    /// Run id, unique prefix, or latest [default: the newest run that has PINs]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Show the PINs of this device (id, serial number, name or user), across all runs unless RUN
    /// is given
    #[arg(long, help_heading = TARGETS, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Show all PINs at once instead of one device at a time
    #[arg(long)]
    pub all: bool,
    /// Decrypt with this age identity file (mode 0600)
    #[arg(long, help_heading = INPUT, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Also show the secrets that were captured before an erase or a delete
    #[arg(long)]
    pub secrets: bool,
    /// Read missing PINs of locked Macs from the tenant
    #[arg(long, help_heading = INPUT, conflicts_with_all = ["all", "identity", "secrets"])]
    pub recover: bool,
    /// Test whether this identity file decrypts PINs for the keys of the configuration, or of the
    /// run if there are none
    #[arg(
        long, hide_short_help = true, help_heading = INPUT, value_name = "FILE",
        conflicts_with_all = ["device", "all", "identity", "secrets", "recover"]
    )]
    pub test_identity: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = SAFETY)]
pub(crate) struct PruneOptions {
    /// Remove data of runs that ended longer ago than this, such as 90d
    #[arg(long, value_name = "DURATION", help_heading = INPUT)]
    pub older_than: String,
    /// Show what would be removed; remove nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Confirm without a prompt
    #[arg(short, long, help_heading = SAFETY)]
    pub yes: bool,
}
