//! Where the token comes from.
//!
//! Owns the order of the places that may hold it, and its renewal. Must never print one, never take one from
//! the command line, and never repeat what was given as a file's name: people paste tokens there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::files::private_file::read_private_file;
use crate::app::settings::Profile;
use crate::app::tenant::address::{
    Address, AddressSource, has_variable, variable_of_another_tenant,
};
use crate::app::tenant::token_command::{first_token, next_token};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::drive::RenewToken;
use crate::model::Sealed;
use crate::model::settings::{SettingLayer, SettingSource, SettingValue, SettingValues, tenant};
use crate::transport::HttpTransport;

/// The place that holds the token.
pub(crate) enum TokenSource {
    File(PathBuf),
    Command(String),
    Environment(Sealed),
}

/// A place that holds the token, and its name for people.
pub(crate) struct FoundToken {
    pub source: TokenSource,
    /// Never what was given as a file's name: people paste tokens there.
    pub shown: &'static str,
}

impl FoundToken {
    /// Finds the token that belongs to this address: a flag's, else the environment's where the environment names this
    /// tenant, else the profile's. An explicit profile comes before the environment. A token of the environment that belongs
    /// to another tenant, or to none beside the address of a profile, is refused.
    pub(crate) fn find(
        address: &Address,
        given: &SettingValues,
        profile: &Profile,
    ) -> Result<Self, Failure> {
        let found = |source, shown| Ok(Self { source, shown });
        match TokenSource::of(given) {
            Some(source @ TokenSource::File(_)) => return found(source, "--token-file"),
            Some(source @ TokenSource::Command(_)) => return found(source, "--token-command"),
            _ => {}
        }
        let of_profile = match TokenSource::of(&profile.values) {
            _ if !address.is_profiles => None,
            Some(source @ TokenSource::File(_)) => Some((source, "the profile's token_file")),
            Some(source) => Some((source, "the profile's token_command")),
            None => None,
        };
        let of_variable = variable_token(given);
        let base_url = address.base_url.url.as_str();
        let other = variable_of_another_tenant(given, base_url);
        let is_paired = has_variable(given) && other.is_none();
        let is_chosen = profile.is_chosen();
        match (of_variable, of_profile) {
            (None, None) => Err(no_token("no token was given".to_owned())),
            (of_variable, Some((source, shown)))
                if is_chosen || !is_paired || of_variable.is_none() =>
            {
                found(source, shown)
            }
            (None, Some((source, shown))) => found(source, shown),
            (Some((name, _)), None) if other.is_some() => {
                let (variable, url) = other.unwrap_or_default();
                Err(mixed(format!(
                    "the address {base_url} comes from {}, and {name} stands beside {variable}, which names {url}",
                    address.source.shown()
                )))
            }
            (Some((name, _)), None) if address.source == AddressSource::Profile && !is_paired => {
                Err(mixed(format!(
                    "the address {base_url} comes from the profile '{}', and the token from {name}, which may be for \
                     another tenant",
                    profile.name.as_deref().unwrap_or_default()
                )))
            }
            (Some((name, text)), _) => found(TokenSource::Environment(text), name),
        }
    }
}

/// A token that may be for another tenant than the address.
fn mixed(what: String) -> Failure {
    Failure::usage(what).next(
        "give the profile a token_file or token_command, or give --token-file or --token-command, or name the \
         address in SORTIE_BASE_URL beside the token",
    )
}

/// The token that the environment holds, and the variable.
fn variable_token(given: &SettingValues) -> Option<(&'static str, Sealed)> {
    let placed = given.of_layer(&tenant::TOKEN, SettingLayer::Variable)?;
    match (placed.source, &placed.value) {
        (SettingSource::Variable(name), SettingValue::Secret(token)) => Some((name, token.clone())),
        _ => None,
    }
}

impl TokenSource {
    /// The file or the command that values name.
    fn of(values: &SettingValues) -> Option<Self> {
        let file = values.path(&tenant::TOKEN_FILE).map(|path| Self::File(path.to_owned()));
        let command = || values.text(&tenant::TOKEN_COMMAND).map(str::to_owned);
        file.or_else(|| command().map(Self::Command))
    }

