//! How often a device is polled.
//!
//! Owns the interval and the share of the hour that polls take. Polls are repeated by the server, so that a run of days has a short
//! history; they do not ask for each place in the quota, so their rate is bounded by arithmetic. Must never send.

/// From which look of a task on it is polled: the first looks follow the engine's own, growing delays.
pub const POLLED_FROM: u32 = 5;
/// The same for a task whose PIN depends on it: these are looked at urgently for a while.
pub const POLLED_FROM_CUSTODY: u32 = 13;
/// Shortest interval, in milliseconds: a device that comes back is seen within ten minutes.
const EVERY_MS_MIN: u64 = 480_000;
/// Share of the hour that all polls of a section take at the most.
const SHARE_PERCENT: u64 = 20;
/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// From one poll of a device to the next, in milliseconds, so that `tasks` polled at once take no more than their share of
/// `per_hour`.
#[must_use]
pub fn poll_every_ms(tasks: u32, per_hour: u32) -> u64 {
    let share = (u64::from(per_hour) * SHARE_PERCENT / 100).max(1);
    (u64::from(tasks) * HOUR_MS / share).max(EVERY_MS_MIN)
}

/// Requests an hour that `polled` tasks take.
#[must_use]
pub fn polls_per_hour(polled: u32, every_ms: u64) -> u32 {
    u32::try_from((u64::from(polled) * HOUR_MS).div_ceil(every_ms.max(1))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_of_a_section_stay_within_their_share() {
        for (tasks, per_hour) in [(1, 8_000), (400, 8_000), (5_000, 8_000), (100, 50)] {
            let every_ms = poll_every_ms(tasks, per_hour);
            assert!(polls_per_hour(tasks, every_ms) <= (per_hour / 5).max(1) + 1, "{tasks}");
            assert!(every_ms >= EVERY_MS_MIN);
        }
    }
}
