//! What becomes of a start while another run uses its job or one of its devices.
//!
//! Owns the words. Must never wait without an end.

use super::{human_duration, parse_duration_ms};

/// The words without a duration.
pub const IF_RUNNING_WORDS: [&str; 3] = ["fail", "skip", "wait"];
/// How long to wait where no duration is given, in milliseconds: a run of a few thousand devices ends within it.
const WAIT_MS_DEFAULT: u64 = 3_600_000;
/// Longest wait, in milliseconds: a day. The next start of a daily job would follow.
const WAIT_MS_MAX: u64 = 86_400_000;

/// What becomes of a start while another run uses its job or one of its devices.
///
/// ```
/// use sortie::model::IfRunning;
/// assert_eq!(IfRunning::parse("wait=30m"), Some(IfRunning::Wait { at_most_ms: 1_800_000 }));
/// assert_eq!(IfRunning::parse("wait=30"), None);
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum IfRunning {
    /// It is refused.
    #[default]
    Fail,
    /// It is left out, which is no error.
    Skip,
    /// It waits for the other run, then makes its plan anew.
    Wait {
        /// Longest wait, in milliseconds.
        at_most_ms: u64,
    },
}

impl IfRunning {
    /// The choice of a text: `fail`, `skip`, `wait` or `wait=DURATION`, from above zero to a day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fail" => Some(Self::Fail),
            "skip" => Some(Self::Skip),
            "wait" => Some(Self::Wait { at_most_ms: WAIT_MS_DEFAULT }),
            _ => {
                let at_most_ms = parse_duration_ms(text.strip_prefix("wait=")?)?;
                (1..=WAIT_MS_MAX).contains(&at_most_ms).then_some(Self::Wait { at_most_ms })
            }
        }
    }

    /// The choice for people.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::Fail => "fail".to_owned(),
            Self::Skip => "skip".to_owned(),
            Self::Wait { at_most_ms } => format!("wait {}", human_duration(at_most_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_has_an_end_within_a_day() {
        for (text, at_most_ms) in
            [("wait", 3_600_000), ("wait=1s", 1_000), ("wait=24h", 86_400_000)]
        {
            assert_eq!(IfRunning::parse(text), Some(IfRunning::Wait { at_most_ms }), "{text}");
        }
        for text in
            ["wait=", "wait=0", "wait=0s", "wait=10", "wait=25h", "wait=-1h", "waits", "WAIT", ""]
        {
            assert_eq!(IfRunning::parse(text), None, "{text}");
        }
        assert_eq!(IfRunning::parse("fail"), Some(IfRunning::default()));
        assert!(IF_RUNNING_WORDS.iter().all(|word| IfRunning::parse(word).is_some()));
    }
}
