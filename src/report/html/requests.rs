//! What a run cost in requests.
//!
//! Owns the table of the page. Must never count a request.

use crate::model::{counted, thousands};
use crate::report::{RunFacts, request_kind};

/// The requests of a run.
pub(super) struct RequestTable {
    /// By kind, the most frequent first.
    pub(super) kinds: Vec<RequestKind>,
    /// All of them.
    pub(super) total: u64,
    /// What they are of the quota.
    pub(super) quota: String,
}

/// Requests of one kind.
pub(super) struct RequestKind {
    pub(super) name: String,
    pub(super) count: u64,
}

impl RequestTable {
    /// The requests of this run.
    pub(super) fn of(facts: &RunFacts) -> Self {
        let kind = |(word, count): (&String, &u64)| RequestKind {
            name: request_kind(word).to_owned(),
            count: *count,
        };
        let mut kinds: Vec<RequestKind> = facts.requests.iter().map(kind).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let total = kinds.iter().map(|kind| kind.count).sum();
        Self { kinds, total, quota: quota(total, facts.per_hour) }
    }
}

fn quota(total: u64, per_hour: u32) -> String {
    let made = format!("The run made {}.", counted(total, "request"));
    if per_hour == 0 {
        return made;
    }
    let limit = thousands(per_hour);
    let share = total as f64 / f64::from(per_hour) * 100.0;
    let share = match share {
        _ if share < 1.0 => "less than 1%".to_owned(),
        _ => format!("{share:.0}%"),
    };
    format!(
        "{made} It was limited to {limit} requests an hour; this is {share} of the quota of one hour."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_against_the_hour() {
        let facts = RunFacts {
            requests: [("action".to_owned(), 300), ("look".to_owned(), 900)].into(),
            per_hour: 8_000,
            ..RunFacts::default()
        };
        let table = RequestTable::of(&facts);
        assert_eq!(table.total, 1_200);
        assert_eq!(table.kinds[0].name, "checks of a device's commands");
        assert!(table.quota.contains("made 1,200 requests"), "{}", table.quota);
        assert!(table.quota.contains("15% of the quota of one hour"), "{}", table.quota);
    }
}
