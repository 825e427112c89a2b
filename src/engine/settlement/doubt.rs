//! How doubt is settled.
//!
//! Owns what follows from reads for a task in doubt. Invariant: a task in doubt is never sent again from here: what is
//! not found stays in doubt.

use super::safety_reads::SafetyReads;
use crate::engine::consequence::of_command;
use crate::engine::proposal::{PageTurn, Proposal};
use crate::engine::state::EngineState;
use crate::engine::task::ABSENCES_MAX;
use crate::model::{CommandSeen, Event, Outcome, Sighting, TaskIndex, UnixMillis};

/// The time between two reads that show nothing is this part of the quarantine: half a minute by default.
const ABSENCE_PAUSES_PER_QUARANTINE: u64 = 4;

/// The request in doubt was applied: here is its command.
pub(super) fn adopt(task: TaskIndex, command: CommandSeen, state: &EngineState) -> Vec<Proposal> {
    let evidence = format!("found in the command history as command {}", command.uuid);
    let (facts, standing) = (state.facts_of(task), state.task(task));
    let effect = of_command(task, standing, facts, command);
    let adopted = Event::Adopted { task, evidence: evidence.clone() };
    let events = std::iter::once(adopted).chain(effect.events);
    let mut proposals: Vec<Proposal> = events.map(Proposal::Record).collect();
    if !effect.is_over && !standing.is_awaited(facts) {
        proposals.push(Proposal::End { task, outcome: Outcome::Accepted, reason: evidence });
    }
    proposals
}

/// The request in doubt was applied: the device itself shows it.
pub(super) fn adopt_proven(task: TaskIndex, evidence: String) -> Vec<Proposal> {
    let reason = evidence.clone();
    vec![
        Proposal::Record(Event::Adopted { task, evidence }),
        Proposal::End { task, outcome: Outcome::Completed, reason },
    ]
}

/// A read showed nothing. The history and the record count together as one. Afterwards the tenant's PIN is read, where
/// `reads_pin` allows it.
pub(super) fn absent(
    reads: &mut SafetyReads,
    now: UnixMillis,
    task: TaskIndex,
    evidence: String,
    page: PageTurn,
    reads_pin: bool,
    state: &EngineState,
) -> Vec<Proposal> {
    if page == PageTurn::Record {
        reads.keep_evidence(task, evidence);
        reads.put(task, now);
        return Vec::new();
    }
    let before = reads.evidence(task);
    let evidence = match state.facts_of(task).trace.takes_turns() && !before.is_empty() {
        true => format!("{before}; {evidence}"),
        false => evidence,
    };
    if state.task(task).absences.saturating_add(1) < ABSENCES_MAX {
        let pause_ms = state.policy.quarantine_ms / ABSENCE_PAUSES_PER_QUARANTINE;
        reads.put(task, now.plus_ms(pause_ms));
    } else if state.lacks_pin(task) && reads_pin {
        // The tenant's PIN may be that of an older lock and proves nothing, but an operator who decides about the task
        // needs to see it.
        reads.put_pin(task, now);
    }
    vec![Proposal::Record(Event::Absent { task, evidence })]
}

/// A read found nothing usable.
pub(super) fn unread(
    reads: &mut SafetyReads,
    now: UnixMillis,
    task: TaskIndex,
    sighting: Sighting,
    page: PageTurn,
) -> Vec<Proposal> {
    let proposal = match sighting {
        Sighting::Elsewhere { .. } if page == PageTurn::NextPage => {
            reads.put(task, now);
            None
        }
        Sighting::Elsewhere { .. } => {
            let reason = || "the command history has no end".to_owned();
            let is_given_up = !reads.failed(task, now);
            is_given_up.then(|| Proposal::Record(Event::Unseen { task, reason: reason() }))
        }
        Sighting::Throttled { retry_after_ms } => {
            reads.put(task, now);
            Some(Proposal::read_throttled(retry_after_ms))
        }
        Sighting::Unreachable { reason } => {
            reads.put(task, now);
            Some(Proposal::PauseUntilReachable { reason })
        }
        Sighting::Unreadable { reason, is_forbidden } => {
            let is_given_up = is_forbidden || !reads.failed(task, now);
            is_given_up.then_some(Proposal::Record(Event::Unseen { task, reason }))
        }
        // After another device's answer nothing more is read; the rest is no failure.
        Sighting::OtherDevice { .. }
        | Sighting::Command(_)
        | Sighting::Proven { .. }
        | Sighting::Nothing { .. } => None,
    };
    proposal.into_iter().collect()
}
