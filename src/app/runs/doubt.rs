//! A task in doubt, with what is known about it.
//!
//! Owns the evidence and the reasons against sending again. Must never contain a PIN.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::{Decision, Entry, Event, PinReading, Task, TaskIndex, UnixMillis, Verdict};

/// A task of which it is unknown whether its request was applied.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Which task of its run it is.
    pub index: TaskIndex,
    /// The task in doubt.
    pub task: Task,
    /// What happened to it, the oldest first.
    pub evidence: Vec<Evidence>,
    /// Until then the request may still be applied, and must not be sent again.
    pub quarantine_ends: UnixMillis,
    /// When the run stops sending.
    pub send_until: UnixMillis,
    /// A person closed the run: it no longer sends.
    pub is_closed: bool,
}

/// One thing that happened to a task in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// When it happened.
    pub at: UnixMillis,
    /// What happened.
    pub fact: EvidenceFact,
}

/// What happened to a task in doubt, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceFact {
    /// A request was about to leave.
    Leaving {
        /// Which request of the task it was.
        attempt: u16,
    },
    /// No usable answer came.
    NoAnswer {
        /// Why.
        reason: String,
    },
    /// The task came into doubt.
    Doubted {
        /// Why.
        reason: String,
    },
    /// A read did not show the request.
    Absent {
        /// What the read showed.
        evidence: String,
    },
    /// A read failed.
    Unread {
        /// Why.
        reason: String,
    },
    /// The tenant shows a PIN, which may be that of an older lock.
    PinShown,
    /// Another run has locked the Mac, and its PIN is known.
    PinKnown {
        /// Id of that run.
        run: String,
    },
    /// The tenant shows something that is no PIN.
    PinFlawed {
        /// What is wrong with it.
        flaw: String,
    },
    /// The tenant shows no PIN.
    NoPin,
    /// The PIN could not be read.
    PinUnread {
        /// Why.
        reason: String,
    },
    /// A person decided.
    Decided {
        /// What.
        decision: Decision,
        /// Who, as the journal keeps it.
        by: String,
    },
}

/// What happened to each task, read from the entries of a run.
#[derive(Default)]
pub(crate) struct EvidenceByTask(BTreeMap<TaskIndex, Vec<Evidence>>);

impl EvidenceByTask {
    /// Takes in one entry.
    pub(crate) fn take(&mut self, entry: &Entry) {
        if let (Some(task), Some(fact)) = (entry.event.task(), fact_of(&entry.event)) {
            self.0.entry(task).or_default().push(Evidence { at: entry.at, fact });
        }
    }

    /// The evidence of a task; it is handed out once.
    pub(crate) fn remove(&mut self, task: TaskIndex) -> Vec<Evidence> {
        self.0.remove(&task).unwrap_or_default()
    }
}

fn fact_of(event: &Event) -> Option<EvidenceFact> {
    Some(match event {
        Event::Intent { attempt, .. } => EvidenceFact::Leaving { attempt: *attempt },
        Event::Answered {
            verdict: Verdict::Unknown { reason, .. } | Verdict::OtherDevice { reason },
            ..
        } => EvidenceFact::NoAnswer { reason: reason.clone() },
        Event::Doubted { reason, .. } => EvidenceFact::Doubted { reason: reason.clone() },
        Event::Absent { evidence, .. } => EvidenceFact::Absent { evidence: evidence.clone() },
        Event::Unseen { reason, .. } => EvidenceFact::Unread { reason: reason.clone() },
        Event::PinRead { reading, .. } => match reading {
            PinReading::Found { .. } => EvidenceFact::PinShown,
            PinReading::Known { run, .. } => EvidenceFact::PinKnown { run: run.clone() },
            PinReading::Odd { flaw, .. } => EvidenceFact::PinFlawed { flaw: flaw.clone() },
            PinReading::Nothing => EvidenceFact::NoPin,
            PinReading::Unreadable { reason, .. } => {
                EvidenceFact::PinUnread { reason: reason.clone() }
            }
        },
        Event::Resolved { decision, by, .. } => {
            EvidenceFact::Decided { decision: *decision, by: by.clone() }
        }
        _ => return None,
    })
}

impl Doubt {
    /// Whether a decision can be taken now: what may still be applied must not be sent again, and what the run will not send
    /// need not be asked for.
    ///
    /// # Errors
    /// [`DoubtReason`] says why not.
    pub fn check(&self, decision: Decision, now: UnixMillis) -> Result<(), DoubtReason> {
        let device = self.task.device.serial_number.to_string();
        if decision != Decision::SendAgain {
            Ok(())
        } else if now < self.quarantine_ends {
            Err(DoubtReason::InQuarantine { device, until: self.quarantine_ends })
        } else if self.is_closed {
            Err(DoubtReason::RunClosed { device })
        } else if now >= self.send_until {
            Err(DoubtReason::SendingOver { device, at: self.send_until })
        } else {
            Ok(())
        }
    }

    /// Whether a name is the device's serial number or id.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.task.device.serial_number)
            || name.eq_ignore_ascii_case(self.task.device.id.as_str())
    }
}

/// Why a doubt is not resolved.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DoubtReason {
    /// Nothing of the run is in doubt for the device.
    #[serde(rename = "doubt_not_found")]
    NotFound {
        /// Id of the run.
        run: String,
        /// The device as it was asked for.
        device: String,
    },
    /// The request may still be applied: sent again it could be applied twice.
    #[serde(rename = "doubt_in_quarantine")]
    InQuarantine {
        /// Serial number of the device.
        device: String,
        /// Until then.
        until: UnixMillis,
    },
    /// The run is closed, and no longer sends.
    #[serde(rename = "doubt_run_closed")]
    RunClosed {
        /// Serial number of the device.
        device: String,
    },
    /// The time for sending of the run is over.
    #[serde(rename = "doubt_sending_over")]
    SendingOver {
        /// Serial number of the device.
        device: String,
        /// When it ended.
        at: UnixMillis,
    },
}

impl RefusalFacts for DoubtReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::NotFound { .. } => RefusalClass::Target,
            Self::InQuarantine { .. } | Self::RunClosed { .. } | Self::SendingOver { .. } => {
                RefusalClass::Policy
            }
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::NotFound { run, .. } => vec![NextStep::Resolve { run: run.clone() }],
            Self::InQuarantine { until, .. } => vec![NextStep::WaitUntil { at: *until }],
            Self::RunClosed { .. } | Self::SendingOver { .. } => {
                vec![NextStep::CorrectRequest { what: "decision" }]
            }
        }
    }
}
