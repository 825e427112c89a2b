//! Progress of a run.
//!
//! Owns what is shown while a run goes on: bars on a terminal, plain lines elsewhere (both on standard
//! error), JSON lines on standard output on request. It sees events of the application only. Must never show a PIN: it
//! is never told one.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;

use crate::app::{
    AppEvent, PinFact, RunAdvanced, RunBegins, RunNews, SeenEntry, SeenTask, Workspace,
};
use crate::cli::options::ProgressForm;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::steady_terminal::steady_target;
use crate::cli::text::pin_news::PinNews;
use crate::drive::{Clock, WallClock};
use crate::engine::Progress;
use crate::model::{Outcome, OutcomeCounts, StopCause, UnixMillis, human_duration};

/// A plain line at least this often.
const PLAIN_MS: u64 = 30_000;
/// A plain line for each so many percent settled, but not more often than this.
const PLAIN_PERCENT: u32 = 10;
const PLAIN_MS_MIN: u64 = 1_000;
/// A pause is told when it lasts at least this long, or when none was told for as long: short ones come
/// in crowds.
const PAUSE_TOLD_MS: u64 = 30_000;

/// Shows the progress of each run that is driven in this workspace.
pub(crate) fn show_progress(workspace: &Workspace, form: Option<ProgressForm>, printer: &Printer) {
    let (mut view, printer) = (None, printer.clone());
    workspace.observe(move |event| match event {
        AppEvent::RunBegins(begins) => view = Some(ProgressView::new(begins, form, &printer)),
        AppEvent::RunAdvanced(advanced) => {
            if let Some(view) = &mut view {
                view.advance(advanced);
            }
        }
        AppEvent::RunLeft => {
            if let Some(view) = view.take() {
                view.finish();
            }
        }
        _ => {}
    });
}

/// The progress of one run.
struct ProgressView {
    counts: OutcomeCounts,
    display: Display,
    printer: Printer,
    per_hour: u32,
    spent: u32,
    started_at: UnixMillis,
    sent_before: u32,
    pause_told_at: UnixMillis,
    pins: PinNews,
    quarantine_ms: u64,
    has_waves: bool,
    is_settling_told: bool,
}

enum Display {
    Bars { bars: MultiProgress, sent: ProgressBar, settled: ProgressBar },
    Plain { shown_at: UnixMillis, percent: u32 },
    Json,
    Nothing,
}

impl ProgressView {
    fn new(begins: &RunBegins, form: Option<ProgressForm>, printer: &Printer) -> Self {
        let now = WallClock.now();
        let counts = begins.counts.clone();
        let planned = counts.total() - counts.of(Outcome::Skipped);
        Self {
            display: Display::new(form, u64::from(planned), printer, now),
            sent_before: sent(&counts),
            counts,
            printer: printer.clone(),
            per_hour: begins.per_hour,
            spent: 0,
            started_at: now,
            pause_told_at: UnixMillis(0),
            pins: PinNews::new(&begins.run),
            quarantine_ms: begins.quarantine_ms,
            has_waves: begins.has_waves,
            is_settling_told: false,
        }
    }

    /// Takes the display away.
    fn finish(self) {
        if let Display::Bars { bars, .. } = &self.display {
            // The summary that follows says the same; a bar that cannot be cleared is only ugly.
            let _ = bars.clear();
        }
    }

    fn advance(&mut self, advanced: &RunAdvanced) {
        self.counts = advanced.counts.clone();
        self.spent = advanced.spent;
        for entry in &advanced.entries {
            self.tell(entry);
            self.tell_wave(entry);
            self.tell_pin(entry);
        }
        self.show(&advanced.entries, &advanced.progress);
    }

    fn show(&mut self, entries: &[SeenEntry], progress: &Progress) {
        let now = WallClock.now();
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
                    self.printer.data(&json_line(entry));
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

    /// What people want to know at once.
    fn tell(&mut self, entry: &SeenEntry) {
        let Some(news) = &entry.news else { return };
        let text = match news {
            RunNews::Paused { until, reason }
                if until.remaining_ms(entry.at) >= PAUSE_TOLD_MS
                    || entry.at.remaining_ms(self.pause_told_at) >= PAUSE_TOLD_MS =>
            {
                self.pause_told_at = entry.at;
                format!("paused until {until}: {reason}")
            }
            RunNews::Doubted => {
                let Some(task) = self.sought_first(entry) else { return };
                self.is_settling_told = true;
                let waits = match self.has_waves && task.wave == 0 {
                    true => {
                        "; the first wave is in doubt, and nothing more is sent until that is settled"
                    }
                    false => "",
                };
                format!(
                    "an answer was lost (row {}); what became of the request is read {} from now, because until then it may still be applied{waits}; Ctrl-C leaves that to a resume",
                    task.row,
                    human_duration(self.quarantine_ms)
                )
            }
            RunNews::Stopped { cause: StopCause::Operator, .. } => {
                "draining: nothing more is sent; press Ctrl-C again to leave at once".to_owned()
            }
            RunNews::Stopped { reason, .. } => format!("stopping: {reason}"),
            RunNews::CanaryAdded { reason } => {
                format!("the first wave is silent, one more device tries ({reason})")
            }
            RunNews::Woke { slept_ms } => {
                let slept = human_duration(*slept_ms);
                format!(
                    "this machine slept for {slept}; window, deadline and targets are looked at again"
                )
            }
            RunNews::ActionStopped { action, reason } => {
                format!("{action} is not sent any more: {reason}")
            }
            _ => return,
        };
        if !matches!(self.display, Display::Json) {
            self.beside_bars(|| self.printer.warn(&text));
        }
    }

    /// How far the run has spread.
    fn tell_wave(&self, entry: &SeenEntry) {
        let Some(RunNews::WaveBegun { wave, not_before, reason }) = &entry.news else { return };
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

    /// The task of the first doubt that reading can settle.
    fn sought_first<'a>(&self, entry: &'a SeenEntry) -> Option<&'a SeenTask> {
        entry.task.as_ref().filter(|task| !self.is_settling_told && task.is_sought)
    }

    /// Where a PIN can be seen, the moment that it is on disk; and above all when two do not agree.
    fn tell_pin(&mut self, entry: &SeenEntry) {
        let Some(task) = &entry.task else { return };
        for fact in &entry.pins {
            if let Some(text) = self.pins.warning(fact, entry.at, task) {
                self.beside_bars(|| self.printer.warn(&text));
            }
        }
        if entry.pins.contains(&PinFact::Kept)
            && !self.printer.is_quiet()
            && let Some(text) = self.pins.kept(task)
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

/// An entry for programs.
fn json_line(entry: &SeenEntry) -> String {
    let mut line = serde_json::json!({
        "at": entry.at.to_string(),
        "event": entry.kind,
    });
    let mut put = |key: &str, value: serde_json::Value| {
        line[key] = value;
    };
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
    line.to_string()
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
