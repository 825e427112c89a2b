//! The notes of a run: which device is due for one, and when.
//!
//! Owns the queue of devices whose tasks have all ended. Invariant: a device gets at most one note in a run, and none
//! before the entries of its ends. Must never hold up the run, stop it or change an outcome: a note is a courtesy.

use std::collections::BTreeSet;

use super::calls::Scope;
use super::phase::Phase;
use super::state::EngineState;
use crate::model::{NoteResult, Outcome, StopCause, TaskIndex, Trace, UnixMillis};

/// Shortest pause after a note that the tenant did not take for now, in milliseconds.
const AGAIN_MS_MIN: u64 = 5_000;
/// Longest pause that notes are worth, in milliseconds: those that would wait for longer are left to a resume.
const AGAIN_MS_MAX: u64 = 300_000;
/// So many notes in a row that the tenant did not take for now end the notes of this process.
const LATER_MAX: u32 = 5;

/// The notes of a run.
#[derive(Debug, Default)]
pub(super) struct NoteQueue {
    /// The tasks of each device, by its number; empty where the run writes no notes.
    by_device: Vec<Vec<TaskIndex>>,
    /// Devices that are due, by their numbers.
    due: BTreeSet<u32>,
    /// No note leaves before this moment.
    not_before: UnixMillis,
    /// Notes in a row that the tenant did not take for now.
    later: u32,
    is_given_up: bool,
}

impl NoteQueue {
    /// Writes notes from here on.
    pub(super) fn turn_on(&mut self, state: &EngineState) {
        let devices = state.facts.iter().map(|facts| facts.device).max().map_or(0, |last| last + 1);
        self.by_device = vec![Vec::new(); devices as usize];
        for (task, facts) in (0..).map(TaskIndex).zip(state.facts.iter()) {
            self.by_device[facts.device as usize].push(task);
        }
        self.due.clear();
        let every = 0..devices;
        self.due.extend(every.filter(|device| is_due(&self.by_device[*device as usize], state)));
    }

    /// Takes in that a task has ended.
    pub(super) fn ended(&mut self, task: TaskIndex, state: &EngineState) {
        let device = state.facts_of(task).device;
        let Some(tasks) = self.by_device.get(device as usize) else { return };
        if is_due(tasks, state) {
            self.due.insert(device);
        }
    }

    /// When the next note may leave, if one may.
    pub(super) fn next_due(
        &self,
        now: UnixMillis,
        state: &EngineState,
        scope: Scope,
    ) -> Option<UnixMillis> {
        let cause = state.stop.as_ref().map(|(cause, _)| *cause);
        let may_write = scope == Scope::Whole && matches!(cause, None | Some(StopCause::Deadline));
        let is_held_up = state.paused_until.remaining_ms(now) > AGAIN_MS_MAX;
        let is_open = may_write && !is_held_up && !self.is_given_up && !self.due.is_empty();
        is_open.then_some(self.not_before)
    }

    /// How many notes are due, counted up to `count_max`.
    pub(super) fn count_due(&self, count_max: usize) -> usize {
        self.due.len().min(count_max)
    }

    /// Takes the next device out of the queue: the task that its note is recorded with, and what was sent to it with
    /// its ends.
    pub(super) fn take(
        &mut self,
        state: &EngineState,
    ) -> Option<(TaskIndex, Vec<(String, Outcome)>)> {
        let device = self.due.pop_first()?;
        let tasks = self.by_device.get(device as usize)?;
        let ended: Vec<_> = tasks.iter().filter_map(|task| ended_as(*task, state)).collect();
        let (task, _) = ended.last().filter(|_| is_due(tasks, state))?;
        let action = |task: TaskIndex| state.action_of(task).to_owned();
        Some((*task, ended.iter().map(|(task, outcome)| (action(*task), *outcome)).collect()))
    }

    /// Takes in what came of the request for a note.
    pub(super) fn answered(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: &NoteResult,
        state: &EngineState,
    ) {
        match result {
            NoteResult::Written => self.later = 0,
            NoteResult::NotWritten { is_forbidden, .. } => self.is_given_up |= is_forbidden,
            NoteResult::Unknown { .. } => {}
            NoteResult::Later { retry_after_ms, .. } => {
                let pause_ms = retry_after_ms.unwrap_or(0).max(AGAIN_MS_MIN);
                self.later += 1;
                self.is_given_up |= self.later >= LATER_MAX || pause_ms > AGAIN_MS_MAX;
                self.not_before = self.not_before.max(now.plus_ms(pause_ms));
                self.ended(task, state);
            }
        }
    }
}

/// The task with its end, where something was sent for it and it has ended.
fn ended_as(task: TaskIndex, state: &EngineState) -> Option<(TaskIndex, Outcome)> {
    let its = state.task(task);
    match its.phase {
        Phase::Settled(outcome) if its.attempts > 0 => Some((task, outcome)),
        _ => None,
    }
}

/// Whether a device with these tasks gets a note now: something was sent to it, all of it has ended, its record is still
/// there, and it has no note of this run.
fn is_due(tasks: &[TaskIndex], state: &EngineState) -> bool {
    let is_over = |task: &TaskIndex| match state.task(*task).phase {
        Phase::Settled(_) => true,
        // It waits for a step that ended without letting it begin.
        Phase::Blocked => {
            let before = state.facts_of(*task).after.map(|(before, _)| before);
            before.is_some_and(|before| {
                matches!(state.task(before).phase, Phase::Settled(_) | Phase::Blocked)
            })
        }
        _ => false,
    };
    let is_noted = |task: &TaskIndex| state.task(*task).has_note;
    let is_deleted = |task: &TaskIndex| {
        let facts = state.facts_of(*task);
        facts.trace == Trace::Record && !facts.is_recorded && state.task(*task).attempts > 0
    };
    tasks.iter().any(|task| ended_as(*task, state).is_some())
        && tasks.iter().all(is_over)
        && !tasks.iter().any(is_noted)
        && !tasks.iter().any(is_deleted)
}
