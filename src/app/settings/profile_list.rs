//! All profiles of a configuration.
//!
//! Owns their order, by name. Must never read a token.

use std::path::Path;

use super::profile::{Configuration, Profile, ProfileError};

/// The profiles of a configuration.
#[derive(Clone, Debug, Default)]
pub struct ProfileList {
    /// The one that is used where none is asked for.
    pub default: Option<String>,
    /// All of them, by name. Each has the keys of the configuration where it has none of its own.
    pub profiles: Vec<Profile>,
}

impl ProfileList {
    /// Reads the configuration at `path`.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, ProfileError> {
        let configuration = Configuration::read(path)?;
        let default = configuration.default_profile.clone();
        Ok(Self { default, profiles: configuration.into_profiles() })
    }

    /// Whether there is a profile of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.profiles.iter().any(|profile| profile.name.as_deref() == Some(name))
    }
}
