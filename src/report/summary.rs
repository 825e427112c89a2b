//! `summary.json`: the run in one object, for programs.
//!
//! Owns this one format. Invariant: it has all ten outcomes, and they add up to the tasks.

use std::collections::BTreeMap;
use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Report;
use super::following::Following;
use super::row::{Rows, RunFacts};
use super::tenant_spans::TenantFacts;
use crate::model::{Outcome, OutcomeCounts, RunVerdict};

/// The report `summary.json`: facts of the run and the number of tasks by outcome.
#[derive(Copy, Clone, Debug)]
pub struct SummaryJson;

impl Report for SummaryJson {
    fn file_name(&self) -> &str {
        "summary.json"
    }

    fn write(&self, facts: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        let summary = Summary {
            run_id: Some(&facts.run_id).filter(|_| facts.tenants.is_empty()),
            group_id: Some(&facts.run_id).filter(|_| !facts.tenants.is_empty()),
            job: &facts.job,
            tenant: Some(&facts.tenant).filter(|_| facts.tenants.is_empty()),
            tenants: facts.tenants.iter().map(TenantLine::of).collect(),
            reason: facts.reason.as_deref(),
            started_at: facts.started_at.to_string(),
            finished_at: facts.finished_at.map(|at| at.to_string()),
            tasks: rows.tasks_count(),
            outcomes: AllOutcomes(rows.outcomes()),
            following: Following::of(facts, rows),
            requests: Requests { total: facts.requests.values().sum(), by_kind: &facts.requests },
            quota: Quota { per_hour: facts.per_hour },
        };
        serde_json::to_writer_pretty(&mut *sink, &summary)?;
        sink.write_all(b"\n")
    }
}

#[derive(serde::Serialize)]
struct Summary<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a String>,
    job: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tenants: Vec<TenantLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    started_at: String,
    finished_at: Option<String>,
    tasks: usize,
    outcomes: AllOutcomes,
    #[serde(skip_serializing_if = "Option::is_none")]
    following: Option<Following>,
    requests: Requests<'a>,
    quota: Quota,
}

/// A tenant of a group.
#[derive(serde::Serialize)]
struct TenantLine<'a> {
    tenant: &'a str,
    run_id: Option<&'a str>,
    result: Option<RunVerdict>,
    tasks: usize,
    outcomes: AllOutcomes,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<&'a str>,
}

impl<'a> TenantLine<'a> {
    fn of(facts: &'a TenantFacts) -> Self {
        Self {
            tenant: &facts.tenant,
            run_id: facts.run.as_deref(),
            result: facts.verdict,
            tasks: facts.tasks,
            outcomes: AllOutcomes(facts.counts.clone()),
            left_out: facts.left_out.as_deref(),
        }
    }
}

#[derive(serde::Serialize)]
struct Requests<'a> {
    total: u64,
    by_kind: &'a BTreeMap<String, u64>,
}

#[derive(serde::Serialize)]
struct Quota {
    per_hour: u32,
}

struct AllOutcomes(OutcomeCounts);

impl Serialize for AllOutcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut counts = serializer.serialize_map(Some(Outcome::ALL.len()))?;
        for outcome in Outcome::ALL {
            counts.serialize_entry(outcome.word(), &self.0.of(outcome))?;
        }
        counts.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, one_of_each, text_of};
    use super::*;

    #[test]
    fn the_outcomes_add_up_and_zeros_are_there() {
        let (tasks, records) = one_of_each();
        let text = text_of(&SummaryJson, &facts(), &Rows::new(&tasks[2..], &records[2..]));
        let value: serde_json::Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(value["tasks"], 8);
        assert_eq!(value["outcomes"]["completed"], 0);
        assert_eq!(value["outcomes"]["not_attempted"], 1);
        let outcomes = value["outcomes"].as_object().expect("an object");
        assert_eq!(outcomes.len(), 10);
        assert_eq!(outcomes.values().filter_map(serde_json::Value::as_u64).sum::<u64>(), 8);
        assert_eq!(value["requests"]["total"], 12);
        assert_eq!(value["requests"]["by_kind"]["send"], 8);
        assert_eq!(value["quota"]["per_hour"], 8_000);
        assert_eq!(value["started_at"], "2026-01-02T03:04:00.000Z");
        assert_eq!(value["finished_at"], serde_json::Value::Null);
        assert_eq!(value.get("reason"), None);
    }
}
