//! Lasting lines about a run: pauses, waves, doubts, stops, PINs.
//!
//! Owns the texts, and how often each is given. Must never see a PIN.

use super::live_run::Viewpoint;
use crate::app::{PinFact, RunBegins, RunNews, SeenEntry, SeenTask};
use crate::cli::text::layout::thousands;
use crate::cli::text::notices::Notice;
use crate::cli::text::pin_news::{PinNews, word_of};
use crate::engine::Ask;
use crate::model::{StopCause, UnixMillis, human_duration};

/// A pause is shown when it lasts at least this long in milliseconds, or when none was shown for that time: short pauses
/// come in crowds.
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
                    Viewpoint::Driver if reason == "Ctrl-C" => {
                        "; press Ctrl-C again to leave at once"
                    }
                    Viewpoint::Driver => "; press Ctrl-C to leave at once",
                    Viewpoint::Onlooker => "",
                };
                let why = if reason == "Ctrl-C" { String::new() } else { format!(" ({reason})") };
                format!("stopping{why}: no more requests are sent{again}")
            }
            RunNews::Stopped { reason, .. } => format!("stopping: {reason}"),
            // The view shows the counts; the journal keeps the reason.
            RunNews::CanaryAdded { .. } => {
                "no device of wave 1 has reported; one more device joins it".to_owned()
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

/// The question before the next wave: what it sends, where, and what to type.
pub(crate) fn wave_prompt(question: &Ask, tenant: &str) -> String {
    let wave = u32::from(question.wave) + 1;
    let requests = match question.tasks {
        1 => "1 request".to_owned(),
        tasks => format!("{} requests", thousands(tasks)),
    };
    format!(
        "\n{}\nStart wave {wave}, {requests} to {tenant}?\n\
         Type \"y\" to start it; anything else stops the run: ",
        question.reason
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::text::live::testing::{START, begins, entry, task};
    use crate::model::Outcome;

    /// The texts about news, with what logs alone get behind `log:`.
    fn texts(told: &mut RunTold, at: UnixMillis, news: RunNews) -> Vec<String> {
        let task = task("C02AA1ABJGH5", Outcome::InDoubt, "no answer");
        let entry = SeenEntry { news: Some(news), ..entry(at, "news", Some(task)) };
        let texts = told.texts(&entry).into_iter().map(|text| match text.notice {
            Notice::Warning(words) if text.is_in_view => format!("log: {words}"),
            Notice::Warning(words) => format!("warning: {words}"),
            Notice::News(words) => words,
        });
        texts.collect()
    }

    #[test]
    fn a_wave_says_how_the_one_before_ended_and_when_it_starts() {
        let mut told = RunTold::new(&begins(), Viewpoint::Driver);
        let begun = |not_before| RunNews::WaveBegun {
            wave: 1,
            not_before,
            reason: "wave 1/4: 1 ok, 0 failed, 0 pending".to_owned(),
        };
        let said = texts(&mut told, START, begun(START.plus_ms(60_000)));
        assert_eq!(said, ["wave 1/4: 1 ok, 0 failed, 0 pending; wave 2 starts in 1 min"]);
        let said = texts(&mut told, START, begun(START));
        assert_eq!(said, ["wave 1/4: 1 ok, 0 failed, 0 pending; starting wave 2"]);
    }

    #[test]
    fn the_first_doubt_says_when_it_is_checked() {
        let mut told = RunTold::new(&begins(), Viewpoint::Driver);
        let said = texts(&mut told, START, RunNews::Doubted);
        assert_eq!(
            said,
            [
                "warning: restart of C02AA1ABJGH5 (row 1) is in doubt: no answer came, and the request \
              may still be applied; sortie checks the device in 10 min; nothing more is sent until \
              then, because it is in wave 1"
            ]
        );
        assert_eq!(
            texts(&mut told, START, RunNews::Doubted),
            [""; 0],
            "the others wait for it too"
        );
    }

    #[test]
    fn a_stop_says_what_ctrl_c_does_only_where_it_does_that() {
        let stopped = |reason: &str| RunNews::Stopped {
            cause: StopCause::Operator,
            reason: reason.to_owned(),
        };
        for (viewpoint, reason, text) in [
            (
                Viewpoint::Driver,
                "Ctrl-C",
                "warning: stopping: no more requests are sent; press Ctrl-C again to leave at once",
            ),
            (Viewpoint::Onlooker, "Ctrl-C", "warning: stopping: no more requests are sent"),
            (
                Viewpoint::Driver,
                "SIGTERM",
                "warning: stopping (SIGTERM): no more requests are sent; press Ctrl-C to leave at once",
            ),
            (
                Viewpoint::Onlooker,
                "SIGTERM",
                "warning: stopping (SIGTERM): no more requests are sent",
            ),
        ] {
            let mut told = RunTold::new(&begins(), viewpoint);
            assert_eq!(texts(&mut told, START, stopped(reason)), [text]);
        }
    }

    #[test]
    fn short_pauses_are_shown_at_most_twice_a_minute_in_logs_only() {
        let mut told = RunTold::new(&begins(), Viewpoint::Driver);
        let mut paused = |at: UnixMillis, pause_ms| {
            let until = at.plus_ms(pause_ms);
            texts(&mut told, at, RunNews::Paused { until, reason: "HTTP 429".to_owned() })
        };
        assert_eq!(paused(START, 2_000), ["log: paused for 2 s: HTTP 429"]);
        assert_eq!(paused(START.plus_ms(5_000), 2_000), [""; 0]);
        assert_eq!(paused(START.plus_ms(6_000), 60_000), ["log: paused for 1 min: HTTP 429"]);
        assert_eq!(paused(START.plus_ms(40_000), 2_000).len(), 1);
    }

    #[test]
    fn a_question_says_what_the_wave_sends_and_what_to_type() {
        let reason = "wave 1/4: 1 ok, 0 failed, 0 pending".to_owned();
        let question = Ask { wave: 1, tasks: 1_200, reason };
        assert_eq!(
            wave_prompt(&question, "acme.api.kandji.io"),
            "\nwave 1/4: 1 ok, 0 failed, 0 pending\nStart wave 2, 1,200 requests to \
             acme.api.kandji.io?\nType \"y\" to start it; anything else stops the run: "
        );
    }
}