    /// Reads the token.
    pub(crate) fn read(&self) -> Result<Sealed, Failure> {
        let text = match self {
            Self::File(path) => token_from_file(path)?,
            Self::Command(command) => first_token(command).map_err(no_token)?,
            Self::Environment(text) => text.expose().unwrap_or_default().to_owned(),
        };
        cleaned(&text).map_err(no_token)
    }

    /// The command, which can be asked again when the token has died.
    pub(crate) fn into_command(self) -> Option<String> {
        match self {
            Self::Command(command) => Some(command),
            Self::File(_) | Self::Environment(_) => None,
        }
    }
}

fn no_token(what: String) -> Failure {
    Failure::new(Exit::Authentication, what)
        .next("set SORTIE_TOKEN, or give --token-file or --token-command")
}

fn token_from_file(path: &Path) -> Result<String, Failure> {
    read_private_file(path).map_err(|why| no_token(format!("the token file {why}")))
}

/// A token without the spaces around it. What is wrong with it is said without a letter of it.
fn cleaned(text: &str) -> Result<Sealed, String> {
    let token = text.trim();
    if token.is_empty() {
        return Err("the token is empty".to_owned());
    }
    let first = token.split_whitespace().next().unwrap_or_default();
    if first.trim_end_matches(':').eq_ignore_ascii_case("bearer")
        || first.eq_ignore_ascii_case("authorization:")
    {
        return Err(format!(
            "the token begins with '{first}': give the token alone, without that word"
        ));
    }
    let wrong = token.chars().enumerate().find(|(_, letter)| !letter.is_ascii_graphic());
    let Some((at, letter)) = wrong else {
        let is_quoted = token.starts_with(['"', '\'']) || token.ends_with(['"', '\'']);
        if is_quoted {
            return Err("the token stands in quotes: give it without them".to_owned());
        }
        return Ok(Sealed::clear(token.to_owned()));
    };
    let what = match letter {
        '\u{feff}' if at == 0 => {
            "begins with a byte-order mark: save it as UTF-8 without BOM".to_owned()
        }
        letter if letter.is_whitespace() => {
            format!("holds a space or line break at character {}", at + 1)
        }
        letter => format!(
            "holds U+{:04X} at character {}, which no token has: copy it again as plain text",
            u32::from(letter),
            at + 1
        ),
    };
    Err(format!("the token {what}"))
}

/// The way to a fresh token for a transport.
pub(crate) fn renewal(command: &str, transport: &Arc<HttpTransport>) -> RenewToken {
    let (command, transport) = (command.to_owned(), Arc::clone(transport));
    Arc::new(move || {
        let (command, transport) = (command.clone(), Arc::clone(&transport));
        Box::pin(async move {
            let token = cleaned(&next_token(&command).await?)?;
            transport.set_token(&token).map_err(|error| error.to_string())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_token_is_named_without_a_letter_of_it() {
        for (text, expected) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("Bearer s3cret", "begins with 'Bearer'"),
            ("bearer: s3cret", "begins with 'bearer:'"),
            ("Authorization: Bearer s3cret", "begins with 'Authorization:'"),
            ("\u{feff}s3cret", "byte-order mark"),
            ("s3\u{200b}cret", "U+200B at character 3"),
            ("s3cret\u{2060}", "U+2060 at character 7"),
            ("s3 cret", "space or line break at character 3"),
            ("s3\ncret", "space or line break at character 3"),
            ("s3\u{a0}cret", "space or line break"),
            ("t\u{f6}k", "U+00F6"),
            ("\u{201c}s3cret\u{201d}", "U+201C at character 1"),
            ("\"s3cret\"", "stands in quotes"),
        ] {
            let why = cleaned(text).map(drop).expect_err(expected);
            assert!(why.contains(expected), "{expected}: {why}");
            assert!(!why.contains("cret"), "{why}");
        }
        let token = cleaned(" s3cret\n").expect("a token");
        assert_eq!(token.expose(), Some("s3cret"));
    }
}
