//! The looks of a run: what each reads, and what follows from what it shows.
//!
//! Owns the parts of this folder. Must never record anything: it proposes. Volatile: a resume begins anew.

use super::follow::FollowQueue;
use super::pages::Pages;
use crate::engine::calls::Call;
use crate::engine::consequence::of_command;
use crate::engine::proposal::{PageTurn, Proposal};
use crate::engine::state::EngineState;
use crate::model::{
    CommandStatus, Event, Listing, NextPage, Outcome, Sighting, TaskIndex, Trace, UnixMillis, View,
};

/// When a task is read again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum NextLook {
    /// After the usual delay, if it is still followed.
    Later,
    /// At once.
    Now,
    /// It is in the queue already.
    Queued,
}

/// The looks of a run.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Looks {
    follow: FollowQueue,
    pages: Pages,
}

impl Looks {
    /// Reads each task only once, where `is_one_pass`.
    pub(in crate::engine) fn set_one_pass(&mut self, is_one_pass: bool) {
        self.follow.is_one_pass = is_one_pass;
    }

    /// When the next look, or the next page of the device list, is due.
    pub(in crate::engine) fn next_due(&self) -> Option<UnixMillis> {
        self.follow.next()
    }

    /// How many looks are due at `now`, counted up to `count_max`.
    pub(in crate::engine) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.follow.due(now, count_max)
    }

    /// Takes the next look out of the queue: a page of the device list before a single device.
    pub(in crate::engine) fn take(&mut self, now: UnixMillis, state: &EngineState) -> Option<Call> {
        if self.follow.poll.due_at().is_some_and(|at| at <= now) {
            return Some(Call::List { offset: self.follow.poll.take(now) });
        }
        self.follow.take().map(|task| self.call(task, state))
    }

    /// The read of a task that is due.
    pub(in crate::engine) fn call(&self, task: TaskIndex, state: &EngineState) -> Call {
        let view = self.pages.view(task, state.facts_of(task).trace);
        let standing = state.task(task);
        Call::Look {
            task,
            view,
            since: standing.traced_from,
            lists: standing.lists().cloned().map(Box::new),
        }
    }

    /// Plans the next read of a task with growing delay, but not after `latest` if that is still to come.
    pub(in crate::engine) fn schedule(
        &mut self,
        task: TaskIndex,
        now: UnixMillis,
        latest: UnixMillis,
    ) {
        self.follow.schedule(task, now, latest);
    }

    /// Plans a read of a task for a given moment.
    pub(in crate::engine) fn put(&mut self, task: TaskIndex, at: UnixMillis) {
        self.follow.put(task, at);
    }

    /// Stops following a task. The page at which its command was found is kept.
    pub(in crate::engine) fn stop_following(&mut self, task: TaskIndex) {
        self.follow.forget(task);
    }

    /// Forgets a task that has ended.
    pub(in crate::engine) fn forget(&mut self, task: TaskIndex) {
        self.follow.forget(task);
        self.pages.forget(task);
    }

    /// A read of a task in doubt came back: says what is left to read, and remembers it for the next look.
    pub(in crate::engine) fn turn_page(
        &mut self,
        task: TaskIndex,
        trace: Trace,
        sighting: &Sighting,
    ) -> PageTurn {
        match sighting {
            Sighting::Elsewhere { offset } if self.pages.turn_to(task, *offset) => {
                PageTurn::NextPage
            }
            Sighting::Nothing { .. } => {
                self.pages.rest(task);
                match self.pages.take_turns(task, trace) {
                    true => PageTurn::Record,
                    false => PageTurn::Complete,
                }
            }
            Sighting::Command(_) => {
                self.pages.rest(task);
                PageTurn::Complete
            }
            _ => PageTurn::Complete,
        }
    }

    /// A read of a task that is followed came back.
    pub(in crate::engine) fn followed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
        state: &EngineState,
    ) -> (Vec<Proposal>, NextLook) {
        let (facts, standing) = (state.facts_of(task), state.task(task));
        let mut proposals = Vec::new();
        match sighting {
            Sighting::Command(command) => {
                let ended_at = command.completed_at;
                // An erased device may never report, and then only its record shows the end.
                if command.status == CommandStatus::Running {
                    self.pages.take_turns(task, facts.trace);
                }
                let effect = of_command(task, standing, facts, command);
                if effect.is_over {
                    self.follow.learn(task, standing.sent_at, ended_at, now);
                }
                proposals.extend(effect.events.into_iter().map(Proposal::Record));
            }
            Sighting::Proven { evidence: reason } => {
                self.follow.learn(task, standing.sent_at, None, now);
                let outcome = Outcome::Completed;
                proposals.push(Proposal::Record(Event::Settled { task, outcome, reason }));
            }
            Sighting::Elsewhere { offset } if self.pages.turn_to(task, offset) => {
                return (proposals, NextLook::Now);
            }
            Sighting::Throttled { retry_after_ms } => {
                proposals.push(Proposal::read_throttled(retry_after_ms));
                return (proposals, NextLook::Now);
            }
            Sighting::Unreachable { reason } => {
                proposals.push(Proposal::PauseUntilReachable { reason });
                return (proposals, NextLook::Now);
            }
            Sighting::Unreadable { reason, is_forbidden } => {
                if is_forbidden {
                    self.follow.slow_down(task);
                }
                if self.pages.is_news(task, &reason) {
                    proposals.push(Proposal::Record(Event::Unseen { task, reason }));
                }
            }
            Sighting::Nothing { .. } => {
                if self.pages.take_turns(task, facts.trace) && self.follow.is_one_pass {
                    // No later look reads the other half.
                    self.follow.put(task, now);
                    return (proposals, NextLook::Queued);
                }
            }
            Sighting::Elsewhere { .. } | Sighting::OtherDevice { .. } => {}
        }
        self.pages.rest(task);
        (proposals, NextLook::Later)
    }

    /// A page of the device list came back.
    pub(in crate::engine) fn listed(
        &mut self,
        now: UnixMillis,
        listing: Listing,
        state: &EngineState,
    ) -> Option<Proposal> {
        match listing {
            Listing::Page { shown, next } => {
                let changed = self.follow.take_rows(&shown, |task| state.task(task).sent_at, now);
                for task in changed {
                    // The row itself shows the end: the record is what confirms it.
                    let trace = state.facts_of(task).trace;
                    if self.pages.view(task, trace) != View::Record {
                        self.pages.take_turns(task, trace);
                    }
                }
                let is_rest_known = self.follow.poll.take_page(&shown);
                self.turn_list_page(now, next, is_rest_known, state);
                None
            }
            Listing::Throttled { retry_after_ms } => {
                self.follow.poll.again_at(now);
                Some(Proposal::read_throttled(retry_after_ms))
            }
            Listing::Unreachable { reason } => {
                self.follow.poll.again_at(now);
                Some(Proposal::PauseUntilReachable { reason })
            }
            Listing::Unreadable { is_forbidden, .. } => {
                self.follow.list_failed(now, is_forbidden);
                None
            }
        }
    }

    /// Goes on to the next page of the device list, or ends the poll.
    fn turn_list_page(
        &mut self,
        now: UnixMillis,
        next: NextPage,
        is_rest_known: bool,
        state: &EngineState,
    ) {
        let is_worth_it = self.follow.is_poll_worth_it();
        let has_record = |task: &TaskIndex| state.facts_of(*task).trace.is_on_record();
        match next {
            // A device that left the list shows only where all of it is read.
            _ if is_rest_known
                && self.follow.has_shown_each()
                && !self.follow.tasks().any(|task| has_record(&task)) =>
            {
                self.follow.rest_is_quiet();
                self.follow.poll.finish();
                self.follow.plan_poll(now);
            }
            NextPage::At(offset) if is_worth_it => self.follow.poll.turn_page(offset, now),
            NextPage::At(_) => self.follow.plan_poll(now),
            // One more request tells the end of the list from a short page, where that makes a difference.
            NextPage::Perhaps(offset) if is_worth_it && !self.follow.has_shown_all() => {
                self.follow.poll.turn_page(offset, now);
            }
            NextPage::Perhaps(_) | NextPage::None => {
                self.follow.poll.finish();
                let candidates: Vec<TaskIndex> = self.follow.tasks().filter(has_record).collect();
                self.follow.take_missing(&candidates, now);
                self.follow.plan_poll(now);
            }
        }
    }
}
