//! Devices that are not followed, as witnesses of the device list.
//!
//! Owns the evidence that the list goes on showing check-ins at all. Whether it shows that a device is back, only the
//! ends of tasks prove. Must never conclude anything about a task.

use crate::model::{Shown, UnixMillis};

/// So many check-ins that are newer than all of the first poll show that the list is alive.
const MOVES_MIN: u32 = 10;

/// What the check-ins of other devices say about the list.
#[derive(Clone, Debug, Default)]
pub(super) struct Witnesses {
    first_poll: Option<UnixMillis>,
    /// The newest check-in of the first poll.
    newest: Option<UnixMillis>,
    moves: u32,
}

impl Witnesses {
    /// Takes in what the poll that began at `polled_at` shows of a device that is not followed.
    pub(super) fn take(&mut self, row: &Shown, polled_at: UnixMillis) {
        let Some(at) = row.last_check_in.filter(|_| row.has_agent) else { return };
        if *self.first_poll.get_or_insert(polled_at) == polled_at {
            self.newest = self.newest.max(Some(at));
        } else if Some(at) > self.newest {
            self.moves = self.moves.saturating_add(1);
        }
    }

    /// Whether enough check-ins have moved.
    pub(super) fn are_enough(&self) -> bool {
        self.moves >= MOVES_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskIndex;

    fn row(at: i64, has_agent: bool) -> Shown {
        let last_check_in = Some(UnixMillis(at));
        Shown { task: TaskIndex(0), last_check_in, has_changed: false, has_agent }
    }

    #[test]
    fn only_check_ins_newer_than_the_first_poll_show_a_living_list() {
        let mut witnesses = Witnesses::default();
        for _ in 0..2 * MOVES_MIN {
            witnesses.take(&row(1_000, true), UnixMillis(5_000));
            witnesses.take(&row(1_000, true), UnixMillis(9_000));
            witnesses.take(&row(2_000, false), UnixMillis(9_000));
        }
        assert!(!witnesses.are_enough(), "nothing has moved, or has no agent");
        for _ in 0..MOVES_MIN {
            witnesses.take(&row(1_001, true), UnixMillis(9_000));
        }
        assert!(witnesses.are_enough());
    }
}
