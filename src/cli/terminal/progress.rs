//! Progress of a run.
//!
//! Owns what is shown while a run goes on: bars on a terminal, plain lines elsewhere (both on standard
//! error), JSON lines on standard output on request. It sees committed entries only. Must never show a PIN: it
//! takes words and counts from entries, never an entry as a whole.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;

use crate::app::runs::reporter::Reporter;
use crate::app::secrets::pin_news::has_new_pin;
use crate::cli::failure::Sent;
use crate::cli::options::ProgressForm;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::steady_terminal::steady_target;
use crate::cli::text::pin_news::PinNews;
use crate::drive::{Clock, Observer, Quota, WallClock};
use crate::engine::Progress;
use crate::journal::RunHeader;
use crate::model::{
    Entry, Event, Outcome, OutcomeCounts, Repeat, StopCause, Task, TaskIndex, TaskRecord,
    UnixMillis, human_duration,
};

/// A plain line at least this often.
const PLAIN_MS: u64 = 30_000;
/// A plain line for each so many percent settled, but not more often than this.
const PLAIN_PERCENT: u32 = 10;
const PLAIN_MS_MIN: u64 = 1_000;
/// A pause is told when it lasts at least this long, or when none was told for as long: short ones come
/// in crowds.
const PAUSE_TOLD_MS: u64 = 30_000;
/// How often the ledger is asked what is left of the hour.
const QUOTA_MS: u64 = 5_000;

/// What was seen of a run: what its journal holds, and nothing else.
pub(crate) struct Watched {
    pub counts: OutcomeCounts,
    /// Tasks with a request that left, before a resume included.
    pub sent: Sent,
    /// An action was stopped because the token lacks the permission.
    pub is_forbidden: bool,
}

/// Watches a run.
pub(crate) struct Watcher<'a> {
    tasks: &'a [Task],
    records: Vec<TaskRecord>,
    counts: OutcomeCounts,
    display: Display,
    printer: &'a Printer,
    reporter: Reporter,
    quota: Quota,
    per_hour: u32,
    spent: u32,
    spent_at: UnixMillis,
    started_at: UnixMillis,
    sent_before: u32,
    pause_told_at: UnixMillis,
    pins: PinNews,
    quarantine_ms: u64,
    has_waves: bool,
    is_settling_told: bool,
    is_forbidden: bool,
}

enum Display {
    Bars { bars: MultiProgress, sent: ProgressBar, settled: ProgressBar },
    Plain { shown_at: UnixMillis, percent: u32 },
    Json,
    Nothing,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(
        header: &RunHeader,
        tasks: &'a [Task],
        records: Vec<TaskRecord>,
        form: Option<ProgressForm>,
        printer: &'a Printer,
        reporter: Reporter,
        quota: Quota,
    ) -> Self {
        let mut counts = OutcomeCounts::default();
        records.iter().for_each(|record| counts.add(record.outcome()));
        let now = WallClock.now();
        let sent_before = sent(&counts);
        let planned = counts.total() - counts.of(Outcome::Skipped);
        Self {
            display: Display::new(form, u64::from(planned), printer, now),
            tasks,
            records,
            counts,
            printer,
            reporter,
            quota,
            per_hour: header.policy.per_hour,
            spent: 0,
            spent_at: UnixMillis(0),
            started_at: now,
            sent_before,
            pause_told_at: UnixMillis(0),
            pins: PinNews::new(&header.run.0),
            quarantine_ms: header.policy.quarantine_ms,
            has_waves: header.policy.rollout.is_some(),
            is_settling_told: false,
            is_forbidden: false,
        }
    }

    /// Takes the display away and leaves what was seen.
    pub(crate) fn finish(self) -> Watched {
        if let Display::Bars { bars, .. } = &self.display {
            // The summary that follows says the same; a bar that cannot be cleared is only ugly.
            let _ = bars.clear();
        }
        let is_sent =
            |record: &&TaskRecord| record.attempts > 0 && record.outcome() != Outcome::NotAttempted;
        let sent = self.records.iter().filter(is_sent).count();
        Watched {
            sent: Sent::of_tasks(u32::try_from(sent).unwrap_or(u32::MAX)),
            counts: self.counts,
            is_forbidden: self.is_forbidden,
        }
    }

