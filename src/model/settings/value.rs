//! Values with their sources.
//!
//! Owns the order of the sources, and the merge: the strongest source wins. Must never fill in a default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::row::SettingSpec;
use crate::model::{IfRunning, MaxErrors, Sealed, UnixMillis, WaveEnd, Window, human_duration};

/// The value of a setting. Durations are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// On or off.
    Switch(bool),
    /// A number within the limits of the setting.
    Count(u32),
    /// A number of 64 bits.
    Number(u64),
    /// A duration.
    Duration(u64),
    /// A moment.
    Moment(UnixMillis),
    /// A number of tasks or a share.
    MaxErrors(MaxErrors),
    /// Where waves end.
    Waves(Vec<WaveEnd>),
    /// One of the setting's words.
    Word(&'static str),
    /// Some of the setting's words.
    Words(Vec<&'static str>),
    /// Free text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A file or a directory.
    Path(PathBuf),
    /// Days and hours.
    Window(Window),
    /// What to do while another run is in progress.
    IfRunning(IfRunning),
    /// A secret, such as a token.
    Secret(Sealed),
}

/// The kinds of sources, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingLayer {
    /// The command line.
    Flag,
    /// The environment.
    Variable,
    /// The job.
    Job,
    /// A profile of the configuration.
    Profile,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// A flag, without its dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The job, with the line in its file; 0 where no file says it.
    Job {
        /// The line, from 1.
        line: u32,
    },
    /// The profile, or the part of the configuration that holds for all profiles.
    Profile,
}

