//! The action table: one file for each of the API's operations on a device.
//!
//! Owns names, paths, parameters, platforms and classes of the operations. Everything else that depends on
//! them is derived: command line, help, validation, plan checks, simulator routes, tables of the documents.
//! To add an action, write its file and add its two lines here.
//! Must never send anything.

mod find;
mod hazards;
mod named_kind;
mod names;
mod on_device;
mod param;
mod record_field;
mod recorded;
mod spec;
mod values;

mod blank_push;
mod cancel_lost_mode;
mod clear_passcode;
mod daily_checkin;
mod data_roaming;
mod delete_device;
mod delete_user;
mod disable_lost_mode;
mod enable_lost_mode;
mod erase;
mod get_commands;
mod get_location;
mod lock;
mod personal_hotspot;
mod play_lost_mode_sound;
mod refresh_esim;
mod reinstall_agent;
mod remote_desktop;
mod renew_mdm_profile;
mod reset_work_profile_passcode;
mod restart;
mod set_name;
mod shutdown;
mod unlock_account;
mod update_device;
mod update_inventory;
mod update_location;

pub use find::{NameError, find_action};
pub use hazards::{DetailsNeed, Hazards};
pub use named_kind::NamedKind;
pub use names::fold;
pub use param::{ParamKind, ParamRule, ParamSpec, Requirement};
pub use record_field::RecordField;
pub use recorded::{RecordChange, RecordStanding, ShownRecord, record_standing};
pub(in crate::kandji) use spec::LIST_BODY_BYTES_MAX;
pub use spec::{ActionSpec, AnswerSpec, EndSpec, SignSpec, StateSpec, Verb};
pub use values::is_weak_pin;

/// All actions, in the order in which lists show them.
pub static ACTIONS: [&ActionSpec; 27] = [
    &get_commands::ACTION,
    &get_location::ACTION,
    &blank_push::ACTION,
    &daily_checkin::ACTION,
    &update_inventory::ACTION,
    &renew_mdm_profile::ACTION,
    &reinstall_agent::ACTION,
    &remote_desktop::ACTION,
    &set_name::ACTION,
    &unlock_account::ACTION,
    &play_lost_mode_sound::ACTION,
    &update_location::ACTION,
    &refresh_esim::ACTION,
    &update_device::ACTION,
    &restart::ACTION,
    &shutdown::ACTION,
    &lock::ACTION,
    &clear_passcode::ACTION,
    &reset_work_profile_passcode::ACTION,
    &data_roaming::ACTION,
    &personal_hotspot::ACTION,
    &enable_lost_mode::ACTION,
    &disable_lost_mode::ACTION,
    &cancel_lost_mode::ACTION,
    &erase::ACTION,
    &delete_user::ACTION,
    &delete_device::ACTION,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Risk;
    use std::collections::BTreeSet;

    #[test]
    fn every_irreversible_action_and_no_other_has_a_verb_to_type() {
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
}
