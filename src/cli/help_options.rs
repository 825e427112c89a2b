//! The options of `sortie help`.
//!
//! Owns what it takes. Must never name a topic: the manual lists them.

use clap::Args;
use std::path::PathBuf;

use crate::model::settings::HelpHeading;

const OUTPUT: &str = HelpHeading::Output.shown();

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct HelpOptions {
    /// Command or topic to show [default: the list of both]
    #[arg(value_name = "COMMAND|TOPIC")]
    pub name: Option<String>,
    /// Print the topic as Markdown
    #[arg(long, requires = "name")]
    pub markdown: bool,
    /// Write man pages of all commands and topics to this directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "markdown"])]
    pub man: Option<PathBuf>,
}
