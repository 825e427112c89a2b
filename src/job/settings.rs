//! What a job says besides devices and actions, as a plan reads it.
//!
//! Owns the typed view of a job's settings. Must never fill in a default, and must never read a text.

use serde::{Deserialize, Serialize};

use super::RequiredDevices;
use crate::model::settings::{
    SettingSource, SettingSpec, SettingValue, SettingValues, output, safety, targets,
};

/// The settings in a job. What the job leaves out is not set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobSettings {
    /// The values, by the table of settings.
    pub values: SettingValues,
    /// Another system's list, read. No device is touched that it does not name.
    pub require: Option<RequiredDevices>,
}

/// What to do about the secrets that an erase or a delete removes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeforeLoss {
    /// Read and keep them before the request.
    Capture,
    /// They are kept elsewhere: do nothing.
    Elsewhere,
}

/// Kinds of named devices that cannot be done and that an operator may ask to skip.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipKind {
    /// The action or an option is not supported on the platform or OS.
    Unsupported,
    /// The device has been removed from management.
    Removed,
    /// No device fits.
    NotFound,
}

impl JobSettings {
    /// Sets a value that no file says, such as one that a retry takes from the journal.
    pub fn set(&mut self, setting: &SettingSpec, value: SettingValue) {
        self.values.set(setting, value, SettingSource::Job { line: 0 });
    }

    /// What to do about the secrets that an erase or a delete removes.
    #[must_use]
    pub fn before_loss(&self) -> Option<BeforeLoss> {
        BeforeLoss::of(&self.values)
    }

    /// Whether Macs may be deactivated by an action that does so to some.
    #[must_use]
    pub fn is_deactivation_allowed(&self) -> bool {
        self.values.is_on(&safety::ALLOW_DEACTIVATION)
    }

    /// The channels that the job names for its notifications; `None` where it names none.
    #[must_use]
    pub fn notify(&self) -> Option<Vec<String>> {
        self.values.texts(&output::NOTIFY).map(<[String]>::to_vec)
    }

    /// Kinds of refusal that become skips.
    #[must_use]
    pub fn skip_refused(&self) -> Vec<SkipKind> {
        SkipKind::of(&self.values)
    }
}

impl BeforeLoss {
    /// The choice among values; `None` where none says it.
    #[must_use]
    pub fn of(values: &SettingValues) -> Option<Self> {
        let word = values.word(&safety::BEFORE_LOSS)?;
        [Self::Capture, Self::Elsewhere].into_iter().find(|choice| choice.word() == word)
    }

    /// The word in jobs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl SkipKind {
    /// All kinds, in the order of the help.
    pub const ALL: [Self; 3] = [Self::Unsupported, Self::Removed, Self::NotFound];

    /// The kinds among values, those of all sources.
    #[must_use]
    pub fn of(values: &SettingValues) -> Vec<Self> {
        let words = values.words(&targets::SKIP_REFUSED).unwrap_or_default();
        words.into_iter().filter_map(Self::parse).collect()
    }

    /// The kind of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word in job files and flags.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Removed => "removed",
            Self::NotFound => "not_found",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::TargetField;

    #[test]
    fn every_word_of_the_table_has_a_meaning() {
        for word in targets::SKIP_WORDS {
            assert!(SkipKind::parse(word).is_some(), "{word}");
        }
        assert_eq!(SkipKind::ALL.len(), targets::SKIP_WORDS.len());
        for word in safety::BEFORE_LOSS_WORDS {
            let mut settings = JobSettings::default();
            settings.set(&safety::BEFORE_LOSS, SettingValue::Word(word));
            assert_eq!(settings.before_loss().map(BeforeLoss::word), Some(*word));
        }
        for word in targets::LIST_COLUMNS {
            assert!(TargetField::find(word).is_some(), "{word}");
        }
    }
}