    fn show(&mut self, entries: &[Entry], progress: &Progress) {
        let now = WallClock.now();
        if now.since(self.spent_at) > QUOTA_MS as i64 {
            self.spent = self.quota.spent(now).unwrap_or(self.spent);
            self.spent_at = now;
        }
        let status = self.status(now, progress);
        let skipped = self.counts.of(Outcome::Skipped);
        let total = self.counts.total() - skipped;
        let settled = progress.settled + progress.doubts - skipped;
        match &mut self.display {
            Display::Bars { sent: sent_bar, settled: settled_bar, .. } => {
                sent_bar.set_position(u64::from(sent(&self.counts)));
                settled_bar.set_position(u64::from(settled));
                settled_bar.set_message(status);
            }
            Display::Plain { shown_at, percent } => {
                let reached = (settled * 100).checked_div(total).unwrap_or(100);
                let silent_ms = now.remaining_ms(*shown_at);
                let has_moved = reached / PLAIN_PERCENT > *percent / PLAIN_PERCENT;
                let is_due = silent_ms >= PLAIN_MS || (has_moved && silent_ms >= PLAIN_MS_MIN);
                if is_due {
                    (*shown_at, *percent) = (now, reached);
                    let sent = sent(&self.counts);
                    self.printer
                        .say(&format!("{sent}/{total} sent, {settled}/{total} settled, {status}"));
                }
            }
            Display::Json => {
                for entry in entries {
                    self.printer.data(&self.json_line(entry));
                }
            }
            Display::Nothing => {}
        }
    }

    /// Rate, hour and time left, in words.
    fn status(&self, now: UnixMillis, progress: &Progress) -> String {
        let elapsed_ms = now.remaining_ms(self.started_at).max(1);
        let sent = sent(&self.counts).saturating_sub(self.sent_before);
        let per_second = f64::from(sent) * 1_000.0 / elapsed_ms as f64;
        let left = self.per_hour.saturating_sub(self.spent);
        let mut words = format!("{per_second:.1}/s, {left} requests left this hour");
        let is_paused = progress.paused_until.is_some_and(|until| until > now);
        let is_sending = progress.stop.is_none() && !is_paused;
        if progress.ready > 0 && per_second > 0.0 && is_sending {
            let left_ms = (f64::from(progress.ready) / per_second * 1_000.0) as u64;
            words.push_str(&format!(", about {} left", human_duration(left_ms)));
        }
        if let Some((wave, waves)) = progress.wave {
            words.push_str(&format!(", wave {wave} of {waves}"));
        }
        if progress.doubts > 0 {
            words.push_str(&format!(", {} in doubt", progress.doubts));
        }
        if progress.following > 0 {
            words.push_str(&format!(", {} followed", progress.following));
        }
        if progress.errors > 0 {
            words.push_str(&format!(", {} errors", progress.errors));
        }
        if let Some(until) = progress.paused_until.filter(|until| *until > now) {
            let pause = human_duration(until.remaining_ms(now));
            words.push_str(&format!(", paused for {pause}"));
        }
        words
    }

    fn json_line(&self, entry: &Entry) -> String {
        let mut line = serde_json::json!({
            "at": entry.at.to_string(),
            "event": entry.event.word(),
        });
        let mut put = |key: &str, value: serde_json::Value| {
            line[key] = value;
        };
        if let Some(task) = entry.event.task() {
            let facts = &self.tasks[task.at()];
            let record = &self.records[task.at()];
            put("task", facts.id.0.clone().into());
            put("serial_number", facts.device.serial_number.clone().into());
            put("action", facts.action.clone().into());
            // An intent is not doubt yet: its answer is on the way.
            if !matches!(entry.event, Event::Intent { .. }) {
                put("outcome", record.outcome().word().into());
                put("reason", record.reason.clone().into());
            }
            put("device_id", facts.device.id.as_str().into());
            put("http_status", record.http_status.into());
        }
        if has_new_pin(&entry.event) {
            put("pin", "kept".into());
        }
        match &entry.event {
            Event::Paused { until, reason } => {
                put("until", until.to_string().into());
                put("reason", reason.clone().into());
            }
            Event::Stopped { reason, .. } | Event::CanaryAdded { reason, .. } => {
                put("reason", reason.clone().into());
            }
            Event::WaveBegun { wave, not_before, reason } => {
                put("wave", (wave + 1).into());
                put("not_before", not_before.to_string().into());
                put("reason", reason.clone().into());
            }
            Event::Woke { slept_ms } => put("slept_ms", (*slept_ms).into()),
            Event::ActionStopped { action, reason } => {
                put("action", action.clone().into());
                put("reason", reason.clone().into());
            }
            _ => {}
        }
        line.to_string()
    }
}

impl Observer for Watcher<'_> {
    fn committed(&mut self, entries: &[Entry], progress: &Progress) {
        for entry in entries {
            if let Some(task) = entry.event.task() {
                let record = &mut self.records[task.at()];
                self.counts.remove(record.outcome());
                record.apply(entry.at, &entry.event);
                self.counts.add(record.outcome());
            }
            self.is_forbidden |= matches!(entry.event, Event::ActionStopped { .. });
            self.tell(entry);
            self.tell_wave(entry);
            self.tell_pin(entry);
        }
        self.show(entries, progress);
        if !entries.is_empty() {
            self.reporter.changed();
        }
    }
}

