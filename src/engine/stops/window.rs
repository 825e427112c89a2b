//! The windows in which a run may send.
//!
//! Owns what was last computed of them, because every decision asks. Must never decide what a closed window means.

use crate::model::{Policy, UnixMillis, WindowState};

/// The windows of a run, as they were last computed.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    /// Since when, and how they are until they change.
    seen: Option<(UnixMillis, WindowState)>,
}

impl Windows {
    /// When all windows of the run are open again; `None` while they are.
    pub(super) fn opens_at(&mut self, now: UnixMillis, policy: &Policy) -> Option<UnixMillis> {
        let is_known =
            self.seen.is_some_and(|(since, state)| since <= now && now < state.changes_at());
        if !is_known {
            self.seen = policy.window_at(now).map(|state| (now, state));
        }
        match self.seen {
            Some((_, WindowState::Closed { opens_at })) => Some(opens_at),
            _ => None,
        }
    }

    /// When a window opens or closes next, as last computed.
    pub(super) fn changes_at(&self) -> Option<UnixMillis> {
        self.seen.map(|(_, state)| state.changes_at())
    }
}
