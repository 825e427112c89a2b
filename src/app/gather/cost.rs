//! What a gather costs before it begins.
//!
//! Owns the arithmetic of requests and time. Must never promise less than it takes at the limit per second.

use crate::kandji::DeviceSection;
use crate::model::UnixMillis;

/// Requests up to which a gather needs no question: a person waits for them less than a minute, and they are an eighth of
/// the default hour.
pub(super) const REQUESTS_WITHOUT_QUESTION: usize = 1_000;

/// Seconds of an hour.
const HOUR_S: u64 = 3_600;

/// What a gather costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatherCost {
    /// Devices that are listed.
    pub devices: usize,
    /// What is read of each.
    pub sections: Vec<DeviceSection>,
    /// Requests to make.
    pub requests: usize,
    /// Sections that were read already and are used again.
    pub kept: usize,
    /// When the oldest of those was read.
    pub kept_since: Option<UnixMillis>,
    /// How long it takes at the limits per second and per hour, in seconds.
    pub seconds: u64,
    /// Requests an hour that sortie may use on this tenant.
    pub per_hour: u32,
    /// Why sections that were kept are not used, where there are any.
    pub set_aside: Option<SetAside>,
}

/// Why sections that were kept are read anew.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// They were asked for anew.
    Asked,
    /// They are too old.
    Old,
    /// Their file was changed by another program.
    Altered,
    /// Other users could read or write their file.
    Open,
}

impl GatherCost {
    /// Share of the hour, in percent; at least 1 where there is a request.
    #[must_use]
    pub fn percent_of_hour(&self) -> u64 {
        let requests = self.requests as u64;
        (requests * 100).div_ceil(u64::from(self.per_hour.max(1)))
    }

    /// Whether a person is asked first.
    #[must_use]
    pub fn needs_consent(&self) -> bool {
        self.requests > REQUESTS_WITHOUT_QUESTION
    }
}

/// How long so many requests take: at the limit per second, and an hour more for each hour of the quota beyond what is left
/// of this one.
pub(super) fn seconds_of(requests: usize, per_second: u32, per_hour: u32, spent: u32) -> u64 {
    let requests = requests as u64;
    let left = u64::from(per_hour.saturating_sub(spent));
    let beyond = requests.saturating_sub(left);
    match beyond.div_ceil(u64::from(per_hour.max(1))) {
        0 => requests.div_ceil(u64::from(per_second.max(1))),
        hours => hours * HOUR_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_seconds_and_then_hours_of_the_quota() {
        for (requests, spent, seconds) in [
            (0, 0, 0),
            (1, 0, 1),
            (1_236, 0, 62),
            (8_000, 0, 400),
            (8_000, 1, 3_600),
            (16_000, 8_000, 7_200),
            (16_001, 8_000, 10_800),
        ] {
            assert_eq!(seconds_of(requests, 20, 8_000, spent), seconds, "{requests} {spent}");
        }
    }
}
