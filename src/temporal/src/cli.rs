//! The command line, as it is written.
//!
//! Owns commands and their help. Must never take a token or a key: arguments are visible to every user of the machine.

use clap::{Parser, Subcommand};
use sortie::cli::companion::CompanionOptions;

use crate::commands::cancel::CancelOptions;
use crate::commands::report::RunReportOptions;
use crate::commands::schedule::ScheduleOptions;
use crate::commands::status::StatusOptions;
use crate::commands::submit::SubmitOptions;
use crate::commands::worker::RunWorkerOptions;
use crate::connect::ConnectOptions;

/// What `--help` says after the commands.
const AFTER: &str = "\
Try it on this machine:
  temporal server start-dev --ip 127.0.0.1 --ui-ip 127.0.0.1
  sortie-temporal worker
  sortie plan JOB --out PLAN
  sortie-temporal submit PLAN
  sortie-temporal report latest --wait

Read more: sortie help temporal";

/// Carry out saved plans of sortie on many hosts, with Temporal.
#[derive(Debug, Parser)]
#[command(name = "sortie-temporal", version, after_help = AFTER)]
pub struct TemporalOptions {
    /// Where state and configuration are.
    #[command(flatten)]
    pub shared: CompanionOptions,
    /// The server.
    #[command(flatten)]
    pub connect: ConnectOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: TemporalCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum TemporalCommand {
    /// Send the requests of runs from this host, until Ctrl-C
    Worker(Box<RunWorkerOptions>),
    /// Submit a saved plan: check it, confirm it, hand it over
    Submit(Box<SubmitOptions>),
    /// List the runs, or show how far one is
    Status(StatusOptions),
    /// Stop sending for a run; what was sent is not recalled
    Cancel(CancelOptions),
    /// Write the report files of a run, from its records
    Report(Box<RunReportOptions>),
    /// Start a job at set times, on any worker that has it
    Schedule(ScheduleOptions),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        TemporalOptions::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_key_or_a_token() {
        let mut root = TemporalOptions::command();
        root.build();
        for command in std::iter::once(&root).chain(root.get_subcommands()) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let is_secret = ["api_key", "token", "password", "identity_text"].contains(&name);
                assert!(!is_secret, "{}: {name}", command.get_name());
            }
        }
    }
}
