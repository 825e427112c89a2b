//! Profiles of the configuration.
//!
//! Owns the form of the file, whose keys are those of the table of settings. Must never show a value in it:
//! tokens and keys are written there by mistake.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::app::files::toml_place::described;
use crate::app::notify::{NotifyChannel, is_channel_name};
use crate::model::settings::{
    SettingKind, SettingLayer, SettingSource, SettingSpec, SettingValue, SettingValues, safety,
    settings,
};

/// The keys of a profile that hold tables of their own.
const SECRETS: &str = "secrets";
const NOTIFY: &str = "notify";

/// One profile of the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The settings of the profile.
    pub values: SettingValues,
    /// The keys of those who may read PINs and captured secrets; the configuration's where the profile has none.
    pub secrets: SecretKeys,
    /// Its channels for notifications, by name.
    pub channels: BTreeMap<String, NotifyChannel>,
    /// Its name; `None` where no profile is in use.
    pub name: Option<String>,
    /// What chose the profile: a flag, a variable or the default.
    pub choice: ProfileChoice,
}

/// What names the profile.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum ProfileChoice {
    /// The configuration, as its default; the environment outranks its address.
    #[default]
    Default,
    /// The environment.
    Variable,
    /// The command line.
    Flag,
}

/// The table `[secrets]`, of the configuration or of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretKeys {
    /// Public keys (`age1...`). An empty list keeps secrets unencrypted, also where the configuration has keys.
    pub encrypt_to: Option<Vec<String>>,
    /// One key is enough.
    pub single_key: bool,
}

/// Why a profile cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// A profile is named, and there is no configuration.
    NoConfiguration {
        /// The name.
        name: String,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file is not a configuration.
    Invalid {
        /// The file.
        path: PathBuf,
        /// Place and problem, without a value.
        why: String,
    },
    /// The file has no profile of this name.
    NoSuchProfile {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The profiles that it has.
        known: Vec<String>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Configuration {
    pub(super) default_profile: Option<String>,
    secrets: SecretKeys,
    profile: BTreeMap<String, Profile>,
}

impl Configuration {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, ProfileError> {
        let unreadable = |error: std::io::Error| ProfileError::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
        };
        Self::parse(path, &std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Reads the text of the file at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ProfileError> {
        let invalid = |error: toml::de::Error| ProfileError::Invalid {
            path: path.to_owned(),
            why: described(text, &error),
        };
        toml::from_str(text).map_err(invalid)
    }

    /// Whether it has a profile of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.profile.contains_key(name)
    }

    /// Its profiles by name.
    pub(super) fn into_profiles(self) -> Vec<Profile> {
        let secrets = self.secrets;
        let named = |(name, profile): (String, Profile)| profile.named(name, &secrets);
        self.profile.into_iter().map(named).collect()
    }
}

impl Profile {
    /// Reads the profile that is asked for, else the default one of the configuration, else an empty one.
    ///
    /// # Errors
    /// A file that cannot be read or understood, or a profile that it does not have.
    pub fn read(
        path: Option<&Path>,
        asked: Option<&str>,
        choice: ProfileChoice,
    ) -> Result<Self, ProfileError> {
        let Some(path) = path else {
            return match asked {
                None => Ok(Self::default()),
                Some(name) => Err(ProfileError::NoConfiguration { name: name.to_owned() }),
            };
        };
        let mut configuration = Configuration::read(path)?;
        let secrets = configuration.secrets;
        let Some(name) = asked.map(str::to_owned).or(configuration.default_profile) else {
            return Ok(Self { secrets, ..Self::default() }.with_keys());
        };
        let known: Vec<String> = configuration.profile.keys().cloned().collect();
        let Some(profile) = configuration.profile.remove(&name) else {
            return Err(ProfileError::NoSuchProfile { path: path.to_owned(), name, known });
        };
        Ok(Self { choice, ..profile.named(name, &secrets) })
    }

    /// The profile of this name, with the configuration's keys where it has none.
    fn named(self, name: String, configuration: &SecretKeys) -> Self {
        let is_silent = self.secrets.encrypt_to.is_none();
        let secrets = if is_silent { configuration } else { &self.secrets }.clone();
        Self { name: Some(name), secrets, ..self }.with_keys()
    }

    /// The profile, with its keys among its values.
    fn with_keys(mut self) -> Self {
        if let Some(keys) = &self.secrets.encrypt_to {
            let source = SettingSource::Profile;
            self.values.set(&safety::ENCRYPT_TO, SettingValue::Texts(keys.clone()), source);
            let is_single = SettingValue::Switch(self.secrets.single_key);
            self.values.set(&safety::SINGLE_KEY, is_single, source);
        }
        self
    }

    /// Whether a person asked for it.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        self.choice != ProfileChoice::Default
    }
}

/// The keys of a profile, for messages.
static PROFILE_KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let keys = settings().filter_map(|setting| setting.profile_key);
    keys.filter(|key| !key.contains('.')).chain([NOTIFY, SECRETS]).collect()
});

