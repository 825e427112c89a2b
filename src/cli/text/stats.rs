//! What a run cost, in words and as JSON.
//!
//! Owns the layout of `sortie stats`. Must never let a server's words steer the terminal.

use serde_json::{Value, json};

use crate::app::RunFigures;
use crate::cli::text::layout::{one_line, thousands};
use crate::cli::text::screen::Screen;
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::cli::text::wrap::hanging;
use crate::model::{counted, human_duration};
use crate::report::{BusiestHour, RunStats, request_kind};

/// Columns that a label takes.
const LABEL: usize = 11;

/// The run, its requests, its pauses, and how it used its quota and its journal.
pub(crate) fn stats_text(figures: &RunFigures, screen: &Screen) -> String {
    let RunFigures { row, stats, .. } = figures;
    let title = format!("run {}: {} on {}", row.id, one_line(&row.job), one_line(&row.tenant));
    let mut text = format!("{}\n", hanging(&title, screen.width, 2));
    let mut line = |label: &str, value: &str| {
        text.push_str(&format!("  {label:<LABEL$}{}\n", hanging(value, screen.width, LABEL + 2)));
    };
    line("time", &time_line(figures));
    line("requests", &requests_line(stats));
    line("quota", &quota_line(stats, screen));
    line("journal", &journal_line(stats));
    if !stats.kinds.is_empty() {
        text.push_str(&format!("\nRequests\n{}", requests_table(stats).render(screen)));
    }
    if !stats.pauses.is_empty() {
        text.push_str(&format!("\nPauses\n{}", pauses_table(stats).render(screen)));
    }
    text
}

fn time_line(figures: &RunFigures) -> String {
    let stats = &figures.stats;
    let state = if figures.is_held { "so far" } else { "in all" };
    let elapsed = human_duration(stats.elapsed_ms);
    match stats.paused_ms {
        0 => format!("{elapsed} {state}, without a pause"),
        paused => format!("{elapsed} {state}, {} of it paused", human_duration(paused)),
    }
}

fn requests_line(stats: &RunStats) -> String {
    let requests = counted(stats.requests, "request");
    match stats.requests_per_settled_device {
        Some(ratio) => {
            let devices = counted(stats.settled_devices, "settled device");
            format!("{requests}, {ratio:.2} for each of {devices}")
        }
        None => format!("{requests}; no device is settled"),
    }
}

fn quota_line(stats: &RunStats, screen: &Screen) -> String {
    let limit = thousands(stats.per_hour as usize);
    let Some(hour) = &stats.busiest_hour else {
        return format!("limit {limit} an hour; this run has no times of its requests");
    };
    let BusiestHour { from, requests, share_percent, kinds } = hour;
    let went: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{} {}", thousands(*count as usize), request_kind(kind)))
        .collect();
    format!(
        "at most {} of {limit} in 60 minutes ({share_percent}%), from {}: {}",
        thousands(*requests as usize),
        screen.time(*from),
        went.join(", ")
    )
}

fn journal_line(stats: &RunStats) -> String {
    match stats.entries_per_commit {
        Some(ratio) => format!(
            "{} in {}, {ratio:.1} each",
            counted(stats.entries, "entry"),
            counted(stats.commits, "commit")
        ),
        None => "this run has no count of its commits".to_owned(),
    }
}

fn requests_table(stats: &RunStats) -> Table {
    let mut table = Table::new(&[
        TableColumn::text("KIND").at_least(12),
        TableColumn::number("COUNT"),
        TableColumn::number("MEDIAN"),
        TableColumn::number("90%"),
        TableColumn::number("99%"),
        TableColumn::number("SLOWEST"),
    ])
    .indented(2);
    let time = |ms: Option<u32>| -> TableCell {
        ms.map(|ms| format!("{} ms", thousands(ms as usize))).unwrap_or_default().into()
    };
    for kind in &stats.kinds {
        table.row(vec![
            request_kind(&kind.kind).into(),
            thousands(kind.count as usize).into(),
            time(kind.p50_ms),
            time(kind.p90_ms),
            time(kind.p99_ms),
            time(kind.max_ms),
        ]);
    }
    table
}

fn pauses_table(stats: &RunStats) -> Table {
    let mut table = Table::new(&[
        TableColumn::text("REASON").at_least(20),
        TableColumn::number("COUNT"),
        TableColumn::number("TIME"),
    ])
    .indented(2);
    for pause in &stats.pauses {
        table.row(vec![
            TableCell::from(one_line(&pause.reason).into_owned()),
            thousands(pause.count as usize).into(),
            human_duration(pause.total_ms).into(),
        ]);
    }
    table
}

/// The figures for programs. Fields are only ever added.
pub(crate) fn stats_json(figures: &RunFigures) -> Value {
    let RunFigures { row, is_held, stats } = figures;
    let mut object = json!({
        "run_id": row.id, "job": row.job, "tenant": row.tenant, "state": row.state.word(),
        "running": is_held,
    });
    let Value::Object(fields) = json!(stats) else { return object };
    for (name, mut value) in fields {
        if name == "busiest_hour"
            && let (Some(hour), Some(value)) = (&stats.busiest_hour, value.as_object_mut())
        {
            value.insert("from".to_owned(), json!(hour.from.to_string()));
            let kinds = hour.kinds.iter().map(|(kind, count)| (kind.clone(), json!(count)));
            value.insert("kinds".to_owned(), Value::Object(kinds.collect()));
        }
        object[&name] = value;
    }
    object
}
