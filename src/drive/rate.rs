//! What the answers of a tenant say about the rate that it bears.
//!
//! Owns what the engine learns of each answer, and the line in the log when the rate changes. Must never decide how fast
//! requests leave.

use tracing::info;

use super::call_result::CallResult;
use crate::engine::Engine;
use crate::model::{
    Listing, NoteResult, ReducedRate, Sighting, SlowReason, UnixMillis, Unreadable, Verdict,
};

/// Tells the engine of an answer that came after `took_ms`, where one came.
pub(super) fn tell(
    engine: &mut Engine,
    result: &CallResult,
    took_ms: Option<u32>,
    now: UnixMillis,
) {
    let before = engine.reduced_rate();
    match took_ms {
        _ if is_refused(result) => engine.rate_was_refused(now),
        Some(took_ms) => engine.answer_took(now, u64::from(took_ms)),
        None => return,
    }
    let after = engine.reduced_rate();
    if after != before {
        log(after);
    }
}

fn log(rate: Option<ReducedRate>) {
    match rate {
        None => info!(target: "sortie::run", "rate is back at its limit"),
        Some(ReducedRate { per_second, reason: SlowReason::Throttled }) => {
            info!(target: "sortie::run", per_second, reason = "HTTP 429", "rate is reduced");
        }
        Some(ReducedRate {
            per_second,
            reason: SlowReason::SlowAnswers { median_ms, best_ms },
        }) => {
            let reason = "slow answers";
            info!(target: "sortie::run", per_second, reason, median_ms, best_ms, "rate is reduced");
        }
    }
}

/// Whether the tenant refused the request because of its rate.
fn is_refused(result: &CallResult) -> bool {
    let is_throttled = |error: &Unreadable| matches!(error, Unreadable::Throttled { .. });
    match result {
        CallResult::Sent { verdict, .. } => matches!(verdict, Verdict::Throttled { .. }),
        CallResult::Looked { sighting, .. } => matches!(sighting, Sighting::Throttled { .. }),
        CallResult::Listed { listing } => matches!(listing, Listing::Throttled { .. }),
        CallResult::Pin { result, .. } => result.as_ref().is_err_and(is_throttled),
        CallResult::Secrets { result, .. } => result.as_ref().is_err_and(is_throttled),
        CallResult::Rechecked { result, .. } => result.as_ref().is_err_and(is_throttled),
        CallResult::Noted { result, .. } => {
            matches!(result, NoteResult::Later { retry_after_ms: Some(_), .. })
        }
        CallResult::OddPin { .. } => false,
    }
}
