//! A run in progress as JSON, one object a line.
//!
//! Owns the shapes, which `sortie help progress` documents: keys are added, and none changes its meaning. Must never hold a secret: of a
//! PIN only that there is one.
//!
//! Every object has `version` (1), `run_id`, `at` (RFC 3339) and `event`:
//! - `begin`: `job`, `tenant`, `tasks`, `quota_per_hour`, `outcomes`;
//! - `counts`, at most one a second: `tasks`, `sent`, `ok`, `failed`, `in_doubt`, `pending`, `not_sent`, `outcomes`, `per_second`,
//!   `quota_per_hour`, `quota_left`, `wave`, `waves`, `paused_until`, `reduced_to_per_second`, `reduced_because`, `stop_reason`;
//! - one for each entry of the journal, named by its kind, with what it says;
//! - `reported`: `report_dir`;
//! - `end`, the last: the keys of `counts` and `exit_code`.

use serde_json::{Map, Value, json};

use super::live_group::LiveGroup;
use super::live_run::LiveRun;
use super::reduced_rate::reason;
use crate::app::{PinFact, RunAdvanced, RunNews, SeenEntry};
use crate::model::{OutcomeCounts, UnixMillis};

/// The version of the shapes.
const VERSION: u32 = 1;
/// The counts are given at most this often, in milliseconds.
const COUNTS_MS: u64 = 1_000;

/// The lines of one run.
pub(crate) struct ProgressJson {
    run: String,
    counts_at: UnixMillis,
}

impl ProgressJson {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.to_owned(), counts_at: UnixMillis(0) }
    }

    /// The first line.
    pub(crate) fn begin(&self, run: &LiveRun, now: UnixMillis) -> String {
        let facts = json!({
            "job": run.job, "tenant": run.tenant, "tasks": run.planned(),
            "quota_per_hour": run.per_hour, "outcomes": outcomes(&run.counts),
        });
        self.line("begin", now, facts)
    }

    /// A line for each entry, and one with the counts when it is time for it.
    pub(crate) fn advanced(
        &mut self,
        run: &LiveRun,
        advanced: &RunAdvanced,
        now: UnixMillis,
    ) -> Vec<String> {
        let entry_line = |entry: &SeenEntry| self.line(entry.kind, entry.at, facts_of(entry));
        let mut lines: Vec<String> = advanced.entries.iter().map(entry_line).collect();
        if now.remaining_ms(self.counts_at) >= COUNTS_MS {
            self.counts_at = now;
            lines.push(self.line("counts", now, counts(run, now)));
        }
        lines
    }

    /// The final reports are written.
    pub(crate) fn reported(&self, report_dir: &str, now: UnixMillis) -> String {
        self.line("reported", now, json!({ "report_dir": report_dir }))
    }

    /// The last line.
    pub(crate) fn end(&self, run: &LiveRun, exit_code: u8, now: UnixMillis) -> String {
        let mut facts = counts(run, now);
        facts["exit_code"] = exit_code.into();
        self.line("end", now, facts)
    }

    fn line(&self, event: &str, at: UnixMillis, facts: Value) -> String {
        let mut line = json!({
            "version": VERSION, "run_id": self.run, "at": at.to_string(), "event": event,
        });
        if let (Value::Object(line), Value::Object(facts)) = (&mut line, facts) {
            line.extend(facts);
        }
        line.to_string()
    }
}

/// The last line of a group: `event` is `group_end`, with `group_id`, `tenants`, `tenants_ended` and the keys of counts over all
/// of them.
pub(crate) fn group_end_json(group: &LiveGroup, exit_code: u8, now: UnixMillis) -> String {
    let total = group.total();
    json!({
        "version": VERSION, "group_id": group.group, "at": now.to_string(), "event": "group_end",
        "tenants": group.tenants.len(), "tenants_ended": group.over(), "tasks": total.planned(),
        "sent": total.sent(), "ok": total.good(), "failed": total.failed(),
        "in_doubt": total.doubts(), "pending": total.pending(), "exit_code": exit_code,
    })
    .to_string()
}

fn counts(run: &LiveRun, now: UnixMillis) -> Value {
    let (wave, waves) = run.progress.wave.unzip();
    json!({
        "tasks": run.planned(), "sent": run.sent(), "ok": run.good(), "failed": run.failed(),
        "in_doubt": run.doubts(), "pending": run.pending(), "not_sent": run.planned() - run.sent(),
        "outcomes": outcomes(&run.counts),
        "per_second": run.rate.per_second(now).map(|rate| (rate * 10.0).round() / 10.0),
        "quota_per_hour": run.per_hour, "quota_left": run.quota_left(),
        "wave": wave, "waves": waves,
        "paused_until": run.pause(now).map(|until| until.to_string()),
        "reduced_to_per_second": run.progress.reduced_rate.map(|rate| rate.per_second),
        "reduced_because": run.progress.reduced_rate.map(reason),
        "stop_reason": run.progress.stop.as_ref().map(|(_, reason)| reason),
    })
}

fn outcomes(counts: &OutcomeCounts) -> Value {
    let words: Map<String, Value> =
        counts.iter().map(|(outcome, tasks)| (outcome.word().to_owned(), tasks.into())).collect();
    words.into()
}

/// What an entry says.
fn facts_of(entry: &SeenEntry) -> Value {
    let mut facts = Map::new();
    let mut put = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    if let Some(task) = &entry.task {
        put("task", task.id.clone().into());
        put("serial_number", task.serial_number.clone().into());
        put("action", task.action.clone().into());
        if let Some(outcome) = task.outcome {
            put("outcome", outcome.into());
            put("reason", task.reason.clone().into());
        }
        put("device_id", task.device_id.clone().into());
        put("http_status", task.http_status.into());
    }
    if entry.pins.contains(&PinFact::Kept) {
        put("pin", "kept".into());
    }
    match &entry.news {
        Some(RunNews::Paused { until, reason }) => {
            put("until", until.to_string().into());
            put("reason", reason.clone().into());
        }
        Some(RunNews::Stopped { reason, .. } | RunNews::CanaryAdded { reason }) => {
            put("reason", reason.clone().into());
        }
        Some(RunNews::WaveBegun { wave, not_before, reason }) => {
            put("wave", (wave + 1).into());
            put("not_before", not_before.to_string().into());
            put("reason", reason.clone().into());
        }
        Some(RunNews::Woke { slept_ms }) => put("slept_ms", (*slept_ms).into()),
        Some(RunNews::ActionStopped { action, reason }) => {
            put("action", action.clone().into());
            put("reason", reason.clone().into());
        }
        Some(RunNews::Doubted) | None => {}
    }
    facts.into()
}
