//! Actions by the names that people type.
//!
//! Owns the words that are refused. Must never guess: a name that is near is suggested, not taken.

use super::ACTIONS;
use super::names::{edit_distance, fold};
use super::spec::ActionSpec;

/// Words that people type for an irreversible action in other tools. They are refused with the name that
/// says what it does: a synonym is one more way to wipe a fleet by habit.
const REFUSED_WORDS: [(&str, &str); 8] = [
    ("wipe", "erase"),
    ("wipedevice", "erase"),
    ("reset", "erase"),
    ("factoryreset", "erase"),
    ("delete", "delete-device"),
    ("remove", "delete-device"),
    ("unenroll", "delete-device"),
    ("retire", "delete-device"),
];

/// Why a word is not the name of an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No action has this name.
    #[error("unknown action '{word}'{}", nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default())]
    Unknown {
        /// The word.
        word: String,
        /// The name that resembles it.
        nearest: Option<&'static str>,
    },
    /// A synonym that is refused on purpose.
    #[error("'{word}' is not an action here; write '{instead}' if that is what you mean")]
    Synonym {
        /// The word.
        word: String,
        /// The name to use.
        instead: &'static str,
    },
}

/// Finds an action by name or alias, without regard to case, `-`, `_` and spaces.
///
/// ```
/// use sortie::kandji::find_action;
/// assert_eq!(find_action("Blank Push").expect("known").name, "blank-push");
/// assert_eq!(find_action("lockDevice").expect("known").name, "lock");
/// assert!(find_action("wipe").is_err());
/// ```
///
/// # Errors
/// [`NameError`] when there is none, with the nearest name where one is near.
pub fn find_action(text: &str) -> Result<&'static ActionSpec, NameError> {
    let folded = fold(text);
    let hit = ACTIONS.iter().find(|action| {
        fold(action.name) == folded || action.aliases.iter().any(|alias| fold(alias) == folded)
    });
    if let Some(action) = hit {
        return Ok(action);
    }
    if let Some((_, instead)) = REFUSED_WORDS.iter().find(|(word, _)| *word == folded) {
        return Err(NameError::Synonym { word: text.to_owned(), instead });
    }
    let nearest = ACTIONS
        .iter()
        .map(|action| (edit_distance(&folded, &fold(action.name)), action.name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .map(|(_, name)| name);
    Err(NameError::Unknown { word: text.to_owned(), nearest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_actions_share_a_name_or_alias() {
        let mut seen = BTreeSet::new();
        for action in ACTIONS {
            let mut own = BTreeSet::from([fold(action.name)]);
            own.extend(action.aliases.iter().map(|alias| fold(alias)));
            for name in own {
                assert!(seen.insert(name.clone()), "{name} names two actions");
                assert!(REFUSED_WORDS.iter().all(|(word, _)| *word != name), "{name} is refused");
            }
        }
    }

    #[test]
    fn refused_words_name_the_action_to_use() {
        for (word, instead) in REFUSED_WORDS {
            let error = find_action(word).expect_err("refused");
            assert!(error.to_string().contains(instead), "{error}");
            assert!(find_action(instead).is_ok());
        }
    }

    #[test]
    fn a_near_miss_names_the_action_that_was_meant() {
        let error = find_action("restrat").expect_err("unknown");
        assert!(error.to_string().contains("restart"), "{error}");
        let error = find_action("no").expect_err("unknown");
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }
}
