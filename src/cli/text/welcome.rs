//! How to begin, for a person who types the name of the program alone.
//!
//! Owns the first steps. Must never name a command that does not exist.

use clap::Command;

use crate::cli::text::screen::{Screen, Tone};

/// The first steps, with the command of each.
const STEPS: [(&str, &str, &str); 5] = [
    ("init", "sortie init", "save your tenant's address and token"),
    ("doctor", "sortie doctor", "check tenant, token and this host"),
    ("devices", "sortie devices > job.csv", "list the devices, to start a job from"),
    ("plan", "sortie plan job.csv --action restart", "show what would be sent; send nothing"),
    ("run", "sortie run job.csv --action restart", "confirm, send, follow, report"),
];

/// What the program is, the first steps, and where to read on.
pub(crate) fn welcome(command: &Command, screen: &Screen) -> String {
    let strong = |text: &str| screen.toned(Tone::Strong, text);
    let width = STEPS.iter().map(|(_, line, _)| line.len()).max().unwrap_or(0);
    let entry = |line: &str, purpose: &str| {
        let pad = " ".repeat(width.saturating_sub(line.len()));
        format!("  {}{pad}  {purpose}\n", strong(line))
    };
    let mut text = String::from(
        "sortie runs one action on many devices of a Kandji / Iru tenant.\n\
         It shows a plan, asks before it sends, and keeps a journal of every request.\n\n",
    );
    text.push_str(&format!("{}\n", strong("First steps:")));
    for (_, line, purpose) in
        STEPS.into_iter().filter(|(name, ..)| command.find_subcommand(name).is_some())
    {
        text.push_str(&entry(line, purpose));
    }
    text.push_str(&format!("\n{}\n", strong("Try it without a tenant:")));
    let line = "sortie send daily-checkin --serial C02ZK0AALVDQ --simulate";
    text.push_str(&format!("  {}\n", strong(line)));
    text.push_str(&format!("\n{}\n", strong("Read on:")));
    for (line, purpose) in [
        ("sortie --help", "all commands and exit codes"),
        ("sortie help", "topics: jobs, policy, cron and more"),
    ] {
        text.push_str(&entry(line, purpose));
    }
    text
}
