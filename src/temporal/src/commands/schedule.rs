//! `sortie-temporal schedule`: jobs at set times, on any worker that has their files.
//!
//! Owns the settings of a schedule. Invariant: a start that was missed is not made up for, and none begins while the one before is in
//! progress. Must never confirm more than what was given when the schedule was made.

use std::time::Duration;

use clap::{Args, Subcommand};
use futures::StreamExt;
use serde_json::{Value, json};
use sortie::app::RefusalClass;
use sortie::cli::companion::{Companion, CompanionColumn, CompanionEnd, CompanionError};
use sortie::model::UnixMillis;
use temporalio_client::RpcOptions;
use temporalio_client::schedules::{
    CreateScheduleOptions, DeleteScheduleOptions, ListSchedulesOptions, ScheduleAction,
    ScheduleError, ScheduleOverlapPolicy, ScheduleSpec, ScheduleSummary,
};
use temporalio_client::tonic::Code;

use crate::connect::{ConnectOptions, Server};
use crate::jobs::{ScheduledRun, ScheduledStart, file_name, queue_of};
use crate::text::trouble;

/// What the ids of schedules begin with.
const PREFIX: &str = "sortie-schedule/";
/// A start that was missed by more than this is skipped: work that people notice must not begin at an unexpected time.
const CATCH_UP: Duration = Duration::from_secs(60);
/// Columns of the list of schedules.
const COLUMNS: [CompanionColumn; 4] = [
    CompanionColumn::Whole("SCHEDULE"),
    CompanionColumn::Whole("STATE"),
    CompanionColumn::Whole("NEXT"),
    CompanionColumn::Text("NOTE"),
];

/// Flags of `schedule`.
#[derive(Debug, Args)]
pub struct ScheduleOptions {
    #[command(subcommand)]
    what: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// Make a schedule that plans and submits a job at set times
    Add(AddOptions),
    /// List the schedules
    List,
    /// Delete a schedule; a run in progress continues
    Delete {
        /// Name of the schedule
        name: String,
    },
}

