//! Where the token comes from.
//!
//! Owns the order of the places that may hold it, and its renewal. Must never print one, never take one from
//! the command line, and never repeat what was given as a file's name: people paste tokens there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::failure::Failure;
use super::options::{TenantOptions, variable};
use super::private_file::read_private_file;
use super::settings::Profile;
use super::token_command::{first_token, next_token};
use crate::drive::RenewToken;
use crate::model::Sealed;
use crate::transport::HttpTransport;

/// Variables that may hold the token, strongest first.
pub(super) const TOKEN_VARIABLES: [&str; 4] =
    ["SORTIE_TOKEN", "IRU_API_TOKEN", "KANDJI_API_TOKEN", "KANDJI_TOKEN"];
/// The place that holds the token.
pub(super) enum TokenSource {
    File(PathBuf),
    Command(String),
    Environment(Sealed),
}

impl TokenSource {
    /// Finds it: flag, environment, profile.
    pub(super) fn find(options: &TenantOptions, profile: &Profile) -> Result<Self, Failure> {
        if let Some(path) = &options.token_file {
            return Ok(Self::File(path.clone()));
        }
        if let Some(command) = &options.token_command {
            return Ok(Self::Command(command.clone()));
        }
        if let Some(text) = TOKEN_VARIABLES.into_iter().find_map(variable) {
            return Ok(Self::Environment(Sealed::clear(text)));
        }
        match (&profile.token_file, &profile.token_command) {
            (Some(path), _) => Ok(Self::File(path.clone())),
            (None, Some(command)) => Ok(Self::Command(command.clone())),
            (None, None) => Err(no_token("no token was given".to_owned())),
        }
    }

    /// Reads the token.
    pub(super) fn read(&self) -> Result<Sealed, Failure> {
        let text = match self {
            Self::File(path) => token_from_file(path)?,
            Self::Command(command) => first_token(command).map_err(no_token)?,
            Self::Environment(text) => text.expose().unwrap_or_default().to_owned(),
        };
        cleaned(&text).map_err(no_token)
    }

    /// The command, which can be asked again when the token has died.
    pub(super) fn into_command(self) -> Option<String> {
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
pub(super) fn renewal(command: &str, transport: &Arc<HttpTransport>) -> RenewToken {
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
