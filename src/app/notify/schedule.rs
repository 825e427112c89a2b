//! When a notice is tried again.
//!
//! Owns the pauses and the end of trying. Pure: time is an argument. Must never drop a notice without saying so.

use super::deliver::DeliveryEnd;
use crate::journal::{OutboxNotice, OutboxState};
use crate::model::UnixMillis;

/// The first pause after a passing fault, in milliseconds: short enough for a second try at the end of a run.
const PAUSE_MS_MIN: u64 = 2_000;
/// Each pause is so many times the one before.
const PAUSE_FACTOR: u64 = 4;
/// Longest pause, in milliseconds. It is also the pause after a fault that only a person can end.
const PAUSE_MS_MAX: u64 = 3_600_000;
/// How long a notice is tried, in milliseconds. A day later people have seen the reports.
pub(super) const TRIED_MS_MAX: u64 = 24 * 3_600_000;

/// The notice after a delivery that ended at `now`.
pub(super) fn after(
    notice: &OutboxNotice,
    delivery: &DeliveryEnd,
    now: UnixMillis,
) -> OutboxNotice {
    let attempts = notice.attempts.saturating_add(1);
    let tried = OutboxNotice { attempts, ..notice.clone() };
    match delivery {
        DeliveryEnd::Accepted => OutboxNotice {
            state: OutboxState::Delivered,
            last_error: None,
            held_until: None,
            ended_at: Some(now),
            ..tried
        },
        DeliveryEnd::Failed { fault, retry_after_ms } => {
            let pause_ms = if fault.is_passing() { pause_ms(attempts) } else { PAUSE_MS_MAX };
            let held_until = retry_after_ms.map(|wait_ms| now.plus_ms(wait_ms.min(TRIED_MS_MAX)));
            let next_at = now.plus_ms(pause_ms).max(held_until.unwrap_or(now));
            let is_over = next_at > notice.made_at.plus_ms(TRIED_MS_MAX);
            OutboxNotice {
                state: if is_over { OutboxState::GivenUp } else { OutboxState::Waiting },
                next_at,
                held_until,
                last_error: Some(fault.stored()),
                ended_at: is_over.then_some(now),
                ..tried
            }
        }
    }
}

/// The pause after so many failed tries.
fn pause_ms(attempts: u32) -> u64 {
    let factor = PAUSE_FACTOR.saturating_pow(attempts.saturating_sub(1).min(16));
    PAUSE_MS_MIN.saturating_mul(factor).min(PAUSE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::fault::DeliveryFault;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn notice() -> OutboxNotice {
        OutboxNotice {
            id: "n".to_owned(),
            run: "R".to_owned(),
            kind: "doubt".to_owned(),
            detail: String::new(),
            profile: "acme".to_owned(),
            channel: "ops".to_owned(),
            facts: "{}".to_owned(),
            made_at: NOW,
            state: OutboxState::Waiting,
            attempts: 0,
            next_at: NOW,
            held_until: None,
            last_error: None,
            ended_at: None,
        }
    }

    fn failed(status: u16, retry_after_ms: Option<u64>) -> DeliveryEnd {
        DeliveryEnd::Failed { fault: DeliveryFault::Status { status }, retry_after_ms }
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let mut notice = notice();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            notice = after(&notice, &failed(500, None), NOW);
            pauses.push(notice.next_at.remaining_ms(NOW) / 1_000);
        }
        assert_eq!(pauses, [2, 8, 32, 128, 512, 2_048, 3_600, 3_600]);
        assert_eq!(notice.attempts, 8);
    }

    #[test]
    fn the_receiver_may_ask_for_a_longer_pause() {
        let next = after(&notice(), &failed(429, Some(90_000)), NOW);
        assert_eq!(
            (next.next_at, next.held_until),
            (NOW.plus_ms(90_000), Some(NOW.plus_ms(90_000)))
        );
        let next = after(&notice(), &failed(429, Some(1_000)), NOW);
        assert_eq!(next.next_at, NOW.plus_ms(2_000));
        let next = after(&notice(), &failed(429, Some(u64::MAX)), NOW.plus_ms(1));
        assert_eq!(next.state, OutboxState::GivenUp);
    }

    #[test]
    fn what_only_a_person_can_change_is_tried_each_hour() {
        for status in [301, 400, 401, 403, 404, 410] {
            let next = after(&notice(), &failed(status, None), NOW);
            assert_eq!(next.next_at, NOW.plus_ms(PAUSE_MS_MAX), "{status}");
            assert_eq!(next.state, OutboxState::Waiting, "{status}");
        }
    }

    #[test]
    fn a_notice_is_given_up_after_a_day() {
        let late = NOW.plus_ms(TRIED_MS_MAX - 1_000);
        let next = after(&notice(), &failed(500, None), late);
        assert_eq!((next.state, next.ended_at), (OutboxState::GivenUp, Some(late)));
        let next = after(&notice(), &DeliveryEnd::Accepted, late);
        assert_eq!((next.state, next.ended_at), (OutboxState::Delivered, Some(late)));
    }
}
