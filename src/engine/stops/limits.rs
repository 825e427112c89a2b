//! The limits of a run: what this process may do with it, and what stops it.
//!
//! Owns the parts of this folder and the protected tasks. Must never record anything: it proposes.

use std::collections::BTreeMap;

use super::pauses::{self, Pauses};
use super::rules::{self, Finding};
use super::window::Windows;
use crate::engine::calls::Scope;
use crate::engine::proposal::Proposal;
use crate::engine::state::EngineState;
use crate::model::{Event, OutsideWindow, StopCause, TaskIndex, UnixMillis, Verdict};

/// The limits of a run. Volatile: a resume begins anew, from the state.
pub(in crate::engine) struct Stops {
    scope: Scope,
    windows: Windows,
    pauses: Pauses,
    /// Tasks that must no longer be sent, each with the reason.
    protected: BTreeMap<TaskIndex, String>,
    /// A wave has too many errors if what is in doubt is one: nothing is sent until reading has settled it.
    is_waiting_for_doubt: bool,
    /// Waves and the rules of errors are judged elsewhere, over all parts of the run.
    is_overseen: bool,
}

impl Stops {
    /// The limits of a run that this process does everything with.
    pub(in crate::engine) fn new() -> Self {
        Self {
            scope: Scope::Whole,
            windows: Windows::default(),
            pauses: Pauses::default(),
            protected: BTreeMap::new(),
            is_waiting_for_doubt: false,
            is_overseen: false,
        }
    }

    /// Leaves waves and the rules of errors to an overseer.
    pub(in crate::engine) fn set_overseen(&mut self) {
        self.is_overseen = true;
    }

    /// Whether waves and the rules of errors are judged elsewhere.
    pub(in crate::engine) fn is_overseen(&self) -> bool {
        self.is_overseen
    }

    /// Holds requests back, or releases them, as the overseer says.
    pub(in crate::engine) fn hold(&mut self, is_held: bool) {
        self.is_waiting_for_doubt = is_held;
    }

    /// What this process does with the run.
    pub(in crate::engine) fn scope(&self) -> Scope {
        self.scope
    }

    /// Limits what this process does with the run.
    pub(in crate::engine) fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// Whether requests wait because a wave would have too many errors if what is in doubt is one.
    pub(in crate::engine) fn is_waiting_for_doubt(&self) -> bool {
        self.is_waiting_for_doubt
    }

    /// When the windows of the run are all open again; `None` while they are.
    pub(in crate::engine) fn window_opens(
        &mut self,
        now: UnixMillis,
        state: &EngineState,
    ) -> Option<UnixMillis> {
        self.windows.opens_at(now, &state.policy)
    }

    /// When a window opens or closes next, as last computed.
    pub(in crate::engine) fn window_changes(&self) -> Option<UnixMillis> {
        self.windows.changes_at()
    }

    /// Judges the rules at `now`, where the run `is_sending`: it has tasks that may be sent.
    pub(in crate::engine) fn check_rules(
        &mut self,
        now: UnixMillis,
        is_sending: bool,
        state: &EngineState,
    ) -> Option<Proposal> {
        if !self.is_overseen {
            self.is_waiting_for_doubt = false;
        }
        if !is_sending {
            return None;
        }
        if !self.is_overseen {
            match rules::judge_errors(state) {
                Finding::Fine => {}
                Finding::WaitForDoubt => self.is_waiting_for_doubt = true,
                Finding::Broken(cause, reason) => return Some(Proposal::Stop { cause, reason }),
            }
        }
        if let Some(reason) = rules::deadline(now, state) {
            return Some(Proposal::Stop { cause: StopCause::Deadline, reason });
        }
        if state.policy.outside_window != OutsideWindow::Refuse {
            return None;
        }
        let opens_at = self.window_opens(now, state)?;
        let reason = format!("the window for sending is closed until {opens_at}");
        Some(Proposal::Stop { cause: StopCause::Window, reason })
    }

    /// Adds tasks that must no longer be sent. What was protected once stays so: most checks find nothing new.
    pub(in crate::engine) fn protect(&mut self, tasks: &[(TaskIndex, String)]) {
        self.protected.extend(tasks.iter().cloned());
    }

    /// Why a task must no longer be sent, if its device is protected.
    pub(in crate::engine) fn protection(&self, task: TaskIndex) -> Option<&str> {
        self.protected.get(&task).map(String::as_str)
    }

    /// The tenant was reached: the next failure to reach it is the first again.
    pub(in crate::engine) fn reached(&mut self) {
        self.pauses.reached();
    }

    /// A request was answered, or was not sent.
    pub(in crate::engine) fn answered(&mut self, verdict: &Verdict) {
        if !matches!(verdict, Verdict::NotSent { .. }) {
            self.pauses.reached();
        }
        if !matches!(verdict, Verdict::Throttled { .. }) {
            self.pauses.not_throttled();
        }
    }

    /// A pause because the tenant limits the rate.
    pub(in crate::engine) fn pause_for_tenant(
        &mut self,
        now: UnixMillis,
        retry_after_ms: Option<u64>,
        reason: &str,
        state: &EngineState,
    ) -> Vec<Proposal> {
        self.pauses.for_tenant(now, retry_after_ms, reason, state)
    }

    /// A pause because the tenant's address cannot be reached, or a stop when that lasts.
    pub(in crate::engine) fn pause_until_reachable(
        &mut self,
        now: UnixMillis,
        reason: &str,
        state: &EngineState,
    ) -> Option<Proposal> {
        self.pauses.until_reachable(now, reason, state)
    }

    /// A pause until a given moment, unless one that is about as long is in force.
    pub(in crate::engine) fn pause(
        now: UnixMillis,
        until: UnixMillis,
        reason: &str,
        state: &EngineState,
    ) -> Option<Proposal> {
        pauses::pause(now, until, reason, state)
    }

    /// A stop where the run was left under a pause that is longer than a process waits.
    pub(in crate::engine) fn check_old_pause(
        now: UnixMillis,
        state: &EngineState,
    ) -> Option<Proposal> {
        pauses::too_long(now, state.paused_until, &state.paused_because)
    }

    /// The entry of a stop. The first cause stays, with two exceptions. A stop that still reads gives way to one that ends
    /// reading. The end of the time for sending gives way to any other cause.
    pub(in crate::engine) fn stop(
        cause: StopCause,
        reason: String,
        state: &EngineState,
    ) -> Option<Event> {
        let is_new = match state.stop.as_ref().map(|(cause, _)| *cause) {
            None => true,
            Some(StopCause::Deadline) => cause != StopCause::Deadline,
            Some(first) => !first.ends_reading() && cause.ends_reading(),
        };
        is_new.then_some(Event::Stopped { cause, reason })
    }
}
