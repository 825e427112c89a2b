//! The bar of outcomes.
//!
//! Owns its parts and their shares. Must never leave out an outcome that occurs.

use super::words;
use crate::model::{Outcome, OutcomeCounts, counted, thousands};

/// Units that the bar is wide.
const WIDTH: f64 = 1000.0;
/// Units that the smallest part is wide: one task in 50,000 is still seen.
const WIDTH_MIN: f64 = 4.0;

/// The outcomes that occur, side by side.
pub(super) struct OutcomeBar {
    /// Its parts, in the order of the outcomes.
    pub(super) parts: Vec<BarPart>,
    /// The same in words.
    pub(super) summary: String,
}

/// One outcome of the bar.
pub(super) struct BarPart {
    pub(super) outcome: Outcome,
    pub(super) tasks: String,
    pub(super) share: String,
    pub(super) label: String,
    pub(super) x: String,
    pub(super) width: String,
}

impl OutcomeBar {
    /// The bar of these counts.
    pub(super) fn of(counts: &OutcomeCounts) -> Self {
        let total = f64::from(counts.total().max(1));
        let wide = |tasks: u32| (f64::from(tasks) / total * WIDTH).max(WIDTH_MIN);
        // Small parts are wider than their share; all of them still fill the bar.
        let all: f64 = counts.iter().map(|(_, tasks)| wide(tasks)).sum();
        let mut x = 0.0;
        let mut parts = Vec::new();
        for (outcome, tasks) in counts.iter() {
            let width = wide(tasks) / all.max(1.0) * WIDTH;
            parts.push(BarPart {
                outcome,
                tasks: thousands(tasks),
                share: share(tasks, counts.total()),
                label: format!("{}: {}", words::outcome(&outcome), counted(tasks, "task")),
                x: format!("{x:.1}"),
                width: format!("{width:.1}"),
            });
            x += width;
        }
        let words: Vec<String> = counts
            .iter()
            .map(|(outcome, tasks)| format!("{} {}", thousands(tasks), words::outcome(&outcome)))
            .collect();
        let summary = format!("{}: {}", counted(counts.total(), "task"), words.join(", "));
        Self { parts, summary }
    }
}

/// A share in percent. What occurs is never 0%, and what is not all is never 100%.
fn share(tasks: u32, total: u32) -> String {
    let percent = f64::from(tasks) / f64::from(total.max(1)) * 100.0;
    match percent {
        _ if tasks == total => "100%".to_owned(),
        _ if percent < 0.1 => "< 0.1%".to_owned(),
        _ if percent > 99.9 => "> 99.9%".to_owned(),
        _ => format!("{percent:.1}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(outcomes: &[(Outcome, u32)]) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        for (outcome, tasks) in outcomes {
            (0..*tasks).for_each(|_| counts.add(*outcome));
        }
        counts
    }

    #[test]
    fn a_single_failure_among_thousands_is_seen() {
        let bar = OutcomeBar::of(&counts(&[(Outcome::Completed, 49_999), (Outcome::Failed, 1)]));
        assert_eq!(bar.summary, "50,000 tasks: 49,999 completed, 1 failed");
        let failed = &bar.parts[1];
        assert!(failed.width.parse::<f64>().expect("a number") > 3.0, "{}", failed.width);
        assert_eq!((failed.share.as_str(), bar.parts[0].share.as_str()), ("< 0.1%", "> 99.9%"));
    }

    #[test]
    fn the_parts_fill_the_bar() {
        let every: Vec<(Outcome, u32)> = Outcome::ALL.into_iter().zip(1..).collect();
        let bar = OutcomeBar::of(&counts(&every));
        let wide: f64 =
            bar.parts.iter().map(|part| part.width.parse::<f64>().expect("a number")).sum();
        assert_eq!(bar.parts.len(), 10);
        assert!((wide - WIDTH).abs() < 1.0, "{wide}");
        assert!(OutcomeBar::of(&counts(&[])).parts.is_empty());
    }
}
