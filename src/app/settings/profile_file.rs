//! Writing a profile to a configuration.
//!
//! Owns the checks before and after an edit. Invariant: an edit changes what the file says about this profile and nothing else;
//! a file for which that is impossible stays as it is. Must never write a token into it.

use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use super::profile::{Configuration, ProfileError};
use super::profile_edit::{DEFAULT_KEY, NewProfile, with_profile};
use crate::model::Sealed;

/// What may happen to the rest of the file.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileWishes {
    /// Use the profile where none is asked for.
    pub is_default: bool,
    /// Replace a profile of the same name.
    pub is_replacement: bool,
}

/// A profile that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenProfile {
    /// The profile is used where none is asked for.
    pub is_default: bool,
    /// There was one of the same name.
    pub has_replaced: bool,
}

/// Why a profile, or a token beside it, was not written. The file is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFileError {
    /// The name has characters other than letters, digits, `-` and `_`.
    Name {
        /// It.
        name: String,
    },
    /// There is a profile of this name.
    Exists {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The file cannot be read or understood.
    Configuration(ProfileError),
    /// The file is written in a form that cannot be edited without a change of something else.
    Form {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The system cannot write it.
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
}

/// Whether a text can be a profile's name: letters, digits, `-` and `_`.
#[must_use]
pub fn is_profile_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    !text.is_empty() && text.chars().all(is_letter)
}

/// Writes a profile to the configuration at `path`, which is created for its owner alone where there is none.
///
/// # Errors
/// [`ProfileFileError`]; the file is as it was.
pub fn write_profile(
    path: &Path,
    profile: &NewProfile,
    wishes: ProfileWishes,
) -> Result<WrittenProfile, ProfileFileError> {
    let name = profile.name.as_str();
    if !is_profile_name(name) {
        return Err(ProfileFileError::Name { name: name.to_owned() });
    }
    let unwritable = |error: std::io::Error| ProfileFileError::Unwritable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    // A link, as managers of configurations make them, stays a link.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let text = match std::fs::read_to_string(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unwritable(error)),
    };
    let before = Configuration::parse(path, &text).map_err(ProfileFileError::Configuration)?;
    let has_replaced = before.has(name);
    if has_replaced && !wishes.is_replacement {
        return Err(ProfileFileError::Exists { path: path.to_owned(), name: name.to_owned() });
    }
    let edited = with_profile(&text, profile, wishes.is_default);
    if !says_the_rest(&text, &edited, name, wishes.is_default) {
        return Err(ProfileFileError::Form { path: path.to_owned(), name: name.to_owned() });
    }
    let after = Configuration::parse(path, &edited).map_err(ProfileFileError::Configuration)?;
    write_private(&place, edited.as_bytes(), Existing::Replace).map_err(unwritable)?;
    let is_default = after.default_profile.as_deref() == Some(name);
    Ok(WrittenProfile { is_default, has_replaced })
}

/// Writes a token to a new file that its owner alone can read.
///
/// # Errors
/// [`ProfileFileError::Unwritable`], also where there is a file already.
pub fn store_token(path: &Path, token: &Sealed) -> Result<(), ProfileFileError> {
    let text = Zeroizing::new(format!("{}\n", token.expose().unwrap_or_default().trim()));
    write_private(path, text.as_bytes(), Existing::Refuse).map_err(|error| {
        ProfileFileError::Unwritable { path: path.to_owned(), error: error.to_string() }
    })
}

/// Whether the edited text says all that the first one does, but of this profile and, where that was asked for, of the
/// default.
fn says_the_rest(text: &str, edited: &str, name: &str, is_default: bool) -> bool {
    let rest = |text: &str| {
        let mut table = toml::from_str::<toml::Table>(text).ok()?;
        if let Some(profiles) = table.get_mut("profile").and_then(toml::Value::as_table_mut) {
            profiles.remove(name);
        }
        table.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
        if is_default {
            table.remove(DEFAULT_KEY);
        }
        Some(table)
    };
    let has_profile = toml::from_str::<toml::Table>(edited)
        .is_ok_and(|table| table.get("profile").is_some_and(|all| all.get(name).is_some()));
    has_profile && rest(text).is_some() && rest(text) == rest(edited)
}