impl SettingSource {
    /// The kind of source.
    #[must_use]
    pub fn layer(self) -> SettingLayer {
        match self {
            Self::Flag(_) => SettingLayer::Flag,
            Self::Variable(_) => SettingLayer::Variable,
            Self::Job { .. } => SettingLayer::Job,
            Self::Profile => SettingLayer::Profile,
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedValue {
    /// The value.
    pub value: SettingValue,
    /// Where it comes from.
    pub source: SettingSource,
}

/// The values of many settings, from one source or from several.
///
/// ```
/// use sortie::model::settings::{SettingSource, SettingValue, SettingValues, pace};
/// let mut values = SettingValues::default();
/// values.set(&pace::PER_SECOND, SettingValue::Count(20), SettingSource::Profile);
/// values.set(&pace::PER_SECOND, SettingValue::Count(5), SettingSource::Flag("per-second"));
/// assert_eq!(values.count(&pace::PER_SECOND), Some(5));
/// assert_eq!(values.count(&pace::PER_HOUR), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingValues {
    /// By the name of the setting, strongest source first.
    placed: BTreeMap<&'static str, Vec<PlacedValue>>,
}

impl SettingValues {
    /// Sets a value. It replaces the value of a source of the same kind.
    pub fn set(&mut self, setting: &SettingSpec, value: SettingValue, source: SettingSource) {
        let placed = self.placed.entry(setting.name).or_default();
        placed.retain(|old| old.source.layer() != source.layer());
        placed.push(PlacedValue { value, source });
        placed.sort_by_key(|placed| placed.source.layer());
    }

    /// Takes a value back, from all sources.
    pub fn clear(&mut self, setting: &SettingSpec) {
        self.placed.remove(setting.name);
    }

    /// These values together with others. Which are given first makes no difference, unless both have a value from
    /// sources of one kind: then the others win.
    #[must_use]
    pub fn merged(mut self, others: &Self) -> Self {
        for (name, placed) in &others.placed {
            let mine = self.placed.entry(name).or_default();
            for other in placed {
                mine.retain(|old| old.source.layer() != other.source.layer());
                mine.push(other.clone());
            }
            mine.sort_by_key(|placed| placed.source.layer());
        }
        self
    }

    /// These values without those of one kind of source.
    #[must_use]
    pub fn without(mut self, layer: SettingLayer) -> Self {
        for placed in self.placed.values_mut() {
            placed.retain(|placed| placed.source.layer() != layer);
        }
        self.placed.retain(|_, placed| !placed.is_empty());
        self
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    /// The values of a setting from all sources, strongest first.
    #[must_use]
    pub fn all(&self, setting: &SettingSpec) -> &[PlacedValue] {
        self.placed.get(setting.name).map_or(&[], Vec::as_slice)
    }

    /// The value that counts, with its source.
    #[must_use]
    pub fn placed(&self, setting: &SettingSpec) -> Option<&PlacedValue> {
        self.all(setting).first()
    }

    /// The value that counts.
    #[must_use]
    pub fn get(&self, setting: &SettingSpec) -> Option<&SettingValue> {
        self.placed(setting).map(|placed| &placed.value)
    }

    /// The value from sources of one kind.
    #[must_use]
    pub fn of_layer(&self, setting: &SettingSpec, layer: SettingLayer) -> Option<&PlacedValue> {
        self.all(setting).iter().find(|placed| placed.source.layer() == layer)
    }

    /// The kind of source whose value counts.
    #[must_use]
    pub fn layer(&self, setting: &SettingSpec) -> Option<SettingLayer> {
        self.placed(setting).map(|placed| placed.source.layer())
    }

    /// Whether a switch is on; one that is not set is off.
    #[must_use]
    pub fn is_on(&self, setting: &SettingSpec) -> bool {
        matches!(self.get(setting), Some(SettingValue::Switch(true)))
    }

    /// The value of a switch.
    #[must_use]
    pub fn switch(&self, setting: &SettingSpec) -> Option<bool> {
        match self.get(setting)? {
            SettingValue::Switch(is_on) => Some(*is_on),
            _ => None,
        }
    }

    /// The value of a setting that takes a number.
    #[must_use]
    pub fn count(&self, setting: &SettingSpec) -> Option<u32> {
        match self.get(setting)? {
            SettingValue::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// A number of 64 bits.
    #[must_use]
    pub fn number(&self, setting: &SettingSpec) -> Option<u64> {
        match self.get(setting)? {
            SettingValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A duration, in milliseconds.
    #[must_use]
    pub fn duration_ms(&self, setting: &SettingSpec) -> Option<u64> {
        match self.get(setting)? {
            SettingValue::Duration(duration_ms) => Some(*duration_ms),
            _ => None,
        }
    }

    /// A number of errors or a share of tasks.
    #[must_use]
    pub fn max_errors(&self, setting: &SettingSpec) -> Option<MaxErrors> {
        match self.get(setting)? {
            SettingValue::MaxErrors(max_errors) => Some(*max_errors),
            _ => None,
        }
    }

    /// The ends of the waves.
    #[must_use]
    pub fn waves(&self, setting: &SettingSpec) -> Option<&[WaveEnd]> {
        match self.get(setting)? {
            SettingValue::Waves(waves) => Some(waves),
            _ => None,
        }
    }

    /// The value of a setting that takes one of several words.
    #[must_use]
    pub fn word(&self, setting: &SettingSpec) -> Option<&'static str> {
        match self.get(setting)? {
            SettingValue::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Words; those of all sources where the setting is a union.
    #[must_use]
    pub fn words(&self, setting: &SettingSpec) -> Option<Vec<&'static str>> {
        let counted = if setting.is_union { usize::MAX } else { 1 };
        let placed = self.all(setting).iter().take(counted);
        let lists = placed.filter_map(|placed| match &placed.value {
            SettingValue::Words(words) => Some(words.clone()),
            _ => None,
        });
        lists.reduce(|mut words, more| {
            for word in more {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words
        })
    }

    /// The value of a setting that takes a text.
    #[must_use]
    pub fn text(&self, setting: &SettingSpec) -> Option<&str> {
        match self.get(setting)? {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a setting that takes several texts.
    #[must_use]
    pub fn texts(&self, setting: &SettingSpec) -> Option<&[String]> {
        match self.get(setting)? {
            SettingValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// A file or a directory.
    #[must_use]
    pub fn path(&self, setting: &SettingSpec) -> Option<&Path> {
        match self.get(setting)? {
            SettingValue::Path(path) => Some(path),
            _ => None,
        }
    }

    /// What to do while another run is in progress.
    #[must_use]
    pub fn if_running(&self, setting: &SettingSpec) -> Option<IfRunning> {
        match self.get(setting)? {
            SettingValue::IfRunning(choice) => Some(*choice),
            _ => None,
        }
    }

    /// The value of a setting that takes a window.
    #[must_use]
    pub fn window(&self, setting: &SettingSpec) -> Option<&Window> {
        match self.get(setting)? {
            SettingValue::Window(window) => Some(window),
            _ => None,
        }
    }
}

impl SettingValue {
    /// The value as a listing shows it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Switch(is_on) => is_on.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Duration(duration_ms) => human_duration(*duration_ms),
            Self::Moment(moment) => moment.to_string(),
            Self::MaxErrors(MaxErrors::Count(count)) => count.to_string(),
            Self::MaxErrors(MaxErrors::Percent(percent)) => format!("{percent}%"),
            Self::Waves(waves) => {
                waves.iter().map(|wave| wave.shown()).collect::<Vec<_>>().join(", ")
            }
            Self::Word(word) => (*word).to_owned(),
            Self::Words(words) => words.join(", "),
            Self::Text(text) => text.clone(),
            Self::Texts(texts) => texts.join(", "),
            Self::Path(path) => path.display().to_string(),
            Self::Window(window) => window.shown(),
            Self::IfRunning(choice) => choice.shown(),
            Self::Secret(_) => "given".to_owned(),
        }
    }
}
