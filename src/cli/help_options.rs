//! The options of `sortie help`.
//!
//! Owns what it takes. Must never name a topic: the manual lists them.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct HelpOptions {
    /// Show the help of this command, or this topic; lists both by default
    #[arg(value_name = "COMMAND|TOPIC")]
    pub name: Option<String>,
    /// Print the topic as Markdown
    #[arg(long, requires = "name")]
    pub markdown: bool,
    /// Write man pages of all commands and topics to this directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "markdown"])]
    pub man: Option<PathBuf>,
}
