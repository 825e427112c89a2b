//! What people want to know at once of a run under way.
//!
//! Owns the texts, and how often each is given. Must never see a PIN.

use super::live_run::Viewpoint;
use crate::app::{PinFact, RunBegins, RunNews, SeenEntry, SeenTask};
use crate::cli::text::notices::Notice;
use crate::cli::text::pin_news::{PinNews, word_of};
use crate::model::{StopCause, UnixMillis, human_duration};

/// A pause is shown when it lasts at least this long, or when none was shown for as long: short ones come
/// in crowds.
const PAUSE_TOLD_MS: u64 = 30_000;

/// A text about a run.
pub(crate) struct Lasting {
    pub notice: Notice,
    /// The live view shows the same while it matters, so only logs get it.
    pub is_in_view: bool,
}

/// What has been told of a run.
pub(crate) struct RunTold {
    pins: PinNews,
    quarantine_ms: u64,
    has_waves: bool,
    viewpoint: Viewpoint,
    pause_told_at: UnixMillis,
    is_doubt_told: bool,
}

impl RunTold {
    pub(crate) fn new(begins: &RunBegins, viewpoint: Viewpoint) -> Self {
        Self {
            pins: PinNews::new(&begins.run),
            quarantine_ms: begins.quarantine_ms,
            has_waves: begins.has_waves,
            viewpoint,
            pause_told_at: UnixMillis(0),
            is_doubt_told: false,
        }
    }

    /// What there is to say about an entry.
    pub(crate) fn texts(&mut self, entry: &SeenEntry) -> Vec<Lasting> {
        let warning = |text| Lasting { notice: Notice::Warning(text), is_in_view: false };
        let news = |text| Lasting { notice: Notice::News(text), is_in_view: false };
        let mut texts = Vec::new();
        if let Some(text) = self.pause(entry) {
            texts.push(Lasting { notice: Notice::Warning(text), is_in_view: true });
        }
        texts.extend(self.change(entry).map(warning));
        texts.extend(wave(entry).map(news));
        if let Some(task) = &entry.task {
            let pins = &mut self.pins;
            let warnings = entry.pins.iter().filter_map(|fact| pins.warning(fact, entry.at, task));
            texts.extend(warnings.map(warning));
            if entry.pins.contains(&PinFact::Kept) {
                texts.extend(self.pins.kept(task).map(news));
            }
        }
        texts
    }

    fn pause(&mut self, entry: &SeenEntry) -> Option<String> {
        let Some(RunNews::Paused { until, reason }) = &entry.news else { return None };
        let is_long = until.remaining_ms(entry.at) >= PAUSE_TOLD_MS;
        if !is_long && entry.at.remaining_ms(self.pause_told_at) < PAUSE_TOLD_MS {
            return None;
        }
        self.pause_told_at = entry.at;
        let pause = human_duration(until.remaining_ms(entry.at));
        Some(format!("paused for {pause}: {reason}"))
    }

    fn change(&mut self, entry: &SeenEntry) -> Option<String> {
        Some(match entry.news.as_ref()? {
            RunNews::Doubted => return self.doubt(entry),
            RunNews::Stopped { cause: StopCause::Operator, reason } => {
                let again = match self.viewpoint {
                    Viewpoint::Driver => "; press Ctrl-C again to leave at once",
                    Viewpoint::Onlooker => "",
                };
                let why = if reason == "Ctrl-C" { String::new() } else { format!(" ({reason})") };
                format!("stopping{why}: no more requests are sent{again}")
            }
            RunNews::Stopped { reason, .. } => format!("stopping: {reason}"),
            RunNews::CanaryAdded { reason } => {
                format!("no device of wave 1 has reported; one more device joins it ({reason})")
            }
            RunNews::Woke { slept_ms } => format!(
                "this host slept for {}; window, deadline and targets are checked again",
                human_duration(*slept_ms)
            ),
            RunNews::ActionStopped { action, reason } => {
                format!("no more {action} requests are sent: {reason}")
            }
            RunNews::Paused { .. } | RunNews::WaveBegun { .. } => return None,
        })
    }

    /// The first doubt that reading can settle; the others wait for the same.
    fn doubt(&mut self, entry: &SeenEntry) -> Option<String> {
        let task = entry.task.as_ref().filter(|task| !self.is_doubt_told && task.is_sought)?;
        self.is_doubt_told = true;
        let waits = match self.has_waves && task.wave == 0 {
            true => "; nothing more is sent until then, because it is in wave 1",
            false => "",
        };
        Some(format!(
            "{} of {} (row {}) is in doubt: no answer came, and the request may still be applied; \
             sortie checks the device in {}{waits}",
            task.action,
            device(task),
            task.row,
            human_duration(self.quarantine_ms)
        ))
    }
}

/// How far the run has spread.
fn wave(entry: &SeenEntry) -> Option<String> {
    let Some(RunNews::WaveBegun { wave, not_before, reason }) = &entry.news else { return None };
    let next = wave + 1;
    Some(match not_before.remaining_ms(entry.at) {
        0 => format!("{reason}; starting wave {next}"),
        pause_ms => format!("{reason}; wave {next} starts in {}", human_duration(pause_ms)),
    })
}

fn device(task: &SeenTask) -> &str {
    word_of(&task.serial_number, &task.device_id)
}
