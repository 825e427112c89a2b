//! Failures of the layers below, as reasons.
//!
//! Owns their classes and next steps. Must never hide what a layer said: its own error is kept whole.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::drive::{DriveError, GatherError, InventoryError, ReadError};
use crate::journal::{Distrust, JournalError};

/// The journal or the state directory failed, or is not what sortie wrote.
#[derive(Debug)]
pub enum JournalReason {
    /// A database, a file or a lock refused.
    Failed(JournalError),
    /// A run's database or the host's record is not what sortie wrote.
    Distrusted(Distrust),
}

/// The tenant cannot be read.
#[derive(Debug)]
pub enum ReadReason {
    /// A read failed.
    Failed(ReadError),
    /// The inventory is not what it should be.
    Inventory(InventoryError),
    /// Sections of devices cannot be read: the token lacks a permission, or the answers are of no use.
    Sections(GatherError),
}

/// The loop of a run failed.
#[derive(Debug)]
pub struct DriveReason(pub DriveError);

impl RefusalFacts for JournalReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Failed(JournalError::Busy { .. } | JournalError::Starting { .. }) => {
                RefusalClass::Busy
            }
            Self::Failed(JournalError::Public { .. }) => RefusalClass::Policy,
            Self::Failed(
                JournalError::NoSuchRun(_)
                | JournalError::NoRuns
                | JournalError::IsGroup { .. }
                | JournalError::NotADirectory { .. },
            )
            | Self::Distrusted(Distrust::NeverBegun(_)) => RefusalClass::Usage,
            Self::Failed(_) | Self::Distrusted(_) => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Failed(JournalError::Busy { run }) => vec![
                NextStep::WaitForRun { run: run.clone() },
                NextStep::ShowRun { run: run.clone() },
            ],
            Self::Failed(JournalError::Starting { .. }) => vec![NextStep::TryLater],
            Self::Failed(JournalError::Public { path, .. }) => vec![
                NextStep::SetPermissions { path: path.clone() },
                NextStep::ChooseStateDirectory,
                NextStep::Audit { run: None },
            ],
            Self::Failed(JournalError::NoSuchRun(_)) => vec![NextStep::ListRuns],
            Self::Failed(JournalError::IsGroup { runs, .. }) => {
                runs.iter().map(|run| NextStep::ShowRun { run: run.clone() }).collect()
            }
            Self::Failed(JournalError::NoRuns) => vec![NextStep::StartRun],
            Self::Failed(JournalError::NotADirectory { .. }) => {
                vec![NextStep::ChooseStateDirectory]
            }
            Self::Failed(_) => vec![NextStep::CheckDisk],
            Self::Distrusted(Distrust::NeverBegun(_)) => vec![NextStep::StartRun],
            Self::Distrusted(Distrust::Run { run, .. }) => vec![
                NextStep::RestoreFile { path: format!("runs/{run}.db").into() },
                NextStep::Audit { run: Some(run.clone()) },
            ],
            Self::Distrusted(Distrust::Host { .. } | Distrust::Journal(_)) => vec![
                NextStep::RestoreFile { path: "sortie.db".into() },
                NextStep::Audit { run: None },
            ],
        }
    }
}

impl RefusalFacts for ReadReason {
    fn class(&self) -> RefusalClass {
        let error = match self {
            Self::Failed(error) | Self::Sections(GatherError::Read(error)) => error,
            Self::Sections(GatherError::Forbidden { .. }) => return RefusalClass::Permission,
            Self::Inventory(_) | Self::Sections(GatherError::Useless { .. }) => {
                return RefusalClass::Unexpected;
            }
        };
        match error {
            ReadError::Unauthorized(_) => RefusalClass::Authentication,
            ReadError::Forbidden(_) => RefusalClass::Permission,
            ReadError::QuotaSpent(_) => RefusalClass::Quota,
            ReadError::Quota(_) => RefusalClass::Journal,
            ReadError::Unreachable(_) | ReadError::OtherDevice(_) | ReadError::Unusable(_) => {
                RefusalClass::Unexpected
            }
        }
    }

