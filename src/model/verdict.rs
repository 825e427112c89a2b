//! What an answer, or its absence, means.
//!
//! Owns the classes of replies. They say what is *known* to have happened at the API, not of status
//! codes: the codec reads those. Must never decide what to do next: the engine does.

use serde::{Deserialize, Serialize};

use super::{CommandSeen, RecordLists, Sealed, TaskIndex, UnixMillis, at_rest};

/// Shortest pause after an answer that asks to come back later and does not say when, in milliseconds: a client that counts
/// by the minute has forgotten by then.
pub const THROTTLED_MS_MIN: u64 = 60_000;

/// What is known after one request for a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The API took the request.
    Accepted(Answer),
    /// The API says that the same is pending or that the state is already so.
    InEffect {
        /// The API's words.
        reason: String,
    },
    /// The API definitely said no; nothing was applied.
    Refused {
        /// Which no.
        kind: ApiRefusal,
        /// The API's words.
        reason: String,
    },
    /// The API asks to come back later; nothing was applied.
    Throttled {
        /// How long to wait, in milliseconds, where the answer says so.
        retry_after_ms: Option<u64>,
        /// What was said.
        reason: String,
    },
    /// Nothing left this machine.
    NotSent {
        /// What happened.
        reason: String,
        /// Trying again cannot help.
        ends_run: bool,
    },
    /// The answer is about another device than was asked for. The request may have been applied.
    OtherDevice {
        /// About which.
        reason: String,
    },
    /// The request may have been applied.
    Unknown {
        /// What happened.
        reason: String,
        /// Everything else sent to this address would fare the same (a redirect, a login page).
        ends_run: bool,
        /// How long the answer asks to wait, in milliseconds (503 with `Retry-After`).
        retry_after_ms: Option<u64>,
    },
}

impl Verdict {
    /// Its word, as entries have it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::InEffect { .. } => "in_effect",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::NotSent { .. } => "not_sent",
            Self::OtherDevice { .. } => "other_device",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// What came with an acceptance: the PIN of a lock, the result of a read, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The PIN, as it came.
    #[serde(default, with = "at_rest::option", skip_serializing_if = "Option::is_none")]
    pub pin: Option<Sealed>,
    /// What is wrong with the form of that PIN, as the rest of a sentence; `None` for six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_flaw: Option<String>,
    /// A Mac was locked and the answer has no PIN that can be used.
    #[serde(default)]
    pub pin_missing: bool,
    /// The result of a read, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What shows the end by itself: the record in the answer bears the new values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<String>,
    /// Something worth telling: a PIN of unusual form, an unexpected status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Answer {
    /// The PIN, where its form is that of one.
    #[must_use]
    pub fn usable_pin(&self) -> Option<&Sealed> {
        self.pin.as_ref().filter(|_| self.pin_flaw.is_none())
    }
}

/// Why the API refused a request, by what can be done about it. Nothing was applied in any case.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiRefusal {
    /// 401: the token is wrong, revoked or expired, or lacks the permission.
    Unauthorized,
    /// 403: the token lacks the permission for this action.
    Forbidden,
    /// 404: no such device in this tenant.
    NotFound,
    /// Any other answer of the 4xx range.
    Rejected,
}

/// What one look reads of a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// A page of its command history, from this row.
    History {
        /// Row to start at.
        offset: u32,
    },
    /// Its record in the inventory, or the report about it that shows the task's end.
    Record,
}

/// What one look showed of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// Its command, as far as it has come. The command is the least advanced of those that fit, so that
    /// the task is completed only when all of them are.
    Command(CommandSeen),
    /// Nothing shows the end yet.
    Nothing {
        /// What there is instead, for who has to decide about a task in doubt.
        evidence: String,
    },
    /// The newest rows are on another page, which begins at this row.
    Elsewhere {
        /// Row to start at.
        offset: u32,
    },
    /// The device's record proves the end: it is gone, has enrolled again, bears the new name.
    Proven {
        /// What it shows.
        evidence: String,
    },
    /// The answer is about another device.
    OtherDevice {
        /// Of which.
        reason: String,
    },
    /// The API asks to come back later.
    Throttled {
        /// How long to wait, in milliseconds, where it says so.
        retry_after_ms: Option<u64>,
    },
    /// Nothing left this machine.
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The answer could not be used; look again later.
    Unreadable {
        /// What it was.
        reason: String,
        /// The token lacks the permission: asking again is in vain.
        is_forbidden: bool,
    },
}

/// What a page of the device list shows of the devices of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Rows.
    Page {
        /// Of each task of a device on this page.
        shown: Vec<Shown>,
        /// What comes after it.
        next: NextPage,
    },
    /// The API asks to come back later.
    Throttled {
        /// How long to wait, in milliseconds, where it says so.
        retry_after_ms: Option<u64>,
    },
    /// Nothing left this machine.
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The answer could not be used.
    Unreadable {
        /// What it was.
        reason: String,
        /// The token lacks the permission: asking again is in vain.
        is_forbidden: bool,
    },
}

/// What comes after a page of the device list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NextPage {
    /// Nothing: the page is empty.
    None,
    /// A page that begins at this row.
    At(u32),
    /// The page was shorter than was asked for. Either the list ends, or the tenant gives shorter pages and the next
    /// one begins at this row.
    Perhaps(u32),
}

/// What the device list shows of the device of a task.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The task whose device is shown.
    pub task: TaskIndex,
    /// When the device last checked in.
    pub last_check_in: Option<UnixMillis>,
    /// The row itself shows the task's effect: the new name.
    pub has_changed: bool,
    /// The device has the vendor's agent, which checks in every 15 minutes.
    pub has_agent: bool,
}

/// What a device's record shows of the target of a task, just before its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recheck {
    /// It is what the plan froze.
    Same,
    /// It is, and the request builds on these lists of it.
    Lists(RecordLists),
    /// It bears already what the request would give it.
    Borne {
        /// What it shows.
        evidence: String,
    },
    /// It is not, or must no longer be touched.
    Changed {
        /// What has changed.
        reason: String,
    },
}

/// Why a read before or after a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// The API asks to come back later.
    Throttled {
        /// How long to wait, in milliseconds, where it says so.
        retry_after_ms: Option<u64>,
    },
    /// Nothing left this machine.
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The token lacks the permission: asking again is in vain.
    Forbidden {
        /// The API's words.
        reason: String,
    },
    /// The token is not accepted, where its permission is no question: it could read the same before.
    Unauthorized {
        /// The API's words.
        reason: String,
    },
    /// The answer is about another device than was asked for: no answer can be relied on.
    OtherDevice {
        /// About which.
        reason: String,
    },
    /// The answer could not be used; ask again later.
    Failed {
        /// What it was.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_verdict_is_the_one_in_its_entry() {
        let reason = String::new;
        for verdict in [
            Verdict::Accepted(Answer::default()),
            Verdict::InEffect { reason: reason() },
            Verdict::Refused { kind: ApiRefusal::NotFound, reason: reason() },
            Verdict::Throttled { retry_after_ms: None, reason: reason() },
            Verdict::NotSent { reason: reason(), ends_run: false },
            Verdict::OtherDevice { reason: reason() },
            Verdict::Unknown { reason: reason(), ends_run: false, retry_after_ms: None },
        ] {
            let stored = serde_json::to_value(&verdict).expect("JSON");
            let words: Vec<&String> = stored.as_object().expect("an object").keys().collect();
            assert_eq!(words, [verdict.word()]);
        }
    }
}
