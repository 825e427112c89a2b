//! Where the token comes from.
//!
//! Owns the order of the places that may hold it, and its renewal. Must never print one, and never repeat what was given as a
//! file's name: people paste tokens there.

use std::path::Path;
use std::sync::Arc;

use super::address::{Address, is_same_tenant};
use super::keyring::{KeyringError, has_keyring, store_in_keyring, token_of};
use super::request::{NamedToken, TenantRequest, TokenPlace};
use super::token_command::{TokenCommand, first_token, next_token};
use super::token_reason::{TokenFlaw, TokenReason};
use crate::app::files::private_file::read_private_file;
use crate::app::refusal::Reason;
use crate::drive::RenewToken;
use crate::model::Sealed;
use crate::transport::HttpTransport;

/// Finds the token that belongs to this address: the one that was given, else the environment's where the environment names
/// this tenant, else the profile's. A profile that was asked for comes before the environment, but its keyring does not:
/// nothing in the profile says that an entry exists. A token of the environment
/// that belongs to another tenant, or to none beside the address of a profile, is refused.
pub(super) fn find_token<'a>(
    address: &Address,
    request: &'a TenantRequest,
) -> Result<&'a NamedToken, TokenReason> {
    if let Some(token) = &request.given.token {
        return Ok(token);
    }
    // A token of the profile must not be sent to another address than the profile's.
    let profile = request.profile.as_ref().filter(|_| address.is_profiles);
    let of_profile = profile.and_then(|profile| profile.place.token.as_ref());
    let is_chosen = profile.is_some() && request.is_profile_chosen();
    let base_url = address.base_url.url.as_str();
    let beside = request.environment.address.as_ref();
    let other = beside.filter(|beside| !is_same_tenant(&beside.url, base_url));
    let is_paired = beside.is_some() && other.is_none();
    match (&request.environment.token, of_profile) {
        (None, None) => Err(TokenReason::Missing),
        (None, Some(token)) => Ok(token),
        (Some(_), Some(token)) if !is_paired => Ok(token),
        (Some(_), Some(token)) if is_chosen && !is_in_keyring(token) => Ok(token),
        (Some(token), Some(_)) => Ok(token),
        (Some(token), None) => match other {
            Some(other) => Err(TokenReason::AnotherTenant {
                base_url: base_url.to_owned(),
                named_by: address.named_by.clone(),
                token: token.named_by.clone(),
                url: other.url.clone(),
                url_named_by: other.named_by.clone(),
            }),
            None if address.is_named_by_profile && !is_paired => Err(TokenReason::Unpaired {
                base_url: base_url.to_owned(),
                profile: request.profile_name().to_owned(),
                token: token.named_by.clone(),
            }),
            None => Ok(token),
        },
    }
}

const fn is_in_keyring(token: &NamedToken) -> bool {
    matches!(token.place, TokenPlace::Keyring(_))
}

/// Reads the token.
pub(super) fn read_token(
    place: &TokenPlace,
    request: &TenantRequest,
) -> Result<Sealed, TokenReason> {
    let text = match place {
        TokenPlace::File(path) => token_from_file(path)?,
        TokenPlace::Command(line) => {
            let command = TokenCommand::new(line, request);
            first_token(&command, request.is_attended)
                .map_err(|error| TokenReason::Command { error })?
        }
        TokenPlace::Keyring(profile) => {
            let token = token_of(profile).map_err(|error| TokenReason::Keyring { error })?;
            token.expose().unwrap_or_default().to_owned()
        }
        TokenPlace::Text(text) => text.expose().unwrap_or_default().to_owned(),
    };
    cleaned(&text).map_err(|flaw| TokenReason::Malformed { flaw })
}

/// Stores a token that `ask` obtains in the keyring. It is not asked for where there is no keyring, and not stored where
/// it cannot be a token.
///
/// # Errors
/// There is no keyring or no token, or it is malformed.
pub fn keep_token(profile: &str, ask: &mut dyn FnMut() -> Option<Sealed>) -> Result<(), Reason> {
    if !has_keyring() {
        // Says why.
        token_of(profile).map_err(|error| TokenReason::Keyring { error })?;
    }
    Ok(keep_checked(ask(), |token| store_in_keyring(profile, token))?)
}