    fn next(&self) -> Vec<NextStep> {
        let error = match self {
            Self::Failed(error) | Self::Sections(GatherError::Read(error)) => error,
            Self::Sections(GatherError::Forbidden { section, .. }) => {
                return vec![NextStep::GrantPermission { permission: section.permission() }];
            }
            Self::Inventory(_) | Self::Sections(GatherError::Useless { .. }) => {
                return vec![NextStep::CheckConnection];
            }
        };
        let grant = NextStep::GrantPermission { permission: "Device list" };
        match error {
            ReadError::Unauthorized(_) => vec![NextStep::RenewToken, grant],
            ReadError::Forbidden(_) => vec![grant],
            ReadError::QuotaSpent(_) => vec![NextStep::TryLater],
            ReadError::Quota(_) => vec![NextStep::CheckDisk],
            ReadError::Unreachable(_) | ReadError::OtherDevice(_) | ReadError::Unusable(_) => {
                vec![NextStep::CheckConnection]
            }
        }
    }
}

impl RefusalFacts for DriveReason {
    fn class(&self) -> RefusalClass {
        match &self.0 {
            DriveError::Journal(_) | DriveError::Quota(_) | DriveError::Task(_) => {
                RefusalClass::Journal
            }
            DriveError::Impossible(_) => RefusalClass::Unexpected,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match &self.0 {
            DriveError::Journal(_) | DriveError::Quota(_) => vec![NextStep::CheckDisk],
            DriveError::Task(_) => vec![NextStep::Audit { run: None }, NextStep::CheckDisk],
            DriveError::Impossible(_) => vec![NextStep::ReportFault],
        }
    }
}

/// A kind, and what the layer said of it.
fn facts<S: Serializer>(
    serializer: S,
    kind: &str,
    detail: impl std::fmt::Display,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("kind", kind)?;
    map.serialize_entry("detail", &detail.to_string())?;
    map.end()
}

impl Serialize for JournalReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Failed(error) => {
                let kind = match error {
                    JournalError::Busy { .. } => "run_busy",
                    JournalError::Starting { .. } => "start_busy",
                    JournalError::Public { .. } => "state_directory_public",
                    JournalError::NoSuchRun(_) | JournalError::NoRuns => "run_unknown",
                    JournalError::IsGroup { .. } => "run_is_a_group",
                    JournalError::NotADirectory { .. } => "state_directory_is_a_file",
                    _ => "journal_failed",
                };
                facts(serializer, kind, error)
            }
            Self::Distrusted(error) => {
                let kind = match error {
                    Distrust::NeverBegun(_) => "run_never_begun",
                    Distrust::Run { .. } => "run_altered",
                    Distrust::Host { .. } => "record_altered",
                    Distrust::Journal(_) => "journal_failed",
                };
                facts(serializer, kind, error)
            }
        }
    }
}

impl Serialize for ReadReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sections(error @ GatherError::Forbidden { .. }) => {
                facts(serializer, "permission_missing", error)
            }
            Self::Sections(error @ GatherError::Useless { .. }) => {
                facts(serializer, "answer_unusable", error)
            }
            Self::Failed(error) | Self::Sections(GatherError::Read(error)) => {
                let kind = match error {
                    ReadError::Unreachable(_) => "tenant_unreachable",
                    ReadError::Unauthorized(_) => "token_rejected",
                    ReadError::Forbidden(_) => "permission_missing",
                    ReadError::OtherDevice(_) => "answer_about_another_device",
                    ReadError::Unusable(_) => "answer_unusable",
                    ReadError::QuotaSpent(_) => "quota_spent",
                    ReadError::Quota(_) => "journal_failed",
                };
                facts(serializer, kind, error)
            }
            Self::Inventory(error) => facts(serializer, "inventory_unreadable", error),
        }
    }
}

impl Serialize for DriveReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match &self.0 {
            DriveError::Journal(_) | DriveError::Quota(_) => "journal_failed",
            DriveError::Task(_) => "task_unusable",
            DriveError::Impossible(_) => "internal_fault",
        };
        facts(serializer, kind, &self.0)
    }
}
