//! The facts of a job that a scheduler starts.
//!
//! Owns what the texts of all schedulers need. Must never hold a token.

use crate::model::{ClockChange, Risk, Timetable};

/// The schedulers that a job is written for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheduler {
    Cron,
    Systemd,
    Launchd,
}

/// The words of `--emit`.
pub(crate) const SCHEDULERS: [&str; 3] = ["cron", "systemd", "launchd"];

impl Scheduler {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let all = [Self::Cron, Self::Systemd, Self::Launchd];
        SCHEDULERS.iter().position(|known| *known == word).and_then(|at| all.get(at).copied())
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
        }
    }
}

/// Where a start finds the token. It never holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitToken {
    /// A file, by its path.
    File(String),
    /// The profile of this name says where.
    OfProfile(String),
}

/// A job with everything that its files say. Paths are absolute.
#[derive(Clone, Debug)]
pub(crate) struct ScheduledUnit {
    /// The job's name, as it can be a part of a file's name.
    pub name: String,
    pub risk: Risk,
    pub timetable: Timetable,
    /// The IANA name of the clocks that count, where it is known.
    pub zone: Option<String>,
    pub clock_change: Option<ClockChange>,
    /// The program and its arguments, without the place of the token.
    pub command: Vec<String>,
    pub token: UnitToken,
    pub state_dir: String,
    pub report_dir: String,
    pub job_dir: String,
    /// The directory in which the files are saved, where one was named.
    pub out_dir: Option<String>,
    /// Directories of a log file and of metrics, where the job or the profile names them.
    pub more_dirs: Vec<String>,
    /// The user whose state directory it is.
    pub user: String,
    pub has_window: bool,
    /// How long a start may need to stop after SIGTERM, in seconds.
    pub stop_s: u64,
}

/// One file of a scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitFile {
    pub name: String,
    pub content: String,
}

/// Why a text cannot be a part of a scheduler's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitFlaw {
    /// A line of cron may not be so long.
    LineTooLong { bytes: usize, most: usize },
    /// A part of the command line holds a control character.
    ControlCharacter { part: String },
}

impl ScheduledUnit {
    /// The command with the token's place as a path. Where the profile knows the place, no flag names it.
    pub(super) fn full_command(&self) -> Vec<String> {
        let mut command = self.command.clone();
        if let UnitToken::File(path) = &self.token {
            command.extend(["--token-file".to_owned(), path.clone()]);
        }
        command
    }

    /// Where a scheduler without a log of its own appends what a start says.
    pub(super) fn log_file(&self) -> String {
        format!("{}/sortie-{}.log", self.report_dir.trim_end_matches('/'), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_emit_names_a_scheduler() {
        for word in SCHEDULERS {
            assert_eq!(Scheduler::parse(word).map(Scheduler::word), Some(word));
        }
    }
}
