//! The rules that stop a run, judged before anything is sent.
//!
//! Owns their limits and their words. Must never record anything, and never know what a stop leaves undone.

use crate::engine::state::EngineState;
use crate::engine::waves::{Overrun, Standing};
use crate::model::{Policy, StopCause, UnixMillis};

/// Runs of more tasks than this stop at the first lock without a PIN.
const TASKS_WITHOUT_PIN_RULE: u32 = 10;
/// Answers that say "no such device" from which on a wrong tenant is suspected; they also have to be more than half of
/// all.
const NOT_FOUND_MIN: u32 = 3;

/// What the rules say about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It may go on.
    Fine,
    /// A wave has too many errors if what is in doubt is one: nothing is sent until reading has settled it.
    WaitForDoubt,
    /// It stops, for this reason.
    Broken(StopCause, String),
}

/// What the rules of errors say about a run.
pub(super) fn judge_errors(state: &EngineState) -> Finding {
    let Policy { max_errors, errors_in_a_row, .. } = &state.policy;
    let tally = &state.tally;
    if tally.locks_without_pin > 0 && state.planned > TASKS_WITHOUT_PIN_RULE {
        let reason =
            "a Mac was locked, but the answer had no six-digit PIN; no further Macs are locked";
        return Finding::Broken(StopCause::PinMissing, reason.to_owned());
    }
    if tally.not_found >= NOT_FOUND_MIN && tally.not_found * 2 > tally.answers {
        let reason = format!(
            "the tenant does not know {} of {} devices; is this the right tenant?",
            tally.not_found, tally.answers
        );
        return Finding::Broken(StopCause::WrongTenant, reason);
    }
    match state.waves.standing(*max_errors) {
        Standing::Overrun(Overrun::First, reason) => {
            return Finding::Broken(StopCause::Canary, reason);
        }
        Standing::Overrun(Overrun::Later, reason) => {
            return Finding::Broken(StopCause::Wave, reason);
        }
        // Nothing is sent until it is settled, so there is nothing that the other errors could stop.
        Standing::InDoubt => return Finding::WaitForDoubt,
        Standing::Fine => {}
    }
    if let Some(most) = errors_in_a_row.filter(|most| tally.errors_in_a_row >= *most) {
        let errors = tally.errors_in_a_row;
        let reason = format!("{errors} errors in a row (the limit is {most})");
        return Finding::Broken(StopCause::ErrorsInARow, reason);
    }
    let tolerated = max_errors.tolerated(state.planned);
    let errors = state.errors_unforgiven();
    if errors > tolerated {
        let reason = format!("{errors} errors (at most {tolerated} are tolerated)");
        return Finding::Broken(StopCause::Errors, reason);
    }
    Finding::Fine
}

/// Why the time for sending is over, if it is.
pub(super) fn deadline(now: UnixMillis, state: &EngineState) -> Option<String> {
    let send_until = state.policy.send_until;
    if now >= send_until {
        return Some(format!("the time for sending ended at {send_until}"));
    }
    let (until, why) = state.pause(now).filter(|(until, _)| *until >= send_until)?;
    Some(format!(
        "{why}; the pause until {until} is longer than the time for sending (until {send_until})"
    ))
}
