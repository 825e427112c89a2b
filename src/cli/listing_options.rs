//! Options of the commands that list what was done: runs, history, audit.
//!
//! Owns their filters. Each takes only words that can occur, and lists them where another is given. Must never read a time:
//! `time_options` does.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::app::NOTE_KINDS;
use crate::cli::text::outcomes::outcome_of;
use crate::cli::time_options::SpanOptions;
use crate::journal::RunState;
use crate::model::Outcome;
use crate::model::settings::HelpHeading;

const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Default, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct RunsOptions {
    /// Show at most N runs, the newest ones
    #[arg(long, value_name = "N", value_parser = number)]
    pub limit: Option<usize>,
    /// Show runs of this job
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,
    /// Show runs in this state (repeatable)
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = run_states())]
    pub state: Vec<String>,
    #[command(flatten)]
    pub span: SpanOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct HistoryOptions {
    /// Device id, serial number, name or user, current or former
    pub device: String,
    /// Show at most N entries, the newest ones
    #[arg(long, value_name = "N", value_parser = number)]
    pub limit: Option<usize>,
    /// Show entries of this run: its id, a unique prefix, or latest
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Show entries of this job
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,
    /// Show entries of this action (repeatable)
    #[arg(long, value_name = "ACTION", value_delimiter = ',')]
    pub action: Vec<String>,
    /// Show entries of tasks with this outcome (repeatable)
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = outcome_of)]
    pub outcome: Vec<Outcome>,
    #[command(flatten)]
    pub span: SpanOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct AuditOptions {
    /// Run id, unique prefix, or latest [default: this host's record and all of its runs]
    #[arg(id = "name", value_name = "RUN")]
    pub name: Option<String>,
    /// Verify that the record, or the run, still contains this hash from an earlier audit
    #[arg(long, value_name = "HASH")]
    pub anchor: Option<String>,
    /// Show at most N notes, the newest ones; all notes are verified
    #[arg(long, value_name = "N", value_parser = number, conflicts_with = "name")]
    pub limit: Option<usize>,
    /// Show notes about this run: its id, a unique prefix, or latest
    #[arg(long, value_name = "RUN", conflicts_with = "name")]
    pub run: Option<String>,
    /// Show notes about this job
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    pub job: Option<String>,
    /// Show notes of this kind (repeatable)
    #[arg(
        long, value_name = "KIND", value_delimiter = ',', conflicts_with = "name",
        value_parser = PossibleValuesParser::new(NOTE_KINDS)
    )]
    pub kind: Vec<String>,
    #[command(flatten)]
    pub span: SpanOptions,
}

fn run_states() -> PossibleValuesParser {
    PossibleValuesParser::new(RunState::ALL.map(RunState::word))
}

/// Reads a number of lines: at least one.
fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("give a number of at least 1".to_owned()),
    }
}