/// Stores a token without the spaces around it, where it can be a token.
fn keep_checked(
    token: Option<Sealed>,
    store: impl FnOnce(&Sealed) -> Result<(), KeyringError>,
) -> Result<(), TokenReason> {
    let token = token.ok_or(TokenReason::Missing)?;
    let token = cleaned(token.expose().unwrap_or_default());
    let token = token.map_err(|flaw| TokenReason::Malformed { flaw })?;
    store(&token).map_err(|error| TokenReason::Keyring { error })
}

fn token_from_file(path: &Path) -> Result<String, TokenReason> {
    read_private_file(path).map_err(|fault| TokenReason::File { why: fault.to_string() })
}

/// A token without the spaces around it. What is wrong with it is said without a letter of it.
fn cleaned(text: &str) -> Result<Sealed, TokenFlaw> {
    let token = text.trim();
    if token.is_empty() {
        return Err(TokenFlaw::Empty);
    }
    let first = token.split_whitespace().next().unwrap_or_default();
    if first.trim_end_matches(':').eq_ignore_ascii_case("bearer")
        || first.eq_ignore_ascii_case("authorization:")
    {
        return Err(TokenFlaw::HeaderWord { word: first.to_owned() });
    }
    let wrong = token.chars().enumerate().find(|(_, letter)| !letter.is_ascii_graphic());
    match wrong {
        None if token.starts_with(['"', '\'']) || token.ends_with(['"', '\'']) => {
            Err(TokenFlaw::Quoted)
        }
        None => Ok(Sealed::clear(token.to_owned())),
        Some((0, '\u{feff}')) => Err(TokenFlaw::ByteOrderMark),
        Some((at, letter)) if letter.is_whitespace() => Err(TokenFlaw::Space { at: at + 1 }),
        Some((at, letter)) => Err(TokenFlaw::Letter { letter: u32::from(letter), at: at + 1 }),
    }
}

