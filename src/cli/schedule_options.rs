//! Flags of `sortie schedule`.
//!
//! Owns their names and help. Must never take a token.

use clap::Args;
use std::path::PathBuf;

use crate::cli::job_options::JobOptions;
use crate::cli::setting_flags::{PurposeFlags, SettingFlags, TenantFlags};
use crate::cli::text::schedule::SCHEDULERS;
use crate::model::settings::HelpHeading;

const SAFETY: &str = HelpHeading::Safety.shown();
const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Args)]
pub(crate) struct ScheduleOptions {
    #[command(flatten)]
    pub job: JobOptions,
    /// Start the job at these times, such as "Mon..Fri 06:00", "Sat 22:00 Europe/Berlin",
    /// "monthly 1 03:00", "hourly" or "every 15m"
    #[arg(long, value_name = "TIMES")]
    pub at: String,
    /// Write the files of this scheduler
    #[arg(long, value_name = "SCHEDULER", help_heading = OUTPUT, value_parser = clap::builder::PossibleValuesParser::new(SCHEDULERS))]
    pub emit: String,
    /// Save the files in this directory instead of printing them; other files are never replaced
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Confirm each start with this device count or phrase, where the job needs one
    #[arg(long, value_name = "PHRASE", help_heading = SAFETY)]
    pub confirm: Option<String>,
    /// Choose what a start does while another run uses the job or a device: fail, skip, wait or
    /// wait=DURATION [default: skip]
    #[arg(long, value_name = "WHAT", help_heading = SAFETY)]
    pub if_running: Option<String>,
    #[command(flatten)]
    pub purpose: SettingFlags<PurposeFlags>,
    #[command(flatten)]
    pub tenant: SettingFlags<TenantFlags>,
}
