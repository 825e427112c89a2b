//! From texts to values, once for every source.
//!
//! Owns what a setting accepts and the faults of what it does not. A fault is data; each front end has the words. Must
//! never repeat the text itself: it may be a secret in the wrong place.

use std::path::PathBuf;

use super::row::{SettingKind, SettingSpec};
use super::value::{SettingLayer, SettingValue};
use crate::model::{IfRunning, MaxErrors, UnixMillis, WaveEnd, parse_duration_ms};

/// How public keys of age begin.
const KEY_PREFIX: &str = "age1";

/// A text that a setting does not take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingError {
    /// Which of the texts, from 0; `None` for all of them together.
    pub item: Option<usize>,
    /// What is wrong with it.
    pub fault: SettingFault,
}

/// What is wrong with a text: what was expected in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingFault {
    /// `true` or `false` was expected.
    Switch,
    /// A whole number within limits was expected.
    Count {
        /// Smallest number.
        least: u32,
        /// Largest number.
        most: u32,
    },
    /// A whole number of 64 bits was expected.
    Number,
    /// A duration was expected.
    Duration,
    /// The duration is too short.
    TooShort {
        /// Shortest, in milliseconds.
        least_ms: u64,
    },
    /// The duration is too long.
    TooLong {
        /// Longest, in milliseconds.
        most_ms: u64,
    },
    /// A duration or a moment was expected.
    DurationOrMoment,
    /// A number or a share was expected.
    CountOrShare,
    /// A number of devices or a share was expected.
    WaveEnd,
    /// A wave reaches no more devices than one before it.
    WaveOrder {
        /// The earlier wave.
        before: WaveEnd,
        /// The wave.
        wave: WaveEnd,
    },
    /// There are more items than allowed.
    TooMany {
        /// How many there are.
        found: usize,
        /// Most items.
        most: usize,
    },
    /// One of the setting's words was expected.
    Word,
    /// An item is given twice.
    Repeated,
    /// A path contains a control character.
    ControlCharacter,
    /// What to do while another run is in progress was expected.
    IfRunning,
    /// A public key of age was expected.
    Key,
    /// A name of letters, digits, `-` and `_` was expected.
    Name,
    /// The setting is not read from a text.
    NotAText,
}

impl SettingSpec {
    /// Reads one text, or the items of a list. Limits that hold in jobs only are those of [`SettingLayer::Job`].
    ///
    /// ```
    /// use sortie::model::settings::{SettingFault, SettingLayer, SettingValue, pace};
    /// let read = |text| pace::PER_SECOND.read(&[text], SettingLayer::Job);
    /// assert_eq!(read("20"), Ok(SettingValue::Count(20)));
    /// let fault = read("60").expect_err("too many")[0].fault;
    /// assert_eq!(fault, SettingFault::Count { least: 1, most: 50 });
    /// ```
    ///
    /// # Errors
    /// Every text that the setting does not take, with its position.
    pub fn read(
        &self,
        texts: &[&str],
        layer: SettingLayer,
    ) -> Result<SettingValue, Vec<SettingError>> {
        let is_job = layer == SettingLayer::Job;
        match self.kind {
            SettingKind::WaveEnds { items_max } => {
                read_waves(texts, if is_job { items_max } else { usize::MAX }, is_job)
            }
            SettingKind::Words(words) => read_words(texts, words, is_job),
            SettingKind::Keys { items_max } => read_keys(texts, items_max),
            SettingKind::Names { items_max } => read_names(texts, items_max),
            _ => {
                let text = texts.first().copied().unwrap_or_default();
                self.read_one(text, is_job)
                    .map_err(|fault| vec![SettingError { item: Some(0), fault }])
            }
        }
    }

