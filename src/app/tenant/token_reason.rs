//! Why there is no token to send.
//!
//! Owns these reasons, and their text where a run records it. Must never hold a letter of what was found in the place of a
//! token, but words that no token is.

use serde::Serialize;

use super::keyring::KeyringError;
use super::token_command::TokenCommandError;
use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why there is no token to send.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TokenReason {
    /// No place holds one.
    #[serde(rename = "token_missing")]
    Missing,
    /// The file cannot be read, or others can read it.
    #[serde(rename = "token_file_refused")]
    File {
        /// What is wrong with it. Its name is not shown: people paste tokens there.
        why: String,
    },
    /// The command printed none.
    #[serde(rename = "token_command_failed")]
    Command {
        /// What is wrong.
        error: TokenCommandError,
    },
    /// The keyring gave none, or takes none.
    #[serde(rename = "keyring_failed")]
    Keyring {
        /// What is wrong.
        error: KeyringError,
    },
    /// What is there cannot be a token.
    #[serde(rename = "token_malformed")]
    Malformed {
        /// What is wrong with it.
        flaw: TokenFlaw,
    },
    /// The token comes with the address of another tenant.
    #[serde(rename = "token_of_another_tenant")]
    AnotherTenant {
        /// The address that it would be sent to.
        base_url: String,
        /// What names that address.
        named_by: String,
        /// What holds the token.
        token: String,
        /// The address that comes with the token.
        url: String,
        /// What names the address beside the token.
        url_named_by: String,
    },
    /// The token comes without an address, and the address that it would be sent to is the profile's.
    #[serde(rename = "token_unpaired")]
    Unpaired {
        /// The address that it would be sent to.
        base_url: String,
        /// Name of the profile.
        profile: String,
        /// What holds the token.
        token: String,
    },
}

impl RefusalFacts for TokenReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::AnotherTenant { .. }
            | Self::Unpaired { .. }
            | Self::Keyring { error: KeyringError::NotBuilt | KeyringError::OtherSystem } => {
                RefusalClass::Usage
            }
            Self::Keyring { .. }
            | Self::Missing
            | Self::File { .. }
            | Self::Command { .. }
            | Self::Malformed { .. } => RefusalClass::Authentication,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::AnotherTenant { .. } | Self::Unpaired { .. } => {
                vec![NextStep::CorrectRequest { what: "token_file" }]
            }
            Self::Missing
            | Self::File { .. }
            | Self::Command { .. }
            | Self::Keyring { .. }
            | Self::Malformed { .. } => {
                vec![NextStep::RenewToken]
            }
        }
    }
}

/// Why a text cannot be a token. No letter of it is repeated but words that no token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "flaw", rename_all = "snake_case")]
pub enum TokenFlaw {
    /// Nothing but space.
    #[error("the token is empty")]
    Empty,
    /// It begins with the word of the header.
    #[error("the token begins with '{word}': give the token without that word")]
    HeaderWord {
        /// The word.
        word: String,
    },
    /// It is in quotation marks.
    #[error("the token is in quotation marks: remove them")]
    Quoted,
    /// It begins with a byte order mark.
    #[error("the token begins with a byte order mark: save the file as UTF-8 without BOM")]
    ByteOrderMark,
    /// It is more than one word.
    #[error("the token contains a space or line break at character {at}")]
    Space {
        /// Where, in characters from 1.
        at: usize,
    },
    /// It holds a character that no token has.
    #[error(
        "the token contains U+{letter:04X} at character {at}, which is not valid in a token: copy it again as plain text"
    )]
    Letter {
        /// Number of the character in Unicode.
        letter: u32,
        /// Where, in characters from 1.
        at: usize,
    },
}
