//! The options of `sortie help` and `sortie man`, and where a shell looks for completions.
//!
//! Owns what they take. Must never name a topic: the manual lists them.

use clap::Args;
use std::path::PathBuf;

use crate::model::settings::HelpHeading;

const OUTPUT: &str = HelpHeading::Output.shown();

/// Where each shell looks for the script, for the help of `sortie completions`.
pub(crate) const COMPLETION_PLACES: &str = "\
Where the script belongs:
  bash  ~/.local/share/bash-completion/completions/sortie
  zsh   _sortie in a directory of $fpath
  fish  ~/.config/fish/completions/sortie.fish

In PowerShell and elvish, add the script to the end of your profile.

Write the script again after an update of sortie.";

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct HelpOptions {
    /// Command or topic to show [default: the list of both]
    #[arg(value_name = "COMMAND|TOPIC")]
    pub name: Option<String>,
    /// Print the topic as Markdown
    #[arg(long, requires = "name")]
    pub markdown: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct ManOptions {
    /// Write the pages to this directory
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
