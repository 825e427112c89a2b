//! `sortie token`: the token of a profile in the keyring of the system.
//!
//! Owns how a token is asked for. Must never show a token, and never take one from the command line.

use std::io::Read;

use crate::app::settings::{Profile, ProfileChoice};
use crate::app::{Connection, Reason, TokenReason, forget_in_keyring, has_keyring, keep_token};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::config_place;
use crate::cli::options::{GlobalOptions, TenantOptions};
use crate::cli::setup_options::TokenOptions;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::{ask_hidden, can_ask};
use crate::model::Sealed;

/// Most bytes of standard input: a token has some dozens.
const BYTES_MAX: u64 = 64 * 1024;

pub(crate) fn token(
    global: &GlobalOptions,
    options: &TokenOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let name = &options.profile;
    // A profile that does not exist has no token either.
    let profile = Profile::read(Some(&config_place(global)?), Some(name), ProfileChoice::Flag)?;
    match options.what.as_str() {
        "set" => {
            keep_token(name, &mut || typed(name, global))?;
            printer.say(&format!("stored the token of '{name}' in the keyring"));
            printer.say(&format!("test it with:\n  sortie doctor --profile {name}"));
            printer.answer(&serde_json::json!({ "profile": name, "stored": true }));
        }
        "forget" => {
            forget_in_keyring(name)
                .map_err(|error| Reason::from(TokenReason::Keyring { error }))?;
            printer.say(&format!("removed the token of '{name}' from the keyring"));
            printer.answer(&serde_json::json!({ "profile": name, "removed": true }));
        }
        _ => {
            let request = tenant_request(&TenantOptions::default().values()?, &profile)?;
            let source = Connection::token_source(&request)?;
            let keyring = has_keyring();
            match printer.format {
                crate::cli::options::ListingFormat::Json => printer.answer(&serde_json::json!({
                    "profile": name, "token_source": source, "has_keyring": keyring,
                })),
                _ => printer.data(&source),
            }
        }
    }
    Ok(Exit::Well)
}

/// The token as it was typed, or the whole of standard input.
fn typed(name: &str, global: &GlobalOptions) -> Option<Sealed> {
    if can_ask() && !global.no_input {
        return ask_hidden(&format!("Token of '{name}' (it is not shown): "));
    }
    let mut text = String::new();
    std::io::stdin().take(BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(Sealed::clear(text))
}
