//! The command line, as it is written.
//!
//! Owns flags, their names and help. All of them are optional here; `settings` makes them complete. Must
//! never take a token: arguments are visible to every user of the machine.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

pub(crate) use crate::cli::decision_options::{ApproveOptions, ResolveOptions};
pub(crate) use crate::cli::following_options::{
    EndingOptions, ProgressForm, ResumeOptions, WatchOptions,
};
use crate::cli::gather_options::GatherOptions;
use crate::cli::help_options::{COMPLETION_PLACES, HelpOptions, ManOptions};
pub(crate) use crate::cli::job_options::JobOptions;
pub(crate) use crate::cli::listing_options::{AuditOptions, HistoryOptions, RunsOptions};
use crate::cli::schedule_options::ScheduleOptions;
pub(crate) use crate::cli::secret_options::{PinsOptions, PruneOptions};
pub(crate) use crate::cli::send_options::{FilterOptions, SendOptions};
use crate::cli::setting_flags::{
    GlobalFlags, PlanFlags, PurposeFlags, ReportFlags, SettingFlags, StartFlags, TenantFlags,
};
use crate::cli::setup_options::{
    DOCTOR_CODES, INIT_CODES, InitOptions, NOTIFY_CODES, NotifyOptions, TokenOptions,
};
pub(crate) use crate::cli::simulate_options::SimulateOptions;
use crate::cli::status_options::StatusOptions;
use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const TARGETS: &str = HelpHeading::Targets.shown();
const SAFETY: &str = HelpHeading::Safety.shown();
const OUTPUT: &str = HelpHeading::Output.shown();

/// Run bulk actions on the devices of a Kandji / Iru tenant, with a journal of every request.
#[derive(Debug, Parser)]
#[command(name = "sortie", version, disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(flatten)]
    pub global: GlobalOptions,
    #[command(subcommand)]
    pub command: CliCommand,
}

/// What every command takes. The flags derive from the table of settings.
#[derive(Clone, Debug)]
pub(crate) struct GlobalOptions {
    pub state_dir: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub profile: Option<String>,
    pub no_input: bool,
    pub quiet: bool,
    pub verbose: u8,
    pub color: When,
    /// JSON where `--json` was given.
    pub format: ListingFormat,
    /// The fields of `--json`; empty where it was given without any.
    pub fields: Option<Vec<String>>,
    /// The flags as they were written, for `sortie settings`.
    pub flags: SettingFlags<GlobalFlags>,
}

