//! The action table: one file for each of the API's operations on a device.
//!
//! Owns names, paths, parameters, platforms and classes of the operations. Everything else that depends on
//! them is derived: command line, help, validation, plan checks, simulator routes, the README's table.
//! To add an action, write its file and add its two lines here.
//! Must never send anything.

mod hazards;
mod param;
mod spec;

mod blank_push;
mod clear_passcode;
mod daily_checkin;
mod delete_device;
mod delete_user;
mod erase;
mod get_commands;
mod lock;
mod reinstall_agent;
mod remote_desktop;
mod renew_mdm_profile;
mod restart;
mod set_name;
mod shutdown;
mod unlock_account;
mod update_inventory;

pub use hazards::{DetailsNeed, Hazards};
pub use param::{ParamKind, ParamRule, ParamSpec, Requirement, is_weak_pin};
pub(in crate::kandji) use spec::LIST_BODY_BYTES_MAX;
pub use spec::{ActionSpec, EndSpec, NameError};

use crate::model::composed;

/// All actions, in the order in which lists show them.
pub static ACTIONS: [&ActionSpec; 16] = [
    &get_commands::ACTION,
    &blank_push::ACTION,
    &daily_checkin::ACTION,
    &update_inventory::ACTION,
    &renew_mdm_profile::ACTION,
    &reinstall_agent::ACTION,
    &remote_desktop::ACTION,
    &set_name::ACTION,
    &unlock_account::ACTION,
    &restart::ACTION,
    &shutdown::ACTION,
    &lock::ACTION,
    &clear_passcode::ACTION,
    &erase::ACTION,
    &delete_user::ACTION,
    &delete_device::ACTION,
];

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

/// A name as it is compared: lower case, without `-`, `_` and white space.
#[must_use]
pub fn fold(name: &str) -> String {
    composed(name)
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_') && !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// How many letters must be changed, added, dropped or swapped with their neighbour to turn one text into
/// the other.
#[must_use]
pub fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let change = usize::from(left[i - 1] != right[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Risk;
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
    fn every_irreversible_action_has_its_own_verb_to_type_and_no_other_has_one() {
        let mut verbs = BTreeSet::new();
        for action in ACTIONS {
            let verb = action.hazards.phrase;
            assert_eq!(verb.is_some(), action.risk == Risk::Irreversible, "{}", action.name);
            let Some(verb) = verb else { continue };
            assert!(verbs.insert(verb), "{verb} stands for two actions");
            assert!(verb.chars().all(|letter| letter.is_ascii_uppercase() || letter == '-'));
            // An emergency is never one that cannot be undone.
            assert!(!action.hazards.is_emergency, "{}", action.name);
        }
        assert!(ACTIONS.iter().any(|action| action.hazards.is_emergency));
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
