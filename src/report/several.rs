//! The runs of several tenants as the rows of one report.
//!
//! Owns which rows belong to which tenant. Must never mix up the steps of two runs: a task waits for a task of its own run.

use super::row::{Rows, RunFacts};
use super::tenant_spans::{TenantFacts, TenantSpan};
use crate::model::{OutcomeCounts, Task, TaskIndex, TaskRecord};

/// The tasks of several runs, one after the other, with what is known of them.
#[derive(Clone, Debug, Default)]
pub struct SeveralRuns {
    tasks: Vec<Task>,
    records: Vec<TaskRecord>,
    spans: Vec<TenantSpan>,
    tenants: Vec<TenantFacts>,
}

impl SeveralRuns {
    /// Adds the run of a tenant behind the others.
    pub fn add(
        &mut self,
        tenant: &str,
        facts: &RunFacts,
        tasks: Vec<Task>,
        records: Vec<TaskRecord>,
    ) {
        let mut counts = OutcomeCounts::default();
        records.iter().for_each(|record| counts.add(record.outcome()));
        self.tenants.push(TenantFacts {
            tenant: tenant.to_owned(),
            run: Some(facts.run_id.clone()),
            verdict: facts.verdict,
            tasks: tasks.len(),
            counts,
            left_out: None,
        });
        let first = self.tasks.len();
        self.spans.push(TenantSpan {
            tenant: tenant.to_owned(),
            run: facts.run_id.clone(),
            finished_at: facts.finished_at,
            first,
        });
        let shift = u32::try_from(first).unwrap_or(u32::MAX);
        let moved = |mut task: Task| {
            task.after = task.after.map(|(at, gate)| (TaskIndex(at.0.saturating_add(shift)), gate));
            task
        };
        self.tasks.extend(tasks.into_iter().map(moved));
        self.records.extend(records);
    }

    /// Adds a tenant for which no run began.
    pub fn leave_out(&mut self, tenant: &str, why: &str) {
        let (tenant, left_out) = (tenant.to_owned(), Some(why.to_owned()));
        self.tenants.push(TenantFacts { tenant, left_out, ..TenantFacts::default() });
    }

    /// The tenants, in the order in which they were added.
    #[must_use]
    pub fn tenants(&self) -> &[TenantFacts] {
        &self.tenants
    }

    /// All rows, each with its tenant.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(&self.tasks, &self.records).of_tenants(&self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, lines_of, record, task, text_of};
    use super::super::{ReportCsv, ReportHtml, ReportJsonl, Rerun, RerunCsv, SummaryJson};
    use super::*;
    use crate::model::{CsvDialect, Gate, Outcome, ReportOptions, RunVerdict, UnixMillis};

    fn two_tenants() -> SeveralRuns {
        let mut several = SeveralRuns::default();
        for (tenant, first) in [("acme", Outcome::Completed), ("globex", Outcome::Failed)] {
            let mut tasks = vec![task(1, 1, "restart"), task(1, 2, "restart")];
            tasks[1].after = Some((TaskIndex(0), Gate::GoodEnd));
            let records = vec![record(&tasks[0], first, "why"), TaskRecord::new(&tasks[1])];
            let facts = RunFacts {
                run_id: format!("run-{tenant}"),
                finished_at: Some(UnixMillis(0)),
                verdict: Some(RunVerdict::Partly),
                ..facts()
            };
            several.add(tenant, &facts, tasks, records);
        }
        several.leave_out("initech", "the token was rejected");
        several
    }

    fn facts_of(several: &SeveralRuns) -> RunFacts {
        RunFacts { tenants: several.tenants().to_vec(), ..facts() }
    }

    #[test]
    fn each_row_is_of_its_tenant_and_steps_stay_in_their_run() {
        let several = two_tenants();
        let rows = several.rows();
        let seen: Vec<_> = rows.iter().map(|row| (row.tenant(), row.before())).collect();
        assert_eq!(
            seen,
            [
                (Some("acme"), None),
                (Some("acme"), Some((1, Outcome::Completed))),
                (Some("globex"), None),
                (Some("globex"), Some((1, Outcome::Failed))),
            ]
        );
    }

    #[test]
    fn the_tenant_is_the_first_column_of_reports_of_several() {
        let several = two_tenants();
        let (facts, rows) = (facts_of(&several), several.rows());
        let options = ReportOptions::default();
        let lines = lines_of(&ReportCsv { options: &options }, &facts, &rows);
        let first: Vec<&str> = lines.iter().map(|line| line[0].as_str()).collect();
        assert_eq!(first, ["tenant", "acme", "acme", "globex", "globex"]);
        assert_eq!(lines[0][1], "row");
        let text = text_of(&ReportJsonl { options: &options }, &facts, &rows);
        assert!(text.lines().all(|line| line.starts_with(r#"{"tenant":""#)), "{text}");
        let page = text_of(&ReportHtml { options: &options }, &facts, &rows);
        assert!(page.contains("initech") && page.contains("the token was rejected"), "{page}");
    }

    #[test]
    fn rows_to_run_again_name_their_own_run() {
        let several = two_tenants();
        let failed = RerunCsv { rerun: Rerun::Failed, dialect: CsvDialect::Plain };
        let lines = lines_of(&failed, &facts_of(&several), &several.rows());
        assert_eq!(lines.len(), 3, "{lines:?}");
        let at = lines[0].iter().position(|header| header == "sortie_run").expect("a column");
        for line in &lines[1..] {
            assert_eq!((line[0].as_str(), line[at].as_str()), ("globex", "run-globex"));
        }
    }

    #[test]
    fn the_summary_lists_tenants_and_adds_up() {
        let several = two_tenants();
        let text = text_of(&SummaryJson, &facts_of(&several), &several.rows());
        let value: serde_json::Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(value["tasks"], 4);
        let tenants = value["tenants"].as_array().expect("a list");
        let tasks: u64 = tenants.iter().filter_map(|tenant| tenant["tasks"].as_u64()).sum();
        assert_eq!((tenants.len(), tasks), (3, 4));
        assert_eq!(tenants[2]["left_out"], "the token was rejected");
        assert_eq!(tenants[1]["outcomes"]["failed"], 1);
    }
}