/// When colors are used.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// The form of a listing on standard output.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListingFormat {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// List the actions, or show one in full
    Actions {
        /// Name of an action
        name: Option<String>,
    },
    /// Show each setting with its value and source; works offline
    Settings {
        /// YAML job whose settings to include
        job: Option<String>,
        #[command(flatten)]
        purpose: PurposeOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
    },
    /// Print the JSON Schema of YAML jobs, for editors and CI
    Schema {
        /// File type to describe
        #[arg(value_name = "WHAT", value_parser = ["job"])]
        what: String,
    },
    /// Validate a job file; works offline
    Check {
        #[command(flatten)]
        job: JobOptions,
    },
    /// Show what a job would do on the tenant; sends nothing
    Plan {
        #[command(flatten)]
        job: JobOptions,
        /// Save the plan to this file, to approve it or to run it as planned
        #[arg(long, value_name = "PLAN", help_heading = OUTPUT)]
        out: Option<PathBuf>,
        /// Show every device and value of the plan [default: 10 devices]
        #[arg(long, help_heading = OUTPUT)]
        full: bool,
        #[command(flatten)]
        purpose: PurposeOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
    },
    /// Print the files with which cron, systemd or launchd starts a job; works offline
    Schedule {
        #[command(flatten)]
        schedule: ScheduleOptions,
    },
    /// Approve another person's plan with your SSH key; works offline
    Approve {
        #[command(flatten)]
        approve: ApproveOptions,
    },
    /// Run a job or a saved plan: plan, confirm, send, follow, report
    Run {
        #[command(flatten)]
        job: JobOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
        #[command(flatten)]
        run: RunOptions,
    },
    /// Send one action to devices that you name or select here
    Send {
        #[command(flatten)]
        send: Box<SendOptions>,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
        #[command(flatten)]
        run: RunOptions,
    },
    /// Resume a stopped run from its journal
    Resume {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        resume: ResumeOptions,
    },
    /// Follow the pending commands of a run; sends nothing
    Watch {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        watch: WatchOptions,
    },
    /// Show the tasks in doubt and decide what happened; sends nothing
    Resolve {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        resolve: ResolveOptions,
    },
    /// Close a run that you will not resume; outcomes stay as they are
    Close {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN")]
        name: String,
        /// Confirm without a prompt
        #[arg(short, long, help_heading = SAFETY)]
        yes: bool,
    },
    /// Run the failed and unsent tasks of a run again, as a new run
    Retry {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        /// Also retry tasks that the API refused
        #[arg(long, help_heading = INPUT)]
        refused: bool,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
        #[command(flatten)]
        run: RunOptions,
    },
    /// List runs, the newest first
    Runs {
        #[command(flatten)]
        runs: RunsOptions,
    },
    /// Show the state and progress of a run
    Status {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        status: StatusOptions,
    },
    /// Show what a run cost: requests, answer times, pauses, quota
    Stats {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
    },
    /// Write the reports of a run again
    Report {
        /// Run id, unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        /// Write the reports to this directory [default: the run's report directory]
        #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
        report_dir: Option<PathBuf>,
        #[command(flatten)]
        form: SettingFlags<ReportFlags>,
    },
    /// Show everything that was sent to a device, across all runs
    History {
        #[command(flatten)]
        history: HistoryOptions,
    },
    /// Verify that no entry was altered or removed; works offline
    Audit {
        #[command(flatten)]
        audit: AuditOptions,
    },
    /// Remove PINs, secrets and replies from old journals; outcomes stay
    Prune {
        #[command(flatten)]
        prune: PruneOptions,
    },
    /// Reset limits that are dated in the future, after a wrong clock
    RepairClock {
        /// Confirm without a prompt
        #[arg(short, long, help_heading = SAFETY)]
        yes: bool,
    },
    /// Show, print, verify or recover lock PINs of a run or device
    Pins {
        #[command(flatten)]
        pins: PinsOptions,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// List the devices of the tenant; a file or pipe gets CSV that is a valid job
    Devices {
        #[command(flatten)]
        filter: FilterOptions,
        /// Also list devices that were removed or have left MDM
        #[arg(long, help_heading = TARGETS)]
        unmanaged: bool,
        #[command(flatten)]
        gather: GatherOptions,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Show the commands that the tenant holds for a device
    Commands {
        /// Device id or serial number
        device: String,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Check that this host, the tenant and the token are ready; sends nothing
    #[command(after_long_help = DOCTOR_CODES)]
    Doctor {
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Show channels and notices, test the channels, or deliver notices
    #[command(after_long_help = NOTIFY_CODES)]
    Notify {
        #[command(flatten)]
        notify: NotifyOptions,
    },
    /// Write a profile to the configuration and test it; sends nothing
    #[command(after_long_help = INIT_CODES)]
    Init {
        #[command(flatten)]
        init: InitOptions,
    },
    /// List the profiles of the configuration
    Profiles,
    /// Store the token of a profile in the keyring of macOS or Windows
    Token(TokenOptions),
    /// Serve a simulated tenant on this host, for trials and tests
    Simulate(SimulateOptions),
    /// Print the completion script of a shell
    #[command(after_long_help = COMPLETION_PLACES)]
    Completions {
        /// Shell to complete in
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Write man pages of all commands and topics
    Man(ManOptions),
    /// Show the version; with -v also commit, features, SQLite and TLS
    Version,
    /// Show the help of a command, or a topic of the manual
    Help(HelpOptions),
}

/// Flags of commands that reach a tenant.
pub(crate) type TenantOptions = SettingFlags<TenantFlags>;
/// What to do while another run is in progress.
pub(crate) type StartOptions = SettingFlags<StartFlags>;
/// Flags of commands that make a plan.
pub(crate) type LimitOptions = SettingFlags<PlanFlags>;
/// The reason and the reports of a plan.
pub(crate) type PurposeOptions = SettingFlags<PurposeFlags>;

#[derive(Debug, Args)]
#[command(next_help_heading = SAFETY)]
pub(crate) struct RunOptions {
    /// Show the plan and the result of each check; send nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Confirm benign work without a prompt; disruptive work too if the job sets max_devices and
    /// a window or send_until
    #[arg(short, long)]
    pub yes: bool,
    /// Confirm without a prompt: the device count, or the phrase that the plan shows
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    #[command(flatten)]
    pub start: StartOptions,
    /// Use this approval of the plan [default: PLAN.approval if it exists]
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub approval: Option<PathBuf>,
    /// Show every device and value of the plan [default: 10 devices]
    #[arg(long, help_heading = OUTPUT)]
    pub full: bool,
    #[command(flatten)]
    pub purpose: PurposeOptions,
    #[command(flatten)]
    pub ending: EndingOptions,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }
}
