//! Where a text goes: how wide it may be, whether colors reach it, and in which zone its times are shown.
//!
//! Owns what differs between a terminal and a file or pipe. Must never write anything. Colors only repeat what the words
//! already say.

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;

use crate::model::UnixMillis;

/// The place that a text is laid out for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    /// Columns of the terminal; `None` where nothing is shortened: files, pipes, programs.
    pub width: Option<usize>,
    /// Lines of the terminal; `None` where there is none, so nothing is paged.
    pub height: Option<usize>,
    pub has_colors: bool,
    /// The zone of times for people; `None` shows RFC 3339 in UTC.
    pub zone: Option<TimeZone>,
}

/// What a color repeats.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// It went well.
    Good,
    /// It needs attention: pending, skipped, a warning.
    Caution,
    /// It failed, or cannot be undone.
    Bad,
    /// Less important than what stands beside it.
    Faint,
    /// A heading, or what to type.
    Strong,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Caution => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

impl Screen {
    /// A file, a pipe or a program: nothing is shortened or colored, times are RFC 3339.
    pub(crate) fn plain() -> Self {
        Self::default()
    }

    /// A moment: local time with its zone for people, RFC 3339 elsewhere.
    pub(crate) fn time(&self, at: UnixMillis) -> String {
        match (&self.zone, jiff::Timestamp::from_millisecond(at.0)) {
            (Some(zone), Ok(moment)) => {
                moment.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
            }
            _ => at.to_string(),
        }
    }

    /// A text that carries no control characters, in a color where the screen has any.
    pub(crate) fn toned(&self, tone: Tone, text: &str) -> String {
        match self.has_colors && tone != Tone::Plain {
            true => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
            false => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_for_people_and_utc_for_programs() {
        let at = UnixMillis(1_796_000_000_000);
        assert_eq!(Screen::plain().time(at), at.to_string());
        let zone = TimeZone::get("Europe/Berlin").expect("it is bundled");
        let screen = Screen { zone: Some(zone), ..Screen::plain() };
        assert_eq!(screen.time(at), "2026-11-30 01:53 CET");
    }

    #[test]
    fn colors_reach_only_a_screen_that_has_them() {
        assert_eq!(Screen::plain().toned(Tone::Bad, "failed"), "failed");
        let screen = Screen { has_colors: true, ..Screen::plain() };
        assert!(screen.toned(Tone::Bad, "failed").contains("\u{1b}["));
        assert_eq!(screen.toned(Tone::Plain, "failed"), "failed");
    }
}
