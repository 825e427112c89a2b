//! What follows for a task from an answer, a command's status, or a restart.
//!
//! Owns these rules, as functions of the recorded state. Must never change anything, and never know of queues.

use super::calls::Scope;
use super::phase::Phase;
use super::proposal::Proposal;
use super::state::EngineState;
use super::task::TaskState;
use crate::model::{
    ApiRefusal, CommandSeen, CommandStatus, Event, Outcome, Policy, Repeat, StopCause, TaskFacts,
    TaskIndex, UnixMillis, Verdict,
};
use crate::pace::backoff_ms;

/// What the report says of "already" when the tenant refused an earlier request of this run.
pub(super) const MAY_BE_OURS: &str = "possibly by an earlier request of this run";

/// What follows from an answer for the task.
#[derive(Clone, Debug, PartialEq)]
enum Consequence {
    Settle(Outcome, String),
    /// Back to the queue, after what the run has to wait for.
    Requeue(Wait, String),
    Doubt(String),
}

/// How long a task that goes back to the queue waits.
#[derive(Clone, Debug, PartialEq)]
enum Wait {
    /// So many milliseconds; one of its retries is used up.
    Backoff(u64),
    /// As long as the tenant says, where it says so.
    Tenant(Option<u64>),
    /// Until the address can be reached again.
    Reachable,
    /// Until the run is resumed.
    Resume(StopCause),
}

/// What follows from a recorded verdict, for its task and for the run.
pub(super) fn of_verdict(
    now: UnixMillis,
    task: TaskIndex,
    verdict: &Verdict,
    state: &EngineState,
) -> Vec<Proposal> {
    let (facts, policy) = (state.facts_of(task), &state.policy);
    let Some(consequence) = consequence(state.task(task), facts, verdict, task, policy) else {
        return Vec::new();
    };
    let mut proposals = Vec::new();
    let event = match consequence {
        Consequence::Settle(outcome, reason) => Event::Settled { task, outcome, reason },
        Consequence::Doubt(reason) => Event::Doubted { task, reason },
        Consequence::Requeue(wait, reason) => {
            proposals.extend(pause_for(&wait, &reason));
            let (until, counted) = match wait {
                Wait::Backoff(delay_ms) => (now.plus_ms(delay_ms), true),
                _ => (now, false),
            };
            Event::Postponed { task, until, counted, reason }
        }
    };
    proposals.push(Proposal::Record(event));
    proposals.extend(for_the_run(verdict, state.action_of(task)));
    proposals
}

/// What the run has to do before the task is sent again.
fn pause_for(wait: &Wait, reason: &str) -> Option<Proposal> {
    let reason = reason.to_owned();
    match wait {
        Wait::Backoff(_) => None,
        Wait::Tenant(retry_after_ms) => {
            Some(Proposal::PauseForTenant { retry_after_ms: *retry_after_ms, reason })
        }
        Wait::Reachable => Some(Proposal::PauseUntilReachable { reason }),
        Wait::Resume(cause) => Some(Proposal::Stop { cause: *cause, reason }),
    }
}

/// What a verdict says about more than its task. `action` is the name of the task's action.
fn for_the_run(verdict: &Verdict, action: &str) -> Option<Proposal> {
    match verdict {
        Verdict::Refused { kind: ApiRefusal::Forbidden, reason } => {
            let (action, reason) = (action.to_owned(), reason.clone());
            Some(Proposal::Record(Event::ActionStopped { action, reason }))
        }
        Verdict::Unknown { ends_run: true, reason, .. } => {
            Some(Proposal::Stop { cause: StopCause::NotTheApi, reason: reason.clone() })
        }
        Verdict::OtherDevice { reason } => {
            Some(Proposal::Stop { cause: StopCause::WrongDevice, reason: reason.clone() })
        }
        Verdict::Unknown { retry_after_ms: retry_after_ms @ Some(_), reason, .. } => {
            let (retry_after_ms, reason) = (*retry_after_ms, reason.clone());
            Some(Proposal::PauseForTenant { retry_after_ms, reason })
        }
        _ => None,
    }
}