#[derive(Debug, Args)]
struct AddOptions {
    /// Name of the schedule
    name: String,
    /// Name of the job's file in the directory of the workers (worker --jobs DIR)
    job: String,
    /// Start at these times, as cron writes them, such as '0 22 * * 6'
    #[arg(long, value_name = "CRON", required_unless_present = "every", conflicts_with = "every")]
    cron: Option<String>,
    /// Time zone of --cron, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "cron")]
    timezone: Option<String>,
    /// Start again and again after this time, such as 24h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    every: Option<Duration>,
    /// Confirm benign work; disruptive work too if the job sets max_devices and a window or send_until
    #[arg(short, long)]
    yes: bool,
    /// Confirm each plan in advance: the device count, or the phrase; another plan is refused
    #[arg(long, value_name = "PHRASE")]
    confirm: Option<String>,
    /// Treat pending commands as success
    #[arg(long)]
    pending_ok: bool,
    /// Flags of 'sortie plan' for the job, after --
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// Makes, lists or deletes schedules.
///
/// # Errors
/// The schedule is refused, or the server does not answer.
pub async fn schedule(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &ScheduleOptions,
) -> Result<CompanionEnd, CompanionError> {
    match &options.what {
        ScheduleCommand::Add(options) => {
            // Before the server is asked.
            file_name(&options.job)?;
            add(companion, &connect.connect().await?, options).await
        }
        ScheduleCommand::List => list(companion, &connect.connect().await?).await,
        ScheduleCommand::Delete { name } => {
            delete(companion, &connect.connect().await?, name).await
        }
    }
}

async fn add(
    companion: &Companion,
    server: &Server,
    options: &AddOptions,
) -> Result<CompanionEnd, CompanionError> {
    let start = ScheduledStart {
        job: options.job.clone(),
        flags: options.flags.clone(),
        yes: options.yes,
        confirm: options.confirm.clone(),
        pending_ok: options.pending_ok,
    };
    let id = format!("{PREFIX}{}", options.name);
    let action = ScheduleAction::start_workflow(
        ScheduledRun::run,
        start,
        queue_of(&server.task_queue),
        &*id,
    );
    let note = format!("{} by {}", options.job, companion.operator());
    // Paused until every setting is there: none of them may miss at the first start.
    let create = CreateScheduleOptions::builder()
        .action(action)
        .spec(spec_of(options))
        .overlap_policy(ScheduleOverlapPolicy::Skip)
        .paused(true)
        .note(note)
        .build();
    let handle = server.client.create_schedule(&*id, create).await;
    let handle = handle.map_err(|error| refused(&error, &options.name))?;
    let settle = handle.update(
        |schedule| {
            schedule.set_catchup_window(CATCH_UP).set_paused(false);
        },
        RpcOptions::default(),
    );
    settle.await.map_err(|error| {
        trouble::of(&error)
            .state("the schedule was made and is paused; delete it, then make it again")
    })?;
    companion.answer(&json!({ "schedule": options.name, "job": options.job, "id": id }));
    companion.say(&format!(
        "schedule '{}' starts job {} on workers with --jobs; a start is skipped while the one before is in progress, \
         and a missed one is not made up for",
        options.name, options.job
    ));
    if !options.yes && options.confirm.is_none() {
        companion.warn(
            "without --yes or --confirm only plans that need no confirmation are submitted; others are refused",
        );
    }
    Ok(CompanionEnd::WELL)
}

fn spec_of(options: &AddOptions) -> ScheduleSpec {
    match (&options.cron, options.every) {
        (Some(cron), _) => ScheduleSpec::builder()
            .cron_strings(vec![cron.clone()])
            .timezone_name(options.timezone.clone().unwrap_or_default())
            .build(),
        (None, every) => ScheduleSpec::from_interval(every.unwrap_or_default()),
    }
}

async fn list(companion: &Companion, server: &Server) -> Result<CompanionEnd, CompanionError> {
    let mut stream = server.client.list_schedules(ListSchedulesOptions::default());
    let mut found = Vec::new();
    while let Some(summary) = stream.next().await {
        let summary = summary.map_err(|error| trouble::of(&error))?;
        if let Some(name) = summary.schedule_id().strip_prefix(PREFIX) {
            found.push((name.to_owned(), summary));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    if companion.is_json() {
        let rows: Vec<Value> = found.iter().map(|(name, summary)| json_of(name, summary)).collect();
        companion.answer(&Value::Array(rows));
    } else if found.is_empty() {
        companion.say("there are no schedules; make one:\n  sortie-temporal schedule add NAME JOB --cron '0 22 * * 6'");
    } else {
        companion
            .table(&COLUMNS, found.iter().map(|(name, summary)| row_of(name, summary)).collect());
    }
    Ok(CompanionEnd::WELL)
}

fn row_of(name: &str, summary: &ScheduleSummary) -> Vec<String> {
    vec![
        name.to_owned(),
        if summary.paused() { "paused" } else { "active" }.to_owned(),
        next_of(summary).map(|at| at.to_string()).unwrap_or_default(),
        summary.note().unwrap_or_default().to_owned(),
    ]
}

fn json_of(name: &str, summary: &ScheduleSummary) -> Value {
    json!({
        "schedule": name, "is_paused": summary.paused(), "note": summary.note(),
        "next": next_of(summary).map(|at| at.to_string()),
    })
}

fn next_of(summary: &ScheduleSummary) -> Option<UnixMillis> {
    let next = summary.future_action_times().into_iter().next()?;
    let since = next.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(UnixMillis(i64::try_from(since.as_millis()).ok()?))
}

async fn delete(
    companion: &Companion,
    server: &Server,
    name: &str,
) -> Result<CompanionEnd, CompanionError> {
    let handle = server.client.get_schedule_handle(format!("{PREFIX}{name}"));
    let deleted = handle.delete(DeleteScheduleOptions::default()).await;
    deleted.map_err(|error| refused(&error, name))?;
    companion.answer(&json!({ "deleted": name }));
    companion.say(&format!("schedule '{name}' was deleted; a run in progress continues"));
    Ok(CompanionEnd::WELL)
}

fn refused(error: &ScheduleError, name: &str) -> CompanionError {
    let status = trouble::ServerFault::status(error);
    match status.map(|status| status.code()) {
        Some(Code::AlreadyExists) => CompanionError::new(
            RefusalClass::Usage,
            format!("there is a schedule '{name}' already"),
            format!("choose another name, or delete it:\n  sortie-temporal schedule delete {name}"),
        ),
        Some(Code::NotFound) => CompanionError::new(
            RefusalClass::Usage,
            format!("there is no schedule '{name}'"),
            "list the schedules:\n  sortie-temporal schedule list",
        ),
        Some(Code::InvalidArgument) => CompanionError::new(
            RefusalClass::Usage,
            format!("the server does not take the schedule: {error}"),
            "correct --cron or --timezone",
        ),
        _ => trouble::of(error),
    }
}

/// Reads `90s`, `30m`, `24h` or `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a duration; write 90s, 30m, 24h or 7d");
    let last = text.char_indices().last().map_or(0, |(at, _)| at);
    let (number, unit) = text.split_at(last);
    let count: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    match count.checked_mul(seconds) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_number_with_its_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "h", "0h", "24", "-1h", "1w", "99999999999999999999d", "1é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
