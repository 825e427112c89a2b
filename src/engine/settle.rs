//! The run machine, live: how doubt is settled, and what the device list shows.
//!
//! Owns what follows from these reads. Invariant: a task in doubt is never sent again from here: what is not
//! found stays in doubt.

use super::decide::Engine;
use super::safety::{ABSENCE_PAUSES_PER_QUARANTINE, ABSENCES_MAX};
use super::task::{Impossible, Phase, Wait};
use crate::model::{
    CommandSeen, Decision, Entry, Event, Listing, NextPage, Outcome, Repeat, Sighting, TaskIndex,
    Trace, UnixMillis, View,
};

impl Engine {
    /// Plans the reads that may settle a task in doubt, from the end of its quarantine on: until then its
    /// request may still be applied, and its absence proves nothing.
    pub(super) fn seek(&mut self, now: UnixMillis, task: TaskIndex) {
        let (facts, state) = (&self.state.facts[task.at()], self.state.task(task));
        if state.phase == Phase::Doubt && facts.repeat == Repeat::Once && facts.trace.exists() {
            let from = state.doubted_at.plus_ms(self.state.policy.quarantine_ms);
            self.safety.put(task, from.max(now));
        }
    }

    /// Takes in what a read showed of a task in doubt.
    pub(super) fn sought(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        if matches!(
            sighting,
            Sighting::Command(_) | Sighting::Proven { .. } | Sighting::Nothing { .. }
        ) {
            self.safety.succeeded(task);
        }
        match sighting {
            Sighting::Command(command) => self.adopt(now, task, command, entries),
            Sighting::Proven { evidence } => {
                let reason = evidence.clone();
                self.record(now, Event::Adopted { task, evidence }, entries)?;
                self.end(now, task, Outcome::Completed, reason, entries)
            }
            Sighting::Nothing { evidence } => self.absent(now, task, evidence, entries),
            Sighting::Elsewhere { offset } => {
                if self.pages.turn_to(task, offset) {
                    self.safety.put(task, now);
                } else if !self.safety.failed(task, now) {
                    let reason = "the end of the history cannot be found".to_owned();
                    self.record(now, Event::Unseen { task, reason }, entries)?;
                }
                Ok(())
            }
            // Nothing more is read after it.
            Sighting::OtherDevice { .. } => Ok(()),
            Sighting::Throttled { retry_after_ms } => {
                self.safety.put(task, now);
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", entries)
            }
            Sighting::Unreachable { reason } => {
                self.safety.put(task, now);
                self.until(now, &Wait::Reachable, &reason, entries).map(drop)
            }
            Sighting::Unreadable { reason, is_forbidden } => {
                if is_forbidden || !self.safety.failed(task, now) {
                    self.record(now, Event::Unseen { task, reason }, entries)?;
                }
                Ok(())
            }
        }
    }

    /// The request in doubt was applied: here is its command.
    fn adopt(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        command: CommandSeen,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let evidence = format!("found in the device's history as command {}", command.uuid);
        self.record(now, Event::Adopted { task, evidence: evidence.clone() }, entries)?;
        self.observe(now, task, command, entries)?;
        self.pages.rest(task);
        let facts = &self.state.facts[task.at()];
        let state = self.state.task(task);
        match state.phase {
            Phase::Custody(_) => self.take_custody(now, task, entries),
            Phase::Following if facts.followed || state.lacks_pin(facts) => {
                self.await_end(now, task);
                Ok(())
            }
            Phase::Following => self.end(now, task, Outcome::Accepted, evidence, entries),
            _ => {
                self.forget(task);
                Ok(())
            }
        }
    }

    fn absence_pause_ms(&self) -> u64 {
        self.state.policy.quarantine_ms / ABSENCE_PAUSES_PER_QUARANTINE
    }

