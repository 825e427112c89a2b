//! How names are compared.
//!
//! Owns what counts as the same name. Must never know a name.

use crate::model::composed;

/// A name as it is compared: lower case, without `-`, `_` and white space.
#[must_use]
pub fn fold(name: &str) -> String {
    composed(name)
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_') && !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}
