//! Actions by the names that people type.
//!
//! Owns the words that are refused. Must never guess: a name that is near is suggested, not taken.

use super::ACTIONS;
use super::names::fold;
use super::spec::ActionSpec;
use crate::model::{Risk, edit_distance, is_near};

/// Words that people type for an irreversible action in other tools. They are refused, and no action is named in their
/// place: a suggestion that is followed by habit would be one more way to wipe a fleet.
const REFUSED_WORDS: [&str; 8] =
    ["wipe", "wipedevice", "reset", "factoryreset", "delete", "remove", "unenroll", "retire"];

/// Words of other tools for actions that do little harm, with the action that does the same here; folded.
const FAMILIAR_WORDS: [(&str, &str); 18] = [
    ("reboot", "restart"),
    ("bounce", "restart"),
    ("powercycle", "restart"),
    ("dailycheck", "daily-checkin"),
    ("ping", "blank-push"),
    ("push", "blank-push"),
    ("wake", "blank-push"),
    ("recon", "update-inventory"),
    ("inventory", "update-inventory"),
    ("sync", "update-inventory"),
    ("history", "get-commands"),
    ("listcommands", "get-commands"),
    ("mdm", "renew-mdm-profile"),
    ("renewprofile", "renew-mdm-profile"),
    ("agent", "reinstall-agent"),
    ("ard", "remote-desktop"),
    ("name", "set-name"),
    ("unlock", "unlock-account"),
];

/// The disruptive action that may be suggested: a device that restarted by mistake is back in minutes. A device that was
/// locked, shut down or lost its passcode needs a person.
const SUGGESTED_DISRUPTIVE: &str = "restart";

/// Why a word is not the name of an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No action has this name.
    #[error("unknown action '{word}'{}", suggestion.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default())]
    Unknown {
        /// The word.
        word: String,
        /// The action that was probably meant. Never one that is hard to undo.
        suggestion: Option<&'static str>,
    },
    /// A synonym that is refused on purpose.
    #[error("'{word}' is not an action; write the exact name of the action that you mean")]
    Synonym {
        /// The word.
        word: String,
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
/// [`NameError`] when there is none, with a suggestion where one is near and does little harm.
pub fn find_action(text: &str) -> Result<&'static ActionSpec, NameError> {
    // Tasks have the exact name, and every request asks.
    if let Some(action) = ACTIONS.into_iter().find(|action| action.name == text) {
        return Ok(action);
    }
    let folded = fold(text);
    let hit = ACTIONS.iter().find(|action| {
        fold(action.name) == folded || action.aliases.iter().any(|alias| fold(alias) == folded)
    });
    if let Some(action) = hit {
        return Ok(action);
    }
    if REFUSED_WORDS.contains(&folded.as_str()) {
        return Err(NameError::Synonym { word: text.to_owned() });
    }
    Err(NameError::Unknown { word: text.to_owned(), suggestion: suggestion(&folded) })
}

/// The action that a folded word probably means. Where the nearest action is hard to undo, there is no suggestion at all.
fn suggestion(folded: &str) -> Option<&'static str> {
    if let Some((_, name)) = FAMILIAR_WORDS.iter().find(|(word, _)| *word == folded) {
        return Some(name);
    }
    let names = |action: &'static ActionSpec| {
        let aliases = action.aliases.iter().copied();
        aliases.chain([action.name]).map(move |name| (fold(name), action))
    };
    let familiar = FAMILIAR_WORDS.iter().filter_map(|(word, name)| {
        let action = ACTIONS.into_iter().find(|action| action.name == *name)?;
        Some(((*word).to_owned(), action))
    });
    let all = ACTIONS.into_iter().flat_map(names).chain(familiar);
    let near = all.filter(|(name, _)| is_near(folded, name));
    let distance = |(name, action): &(String, &'static ActionSpec)| {
        (edit_distance(folded, name), may_be_suggested(action))
    };
    let (_, action) = near.min_by_key(distance)?;
    may_be_suggested(action).then_some(action.name)
}

