//! The time that sending still takes.
//!
//! Owns the estimate and its smoothing: a number that jumps is worse than none. Must never estimate without a measured rate.

use crate::model::{UnixMillis, human_duration};

/// The estimate moves at most by this factor at a time, up or down.
const STEP_MAX: f64 = 1.2;
/// It moves at most this often, in milliseconds.
const STEP_MS: u64 = 1_000;
const HOUR_MS: f64 = 3_600_000.0;

/// What an estimate is made from.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(crate) struct SendBasis {
    /// Requests that are still to be sent.
    pub unsent: u32,
    /// Requests that leave in a second.
    pub per_second: f64,
    /// Requests that are left in this hour, and of how many.
    pub quota_left: u32,
    pub per_hour: u32,
}

impl SendBasis {
    /// Whether the quota of the hour, and not the rate, decides how long it takes.
    fn is_quota_bound(&self) -> bool {
        self.unsent > self.quota_left
    }

    fn left_ms(&self) -> f64 {
        let at_rate = f64::from(self.unsent.min(self.quota_left)) / self.per_second * 1_000.0;
        let beyond = f64::from(self.unsent.saturating_sub(self.quota_left));
        at_rate + beyond / f64::from(self.per_hour.max(1)) * HOUR_MS
    }
}

/// An estimate that moves slowly.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeLeft {
    shown: Option<(UnixMillis, f64)>,
    basis: Option<SendBasis>,
}

impl TimeLeft {
    /// Takes in what is known at this moment; `None` where there is no basis for an estimate.
    pub(crate) fn update(&mut self, now: UnixMillis, basis: Option<SendBasis>) {
        self.basis = basis;
        let Some(basis) = basis else {
            self.shown = None;
            return;
        };
        self.shown = Some(match self.shown {
            None => (now, basis.left_ms()),
            Some((at, left_ms)) if now.remaining_ms(at) < STEP_MS => (at, left_ms),
            Some((at, left_ms)) => {
                let expected = (left_ms - now.remaining_ms(at) as f64).max(1_000.0);
                (now, basis.left_ms().clamp(expected / STEP_MAX, expected * STEP_MAX))
            }
        });
    }

    /// The estimate with its basis; `None` where there is none.
    pub(crate) fn words(&self) -> Option<String> {
        let ((_, left_ms), basis) = (self.shown?, self.basis?);
        let left = rounded(left_ms);
        Some(match basis.is_quota_bound() {
            true => format!("about {left} left, limited by the quota"),
            false => format!("about {left} left at {:.1}/s", basis.per_second),
        })
    }
}

/// As exact as an estimate is.
fn rounded(left_ms: f64) -> String {
    let seconds = (left_ms / 1_000.0).ceil() as u64;
    let step = match seconds {
        0..=59 => 5,
        60..=3_599 => 60,
        _ => 300,
    };
    human_duration(seconds.max(1).div_ceil(step) * step * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_796_000_000_000);

    fn basis(unsent: u32, per_second: f64) -> Option<SendBasis> {
        Some(SendBasis { unsent, per_second, quota_left: 7_000, per_hour: 7_500 })
    }

    #[test]
    fn the_estimate_names_its_basis() {
        let mut left = TimeLeft::default();
        assert_eq!(left.words(), None);
        left.update(START, basis(1_200, 5.2));
        assert_eq!(left.words().as_deref(), Some("about 4 min left at 5.2/s"));
        left.update(START.plus_ms(1_000), None);
        assert_eq!(left.words(), None, "a pause has no rate");
        left.update(START, basis(14_500, 10.0));
        let words = left.words().expect("there is a basis");
        assert_eq!(words, "about 1 h 15 min left, limited by the quota");
    }

    #[test]
    fn the_estimate_never_jumps() {
        let mut left = TimeLeft::default();
        left.update(START, basis(55, 5.0));
        assert_eq!(left.words().as_deref(), Some("about 15 s left at 5.0/s"));
        // The rate falls to a two-hundredth: the estimate follows step by step.
        let mut before = 11_000.0;
        for second in 1..20 {
            left.update(START.plus_ms(second * 1_000), basis(55, 0.025));
            let (_, now) = left.shown.expect("there is a basis");
            assert!(now <= before * STEP_MAX && now >= before / STEP_MAX - 1_000.0, "{now}");
            before = now;
        }
        // Several looks in one second do not add up.
        let shown = left.shown;
        (0..10).for_each(|at| left.update(START.plus_ms(19_000 + at), basis(55, 0.025)));
        assert_eq!(left.shown, shown);
    }

    #[test]
    fn times_are_as_exact_as_an_estimate_is() {
        for (left_ms, expect) in [
            (0.0, "5 s"),
            (11_000.0, "15 s"),
            (58_000.0, "1 min"),
            (61_000.0, "2 min"),
            (3_700_000.0, "1 h 05 min"),
        ] {
            assert_eq!(rounded(left_ms), expect);
        }
    }
}
