//! The command line, as it is written.
//!
//! Owns flags, their names and help. All of them are optional here; `settings` makes them complete. Must
//! never take a token: arguments are visible to every user of the machine.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

use crate::cli::setting_flags::{
    GlobalFlags, PaceFlags, PlanFlags, PurposeFlags, SettingFlags, TenantFlags,
};
use crate::model::settings::output;

/// Bulk actions on the devices of a Kandji / Iru tenant, with a journal of every request.
#[derive(Debug, Parser)]
#[command(name = "sortie", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Options {
    #[command(flatten)]
    pub global: GlobalOptions,
    #[command(subcommand)]
    pub command: CliCommand,
}

const EXIT_CODES: &str = "\
Exit codes: 0 every task ended well, 1 unexpected, 2 usage or invalid input (nothing sent), \
3 authentication, 4 target not found, ambiguous or unsupported (nothing sent), 5 permission, \
6 the quota cannot fit the job before its deadline, 7 partly failed, 8 refused by policy (nothing sent), \
9 stopped, 10 still pending, 11 in doubt, 12 journal or disk, 13 busy, 130 second Ctrl-C";

/// What every command takes. The flags derive from the table of settings.
#[derive(Debug)]
pub(crate) struct GlobalOptions {
    pub state_dir: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub profile: Option<String>,
    pub no_input: bool,
    pub quiet: bool,
    pub verbose: u8,
    pub color: When,
    pub format: ListingFormat,
    /// The flags as they were written, for `sortie settings`.
    pub flags: SettingFlags<GlobalFlags>,
}

