//! Where time comes from.
//!
//! Owns the two clocks, so that wall and virtual time share one loop. Must never be asked by anything that
//! can take the time as an argument.

use std::future::Future;
use std::time::Duration;

use crate::model::UnixMillis;

/// A clock that can be waited on.
pub trait Clock: Clone + Send + Sync + 'static {
    /// The moment now.
    fn now(&self) -> UnixMillis;

    /// Returns once the moment has come.
    fn sleep_until(&self, at: UnixMillis) -> impl Future<Output = ()> + Send {
        let wait_ms = at.remaining_ms(self.now());
        async move { tokio::time::sleep(Duration::from_millis(wait_ms)).await }
    }
}

/// The clock of the machine.
#[derive(Copy, Clone, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where a run reads the wall clock")]
    fn now(&self) -> UnixMillis {
        let millis = |passed: Duration| i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        // A clock that stopped before 1970 would let a run wait forever.
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => UnixMillis(millis(after)),
            Err(before) => UnixMillis(-millis(before.duration())),
        }
    }
}

/// A clock that begins at a given moment and follows the runtime's time: virtual when that is paused.
#[derive(Copy, Clone, Debug)]
pub struct VirtualClock {
    base: UnixMillis,
    started: tokio::time::Instant,
}

impl VirtualClock {
    /// A clock that shows `base` now. Call it inside the runtime.
    #[must_use]
    pub fn starting_at(base: UnixMillis) -> Self {
        Self { base, started: tokio::time::Instant::now() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> UnixMillis {
        let passed = self.started.elapsed().as_millis();
        self.base.plus_ms(u64::try_from(passed).unwrap_or(u64::MAX))
    }
}
