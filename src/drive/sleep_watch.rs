//! What a jump of the clock means.
//!
//! Owns the last moment that the loop saw. Must never read the clock itself.

use crate::model::UnixMillis;

/// A clock that shows an earlier time than before by more than this has jumped, in milliseconds.
const CLOCK_JUMP_MS: i64 = 2_000;
/// A clock that has moved on by more than this since the last check shows that the machine slept, in milliseconds: the
/// loop checks it every half minute.
const SLEPT_MS: i64 = 90_000;

/// A request whose intent is older than this when it is on disk is no longer sent, in milliseconds: what was true
/// when it was decided may not be. Disks hang and machines sleep between the two.
const STALE_MS: i64 = 30_000;

/// Whether what was decided at `then` must not be sent at `now`: it is too old, or the clock was set back meanwhile.
pub(super) fn is_stale(then: UnixMillis, now: UnixMillis) -> bool {
    !(-CLOCK_JUMP_MS..=STALE_MS).contains(&now.since(then))
}

/// What the clock shows besides the time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum ClockJump {
    /// Nothing.
    None,
    /// It was set back by so many seconds. Deadlines and the hour's ledger are moments of this clock: none of them is
    /// valid after that.
    Back { seconds: i64 },
    /// The machine slept for so many milliseconds: what was known before has to be checked again.
    Slept { slept_ms: u64 },
}

/// The last moment that the loop saw.
pub(super) struct SleepWatch {
    latest: UnixMillis,
}

impl SleepWatch {
    /// A watch that begins at `now`.
    pub(super) fn new(now: UnixMillis) -> Self {
        Self { latest: now }
    }

    /// The last moment that was checked.
    pub(super) fn latest(&self) -> UnixMillis {
        self.latest
    }

    /// Compares `now` with the moment before.
    pub(super) fn check(&mut self, now: UnixMillis) -> ClockJump {
        let ahead_ms = now.since(self.latest);
        self.latest = now;
        if ahead_ms < -CLOCK_JUMP_MS {
            return ClockJump::Back { seconds: -ahead_ms / 1_000 };
        }
        if ahead_ms <= SLEPT_MS {
            return ClockJump::None;
        }
        ClockJump::Slept { slept_ms: u64::try_from(ahead_ms).unwrap_or(0) }
    }
}