impl Watcher<'_> {
    /// What people want to know at once.
    fn tell(&mut self, entry: &Entry) {
        let text = match &entry.event {
            Event::Paused { until, reason }
                if until.remaining_ms(entry.at) >= PAUSE_TOLD_MS
                    || entry.at.remaining_ms(self.pause_told_at) >= PAUSE_TOLD_MS =>
            {
                self.pause_told_at = entry.at;
                format!("paused until {until}: {reason}")
            }
            Event::Doubted { task, .. } if !self.is_settling_told && self.is_sought(*task) => {
                self.is_settling_told = true;
                let waits = match self.has_waves && self.tasks[task.at()].wave == 0 {
                    true => {
                        "; the first wave is in doubt, and nothing more is sent until that is settled"
                    }
                    false => "",
                };
                format!(
                    "an answer was lost (row {}); what became of the request is read {} from now, because until then it may still be applied{waits}; Ctrl-C leaves that to a resume",
                    self.tasks[task.at()].row,
                    human_duration(self.quarantine_ms)
                )
            }
            Event::Stopped { cause: StopCause::Operator, .. } => {
                "draining: nothing more is sent; press Ctrl-C again to leave at once".to_owned()
            }
            Event::Stopped { reason, .. } => format!("stopping: {reason}"),
            Event::CanaryAdded { reason, .. } => {
                format!("the first wave is silent, one more device tries ({reason})")
            }
            Event::Woke { slept_ms } => {
                let slept = human_duration(*slept_ms);
                format!(
                    "this machine slept for {slept}; window, deadline and targets are looked at again"
                )
            }
            Event::ActionStopped { action, reason } => {
                format!("{action} is not sent any more: {reason}")
            }
            _ => return,
        };
        if !matches!(self.display, Display::Json) {
            self.beside_bars(|| self.printer.warn(&text));
        }
    }

    /// How far the run has spread.
    fn tell_wave(&self, entry: &Entry) {
        let Event::WaveBegun { wave, not_before, reason } = &entry.event else { return };
        if matches!(self.display, Display::Json) {
            return;
        }
        let pause = match not_before.remaining_ms(entry.at) {
            0 => String::new(),
            pause_ms => format!(" in {}", human_duration(pause_ms)),
        };
        let text = format!("{reason}; wave {} begins{pause}", wave + 1);
        self.beside_bars(|| self.printer.say(&text));
    }

    /// Whether reading can settle a doubt about a task that must not be repeated.
    fn is_sought(&self, task: TaskIndex) -> bool {
        let task = &self.tasks[task.at()];
        task.repeat == Repeat::Once && task.end.trace().exists()
    }

    /// Where a PIN can be seen, the moment that it is on disk; and above all when two do not agree.
    fn tell_pin(&mut self, entry: &Entry) {
        let Some(task) = entry.event.task() else { return };
        let device = &self.tasks[task.at()].device;
        for text in self.pins.warnings(entry, device) {
            self.beside_bars(|| self.printer.warn(&text));
        }
        if has_new_pin(&entry.event)
            && !self.printer.is_quiet()
            && let Some(text) = self.pins.kept(task, device)
            && !matches!(self.display, Display::Json)
        {
            self.beside_bars(|| self.printer.say(&text));
        }
    }

    fn beside_bars(&self, print: impl FnOnce()) {
        match &self.display {
            Display::Bars { bars, .. } => bars.suspend(print),
            _ => print(),
        }
    }
}

impl Display {
    fn new(form: Option<ProgressForm>, tasks: u64, printer: &Printer, now: UnixMillis) -> Self {
        let form = form.unwrap_or_else(|| match std::io::stderr().is_terminal() {
            _ if printer.is_quiet() => ProgressForm::None,
            true => ProgressForm::Bar,
            false => ProgressForm::Plain,
        });
        match form {
            ProgressForm::Bar => {
                let style =
                    ProgressStyle::with_template("{prefix:>8} [{bar:32}] {pos}/{len} {wide_msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar());
                let bars = MultiProgress::with_draw_target(steady_target());
                let bar = |name: &'static str| {
                    let bar = bars.add(ProgressBar::new(tasks));
                    bar.set_style(style.clone());
                    bar.set_prefix(name);
                    bar
                };
                let (sent, settled) = (bar("sent"), bar("settled"));
                Self::Bars { bars, sent, settled }
            }
            ProgressForm::Plain => Self::Plain { shown_at: now, percent: 0 },
            ProgressForm::Json => Self::Json,
            ProgressForm::None => Self::Nothing,
        }
    }
}

fn sent(counts: &OutcomeCounts) -> u32 {
    counts.total() - counts.of(Outcome::NotAttempted) - counts.of(Outcome::Skipped)
}
