//! Options of commands that follow a run to its end.
//!
//! Owns their flags and help. Must never take a token: arguments are visible to every user of the machine.

use clap::Args;

use crate::app::NotifyChoice;
use crate::cli::metrics_state::CommandMetrics;

use crate::cli::setting_flags::{EndingFlags, PaceFlags, SettingFlags, StartFlags};
use crate::model::settings::{HelpHeading, output};

const FOLLOWING: &str = HelpHeading::Following.shown();

#[derive(Debug, Args)]
#[command(next_help_heading = FOLLOWING)]
pub(crate) struct WatchOptions {
    /// Check each device once and exit, for cron
    #[arg(long)]
    pub once: bool,
    /// Stop following after this time [default: when every command has ended]
    #[arg(long, value_name = "DURATION", conflicts_with = "once")]
    pub wait: Option<String>,
    /// Show the progress of a run that another process drives; only reads, and Ctrl-C stops only this view
    #[arg(long, conflicts_with_all = ["once", "wait"])]
    pub attach: bool,
    #[command(flatten)]
    pub ending: EndingOptions,
}

/// How a run is followed to its end. The flags derive from the table of settings.
#[derive(Debug)]
pub(crate) struct EndingOptions {
    pub pending_ok: bool,
    pub progress: Option<ProgressForm>,
    /// The flags as they were written.
    pub flags: SettingFlags<EndingFlags>,
    /// The metrics of the job that the command runs.
    pub metrics: CommandMetrics,
    pub notify: NotifyChoice,
}

/// How progress is shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgressForm {
    Bar,
    Plain,
    /// Every line of standard error is one of a log.
    Log,
    Json,
    None,
}

impl ProgressForm {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let forms = [Self::Bar, Self::Plain, Self::Log, Self::Json, Self::None];
        let at = output::PROGRESS_FORMS.iter().position(|form| *form == word)?;
        forms.get(at).copied()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ResumeOptions {
    #[command(flatten)]
    pub start: SettingFlags<StartFlags>,
    #[command(flatten)]
    pub pace: SettingFlags<PaceFlags>,
    #[command(flatten)]
    pub ending: EndingOptions,
}
