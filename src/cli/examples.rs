//! Worked examples of every command.
//!
//! Owns the examples of help. Each one can be read by the program: a test tries it. Must never name a real tenant, device
//! or person.

/// A command line and what it is good for.
#[derive(Copy, Clone, Debug)]
pub(crate) struct CliExample {
    /// What it does, in the imperative.
    pub purpose: &'static str,
    /// The command line.
    pub line: &'static str,
}

/// The examples of one command.
type CommandExamples = (&'static str, &'static [CliExample]);

/// The examples of a command; none where it has none.
pub(crate) fn examples_of(command: &str) -> &'static [CliExample] {
    let found = EXAMPLES.iter().find(|(name, _)| *name == command);
    found.map_or(&[], |(_, examples)| examples)
}

const fn example(purpose: &'static str, line: &'static str) -> CliExample {
    CliExample { purpose, line }
}

const EXAMPLES: &[CommandExamples] = &[
    (
        "init",
        &[
            example("Save a tenant as a profile, step by step", "sortie init"),
            example(
                "Save a tenant whose token is in a file, without prompts",
                "sortie init acme --subdomain acme --region eu --token-file ~/.acme.token",
            ),
            example(
                "Save a tenant whose token is in a password manager",
                r#"sortie init acme --subdomain acme --token-command "op read op://IT/t""#,
            ),
        ],
    ),
    (
        "doctor",
        &[
            example("Check the tenant, the token and this host", "sortie doctor"),
            example("Check another profile", "sortie doctor --profile acme"),
            example("Check in a script", "sortie doctor --format json"),
        ],
    ),
    (
        "token",
        &[
            example("Store a token in the keyring, typed at a prompt", "sortie token set acme"),
            example("Show where the token comes from", "sortie token status acme"),
            example("Remove the token from the keyring", "sortie token forget acme"),
        ],
    ),
    ("profiles", &[example("List the saved tenants", "sortie profiles")]),
    (
        "check",
        &[
            example("Validate a job before you commit it", "sortie check mass-restart.yaml"),
            example(
                "Validate an inventory export with a column under another name",
                r#"sortie check export.csv --action restart --map "Serial=serial_number""#,
            ),
        ],
    ),
    (
        "plan",
        &[
            example("Show what a job would do", "sortie plan mass-restart.yaml"),
            example(
                "Save the plan, have it approved, then run exactly that plan",
                "sortie plan lock.csv --out lock.plan",
            ),
            example("Plan a job for a simulated tenant", "sortie plan jobs/rename.csv --simulate"),
        ],
    ),
    (
        "approve",
        &[
            example(
                "Show a plan and approve it with your SSH key",
                "sortie approve lock.plan --key ~/.ssh/id_ed25519",
            ),
            example(
                "Approve with the key in your SSH agent",
                "sortie approve lock.plan --key ~/.ssh/id_ed25519.pub",
            ),
            example(
                "Let the approval expire after 15 minutes",
                "sortie approve lock.plan --key ~/.ssh/id_ed25519 --valid 15m",
            ),
        ],
    ),
    (
        "schedule",
        &[
            example(
                "Print a service and a timer of systemd",
                r#"sortie schedule a.yaml --at "Sat 22:00 Europe/Berlin" --emit systemd"#,
            ),
            example(
                "Print a line for crontab",
                r#"sortie schedule a.csv --at hourly --emit cron --token-file token"#,
            ),
            example(
                "Save an agent of launchd",
                r#"sortie schedule a.csv --at "daily 06:00" --emit launchd --out agents"#,
            ),
        ],
    ),
    (
        "schema",
        &[example("Save the schema for your editor", "sortie schema job > job.schema.json")],
    ),
    (
        "run",
        &[
            example("Show the plan and every check, and send nothing", "sortie run lock.csv -n"),
            example(
                "Restart the devices of a CSV that has no action column",
                "sortie run macs.csv --action restart --param NotifyUser=true",
            ),
            example(
                "Run a benign job from cron",
                "sortie run daily-checkin.csv --yes --no-input --if-running skip",
            ),
            example("Try a job without a tenant", "sortie run jobs/daily-checkin.csv --simulate"),
        ],
    ),
    (
        "send",
        &[
            example(
                "Lock one Mac and show a message on it",
                r#"sortie send lock --serial C02ZK0AALVDQ --param "Message=Call IT""#,
            ),
            example(
                "Update the inventory of a blueprint's Macs",
                "sortie send update-inventory --platform Mac --blueprint Design",
            ),
            example(
                "Wake every device, and show the plan first",
                "sortie send blank-push --all --dry-run",
            ),
        ],
    ),
    (
        "resume",
        &[
            example("Resume the latest run", "sortie resume"),
            example("Resume a run by the start of its id", "sortie resume 20261129-05"),
            example("Resume with fewer requests per second", "sortie resume --per-second 5"),
        ],
    ),
    (
        "retry",
        &[
            example("Show what a retry of the latest run would send", "sortie retry --dry-run"),
            example("Also retry what the API refused", "sortie retry latest --refused"),
            example(
                "Retry without a prompt, with the count that the plan shows",
                "sortie retry latest --confirm 12",
            ),
        ],
    ),
    (
        "status",
        &[
            example("Show the latest run", "sortie status"),
            example(
                "List the devices that failed or are pending",
                "sortie status latest --outcome failed,pending",
            ),
            example("Read the state in a script", "sortie status latest --format json"),
        ],
    ),
    (
        "watch",
        &[
            example("Follow the latest run until every command has ended", "sortie watch"),
            example("Stop following after two hours", "sortie watch latest --wait 2h"),
            example("Check once, from cron", "sortie watch latest --once --pending-ok"),
        ],
    ),
    (
        "resolve",
        &[
            example("Show the evidence, and decide on a terminal", "sortie resolve"),
            example(
                "Record that a device was not locked, so that a retry may lock it",
                "sortie resolve latest --device C02ZK0AALVDQ --as not-done",
            ),
            example(
                "Record that all requests in doubt were applied",
                "sortie resolve latest --all --as done --yes",
            ),
        ],
    ),
    (
        "pins",
        &[
            example("Show the PINs of the latest run, one device at a time", "sortie pins"),
            example(
                "Decrypt the PIN of one Mac",
                "sortie pins --device C02ZK0AALVDQ --identity ~/pins.age",
            ),
            example("Print a page for each Mac", "sortie pins --sheets sheets.html"),
            example("Compare the PINs with the tenant", "sortie pins --verify"),
            example("Read missing PINs from the tenant", "sortie pins --recover"),
        ],
    ),
    (
        "report",
        &[example(
            "Write the reports to another directory",
            "sortie report --report-dir /tmp/lock",
        )],
    ),
    (
        "devices",
        &[
            example(
                "Start a job from the Macs of a blueprint",
                "sortie devices --platform Mac --blueprint Design > macs.csv",
            ),
            example("Find devices that went silent", "sortie devices --not-checked-in-for 30d"),
            example(
                "Export FileVault, supervision and storage of all Macs",
                "sortie devices --platform Mac --with details > macs.csv",
            ),
            example("Read the devices in a script", "sortie devices --format json"),
        ],
    ),
    ("commands", &[example("Show the commands of a Mac", "sortie commands C02ZK0AALVDQ")]),
    (
        "actions",
        &[
            example("List all actions", "sortie actions"),
            example("Show the parameters and risks of lock", "sortie actions lock"),
        ],
    ),
    (
        "runs",
        &[
            example("List the runs, newest first", "sortie runs"),
            example("Read the runs in a script", "sortie runs --format json"),
            example(
                "List the runs of another state directory",
                "sortie runs --state-dir /srv/sortie",
            ),
        ],
    ),
    (
        "history",
        &[
            example("Show what was sent to a Mac", "sortie history C02ZK0AALVDQ"),
            example(
                "Show the last week for the devices of a user",
                "sortie history jo@example.com --since 7d",
            ),
            example(
                "Save it for a spreadsheet",
                "sortie history C02ZK0AALVDQ --format csv > history.csv",
            ),
        ],
    ),
    (
        "stats",
        &[
            example("Show what the latest run cost", "sortie stats"),
            example("Read the figures with a program", "sortie stats latest --format json"),
        ],
    ),
    (
        "settings",
        &[example("Show the settings that a job would run with", "sortie settings lock.yaml")],
    ),
    (
        "help",
        &[
            example("List all commands and topics", "sortie help"),
            example("Read how to confirm a run", "sortie help confirm"),
        ],
    ),
    (
        "completions",
        &[
            example(
                "Complete in bash",
                "sortie completions bash > ~/.local/share/bash-completion/completions/sortie",
            ),
            example("Complete in zsh", "sortie completions zsh > ~/.zfunc/_sortie"),
        ],
    ),
    ("man", &[example("Write the manual as man pages", "sortie man --out ~/man")]),
    (
        "audit",
        &[
            example("Verify the record of this host and all of its runs", "sortie audit"),
            example("Verify the journal of the latest run", "sortie audit latest"),
            example(
                "Verify that the record still contains a hash that you kept",
                "sortie audit --anchor 5f0c2f7a9d31e6b84c1d",
            ),
        ],
    ),
    ("close", &[example("Close a run that you will not resume", "sortie close 20261129-05")]),
    (
        "notify",
        &[
            example("List the channels of the profile and the latest notices", "sortie notify"),
            example("Send a test notice to every channel", "sortie notify --test"),
            example("Deliver the notices that still wait", "sortie notify --send"),
        ],
    ),
    (
        "prune",
        &[
            example("Show what would be removed", "sortie prune --older-than 90d --dry-run"),
            example("Remove it after a prompt", "sortie prune --older-than 90d"),
            example("Remove it from cron", "sortie prune --older-than 90d --yes --no-input"),
        ],
    ),
    ("repair-clock", &[example("Reset the limits after a prompt", "sortie repair-clock")]),
    (
        "simulate",
        &[
            example("Serve 500 simulated devices on port 8800", "sortie simulate"),
            example(
                "Keep a fifth of 50 devices offline",
                "sortie simulate --devices 50 --offline-percent 20",
            ),
            example(
                "Fail one request in twenty, the same way each time",
                "sortie simulate --fault-percent 5 --seed 7",
            ),
        ],
    ),
    (
        "version",
        &[
            example("Show how this program was built", "sortie version --verbose"),
            example("Compare the versions of hosts", "sortie version --format json"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Options;
    use clap::{CommandFactory, Parser};

    /// Commands whose help has at least three examples.
    const MAIN: [&str; 16] = [
        "run", "plan", "send", "resume", "retry", "watch", "resolve", "pins", "devices", "approve",
        "status", "runs", "history", "audit", "prune", "simulate",
    ];

    /// The words of a line, as a shell splits it, up to a redirection.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.split(" > ").next().unwrap_or_default().chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(String::new()),
                letter => words.last_mut().expect("one word at least").push(letter),
            }
        }
        words
    }

    #[test]
    fn every_command_has_examples_that_the_program_can_read() {
        let mut root = Options::command();
        root.build();
        for command in root.get_subcommands().map(clap::Command::get_name) {
            let examples = examples_of(command);
            let least = if MAIN.contains(&command) { 3 } else { 1 };
            assert!(examples.len() >= least, "{command} has {} examples", examples.len());
            for example in examples {
                let words = words(example.line);
                assert_eq!(words[..2], ["sortie".to_owned(), command.to_owned()]);
                assert!(example.line.len() <= 78, "{}", example.line);
                assert!(!example.purpose.ends_with('.'), "{}", example.purpose);
                Options::try_parse_from(&words)
                    .unwrap_or_else(|error| panic!("{}: {error}", example.line));
            }
        }
    }
}
