//! A rate of requests below its limit, and why.
//!
//! Owns these nouns. Must never decide a rate.

/// Why a rate is below its limit.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SlowReason {
    /// The tenant refused requests with HTTP 429.
    Throttled,
    /// Answers take much longer than before.
    SlowAnswers {
        /// The median of the latest answers, in milliseconds.
        median_ms: u64,
        /// The best median so far, in milliseconds.
        best_ms: u64,
    },
}

/// A rate below its limit, and why.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ReducedRate {
    /// Requests per second at present.
    pub per_second: u32,
    /// Why it is reduced.
    pub reason: SlowReason,
}
