//! Flags of `sortie devices` that read more of each device than the list has.
//!
//! Owns their names. What they cost is the application's to say. Must never read a device.

use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

use crate::kandji::DeviceSection;
use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const OUTPUT: &str = HelpHeading::Output.shown();
const SAFETY: &str = HelpHeading::Safety.shown();

#[derive(Debug, Default, Args)]
pub(crate) struct GatherOptions {
    /// Also read details, status or apps of each device (comma-separated): one request each
    #[arg(
        long, value_name = "SECTIONS", help_heading = INPUT, value_delimiter = ',',
        value_parser = PossibleValuesParser::new(DeviceSection::ALL.map(DeviceSection::word))
    )]
    pub with: Vec<String>,
    /// Read everything anew [default: use what was read in the last 15 minutes or by an interrupted command]
    #[arg(long, help_heading = INPUT, requires = "with", hide_short_help = true)]
    pub fresh: bool,
    /// Write the apps to this CSV file, a row for each device and app; needs --with apps
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, requires = "with", hide_short_help = true)]
    pub apps_file: Option<PathBuf>,
    /// Confirm more than 1,000 requests without a prompt
    #[arg(short, long, help_heading = SAFETY, requires = "with")]
    pub yes: bool,
}

impl GatherOptions {
    /// Whether more than the list is asked for.
    pub(crate) fn is_asked(&self) -> bool {
        !self.with.is_empty()
    }

    /// The sections that are asked for; none where only the list is.
    pub(crate) fn sections(&self) -> Vec<DeviceSection> {
        self.with.iter().filter_map(|word| DeviceSection::parse(word)).collect()
    }
}
