//! Events of the application in words.
//!
//! Owns the texts, and which of them are warnings. Must never keep anything back that a person has to know.

use crate::app::{AppEvent, GroupBegins, LeftOutTenant, Leftover};
use crate::cli::text::clock::ahead;
use crate::cli::text::layout::counted;
use crate::cli::text::notification_news::{channel_unknown, not_delivered, still_waiting};
use crate::cli::text::pin_notices;
use crate::cli::text::refusals::words;
use crate::drive::Waiting;
use crate::model::{NoteTally, PagePins, ReportOptions};

/// A line for people.
pub(crate) enum Notice {
    /// Something to know even in quiet.
    Warning(String),
    /// Something to know unless quiet was asked for.
    News(String),
}

/// That the runs of a group begin.
fn group_begins(begins: &GroupBegins) -> String {
    let tenants = counted(begins.tenants.len(), "tenant");
    format!("group {}: {tenants}, reports in {}", begins.group, begins.report_dir.display())
}

/// That nothing is started for a tenant, and why.
fn left_out(left: &LeftOutTenant) -> String {
    format!("tenant {} is left out: {}", left.tenant, words(&left.reason).what)
}

/// An event in words; `None` where there is nothing to say.
pub(crate) fn notice(event: &AppEvent) -> Option<Notice> {
    match event {
        AppEvent::ClockWasAhead(found) => ahead(found).map(Notice::Warning),
        AppEvent::NotTakenBack { run, left, error } => {
            Some(Notice::Warning(not_taken_back(run, left, error)))
        }
        AppEvent::OldReports { run, reason } => {
            let what = words(reason).what;
            Some(Notice::Warning(format!("the reports of run {run} are out of date: {what}")))
        }
        AppEvent::RunEntered { run, seed, report_dir } => {
            let reports = report_dir.display();
            Some(Notice::News(format!("run {run} (seed {seed}), reports in {reports}")))
        }
        AppEvent::EarlierLocksUnknown { device, run, error } => {
            Some(Notice::Warning(pin_notices::earlier_locks_unknown(device, run.as_deref(), error)))
        }
        AppEvent::PinRecovered(found) => Some(Notice::News(pin_notices::recovery(found))),
        AppEvent::EndNotRecorded(reason) => Some(Notice::Warning(words(reason).what)),
        AppEvent::RunReopened { run, job, is_sending, pause } => {
            let doing = if *is_sending { "resuming" } else { "following" };
            let pause = pause.as_ref().map(|(until, why)| format!("\npaused until {until}: {why}"));
            let pause = pause.unwrap_or_default();
            Some(Notice::News(format!("{doing} run {run} of {job}{pause}")))
        }
        AppEvent::GroupBegins(begins) => Some(Notice::News(group_begins(begins))),
        AppEvent::TenantLeftOut(left) => Some(Notice::Warning(left_out(left))),
        AppEvent::NotesAdded { notes, .. } => Some(notes_added(notes)),
        // Progress shows what happens in a run; the command that drives it shows its end.
        AppEvent::RunBegins(_)
        | AppEvent::RunAdvanced(_)
        | AppEvent::RunLeft { .. }
        | AppEvent::GroupReported { .. }
        | AppEvent::RunSummary(_)
        | AppEvent::GatherAdvanced { .. }
        | AppEvent::RunReported { .. } => None,
        AppEvent::WaitsForRun { run, job, until } => Some(Notice::News(format!(
            "waiting for run {run} of {job} to end, until {until} at the latest; nothing was sent, and Ctrl-C stops waiting"
        ))),
        AppEvent::NoticeNotDelivered(failure) => Some(Notice::Warning(not_delivered(failure))),
        AppEvent::NoticesNotKept(error) => Some(Notice::Warning(format!(
            "notifications cannot be recorded: {error}; the run is not affected"
        ))),
        AppEvent::NoticesNotStarted => Some(Notice::Warning(
            "notifications are not sent: this host allows no further thread".to_owned(),
        )),
        AppEvent::NoticesWait { notices, channels, profile } => {
            Some(Notice::Warning(still_waiting(*notices, channels, profile)))
        }
        AppEvent::ChannelUnknown(reason) => Some(Notice::Warning(channel_unknown(reason))),
        AppEvent::ReadWaits(waiting) => Some(Notice::News(waits(waiting))),
        AppEvent::FilterReadsDetails { conditions, devices, seconds } => {
            Some(Notice::News(reads_details(conditions, *devices, *seconds)))
        }
        AppEvent::RefusalNotNoted(reason) => Some(Notice::Warning(format!(
            "the refusal could not be written to the host's record: {}",
            words(reason).what
        ))),
        AppEvent::RunLeftOut { run, reason } => {
            Some(Notice::Warning(format!("skipped run {run}: {}", words(reason).what)))
        }
        AppEvent::ShownPinsNotRecorded(error) => Some(Notice::News(format!(
            "note: the host's record does not say that this was shown: {error}"
        ))),
        AppEvent::ReportsNotWritten(reason) => {
            let what = words(reason).what;
            Some(Notice::Warning(format!("{what}; the journal is complete")))
        }
    }
}

/// How many notes a run has added to its devices.
fn notes_added(notes: &NoteTally) -> Notice {
    let NoteTally { written, failed, unknown, reason } = notes;
    let written = format!("added {} to devices", counted(*written, "note"));
    if failed + unknown == 0 {
        return Notice::News(written);
    }
    let mut missing = Vec::new();
    if *failed > 0 {
        missing.push(format!("{failed} failed"));
    }
    if *unknown > 0 {
        missing.push(format!("{unknown} may have been added (no answer)"));
    }
    let missing = missing.join(", ");
    Notice::Warning(format!("{written}, {missing}: {reason}; the outcomes are not affected"))
}

/// What is left of a run that never began.
fn not_taken_back(run: &str, left: &Leftover, error: &str) -> String {
    match left {
        Leftover::Charges => {
            format!("run {run} did not start, but its devices still count toward the caps: {error}")
        }
        Leftover::Reports(directory) => {
            let directory = directory.display();
            format!("{directory} belongs to no run and cannot be removed: {error}")
        }
        Leftover::Files => format!("run {run} did not start and left files behind: {error}"),
    }
}

/// What a filter costs.
fn reads_details(conditions: &[&str], devices: usize, seconds: usize) -> String {
    let (of, conditions) = (counted(devices, "device"), conditions.join(" and "));
    let requests = counted(devices, "request");
    format!("reading the details of {of} for {conditions}: {requests}, about {seconds} s")
}

/// What is read again, why and when.
fn waits(waiting: &Waiting) -> String {
    let Waiting { kind, reason, retry, until } = waiting;
    let what = match kind.as_str() {
        "inventory" => "the devices",
        "details" => "the details of a device",
        "status" => "the status of a device",
        "apps" => "the apps of a device",
        "names" => "blueprints and users",
        "pin" => "the PIN of a Mac",
        "commands" => "the commands of a device",
        other => other,
    };
    match retry {
        Some((retry, of)) => {
            format!("reading {what} failed: {reason}; retry {retry} of {of} at {until}")
        }
        None => format!("reading {what} waits until {until}: {reason}"),
    }
}

/// Says that nothing shows the PINs that `--report-pins` asks for, where that is so.
pub(crate) fn pins_note(formats: &[String], options: &ReportOptions) -> Option<&'static str> {
    let has_page = formats.iter().any(|format| format == "html");
    (options.pins == PagePins::Shown && !has_page).then_some(
        "--report-pins changes report.html alone, which is not written here; add html to --report-format",
    )
}
