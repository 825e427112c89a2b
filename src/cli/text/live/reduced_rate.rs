//! Words for a rate that the tenant's answers have lowered.
//!
//! Owns these words. Must never say a rate that is not in force.

use crate::model::{ReducedRate, SlowReason, human_duration};

/// Why the rate is reduced.
pub(super) fn reason(rate: ReducedRate) -> String {
    match rate.reason {
        SlowReason::Throttled => "the tenant answered HTTP 429".to_owned(),
        SlowReason::SlowAnswers { median_ms, best_ms } => {
            let (now, before) = (human_duration(median_ms), human_duration(best_ms));
            format!("answers take {now} instead of {before}")
        }
    }
}

/// The rate and why it is reduced.
pub(super) fn rate_and_reason(rate: ReducedRate) -> String {
    format!("at most {}/s, because {}", rate.per_second, reason(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reduced_rate_says_why() {
        let rate = ReducedRate { per_second: 10, reason: SlowReason::Throttled };
        assert_eq!(rate_and_reason(rate), "at most 10/s, because the tenant answered HTTP 429");
        let reason = SlowReason::SlowAnswers { median_ms: 4_000, best_ms: 300 };
        let rate = ReducedRate { per_second: 5, reason };
        assert_eq!(
            rate_and_reason(rate),
            "at most 5/s, because answers take 4 s instead of 300 ms"
        );
    }
}