    /// Reads a text. Flags are not held to the limits of jobs, which catch slips of the unit in files.
    fn read_one(&self, text: &str, is_job: bool) -> Result<SettingValue, SettingFault> {
        match self.kind {
            SettingKind::Switch => match text {
                "true" => Ok(SettingValue::Switch(true)),
                "false" => Ok(SettingValue::Switch(false)),
                _ => Err(SettingFault::Switch),
            },
            SettingKind::Count { least, most, most_of_flag } => {
                let most = if is_job { most } else { most_of_flag };
                let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let count = text.parse().ok().filter(|count| (least..=most).contains(count));
                let count = count.filter(|_| is_digits || !is_job);
                count.map(SettingValue::Count).ok_or(SettingFault::Count { least, most })
            }
            SettingKind::Number | SettingKind::Repeats => {
                text.parse().map(SettingValue::Number).map_err(|_| SettingFault::Number)
            }
            SettingKind::Duration { least_ms, most_ms } => {
                let duration_ms = parse_duration_ms(text).ok_or(SettingFault::Duration)?;
                match duration_ms {
                    short if is_job && short < least_ms => Err(SettingFault::TooShort { least_ms }),
                    long if is_job && long > most_ms => Err(SettingFault::TooLong { most_ms }),
                    _ => Ok(SettingValue::Duration(duration_ms)),
                }
            }
            SettingKind::DurationOrMoment { most_ms } => {
                let duration_ms = parse_duration_ms(text);
                if !is_job {
                    return duration_ms.map(SettingValue::Duration).ok_or(SettingFault::Duration);
                }
                let moment = UnixMillis::parse(text).map(SettingValue::Moment);
                let within = duration_ms.filter(|span_ms| *span_ms > 0 && *span_ms <= most_ms);
                moment.or(within.map(SettingValue::Duration)).ok_or(SettingFault::DurationOrMoment)
            }
            SettingKind::CountOrShare => MaxErrors::parse(text)
                .map(SettingValue::MaxErrors)
                .ok_or(SettingFault::CountOrShare),
            SettingKind::Word(words) => {
                find(words, text).map(SettingValue::Word).ok_or(SettingFault::Word)
            }
            SettingKind::IfRunning => {
                let choice = IfRunning::parse(text).map(SettingValue::IfRunning);
                choice.ok_or(SettingFault::IfRunning)
            }
            SettingKind::Text => Ok(SettingValue::Text(text.to_owned())),
            SettingKind::Path if is_job && text.chars().any(char::is_control) => {
                Err(SettingFault::ControlCharacter)
            }
            SettingKind::Path => Ok(SettingValue::Path(PathBuf::from(text))),
            SettingKind::WaveEnds { .. }
            | SettingKind::Words(_)
            | SettingKind::Keys { .. }
            | SettingKind::Names { .. }
            | SettingKind::Window => Err(SettingFault::NotAText),
        }
    }
}

fn find(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|word| **word == text).copied()
}

/// The value, or everything that is wrong.
fn settled(
    value: SettingValue,
    errors: Vec<SettingError>,
) -> Result<SettingValue, Vec<SettingError>> {
    if errors.is_empty() { Ok(value) } else { Err(errors) }
}

fn refuse_more(texts: &[&str], most: usize) -> Result<(), Vec<SettingError>> {
    if texts.len() <= most {
        return Ok(());
    }
    let fault = SettingFault::TooMany { found: texts.len(), most };
    Err(vec![SettingError { item: None, fault }])
}

fn read_waves(
    texts: &[&str],
    items_max: usize,
    is_job: bool,
) -> Result<SettingValue, Vec<SettingError>> {
    refuse_more(texts, items_max)?;
    let (mut waves, mut errors) = (Vec::new(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        let Some(wave) = WaveEnd::parse(text) else {
            errors.push(SettingError { item: Some(at), fault: SettingFault::WaveEnd });
            continue;
        };
        let before = waves.iter().copied().find(|before| !may_follow(*before, wave));
        if let Some(before) = before.filter(|_| is_job) {
            let fault = SettingFault::WaveOrder { before, wave };
            errors.push(SettingError { item: Some(at), fault });
        }
        waves.push(wave);
    }
    settled(SettingValue::Waves(waves), errors)
}

/// Whether a wave may come after another, as far as known without the number of devices.
fn may_follow(before: WaveEnd, wave: WaveEnd) -> bool {
    match (before, wave) {
        (WaveEnd::Devices(before), WaveEnd::Devices(devices)) => before < devices,
        (WaveEnd::Percent(before), WaveEnd::Percent(percent)) => before < percent,
        _ => true,
    }
}

fn read_words(
    texts: &[&str],
    known: &[&'static str],
    is_job: bool,
) -> Result<SettingValue, Vec<SettingError>> {
    let (mut words, mut errors) = (Vec::new(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        match find(known, text) {
            Some(word) if !words.contains(&word) => words.push(word),
            Some(_) if !is_job => {}
            Some(_) => errors.push(SettingError { item: Some(at), fault: SettingFault::Repeated }),
            None => errors.push(SettingError { item: Some(at), fault: SettingFault::Word }),
        }
    }
    settled(SettingValue::Words(words), errors)
}

/// Reads names, each once.
fn read_names(texts: &[&str], items_max: usize) -> Result<SettingValue, Vec<SettingError>> {
    refuse_more(texts, items_max)?;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let (mut names, mut errors) = (Vec::<String>::new(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        let fault = match text {
            text if names.iter().any(|name| name == text) => SettingFault::Repeated,
            text if text.is_empty() || !text.chars().all(is_letter) => SettingFault::Name,
            text => {
                names.push((*text).to_owned());
                continue;
            }
        };
        errors.push(SettingError { item: Some(at), fault });
    }
    settled(SettingValue::Texts(names), errors)
}

/// Reads public keys by their form. Their check digits are tested where they are put to use.
fn read_keys(texts: &[&str], items_max: usize) -> Result<SettingValue, Vec<SettingError>> {
    refuse_more(texts, items_max)?;
    let is_key_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_key = |text: &str| {
        text.strip_prefix(KEY_PREFIX)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_key_letter))
    };
    let wrong = texts.iter().enumerate().filter(|(_, text)| !is_key(text));
    let errors =
        wrong.map(|(at, _)| SettingError { item: Some(at), fault: SettingFault::Key }).collect();
    settled(SettingValue::Texts(texts.iter().map(|text| (*text).to_owned()).collect()), errors)
}
