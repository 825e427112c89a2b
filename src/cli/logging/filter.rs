//! Which events the log file gets.
//!
//! Owns the targets and the reading of a filter. Must never let an event of a library pass: an HTTP client logs headers, and one
//! of them is the token.

use tracing::level_filters::LevelFilter;

/// A part of the program that the filter can name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogTarget {
    /// Its name in a filter.
    pub short: &'static str,
    /// Its name in the lines.
    pub full: &'static str,
}

const fn target(short: &'static str, full: &'static str) -> LogTarget {
    LogTarget { short, full }
}

/// All targets. Events of others never reach the file.
pub(crate) const LOG_TARGETS: [LogTarget; 5] = [
    target("command", "sortie::command"),
    target("plan", "sortie::plan"),
    target("run", "sortie::run"),
    target("transport", "sortie::transport"),
    target("notice", "sortie::notice"),
];

/// What a filter may call each level.
pub(crate) const LOG_LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// A level for each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFilter([LevelFilter; LOG_TARGETS.len()]);

impl Default for LogFilter {
    fn default() -> Self {
        Self([LevelFilter::INFO; LOG_TARGETS.len()])
    }
}

impl LogFilter {
    /// Reads `info`, `transport=debug` or several of both, separated by commas. What a filter with targets leaves out stays at
    /// `info`. `Err` is the part that means nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let level = |word: &str| {
            let found = LOG_LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            found.map(|(_, level)| *level)
        };
        let mut filter = Self::default();
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        // A level for all counts less than one for a target, wherever it stands.
        for part in parts.iter().filter(|part| !part.contains('=')) {
            filter.0.fill(level(part).ok_or_else(|| (*part).to_owned())?);
        }
        for part in parts {
            let Some((name, word)) = part.split_once('=') else { continue };
            let at = LOG_TARGETS.iter().position(|it| it.short == name || it.full == name);
            match (at, level(word)) {
                (Some(at), Some(level)) => filter.0[at] = level,
                (None, Some(level)) if name == "sortie" => filter.0.fill(level),
                _ => return Err(part.to_owned()),
            }
        }
        Ok(filter)
    }

    /// Whether an event reaches the file.
    pub(crate) fn passes(&self, target: &str, level: tracing::Level) -> bool {
        let at = LOG_TARGETS.iter().position(|known| known.full == target);
        at.is_some_and(|at| level <= self.0[at])
    }

    /// The most verbose level of all targets.
    pub(crate) fn most_verbose(&self) -> LevelFilter {
        self.0.into_iter().max().unwrap_or(LevelFilter::OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_level_for_a_target_outranks_the_level_for_all() {
        for text in ["transport=debug,warn", "warn, sortie::transport=DEBUG"] {
            let filter = LogFilter::parse(text).expect("a filter");
            assert!(filter.passes("sortie::transport", Level::DEBUG), "{text}");
            assert!(!filter.passes("sortie::transport", Level::TRACE), "{text}");
            assert!(filter.passes("sortie::run", Level::WARN), "{text}");
            assert!(!filter.passes("sortie::run", Level::INFO), "{text}");
            assert_eq!(filter.most_verbose(), LevelFilter::DEBUG);
        }
        let only = LogFilter::parse("run=debug").expect("a filter");
        assert!(only.passes("sortie::notice", Level::INFO));
        assert!(!LogFilter::parse("off").expect("a filter").passes("sortie::run", Level::ERROR));
    }

    #[test]
    fn no_event_of_a_library_passes_at_any_level() {
        let all = LogFilter::parse("trace,sortie=trace").expect("a filter");
        for target in ["hyper_util::client", "reqwest::connect", "rustls", "sortie", "sortie::runs"]
        {
            assert!(!all.passes(target, Level::ERROR), "{target}");
        }
        assert!(all.passes("sortie::transport", Level::TRACE));
    }

    #[test]
    fn a_filter_that_means_nothing_is_refused_by_its_part() {
        for (text, part) in [
            ("", ""),
            ("verbose", "verbose"),
            ("info,hyper=trace", "hyper=trace"),
            ("run=loud,info", "run=loud"),
            ("info,,run=debug", ""),
        ] {
            assert_eq!(LogFilter::parse(text), Err(part.to_owned()), "{text}");
        }
    }
}
