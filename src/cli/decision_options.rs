//! Options of the commands by which a person decides: approve and resolve.
//!
//! Owns their names. Must never take a decision for granted.

use clap::Args;
use std::path::PathBuf;

use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const TARGETS: &str = HelpHeading::Targets.shown();
const SAFETY: &str = HelpHeading::Safety.shown();
const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Args)]
pub(crate) struct ApproveOptions {
    /// Plan file to approve
    pub plan: PathBuf,
    /// Sign with this SSH key; a public key selects the key in your SSH agent
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    pub key: PathBuf,
    /// Expire the approval after this time, or at the plan's latest start if that is earlier
    /// [default: 60m]
    #[arg(long, value_name = "DURATION", help_heading = SAFETY)]
    pub valid: Option<String>,
    /// Write the approval to this file [default: PLAN.approval]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Confirm without a prompt
    #[arg(short, long, help_heading = SAFETY)]
    pub yes: bool,
    /// Show every device and value of the plan [default: 10 devices]
    #[arg(long, help_heading = OUTPUT)]
    pub full: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = SAFETY)]
pub(crate) struct ResolveOptions {
    /// Resolve this device, by id or serial number (repeatable)
    #[arg(long, help_heading = TARGETS, value_name = "DEVICE")]
    pub device: Vec<String>,
    /// Resolve every device in doubt
    #[arg(long, help_heading = TARGETS, conflicts_with = "device")]
    pub all: bool,
    /// Record what happened: done, not-done, or again to send the request once more
    /// [default: show the evidence; prompt on a terminal]
    #[arg(long = "as", value_name = "DECISION", value_parser = ["done", "not-done", "again"])]
    pub decision: Option<String>,
    /// Confirm --as again without a prompt: the device count, or the phrase that the prompt shows
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    /// Confirm without a prompt
    #[arg(short, long, help_heading = SAFETY)]
    pub yes: bool,
}
