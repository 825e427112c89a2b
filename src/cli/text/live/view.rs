//! The live view of a run on a terminal.
//!
//! Owns its lines: at most [`LINES_MAX`], none wider than the terminal. Must never wrap, and never show letters of others that
//! steer the terminal.

use super::live_run::{LiveRun, Viewpoint};
use super::reduced_rate::rate_and_reason;
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn, shortened, width_of};
use crate::engine::WaveWait;
use crate::model::{StopCause, UnixMillis, human_duration};

/// Most lines of the view.
pub(crate) const LINES_MAX: usize = 12;
/// Columns before a line's text: two spaces and a label.
const LABEL: usize = 8;
const INDENT: usize = 2;
/// Widest and narrowest bar.
const BAR_MAX: usize = 40;
const BAR_MIN: usize = 8;
/// The view of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// The view at this moment.
pub(crate) fn view_lines(run: &LiveRun, now: UnixMillis, screen: &Screen) -> Vec<String> {
    // The last column stays free: a terminal may wrap when it is written to.
    let width = screen.width.unwrap_or(WIDTH).saturating_sub(1).max(1);
    let mut lines = vec![head(run, width, screen), bar(run, width, screen)];
    let fitted = Screen { width: Some(width), ..screen.clone() };
    lines.extend(counts(run).render(&fitted).lines().map(str::to_owned));
    let mut labeled = |label: &str, tone: Tone, text: &str| {
        let room = width.saturating_sub(INDENT + LABEL + 2);
        let text = screen.toned(tone, &shortened(text, room));
        let label = screen.toned(Tone::Faint, &format!("{label:<LABEL$}"));
        lines.push(format!("{:INDENT$}{label}  {text}", ""));
    };
    if let Some(text) = wave(run, now) {
        labeled("wave", Tone::Plain, &text);
    }
    if let Some((tone, text)) = doing(run, now) {
        labeled("now", tone, &text);
    }
    for (label, text) in [("pace", pace(run, now)), ("quota", quota(run))] {
        if let Some(text) = text {
            labeled(label, Tone::Plain, &text);
        }
    }
    for failure in &run.failures {
        let text = format!("{}  {}: {}", failure.device, failure.action, failure.reason);
        labeled(failure.word, Tone::Bad, &text);
    }
    labeled("Ctrl-C", Tone::Faint, ctrl_c(run));
    lines.truncate(LINES_MAX);
    lines
}

/// Which run it is. Its id is never shortened.
fn head(run: &LiveRun, width: usize, screen: &Screen) -> String {
    let id = format!("run {}", run.run);
    let what = one_line(&format!("{} on {}", run.job, run.tenant)).into_owned();
    let room = width.saturating_sub(width_of(&id) + 2);
    let what = shortened(&what, room.max(BAR_MIN));
    format!("{}  {}", screen.toned(Tone::Strong, &what), screen.toned(Tone::Faint, &id))
}

/// How much of the work has ended, and how much was sent.
pub(super) fn bar(run: &LiveRun, width: usize, screen: &Screen) -> String {
    let (planned, sent, ended) = (run.planned(), run.sent(), run.good() + run.failed());
    let percent = (u64::from(ended) * 100).checked_div(u64::from(planned)).unwrap_or(100);
    let long =
        format!("{percent:>3} %  {} of {} tasks ended", thousands(ended), thousands(planned));
    let short = format!("{percent:>3} %");
    let fits = |text: &str| INDENT + 2 + BAR_MIN + 2 + width_of(text) <= width;
    let text = if fits(&long) { long } else { short };
    let room = width.saturating_sub(INDENT + 2 + 2 + width_of(&text)).clamp(BAR_MIN, BAR_MAX);
    let share = |part: u32| {
        let cells = (part as usize * room).checked_div(planned as usize).unwrap_or(room);
        cells.min(room)
    };
    let (full, half) = (share(ended), share(sent.max(ended)));
    let ended = screen.toned(Tone::Good, &"=".repeat(full));
    let sent = screen.toned(Tone::Caution, &"-".repeat(half - full));
    format!("{:INDENT$}[{ended}{sent}{:rest$}]  {text}", "", "", rest = room - half)
}

/// The tasks by how they stand.
pub(super) fn counts(run: &LiveRun) -> Table {
    let mut table = Table::new(&[
        TableColumn::number("SENT"),
        TableColumn::number("OK"),
        TableColumn::number("FAILED"),
        TableColumn::number("IN DOUBT"),
        TableColumn::number("PENDING"),
        TableColumn::number("NOT SENT").optional(),
    ])
    .indented(INDENT);
    let toned = |tone: Tone, count: u32| {
        TableCell::toned(if count > 0 { tone } else { Tone::Plain }, thousands(count))
    };
    table.row([
        toned(Tone::Plain, run.sent()),
        toned(Tone::Good, run.good()),
        toned(Tone::Bad, run.failed()),
        toned(Tone::Bad, run.doubts()),
        toned(Tone::Caution, run.pending()),
        toned(Tone::Plain, run.planned() - run.sent()),
    ]);
    table
}