/// When colours are used.
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
    /// Show each setting with its value and where that comes from; sends nothing and needs no token
    Settings {
        /// YAML job whose settings count as well
        job: Option<String>,
        #[command(flatten)]
        purpose: PurposeOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
    },
    /// Print the JSON Schema of YAML jobs, for editors and checks before a commit
    Schema {
        /// What the schema describes
        #[arg(value_name = "WHAT", value_parser = ["job"])]
        what: String,
    },
    /// Validate a job offline; sends nothing and needs no token
    Check {
        #[command(flatten)]
        job: JobOptions,
    },
    /// Resolve a job against the tenant and show what would be done; only reads
    Plan {
        #[command(flatten)]
        job: JobOptions,
        /// File to write the plan to, for: sortie run PLAN
        #[arg(long, value_name = "PLAN")]
        out: Option<PathBuf>,
        #[command(flatten)]
        purpose: PurposeOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
    },
    /// Approve somebody else's plan with your SSH key; sends nothing and needs no token
    Approve {
        #[command(flatten)]
        approve: ApproveOptions,
    },
    /// Run a job or a plan: plan, confirm, send, follow, report
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
    /// Send one action to devices named or selected here, through the same plan and guards
    Send {
        #[command(flatten)]
        send: SendOptions,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
        #[command(flatten)]
        run: RunOptions,
    },
    /// Go on with a run from its journal alone
    Resume {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        resume: ResumeOptions,
    },
    /// Follow the commands of a run on; sends nothing
    Watch {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        watch: WatchOptions,
    },
    /// Show what is in doubt and decide about it; sends nothing
    Resolve {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        #[command(flatten)]
        resolve: ResolveOptions,
    },
    /// End a run that nobody goes on with; sends nothing, and outcomes stay as they are
    Close {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN")]
        name: String,
        /// Confirm without a prompt
        #[arg(short, long)]
        yes: bool,
    },
    /// Run again what failed or was never reached, as a new run that takes it over from the old one
    Retry {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        /// Also what the API refused
        #[arg(long)]
        refused: bool,
        #[command(flatten)]
        tenant: TenantOptions,
        #[command(flatten)]
        limits: LimitOptions,
        #[command(flatten)]
        run: RunOptions,
    },
    /// List runs
    Runs,
    /// Show how far a run is
    Status {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
    },
    /// Write the reports of a run again, from its journal
    Report {
        /// Id of the run, a unique prefix, or latest
        #[arg(value_name = "RUN", default_value = "latest")]
        name: String,
        /// Directory to write to instead of the run's own
        #[arg(long, value_name = "DIR")]
        report_dir: Option<PathBuf>,
    },
    /// Show everything that was ever sent to a device, over all runs of this state directory
    History {
        #[command(flatten)]
        history: HistoryOptions,
    },
    /// Verify that the host's record, or the journal of a run, is what was written; only reads
    Audit {
        #[command(flatten)]
        audit: AuditOptions,
    },
    /// Drop PINs, kept secrets and replies from the journals of old runs; verdicts stay
    Prune {
        #[command(flatten)]
        prune: PruneOptions,
    },
    /// Let limits that count from a date in the future count from now, after the clock was wrong
    RepairClock {
        /// Confirm without a prompt
        #[arg(short, long)]
        yes: bool,
    },
    /// Show PINs of a run, or of a device over all runs; recover missing ones
    Pins {
        #[command(flatten)]
        pins: PinsOptions,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Export the inventory as CSV that is valid job input
    Devices {
        #[command(flatten)]
        filter: FilterOptions,
        /// Also those that have been removed or have left MDM
        #[arg(long)]
        unmanaged: bool,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Show the command history of a device
    Commands {
        /// Id or serial number of the device
        device: String,
        #[command(flatten)]
        tenant: TenantOptions,
    },
    /// Serve a simulated tenant on loopback
    Simulate {
        #[command(flatten)]
        simulate: SimulateOptions,
    },
}

#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct JobOptions {
    /// CSV or YAML job file, or - for standard input; for run also a plan
    pub job: String,
    /// Action for all rows of a CSV without an action column
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Parameter of --action
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "action")]
    pub param: Vec<(String, String)>,
    /// Rename a column, such as "Display Name=new_name"
    #[arg(long, value_name = "COLUMN=NAME", value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Pass a column over
    #[arg(long, value_name = "COLUMN")]
    pub ignore_column: Vec<String>,
    /// Identify devices by this column alone (benign actions only)
    #[arg(long, value_name = "COLUMN", value_parser = ["device_id", "serial_number", "user_email"])]
    pub identify_by: Option<String>,
    /// Drop rows that repeat another instead of refusing them
    #[arg(long)]
    pub dedupe: bool,
    /// Delimiter of a CSV, where its header does not tell
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// Encoding of a CSV that is not UTF-8 and has no byte order mark
    #[arg(long, value_name = "NAME", value_parser = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "macintosh"])]
    pub encoding: Option<String>,
    /// Allow erase_mode WIPE_PROTECTED, which can leave a PC unable to boot
    #[arg(long)]
    pub allow_wipe_protected: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveOptions {
    /// The plan, as a file
    pub plan: PathBuf,
    /// Your SSH key, or the public one of a key in your agent
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// How long the approval counts, but not beyond the plan's latest start; 60m where it is not given
    #[arg(long, value_name = "DURATION")]
    pub valid: Option<String>,
    /// Where it is written instead of PLAN.approval
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Agree in advance
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SendOptions {
    /// The action
    pub action: String,
    /// Parameter of the action
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// Device by id
    #[arg(long, value_name = "ID")]
    pub device: Vec<String>,
    /// Device by serial number
    #[arg(long, value_name = "SERIAL")]
    pub serial: Vec<String>,
    /// Device by its user
    #[arg(long, value_name = "EMAIL")]
    pub user_email: Vec<String>,
    #[command(flatten)]
    pub filter: FilterOptions,
    /// Every device of the tenant
    #[arg(long)]
    pub all: bool,
    /// Allow erase_mode WIPE_PROTECTED, which can leave a PC unable to boot
    #[arg(long)]
    pub allow_wipe_protected: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct FilterOptions {
    /// Devices of a platform
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Vec<String>,
    /// Devices of a blueprint
    #[arg(long, value_name = "NAME")]
    pub blueprint: Vec<String>,
    /// Devices with a tag
    #[arg(long, value_name = "NAME")]
    pub tag: Vec<String>,
    /// Devices whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub name_like: Vec<String>,
    /// Devices that checked in at most so long ago
    #[arg(long, value_name = "DURATION")]
    pub checked_in_within: Option<String>,
    /// Devices that have not checked in for so long
    #[arg(long, value_name = "DURATION")]
    pub not_checked_in_for: Option<String>,
}

/// Flags of commands that reach a tenant.
pub(crate) type TenantOptions = SettingFlags<TenantFlags>;
/// How fast, and for how long.
pub(crate) type PaceOptions = SettingFlags<PaceFlags>;
/// Flags of commands that make a plan.
pub(crate) type LimitOptions = SettingFlags<PlanFlags>;
/// The reason and the reports of a plan.
pub(crate) type PurposeOptions = SettingFlags<PurposeFlags>;

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Show the plan and the result of each check, and send nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Agree to benign work in advance, or to disruptive work of a job that sets max_devices and when it is sent
    #[arg(short, long)]
    pub yes: bool,
    /// Agree in advance to this very plan: the number of its devices, or the words that it names
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    /// What to do when another run holds the job or a device: fail with exit code 13, or skip with 0
    #[arg(long, value_name = "WHAT", value_parser = ["fail", "skip"], default_value = "fail")]
    pub if_running: String,
    /// Approval of the plan by somebody else; else PLAN.approval where it exists
    #[arg(long, value_name = "FILE")]
    pub approval: Option<PathBuf>,
    #[command(flatten)]
    pub purpose: PurposeOptions,
    #[command(flatten)]
    pub ending: EndingOptions,
}

#[derive(Debug, Args)]
pub(crate) struct WatchOptions {
    /// Look at each device once and end, which suits cron
    #[arg(long)]
    pub once: bool,
    /// How long to follow; until everything has ended where it is not given
    #[arg(long, value_name = "DURATION", conflicts_with = "once")]
    pub wait: Option<String>,
    #[command(flatten)]
    pub ending: EndingOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveOptions {
    /// Device by id or serial number
    #[arg(long, value_name = "DEVICE")]
    pub device: Vec<String>,
    /// Every device in doubt
    #[arg(long, conflicts_with = "device")]
    pub all: bool,
    /// What to take them as; without it the evidence is shown, and asked about on a terminal
    #[arg(long = "as", value_name = "DECISION", value_parser = ["done", "not-done", "again"])]
    pub decision: Option<String>,
    /// What a person would type to repeat disruptive or irreversible work: a number of devices, or a phrase
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    /// Agree in advance
    #[arg(short, long)]
    pub yes: bool,
}

/// How a run is followed to its end. The flags derive from the table of settings.
#[derive(Debug)]
pub(crate) struct EndingOptions {
    pub pending_ok: bool,
    pub progress: Option<ProgressForm>,
}

/// How progress is shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgressForm {
    Bar,
    Plain,
    Json,
    None,
}

impl ProgressForm {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let forms = [Self::Bar, Self::Plain, Self::Json, Self::None];
        let at = output::PROGRESS_FORMS.iter().position(|form| *form == word)?;
        forms.get(at).copied()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ResumeOptions {
    #[command(flatten)]
    pub pace: PaceOptions,
    #[command(flatten)]
    pub ending: EndingOptions,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// Id, serial number, name or user of the device, as it is or ever was
    pub device: String,
    /// From then on: a date (2026-11-01), a moment (RFC 3339) or so long ago (7d)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Until then, a date included
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    /// Id of the run, a unique prefix, or latest; else the host's record and every run that it speaks of
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// An older head that was kept elsewhere: verify that the record, or the run, still contains it
    #[arg(long, value_name = "HASH")]
    pub anchor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PruneOptions {
    /// Age of what is dropped, such as 90d
    #[arg(long, value_name = "DURATION")]
    pub older_than: String,
    /// Show what would be dropped and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Agree in advance
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PinsOptions {
    /// Id of the run, a unique prefix, or latest; else the newest that has any
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Those of a device by its id, serial number, name or user; over all runs when no RUN is given
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// All at once instead of one device after the other
    #[arg(long)]
    pub all: bool,
    /// File with your AGE-SECRET-KEY-1... line (mode 0600), which opens encrypted ones
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Also the secrets that were captured before an erase or a delete
    #[arg(long)]
    pub secrets: bool,
    /// Ask the tenant for the PINs of Macs that the run locked and that have none
    #[arg(long, conflicts_with_all = ["all", "identity", "secrets"])]
    pub recover: bool,
    /// Try whether this identity file opens what is encrypted to the keys of the configuration, else of the run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["device", "all", "identity", "secrets", "recover"])]
    pub test_identity: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    /// Address to listen on; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8800")]
    pub listen: std::net::SocketAddr,
    /// Number of devices
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub devices: u32,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Share of devices that are offline, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub offline_percent: f64,
    /// Share of all requests that meet a fault, in percent, spread evenly over 12 kinds
    ///
    /// Each fault is one request. What a fault leaves behind does not count: a client that waits for an
    /// answer that never comes, an action applied later, and a 429 because another tool used up the hour.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub fault_percent: f64,
}

/// Reads `key=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Reads one of the three delimiters.
fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "\t" | "\\t" | "tab" => Ok(b'\t'),
        _ => Err("one of , ; or tab".to_owned()),
    }
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
