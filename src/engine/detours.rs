//! What few tasks go through: retries, doubt, reads before a request.
//!
//! Owns what is kept of it, apart from the state of a task. Must never decide anything.

use crate::model::{RecordLists, UnixMillis};

/// What few tasks go through, apart so that the others stay small.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Detours {
    pub(super) retries: u32,
    pub(super) due: UnixMillis,
    pub(super) doubted_at: UnixMillis,
    pub(super) rechecked_at: Option<UnixMillis>,
    pub(super) lists: Option<Box<RecordLists>>,
}

/// The detours of a task that went through none.
pub(super) static NO_DETOURS: Detours = Detours {
    retries: 0,
    due: UnixMillis(0),
    doubted_at: UnixMillis(0),
    rechecked_at: None,
    lists: None,
};