/// What follows from a recorded verdict for its task. `None` where it needs no further entry.
fn consequence(
    state: &TaskState,
    facts: &TaskFacts,
    verdict: &Verdict,
    task: TaskIndex,
    policy: &Policy,
) -> Option<Consequence> {
    use Consequence::{Doubt, Requeue, Settle};
    Some(match verdict {
        _ if matches!(state.phase, Phase::Following | Phase::Custody(_)) => return None,
        Verdict::Accepted(answer) => {
            let is_over = facts.ends_with_answer || answer.proven.is_some();
            let outcome = if is_over { Outcome::Completed } else { Outcome::Accepted };
            Settle(outcome, answer.note.clone().unwrap_or_default())
        }
        Verdict::InEffect { reason } if state.was_in_doubt => {
            Settle(Outcome::Accepted, format!("{reason} (done by an earlier request of this run)"))
        }
        Verdict::InEffect { reason } if state.may_be_ours() => {
            Settle(Outcome::AlreadyInEffect, format!("{reason} ({MAY_BE_OURS})"))
        }
        Verdict::InEffect { reason } => Settle(Outcome::AlreadyInEffect, reason.clone()),
        Verdict::Refused { kind: ApiRefusal::Unauthorized, reason } => {
            Requeue(Wait::Resume(StopCause::Unauthorized), reason.clone())
        }
        Verdict::Refused { reason, .. } => Settle(Outcome::Refused, reason.clone()),
        Verdict::Throttled { retry_after_ms, reason } => {
            Requeue(Wait::Tenant(*retry_after_ms), reason.clone())
        }
        Verdict::NotSent { reason, ends_run: true } => {
            Requeue(Wait::Resume(StopCause::Unreachable), reason.clone())
        }
        Verdict::NotSent { reason, ends_run: false } => Requeue(Wait::Reachable, reason.clone()),
        Verdict::Unknown { reason, .. } if facts.repeat == Repeat::Once => Doubt(reason.clone()),
        // The request left, and this process sends nothing more: a resume may repeat what is safe.
        Verdict::Unknown { reason, ends_run: true, .. } | Verdict::OtherDevice { reason } => {
            Doubt(reason.clone())
        }
        Verdict::Unknown { reason, .. } if state.retries() >= policy.retries.count => {
            Doubt(format!("no usable answer after {} requests: {reason}", state.attempts))
        }
        Verdict::Unknown { reason, retry_after_ms, .. } => {
            let delay_ms = backoff_ms(&policy.retries, policy.seed, task, state.retries() + 1);
            Requeue(Wait::Backoff(delay_ms.max(retry_after_ms.unwrap_or(0))), reason.clone())
        }
    })
}

/// What a command's status leads to.
pub(super) struct CommandEffect {
    /// To be recorded, in this order.
    pub(super) events: Vec<Event>,
    /// The command has ended: its task is no longer followed.
    pub(super) is_over: bool,
}

/// What follows from a command that the device's history shows for a task that is followed or was just found.
pub(super) fn of_command(
    task: TaskIndex,
    state: &TaskState,
    facts: &TaskFacts,
    command: CommandSeen,
) -> CommandEffect {
    let is_completed = command.status == CommandStatus::Completed;
    let is_news = state.seen != Some(command.status);
    // The task machine then asks for the PIN, and the task ends with that.
    let is_in_custody =
        is_news && is_completed && facts.has_custody || matches!(state.phase, Phase::Custody(_));
    let settled = ended(&command)
        .filter(|_| !is_in_custody)
        .map(|(outcome, reason)| Event::Settled { task, outcome, reason });
    let is_over = is_in_custody || settled.is_some();
    let observed = is_news.then_some(Event::Observed { task, command });
    CommandEffect { events: observed.into_iter().chain(settled).collect(), is_over }
}

/// How a task ends by its command's status, and what the report says about it.
fn ended(command: &CommandSeen) -> Option<(Outcome, String)> {
    let among = match command.candidates {
        0 | 1 => String::new(),
        several => ambiguous(several),
    };
    match command.status {
        CommandStatus::Completed => Some((Outcome::Completed, among)),
        CommandStatus::Failed if among.is_empty() => {
            Some((Outcome::Failed, command.reason.clone()))
        }
        CommandStatus::Failed => Some((Outcome::Failed, format!("{} ({among})", command.reason))),
        CommandStatus::Pending | CommandStatus::Running | CommandStatus::NotNow => None,
    }
}

/// What the report says where several commands may be the task's.
pub(super) fn ambiguous(candidates: u16) -> String {
    format!("ambiguous: {candidates} commands match by type and time")
}

/// What is recorded of a task when the run is opened again: a request in progress has lost its answer, and what is safe
/// to repeat goes back to the queue. `None` where nothing has to be recorded.
pub(super) fn of_restart(
    now: UnixMillis,
    task: TaskIndex,
    state: &EngineState,
    scope: Scope,
) -> Option<Event> {
    let is_repeated = state.facts_of(task).repeat == Repeat::Safe && scope == Scope::Whole;
    let again = |reason: &str| {
        let reason = reason.to_owned();
        Event::Postponed { task, until: now, counted: false, reason }
    };
    match state.task(task).phase {
        Phase::InFlight => {
            let reason = "sortie ended before the answer came; the request may have taken effect";
            let doubted = || Event::Doubted { task, reason: reason.to_owned() };
            Some(if is_repeated { again(reason) } else { doubted() })
        }
        Phase::Doubt if is_repeated => Some(again("in doubt; safe to send again")),
        _ => None,
    }
}
