//! Options of the commands that show or remove what journals keep secret.
//!
//! Owns their names. Must never open a journal or an identity file.

use clap::Args;
use std::path::PathBuf;

use crate::model::CsvDialect;
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
    /// Print one CSV row for each PIN, such as for Excel [values: plain, excel, excel-semicolon]
    /// [default: plain]
    #[arg(
        long, value_name = "DIALECT", num_args = 0..=1, require_equals = true,
        default_missing_value = CsvDialect::Plain.word(), value_parser = dialect,
        conflicts_with = "all"
    )]
    pub csv: Option<CsvDialect>,
    /// Write one page to print for each device into this new HTML file (mode 0600)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "csv", "secrets"])]
    pub sheets: Option<PathBuf>,
    /// Compare the PINs with those that the tenant shows now; show none
    #[arg(
        long, help_heading = INPUT, conflicts_with_all = ["all", "csv", "sheets", "secrets"]
    )]
    pub verify: bool,
    /// Read missing PINs of locked Macs from the tenant
    #[arg(
        long, help_heading = INPUT,
        conflicts_with_all = ["all", "csv", "sheets", "verify", "identity", "secrets"]
    )]
    pub recover: bool,
    /// Test whether this identity file decrypts PINs for the keys of the configuration, or of the
    /// run if there are none
    #[arg(
        long, hide_short_help = true, help_heading = INPUT, value_name = "FILE",
        conflicts_with_all = [
            "device", "all", "csv", "sheets", "verify", "identity", "secrets", "recover",
        ]
    )]
    pub test_identity: Option<PathBuf>,
}

/// Reads the word of a dialect.
fn dialect(word: &str) -> Result<CsvDialect, String> {
    let known = CsvDialect::ALL.into_iter().find(|dialect| dialect.word() == word);
    known.ok_or_else(|| {
        format!("the dialects are {}", CsvDialect::ALL.map(CsvDialect::word).join(", "))
    })
}

impl PinsOptions {
    /// Whether PINs are listed on standard output.
    pub(crate) fn is_listing(&self) -> bool {
        !(self.verify || self.recover || self.sheets.is_some() || self.test_identity.is_some())
    }
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