/// The way to a fresh token for a transport. Why there is none is recorded in the run.
pub(super) fn renewal(command: &TokenCommand, transport: &Arc<HttpTransport>) -> RenewToken {
    let (command, transport) = (command.clone(), Arc::clone(transport));
    Arc::new(move || {
        let (command, transport) = (command.clone(), Arc::clone(&transport));
        Box::pin(async move {
            let text = next_token(&command).await.map_err(|error| error.to_string())?;
            let token = cleaned(&text).map_err(|flaw| flaw.to_string())?;
            transport.set_token(&token).map_err(|error| error.to_string())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::address::address;
    use super::super::request::{NamedAddress, TenantPlace, TenantProfile};
    use super::*;
    use crate::app::settings::ProfileChoice;

    const ONE: &str = "https://accuhive.api.kandji.io";
    const TWO: &str = "https://other.api.kandji.io";

    /// A place that names an address, and a token by the place's name.
    fn place(name: &str, url: Option<&str>, has_token: bool) -> TenantPlace {
        let text = || TokenPlace::Text(Sealed::clear("s3cret".to_owned()));
        let named = |url: &str| NamedAddress { url: url.to_owned(), named_by: name.to_owned() };
        TenantPlace {
            address: url.map(named),
            token: has_token.then(|| NamedToken { place: text(), named_by: name.to_owned() }),
            ..TenantPlace::default()
        }
    }

    #[test]
    fn a_token_goes_to_its_own_tenant_only() {
        let profile = |url, has_token, chosen| {
            let place = place("profile", Some(url), has_token);
            Some(TenantProfile { name: "p".to_owned(), chosen, place })
        };
        let default = |url, has_token| profile(url, has_token, ProfileChoice::Default);
        let given = |url, has_token| profile(url, has_token, ProfileChoice::Flag);
        for (address_given, environment, profile, expected) in [
            (Some(ONE), (None, true), None, "environment"),
            (None, (Some(ONE), true), default(TWO, true), "environment"),
            (None, (Some(ONE), true), default(ONE, true), "environment"),
            (None, (Some(ONE), true), given(ONE, true), "profile"),
            (None, (None, true), default(ONE, true), "profile"),
            (Some(ONE), (None, false), default(TWO, true), "token_missing"),
            (Some(ONE), (Some(TWO), true), None, "token_of_another_tenant"),
            (None, (None, true), default(ONE, false), "token_unpaired"),
            (None, (Some(ONE), false), None, "token_missing"),
        ] {
            let (url, has_token) = environment;
            let request = TenantRequest {
                given: place("given", address_given, false),
                environment: place("environment", url, has_token),
                profile,
                ..TenantRequest::default()
            };
            let address = address(&request).expect("one tenant");
            let found = match find_token(&address, &request) {
                Ok(token) => token.named_by.clone(),
                Err(reason) => serde_json::to_value(&reason).expect("data")["kind"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            };
            assert_eq!(found, expected, "{address_given:?} {environment:?}");
        }
    }

    #[test]
    fn a_token_of_the_environment_comes_before_the_keyring() {
        let keyring = TokenPlace::Keyring("p".to_owned());
        let mut place = place("profile", Some(ONE), false);
        place.token = Some(NamedToken { place: keyring, named_by: "keyring".to_owned() });
        let profile = TenantProfile { name: "p".to_owned(), chosen: ProfileChoice::Flag, place };
        for (url, expected) in [(Some(ONE), "environment"), (None, "keyring")] {
            let request = TenantRequest {
                environment: self::place("environment", url, true),
                profile: Some(profile.clone()),
                ..TenantRequest::default()
            };
            let address = address(&request).expect("one tenant");
            let found = find_token(&address, &request).expect("a token");
            assert_eq!(found.named_by, expected);
        }
    }

    #[test]
    fn what_cannot_be_a_token_never_reaches_the_keyring() {
        for text in ["", "Bearer s3cret", "s3 cret", "\"s3cret\""] {
            let text = Sealed::clear(text.to_owned());
            let kept = keep_checked(Some(text), |_| panic!("it is stored"));
            assert!(matches!(kept, Err(TokenReason::Malformed { .. })), "{kept:?}");
        }
        let kept = keep_checked(None, |_| panic!("it is stored"));
        assert!(matches!(kept, Err(TokenReason::Missing)), "{kept:?}");
        let mut stored = None;
        let store = |token: &Sealed| {
            stored = token.expose().map(str::to_owned);
            Ok(())
        };
        keep_checked(Some(Sealed::clear(" s3cret\n".to_owned())), store).expect("it is stored");
        assert_eq!(stored.as_deref(), Some("s3cret"));
    }

    #[test]
    fn an_invalid_token_is_refused_without_being_shown() {
        for (text, expected) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("Bearer s3cret", "begins with 'Bearer'"),
            ("bearer: s3cret", "begins with 'bearer:'"),
            ("Authorization: Bearer s3cret", "begins with 'Authorization:'"),
            ("\u{feff}s3cret", "byte order mark"),
            ("s3\u{200b}cret", "U+200B at character 3"),
            ("s3cret\u{2060}", "U+2060 at character 7"),
            ("s3 cret", "space or line break at character 3"),
            ("s3\ncret", "space or line break at character 3"),
            ("s3\u{a0}cret", "space or line break"),
            ("t\u{f6}k", "U+00F6"),
            ("\u{201c}s3cret\u{201d}", "U+201C at character 1"),
            ("\"s3cret\"", "is in quotation marks"),
        ] {
            let why = cleaned(text).map(drop).expect_err(expected).to_string();
            assert!(why.contains(expected), "{expected}: {why}");
            assert!(!why.contains("cret"), "{why}");
        }
        let token = cleaned(" s3cret\n").expect("a token");
        assert_eq!(token.expose(), Some("s3cret"));
    }
}
