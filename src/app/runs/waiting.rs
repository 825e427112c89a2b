//! Waiting for another run.
//!
//! Owns how long, and which run is meant. A process that waits holds no run and no device. Must never wait without an end,
//! nor let a plan from before the wait be carried out.

use crate::app::preflight::OverlapReason;
use crate::app::queue_place::QueuePlace;
use crate::app::refusal::NextStep;
use crate::app::{AppEvent, Reason, Workspace};
use crate::drive::{Clock, WallClock};
use crate::journal::StateDir;
use crate::model::UnixMillis;

/// How often the lock of the other run is tried, in milliseconds. A try costs one system call.
const POLL_MS: u64 = 500;

/// A run of another process that keeps this one from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockingRun {
    run: String,
    by: BlockedBy,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum BlockedBy {
    /// The process may send.
    Sending,
    /// The process writes the run's journal.
    Writing,
}

impl BlockingRun {
    /// The run that a refusal names; `None` where waiting does not help.
    #[must_use]
    pub fn of(reason: &Reason) -> Option<Self> {
        let by = match reason {
            Reason::Overlap(_) => BlockedBy::Sending,
            _ => BlockedBy::Writing,
        };
        reason.next().into_iter().find_map(|step| match step {
            NextStep::WaitForRun { run } => Some(Self { run, by }),
            _ => None,
        })
    }

    fn is_there(&self, dir: &StateDir) -> bool {
        match self.by {
            BlockedBy::Sending => dir.is_sending(&self.run),
            BlockedBy::Writing => dir.is_held(&self.run),
        }
    }
}

impl Workspace {
    /// The same workspace, whose front end waits in this place where it has to.
    #[must_use]
    pub fn queued(self, place: &QueuePlace) -> Self {
        Self { place: place.clone(), ..self }
    }

    /// Waits until a run that blocks this one has left, or until a moment. Facts grow old meanwhile: plan anew after it.
    ///
    /// # Errors
    /// Another process waits already to do the same, or the moment has come.
    pub async fn wait_for_run(
        &self,
        blocking: &BlockingRun,
        until: UnixMillis,
    ) -> Result<(), Reason> {
        let row = self.index().find_run(&blocking.run)?;
        if !self.place.join(&self.dir)? {
            return Err(OverlapReason::OtherWaits { job: row.job }.into());
        }
        self.events.tell(&AppEvent::WaitsForRun {
            run: row.id.clone(),
            job: row.job.clone(),
            until,
        });
        if wait_while(&WallClock, until, || blocking.is_there(&self.dir)).await {
            return Ok(());
        }
        Err(OverlapReason::WaitedTooLong { run: row.id, job: row.job, until }.into())
    }
}

/// Waits while something is so; whether it ended before the moment.
async fn wait_while(clock: &impl Clock, until: UnixMillis, is_so: impl Fn() -> bool) -> bool {
    loop {
        let now = clock.now();
        if now >= until {
            return false;
        }
        if !is_so() {
            return true;
        }
        clock.sleep_until(now.plus_ms(POLL_MS).min(until)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::VirtualClock;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_lock_or_at_its_moment() {
        let directory = tempfile::tempdir().expect("a directory");
        let dir = StateDir::open(directory.path()).expect("a state directory");
        let clock = VirtualClock::starting_at(UnixMillis(1_000_000));
        let until = UnixMillis(1_000_000 + 60_000);
        let blocking = BlockingRun { run: "a".to_owned(), by: BlockedBy::Sending };
        let held = Cell::new(Some(dir.hold_sending("a").expect("it is free")));
        let looks = Cell::new(0);
        let is_there = || {
            looks.set(looks.get() + 1);
            // The other process leaves between two looks.
            if looks.get() == 5 {
                held.take();
            }
            blocking.is_there(&dir)
        };
        assert!(wait_while(&clock, until, is_there).await);
        assert_eq!((looks.get(), clock.now()), (5, UnixMillis(1_000_000 + 4 * 500)));
        let _held = dir.hold_sending("a").expect("it is free");
        assert!(!wait_while(&clock, until, || blocking.is_there(&dir)).await);
        assert_eq!(clock.now(), until);
        // A process that only follows the run blocks no run.
        let following = BlockingRun { run: "b".to_owned(), by: BlockedBy::Sending };
        let _follower = dir.hold_run("b").expect("it is free");
        assert!(!following.is_there(&dir));
        assert!(BlockingRun { by: BlockedBy::Writing, ..following }.is_there(&dir));
    }
}
