//! What was found of missing PINs.
//!
//! Owns the facts. Must never hold a PIN.

use crate::model::DeviceFacts;
use std::sync::Arc;

/// What the tenant answered about one missing PIN.
#[derive(Debug)]
pub struct PinRecovery {
    /// Id of the run.
    pub run: String,
    /// The locked Mac.
    pub device: Arc<DeviceFacts>,
    /// The answer of the tenant.
    pub found: RecoveredPin,
}

/// What was found of a missing PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveredPin {
    /// The PIN, which is in the journal.
    Found,
    /// A PIN that may be that of an older lock: the Mac has not taken this one yet. It is in the journal.
    MayBeOlder,
    /// Something that cannot be a PIN. It is in the journal.
    Odd {
        /// What is wrong with it.
        flaw: String,
    },
    /// The tenant shows no PIN.
    Nothing,
    /// The answer cannot be used.
    Unreadable {
        /// What is wrong with the answer.
        reason: String,
    },
}
