//! The options of `sortie status`.
//!
//! Owns which devices are asked for. Must never read a run.

use clap::Args;

use crate::cli::text::outcomes::outcome_of;
use crate::model::Outcome;
use crate::model::settings::HelpHeading;

const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Default, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct StatusOptions {
    /// List the devices of the run, each with its outcome and the reason
    #[arg(long)]
    pub devices: bool,
    /// List only devices with these outcomes, such as failed,pending; implies --devices
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = outcome_of)]
    pub outcome: Vec<Outcome>,
    /// Follow a run that another process drives until that process leaves it; Ctrl-C stops only this view
    #[arg(long)]
    pub watch: bool,
}

impl StatusOptions {
    /// Whether devices are listed.
    pub(crate) fn asks_for_devices(&self) -> bool {
        self.devices || !self.outcome.is_empty()
    }
}
