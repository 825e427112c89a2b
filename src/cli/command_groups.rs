//! The commands by what people want to do.
//!
//! Owns the groups of help and their order. Must never hold what a command does.

/// Each group with its commands.
pub(crate) const COMMAND_GROUPS: [(&str, &[&str]); 5] = [
    (
        "Prepare",
        &["init", "doctor", "profiles", "token", "check", "plan", "approve", "schedule", "schema"],
    ),
    ("Run", &["run", "send", "resume", "retry"]),
    ("Follow", &["status", "watch", "resolve", "pins", "report"]),
    ("Look", &["devices", "commands", "actions", "runs", "stats", "history", "settings", "help"]),
    (
        "Maintain",
        &[
            "audit",
            "close",
            "notify",
            "prune",
            "repair-clock",
            "simulate",
            "completions",
            "man",
            "version",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Options;
    use clap::CommandFactory;

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let mut command = Options::command();
        command.build();
        for command in command.get_subcommands().map(clap::Command::get_name) {
            let groups = COMMAND_GROUPS.iter().filter(|(_, names)| names.contains(&command));
            assert_eq!(groups.count(), 1, "{command}");
        }
    }
}
