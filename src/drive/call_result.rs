//! What came back from one call, as the engine takes it in.
//!
//! Owns this shape. Must never say more than the answer did.

use crate::model::{
    Device, Listing, NoteResult, Sealed, Secret, SecretSource, Sighting, TaskIndex, Unreadable,
    Verdict,
};

/// What came back from a call.
pub(super) enum CallResult {
    Sent { task: TaskIndex, attempt: u16, http_status: Option<u16>, verdict: Verdict },
    Looked { task: TaskIndex, sighting: Sighting },
    Pin { task: TaskIndex, result: Result<Option<Sealed>, Unreadable> },
    OddPin { task: TaskIndex, pin: Sealed, flaw: String },
    Secrets { task: TaskIndex, source: SecretSource, result: Result<Vec<Secret>, Unreadable> },
    Rechecked { task: TaskIndex, result: Result<Option<Box<Device>>, Unreadable> },
    Noted { task: TaskIndex, result: NoteResult },
    Listed { listing: Listing },
}

impl CallResult {
    /// The same read, to be made again after a while.
    pub(super) fn again_after(self, wait_ms: u64) -> Self {
        let retry_after_ms = Some(wait_ms);
        match self {
            answered @ (Self::Sent { .. } | Self::OddPin { .. }) => answered,
            Self::Looked { task, .. } => {
                Self::Looked { task, sighting: Sighting::Throttled { retry_after_ms } }
            }
            Self::Pin { task, .. } => {
                Self::Pin { task, result: Err(Unreadable::Throttled { retry_after_ms }) }
            }
            Self::Secrets { task, source, .. } => Self::Secrets {
                task,
                source,
                result: Err(Unreadable::Throttled { retry_after_ms }),
            },
            Self::Rechecked { task, .. } => {
                Self::Rechecked { task, result: Err(Unreadable::Throttled { retry_after_ms }) }
            }
            Self::Noted { task, .. } => {
                let reason = "a fresh token is awaited".to_owned();
                Self::Noted { task, result: NoteResult::Later { reason, retry_after_ms } }
            }
            Self::Listed { .. } => Self::Listed { listing: Listing::Throttled { retry_after_ms } },
        }
    }
}