/// A key of a profile.
enum ProfileKey {
    Setting(&'static SettingSpec),
    Notify,
    Secrets,
}

impl<'de> Deserialize<'de> for ProfileKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = ProfileKey;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("field identifier")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<ProfileKey, E> {
                match key {
                    SECRETS => return Ok(ProfileKey::Secrets),
                    NOTIFY => return Ok(ProfileKey::Notify),
                    _ => {}
                }
                settings()
                    .find(|setting| setting.profile_key == Some(key))
                    .map(ProfileKey::Setting)
                    .ok_or_else(|| E::unknown_field(key, &PROFILE_KEYS))
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProfileVisitor;
        impl<'de> Visitor<'de> for ProfileVisitor {
            type Value = Profile;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("struct Profile")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Profile, A::Error> {
                let mut profile = Profile::default();
                while let Some(key) = map.next_key::<ProfileKey>()? {
                    match key {
                        ProfileKey::Secrets => profile.secrets = map.next_value()?,
                        ProfileKey::Notify => profile.channels = channels(map.next_value()?)?,
                        ProfileKey::Setting(setting) => {
                            let value = next_value(&mut map, setting)?;
                            profile.values.set(setting, value, SettingSource::Profile);
                        }
                    }
                }
                Ok(profile)
            }
        }
        deserializer.deserialize_struct("Profile", &PROFILE_KEYS, ProfileVisitor)
    }
}

/// The channels, whose names jobs can write.
fn channels<E: Error>(
    channels: BTreeMap<String, NotifyChannel>,
) -> Result<BTreeMap<String, NotifyChannel>, E> {
    match channels.keys().all(|name| is_channel_name(name)) {
        true => Ok(channels),
        false => Err(E::custom("the name of a channel has letters, digits, - and _ only")),
    }
}

/// Reads the value of a setting by its type. Limits of jobs do not hold here.
fn next_value<'de, A: MapAccess<'de>>(
    map: &mut A,
    setting: &SettingSpec,
) -> Result<SettingValue, A::Error> {
    match setting.kind {
        SettingKind::Switch => map.next_value().map(SettingValue::Switch),
        SettingKind::Count { .. } => map.next_value().map(SettingValue::Count),
        SettingKind::Path => map.next_value().map(SettingValue::Path),
        SettingKind::Word(words) => {
            let text: String = map.next_value()?;
            let read = setting.read(&[&text], SettingLayer::Profile);
            read.map_err(|_| A::Error::unknown_variant(&text, words))
        }
        SettingKind::Words(words) => {
            let texts: Vec<String> = map.next_value()?;
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            setting.read(&borrowed, SettingLayer::Profile).map_err(|errors| {
                let wrong = errors.first().and_then(|error| texts.get(error.item?));
                A::Error::unknown_variant(wrong.map_or("", String::as_str), words)
            })
        }
        _ => {
            let text: String = map.next_value()?;
            // An unknown word is reported where the setting is used.
            let read = setting.read(&[&text], SettingLayer::Profile);
            Ok(read.unwrap_or(SettingValue::Text(text)))
        }
    }
}