    /// A read showed nothing. The history and the record count together as one.
    fn absent(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        evidence: String,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        self.pages.rest(task);
        let trace = self.state.facts[task.at()].trace;
        if self.pages.take_turns(task, trace) {
            self.safety.keep_evidence(task, evidence);
            self.safety.put(task, now);
            return Ok(());
        }
        let before = self.safety.evidence(task);
        let evidence = match trace {
            Trace::CommandAndRecord if !before.is_empty() => format!("{before}; {evidence}"),
            _ => evidence,
        };
        self.record(now, Event::Absent { task, evidence }, entries)?;
        if self.state.task(task).absences < ABSENCES_MAX {
            self.safety.put(task, now.plus_ms(self.absence_pause_ms()));
        } else if self.state.task(task).lacks_pin(&self.state.facts[task.at()])
            && self.safety.is_pin_forbidden.is_none()
        {
            // The tenant's PIN may be that of an older lock and proves nothing, but who has to decide will
            // want to know it.
            self.safety.put_pin(task, now);
        }
        Ok(())
    }

    /// Records what a person decided about a task in doubt.
    ///
    /// # Errors
    /// [`Impossible`] when the task is not in doubt.
    pub fn resolve(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        decision: Decision,
        by: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.record(now, Event::Resolved { task, decision, by: by.to_owned() }, &mut entries)?;
        self.forget(task);
        Ok(entries)
    }

    /// From when on nothing is applied any more that was sent before a task came into doubt.
    #[must_use]
    pub fn quarantine_ends(&self, task: TaskIndex) -> UnixMillis {
        self.state.task(task).doubted_at.plus_ms(self.state.policy.quarantine_ms)
    }

    /// Records the end of a task, and forgets it in all queues.
    pub(super) fn end(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        outcome: Outcome,
        reason: String,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        self.record(now, Event::Settled { task, outcome, reason }, entries)?;
        self.forget(task);
        Ok(())
    }

    /// Takes in a page of the device list.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn listed(&mut self, now: UnixMillis, listing: Listing) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("the device list")?;
        self.note_reached(!matches!(listing, Listing::Unreachable { .. }));
        match listing {
            Listing::Page { shown, next } => {
                let state = &self.state;
                let changed = self.follow.take_rows(&shown, |task| state.task(task).sent_at, now);
                for task in changed {
                    // The row itself shows the end: the record is what confirms it.
                    let trace = self.state.facts[task.at()].trace;
                    if self.pages.view(task, trace) != View::Record {
                        self.pages.take_turns(task, trace);
                    }
                }
                let is_worth_it = self.follow.is_sweep_worth_it();
                match next {
                    NextPage::At(offset) if is_worth_it => {
                        self.follow.sweep.turn_page(offset, now);
                    }
                    NextPage::At(_) => self.follow.plan_sweep(now),
                    // One more request tells the end of the list from a short page, where that makes a difference.
                    NextPage::Perhaps(offset) if is_worth_it && !self.follow.has_shown_all() => {
                        self.follow.sweep.turn_page(offset, now);
                    }
                    NextPage::Perhaps(_) | NextPage::None => {
                        self.follow.sweep.finish();
                        let has_record = |task: &TaskIndex| {
                            let trace = self.state.facts[task.at()].trace;
                            matches!(trace, Trace::Record | Trace::CommandAndRecord)
                        };
                        let candidates: Vec<TaskIndex> =
                            self.follow.tasks().filter(has_record).collect();
                        self.follow.take_missing(&candidates, now);
                        self.follow.plan_sweep(now);
                    }
                }
            }
            Listing::Throttled { retry_after_ms } => {
                self.follow.sweep.again_at(now);
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", &mut entries)?;
            }
            Listing::Unreachable { reason } => {
                self.follow.sweep.again_at(now);
                self.until(now, &Wait::Reachable, &reason, &mut entries)?;
            }
            Listing::Unreadable { is_forbidden, .. } => self.follow.list_failed(now, is_forbidden),
        }
        Ok(entries)
    }
}
