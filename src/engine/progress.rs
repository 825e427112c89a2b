//! How far a run is, for people and programs that look on.
//!
//! Owns these shapes. Moments are absolute, so that a countdown needs no new entry. Must never be an input of a decision.

use crate::model::{NoteTally, ReducedRate, StopCause, UnixMillis};

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// All tasks.
    pub tasks: u32,
    /// Tasks that have ended.
    pub settled: u32,
    /// Tasks whose request is in progress.
    pub in_flight: u32,
    /// Tasks whose command is followed.
    pub following: u32,
    /// Tasks in doubt.
    pub doubts: u32,
    /// Tasks that may still be sent.
    pub ready: u32,
    /// Requests that were about to leave.
    pub requests: u64,
    /// Failed, refused and in doubt.
    pub errors: u32,
    /// Nothing is sent before this moment.
    pub paused_until: Option<UnixMillis>,
    /// Why nothing is sent before that moment.
    pub paused_because: String,
    /// Why nothing more is sent.
    pub stop: Option<(StopCause, String)>,
    /// The wave that is sent, from 1, and how many there are; `None` where there are none.
    pub wave: Option<(u16, u16)>,
    /// What holds up this wave or the next one; `None` while this wave is sent.
    pub wave_wait: Option<WaveWait>,
    /// Tasks that may be sent before another wave begins.
    pub ready_in_wave: u32,
    /// How fast requests may leave, where the tenant's answers have lowered the rate.
    pub reduced_rate: Option<ReducedRate>,
    /// When following ends, if nothing more is sent; `None` where nothing is followed or waves are to come.
    pub follow_until: Option<UnixMillis>,
    /// The notes that were asked of the tenant, before a resume included.
    pub notes: NoteTally,
}

/// What a wave waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum WaveWait {
    /// The pause before this wave. It is over once the moment has passed.
    Pause {
        /// When the wave begins.
        until: UnixMillis,
    },
    /// The devices of this wave, before the next one begins.
    Devices {
        /// How many tasks have no end yet; 0 where only an operator's answer is missing.
        waiting: u32,
        /// When the wait ends at the latest; `None` before anything was sent.
        until: Option<UnixMillis>,
    },
}