/// What becomes of a file that is there.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Existing {
    Replace,
    Refuse,
}

/// Writes a file for its owner alone, whole or not at all. One that is replaced keeps its permissions.
fn write_private(path: &Path, bytes: &[u8], existing: Existing) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    create_private_directory(parent)?;
    // The temporary file has mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(parent)?;
    file.write_all(bytes)?;
    match std::fs::metadata(path) {
        Ok(metadata) if existing == Existing::Replace => {
            file.as_file().set_permissions(metadata.permissions())?;
        }
        _ => {}
    }
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path).map(drop).map_err(|error| error.error),
        Existing::Refuse => file.persist_noclobber(path).map(drop).map_err(|error| error.error),
    }
}

#[cfg(unix)]
fn create_private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn profile(name: &str) -> NewProfile {
        let subdomain = Some("acme".to_owned());
        NewProfile { name: name.to_owned(), subdomain, ..NewProfile::default() }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_and_its_directory_are_made_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("new/config.toml");
        let wishes = ProfileWishes { is_default: true, is_replacement: false };
        let written = write_profile(&path, &profile("acme"), wishes).expect("written");
        assert_eq!(written, WrittenProfile { is_default: true, has_replaced: false });
        assert_eq!((mode(&path), mode(path.parent().expect("one"))), (0o600, 0o700));
        let refused = write_profile(&path, &profile("acme"), wishes);
        assert!(matches!(refused, Err(ProfileFileError::Exists { .. })), "{refused:?}");
        let again = ProfileWishes { is_replacement: true, ..wishes };
        let written = write_profile(&path, &profile("acme"), again).expect("written");
        assert!(written.has_replaced);
    }

    #[test]
    fn a_form_that_cannot_be_edited_is_left_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.toml");
        let wishes = ProfileWishes { is_default: true, is_replacement: true };
        for text in [
            "profile.acme.subdomain = \"x\"\n",
            "[profile]\nacme = { subdomain = \"x\" }\n",
            "[profile.b]\ntoken_command = '''\ndefault_profile = 1\n[profile.acme]\n'''\n",
        ] {
            std::fs::write(&path, text).expect("written");
            let refused = write_profile(&path, &profile("acme"), wishes).expect_err(text);
            assert!(matches!(refused, ProfileFileError::Form { .. }), "{text}: {refused:?}");
            assert_eq!(std::fs::read_to_string(&path).expect("readable"), text);
        }
        std::fs::write(&path, "[profile").expect("written");
        let refused = write_profile(&path, &profile("acme"), wishes);
        assert!(matches!(refused, Err(ProfileFileError::Configuration(_))), "{refused:?}");
        for name in ["", "a b", "a.b", "é"] {
            let refused = write_profile(&path, &profile(name), wishes);
            assert!(matches!(refused, Err(ProfileFileError::Name { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_link_stays_and_permissions_are_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let (real, link) = (dir.path().join("real.toml"), dir.path().join("config.toml"));
        std::fs::write(&real, "# ours\n").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("ours");
        std::os::unix::fs::symlink(&real, &link).expect("made");
        write_profile(&link, &profile("acme"), ProfileWishes::default()).expect("written");
        assert!(link.symlink_metadata().expect("there").is_symlink());
        assert_eq!(mode(&real), 0o640);
        assert!(std::fs::read_to_string(&real).expect("readable").starts_with("# ours\n"));
    }

    #[test]
    fn a_token_is_written_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("acme.token");
        let token = Sealed::clear(" s3cret \n".to_owned());
        store_token(&path, &token).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "s3cret\n");
        assert_eq!(mode(&path), 0o600);
        let refused = store_token(&path, &token);
        assert!(matches!(refused, Err(ProfileFileError::Unwritable { .. })), "{refused:?}");
    }
}
