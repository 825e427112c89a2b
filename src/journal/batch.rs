//! What is committed at once.
//!
//! Owns nothing but the shape. Must never hold what is not to be written.

use super::run_header::RequestCounts;
use crate::model::{AnswerTimes, Entry, UnixMillis};

/// Entries and requests that are committed in one transaction, before their calls are released.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// When it was formed.
    pub at: UnixMillis,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Requests that were made since the last batch.
    pub requests: RequestCounts,
    /// How long the answers took that came since the last batch.
    pub answers: AnswerTimes,
    /// Whether the host's record has to know of it before it counts as committed. Otherwise it learns of it before the next
    /// batch is written, and so before anything is sent that follows.
    pub must_confirm: bool,
}