/// How far the run has spread, and what the next wave waits for.
fn wave(run: &LiveRun, now: UnixMillis) -> Option<String> {
    let (wave, waves) = run.progress.wave?;
    let next = wave + 1;
    Some(match run.progress.wave_wait {
        Some(WaveWait::Pause { until }) if until > now => {
            format!("{wave} of {waves} starts in {}", countdown(until, now))
        }
        Some(WaveWait::Devices { waiting: 0, .. }) => {
            format!("{wave} of {waves}; wave {next} waits for the operator's answer")
        }
        Some(WaveWait::Devices { waiting, until }) => format!(
            "{wave} of {waves}; wave {next} waits for {}{}",
            counted(waiting, "command"),
            at_most(until, now)
        ),
        _ => format!("{wave} of {waves}"),
    })
}

/// What the run does or waits for.
fn doing(run: &LiveRun, now: UnixMillis) -> Option<(Tone, String)> {
    let progress = &run.progress;
    if let Some((cause, reason)) = &progress.stop {
        let answers = match progress.in_flight {
            0 => String::new(),
            1 => "; waiting for 1 answer".to_owned(),
            in_flight => format!("; waiting for {} answers", thousands(in_flight)),
        };
        let why = if *cause == StopCause::Operator { "no more requests are sent" } else { reason };
        return Some((Tone::Caution, format!("stopping: {why}{answers}")));
    }
    if let Some(until) = run.pause(now) {
        let text = format!("paused for {}: {}", countdown(until, now), progress.paused_because);
        return Some((Tone::Caution, text));
    }
    if run.is_sending(now) {
        return Some(match progress.reduced_rate {
            Some(rate) => (Tone::Caution, format!("sending {}", rate_and_reason(rate))),
            None => (Tone::Plain, "sending".to_owned()),
        });
    }
    if run.wave_pause(now).is_some() {
        return None;
    }
    if run.doubts() > 0 {
        let when = run.doubt_read_at.filter(|at| *at > now);
        let when = when.map(|at| format!(" in {}", countdown(at, now))).unwrap_or_default();
        let what = counted(run.doubts(), "request");
        return Some((Tone::Caution, format!("checking {what} in doubt{when}")));
    }
    // What the next wave waits for stands in the line of the waves.
    if run.pending() == 0 || matches!(progress.wave_wait, Some(WaveWait::Devices { .. })) {
        return None;
    }
    let what = counted(run.pending(), "command");
    let most = at_most(progress.follow_until, now);
    Some((Tone::Plain, format!("waiting for {what} to finish{most}")))
}

/// The time that is left with its basis, else the rate where there is one.
fn pace(run: &LiveRun, now: UnixMillis) -> Option<String> {
    let is_last = run.progress.wave.is_none_or(|(wave, waves)| wave == waves);
    match run.time_left.words() {
        Some(words) if is_last => Some(words),
        Some(words) => Some(format!("{words} in this wave")),
        None => run.rate.per_second(now).map(|per_second| format!("{per_second:.1}/s")),
    }
}

fn quota(run: &LiveRun) -> Option<String> {
    let left = run.quota_left()?;
    Some(format!("{} of {} requests left this hour", thousands(left), thousands(run.per_hour)))
}

fn ctrl_c(run: &LiveRun) -> &'static str {
    match (run.viewpoint, &run.progress.stop) {
        (Viewpoint::Onlooker, _) => "leave this view; the run continues",
        (Viewpoint::Driver, Some((StopCause::Operator, _))) => {
            "leave at once; sortie resume checks the answers that are lost"
        }
        (Viewpoint::Driver, _) => "stop sending and wait for answers; twice: leave at once",
    }
}

/// The longest wait that is worth naming, in milliseconds: three days.
const LONGEST_BOUND_MS: u64 = 3 * 24 * 60 * 60 * 1_000;

/// How long a wait lasts at most, where that is known, still to come and short enough to wait for.
fn at_most(until: Option<UnixMillis>, now: UnixMillis) -> String {
    let is_near = |until: &UnixMillis| *until > now && until.remaining_ms(now) <= LONGEST_BOUND_MS;
    match until.filter(is_near) {
        Some(until) => format!(" ({} at most)", countdown(until, now)),
        None => String::new(),
    }
}

fn countdown(until: UnixMillis, now: UnixMillis) -> String {
    // Whole seconds: a countdown does not end in milliseconds.
    human_duration(until.remaining_ms(now).div_ceil(1_000) * 1_000)
}

#[cfg(test)]
mod tests;
