//! How a task ended, as a word.
//!
//! Owns the ten outcomes and their sums. They are a compatibility surface: reports, views and exit codes
//! build on the words.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the ten outcomes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The device reported the command done, or a read-back shows it.
    Completed,
    /// The API took it, and the end is not awaited or cannot be seen.
    Accepted,
    /// Accepted, and not finished when the wait ended.
    Pending,
    /// The device answered Not Now and had not come round when the wait ended.
    NotNow,
    /// The API says the same command is pending or the state is already so.
    AlreadyInEffect,
    /// The device reported failure, or a Mac was locked and no PIN can be read.
    Failed,
    /// The API definitely said no.
    Refused,
    /// Sent, no usable answer, not settled.
    InDoubt,
    /// Left out by a rule.
    Skipped,
    /// The run ended before its turn.
    NotAttempted,
}

impl Outcome {
    /// All ten, in the order in which reports count them.
    pub const ALL: [Self; 10] = [
        Self::Completed,
        Self::Accepted,
        Self::Pending,
        Self::NotNow,
        Self::AlreadyInEffect,
        Self::Failed,
        Self::Refused,
        Self::InDoubt,
        Self::Skipped,
        Self::NotAttempted,
    ];

    /// The outcome in reports, JSON and the journal, such as `not_attempted`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::NotNow => "not_now",
            Self::AlreadyInEffect => "already_in_effect",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::Skipped => "skipped",
            Self::NotAttempted => "not_attempted",
        }
    }

    /// Whether a request was sent and nothing more is expected of it.
    #[must_use]
    pub fn ends_a_request(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Accepted | Self::AlreadyInEffect | Self::Failed | Self::Refused
        )
    }

    /// What the outcome means, in a few words for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Completed => "the device reported it done, or a read-back shows it",
            Self::Accepted => "the API accepted it; its end is not followed or cannot be seen",
            Self::Pending => "accepted, not finished when --wait ended",
            Self::NotNow => "the device answered Not Now and was not done when --wait ended",
            Self::AlreadyInEffect => "the API reports the command pending, or the state in effect",
            Self::Failed => "the device reported failure, or a Mac is locked without a known PIN",
            Self::Refused => "the API refused the request",
            Self::InDoubt => "sent, no usable answer, not settled; never sent again by itself",
            Self::Skipped => "left out by a rule",
            Self::NotAttempted => "the run ended before this task was sent",
        }
    }

    /// The outcome that a report or a database writes with this word; `None` for an unknown word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether the outcome counts as an error for `--max-errors` and the stop rules of the policy.
    #[must_use]
    pub fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::Refused | Self::InDoubt)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Number of tasks by outcome. The numbers of a run add up to its tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    counts: [u32; Outcome::ALL.len()],
}

impl OutcomeCounts {
    /// Counts one more task with this outcome.
    pub fn add(&mut self, outcome: Outcome) {
        self.counts[outcome as usize] += 1;
    }

    /// Counts the tasks of another run, too.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// Takes back the count of one task whose outcome has changed.
    pub fn remove(&mut self, outcome: Outcome) {
        self.counts[outcome as usize] -= 1;
    }

    /// Number of counted tasks that ended with this outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u32 {
        self.counts[outcome as usize]
    }

    /// Number of all counted tasks, of any outcome.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// The outcomes that occur, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u32)> {
        Outcome::ALL.into_iter().map(|outcome| (outcome, self.of(outcome))).filter(|(_, n)| *n > 0)
    }
}