/// Whether a typing error may lead to this action at all.
fn may_be_suggested(action: &ActionSpec) -> bool {
    action.risk < Risk::Disruptive || action.name == SUGGESTED_DISRUPTIVE
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
                assert!(!REFUSED_WORDS.contains(&name.as_str()), "{name} is refused");
            }
        }
    }

    /// The suggestion for a word that names no action.
    fn suggested(word: &str) -> Option<&'static str> {
        match find_action(word).expect_err(word) {
            NameError::Unknown { suggestion, .. } => suggestion,
            NameError::Synonym { .. } => None,
        }
    }

    /// Every text that is one edit away.
    fn typos(name: &str) -> BTreeSet<String> {
        let letters: Vec<char> = name.chars().collect();
        let alphabet = ('a'..='z').chain(['-', '_', ' ', '1']);
        let mut typos = BTreeSet::new();
        let mut add = |letters: &[char]| typos.insert(letters.iter().collect::<String>());
        for at in 0..=letters.len() {
            for letter in alphabet.clone() {
                let mut longer = letters.clone();
                longer.insert(at, letter);
                add(&longer);
                if at < letters.len() {
                    let mut changed = letters.clone();
                    changed[at] = letter;
                    add(&changed);
                }
            }
            if at < letters.len() {
                let mut shorter = letters.clone();
                shorter.remove(at);
                add(&shorter);
            }
            if at + 1 < letters.len() {
                let mut swapped = letters.clone();
                swapped.swap(at, at + 1);
                add(&swapped);
            }
        }
        typos
    }

    #[test]
    fn no_typo_leads_to_an_action_that_is_hard_to_undo() {
        let harmless = |name: &str| {
            let action = find_action(name).expect("an action");
            action.risk < Risk::Disruptive || name == "restart"
        };
        let mut seen = 0;
        let words = REFUSED_WORDS.into_iter().map(str::to_owned);
        let names = ACTIONS.into_iter().flat_map(|action| {
            action.aliases.iter().chain([&action.name]).map(|name| (*name).to_owned())
        });
        for name in names.chain(words) {
            let meant = find_action(&name).ok().map(|action| action.name);
            for typo in typos(&name) {
                seen += 1;
                match find_action(&typo) {
                    // What is taken differs by a hyphen, an underscore or a space only.
                    Ok(action) => assert_eq!(Some(action.name), meant, "{typo}"),
                    Err(NameError::Unknown { suggestion: Some(name), .. }) => {
                        assert!(harmless(name), "{typo} leads to {name}");
                    }
                    Err(_) => {}
                }
            }
        }
        assert!(seen > 20_000, "{seen} typos");
    }

    #[test]
    fn typos_of_harmless_actions_name_the_action() {
        for action in ACTIONS.into_iter().filter(|action| may_be_suggested(action)) {
            for typo in typos(action.name) {
                if let Err(NameError::Unknown { suggestion, .. }) = find_action(&typo) {
                    assert_eq!(suggestion, Some(action.name), "{typo}");
                }
            }
        }
    }

    #[test]
    fn refused_words_name_no_action() {
        for word in REFUSED_WORDS {
            let error = find_action(word).expect_err("refused").to_string();
            let rest = error.replace(word, "");
            assert!(ACTIONS.iter().all(|action| !rest.contains(action.name)), "{error}");
        }
    }

    #[test]
    fn familiar_words_name_the_action_of_this_program() {
        for (word, name) in FAMILIAR_WORDS {
            assert_eq!(word, fold(word));
            assert_eq!(suggested(word), Some(name));
            assert!(may_be_suggested(find_action(name).expect("an action")));
        }
        assert_eq!(find_action("checkin").map(|action| action.name), Ok("daily-checkin"));
    }

    #[test]
    fn a_near_miss_names_the_action_that_was_meant() {
        assert_eq!(suggested("restrat"), Some("restart"));
        assert_eq!(suggested("Re-Boot"), Some("restart"));
        for word in ["no", "lokc", "shutdwon", "earse", "clearpasscod", "delete-devise"] {
            assert_eq!(suggested(word), None, "{word}");
        }
    }
}
