//! Notifications, as profile and flags set them up.
//!
//! Owns the way from a profile to the setup of the application. Must never read an address or a secret: it says how they
//! are read.

use crate::app::settings::Profile;
use crate::app::{Notifications, NotifyChoice};
use crate::cli::setting_flags::variable;
use crate::cli::text::notifications::notice_words;
use crate::model::Sealed;
use crate::model::settings::{SettingLayer, SettingValue, tenant};

/// The channels of the profile, with what the command line says about them.
pub(crate) fn notifications(profile: &Profile, choice: &NotifyChoice) -> Notifications {
    let ca_file = profile.values.of_layer(&tenant::CA_FILE, SettingLayer::Profile);
    Notifications {
        profile: profile.name.clone().unwrap_or_default(),
        channels: profile.channels.clone(),
        choice: choice.clone(),
        ca_file: ca_file.and_then(|placed| match &placed.value {
            SettingValue::Path(path) => Some(path.clone()),
            _ => None,
        }),
        read_variable: |name| variable(name).map(Sealed::clear),
        hidden_variables: tenant::TOKEN.variables.iter().map(|name| (*name).to_owned()).collect(),
        word: notice_words,
    }
}
