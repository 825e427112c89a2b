//! What a notice says.
//!
//! Owns the facts, which the outbox keeps and webhooks get as JSON. Must never hold a PIN, a token, or what identifies a
//! device or a person: texts of a run may name devices, so causes are words of a list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kind::NoticeKind;

use crate::model::{OutcomeCounts, RunVerdict, StopCause};

/// The version of the facts. A field may be added without a new one; none changes its meaning.
pub const NOTICE_VERSION: u32 = 1;

/// What a notice says, without words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// [`NOTICE_VERSION`].
    pub version: u32,
    /// What it is about.
    pub kind: NoticeKind,
    /// It only tests the channel: there is no run.
    #[serde(default)]
    pub test: bool,
    /// The tenant of the run is a simulated one.
    #[serde(default)]
    pub simulated: bool,
    /// Id of the run.
    pub run: String,
    /// Name of its job.
    pub job: String,
    /// Its tenant, as people know it.
    pub tenant: String,
    /// The host that drives the run.
    pub host: String,
    /// When it became known, in RFC 3339.
    pub at: String,
    /// When the run began.
    pub started_at: String,
    /// When the run was left; `None` while it goes on.
    pub ended_at: Option<String>,
    /// How the run ended; `None` while it goes on.
    pub verdict: Option<RunVerdict>,
    /// Why nothing more is sent; `None` where the run did not stop.
    pub stop: Option<StopCause>,
    /// Number of its tasks.
    pub tasks: u32,
    /// Its tasks by outcome, those that occur.
    pub counts: BTreeMap<String, u32>,
    /// Macs that were locked and have no known PIN.
    pub missing_pins: u32,
    /// The wave that waits, counted from 1.
    pub wave: Option<u32>,
    /// Number of tasks of that wave.
    pub wave_tasks: Option<u32>,
    /// Where the reports are on that host.
    pub report_dir: String,
}

impl NoticeFacts {
    /// The facts with these counts.
    pub(crate) fn counted(self, counts: &OutcomeCounts) -> Self {
        let counts = counts.iter().map(|(outcome, tasks)| (outcome.word().to_owned(), tasks));
        Self { counts: counts.collect(), ..self }
    }

    /// Number of tasks that ended with this outcome, by its word.
    #[must_use]
    pub fn count(&self, outcome: &str) -> u32 {
        self.counts.get(outcome).copied().unwrap_or(0)
    }
}

/// A notice in words for people, as a front end words it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoticeWords {
    /// What happened, in one line.
    pub subject: String,
    /// Facts with their labels, one line each.
    pub lines: Vec<(String, String)>,
    /// What to do next: a step and its command.
    pub next: Vec<(String, String)>,
}

/// Words a notice.
pub type WordNotice = fn(&NoticeFacts) -> NoticeWords;

/// The words where no front end gives any: the kind and the run.
pub(crate) fn bare_words(facts: &NoticeFacts) -> NoticeWords {
    NoticeWords {
        subject: format!("sortie: {} {}", facts.kind.word(), facts.run),
        ..NoticeWords::default()
    }
}
