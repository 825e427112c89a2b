//! Profiles of the configuration, in words.
//!
//! Owns the list of profiles, and what is wrong with a configuration. Must never show a token, a command that prints one, or the
//! name of a file that may hold one: people paste tokens there.

use serde_json::json;

use super::fields::object;
use super::refusals::Words;
use super::screen::{Screen, Tone};
use super::table::{Table, TableCell, TableColumn};
use crate::app::settings::{Profile, ProfileError, ProfileFileError, ProfileList};
use crate::model::nearest;
use crate::model::settings::tenant;
use crate::transport::{OtherHosts, Region, base_url_of, check_base_url};

const COLUMNS: [TableColumn; 5] = [
    TableColumn::text("PROFILE"),
    TableColumn::whole("DEFAULT"),
    TableColumn::text("ADDRESS"),
    TableColumn::whole("TOKEN FROM"),
    TableColumn::number("KEYS"),
];

/// The profiles as a table.
pub(crate) fn table_of(list: &ProfileList, screen: &Screen) -> String {
    let mut table = Table::new(&COLUMNS);
    for profile in &list.profiles {
        let address = address_of(profile);
        let is_default = list.default == profile.name;
        table.row([
            TableCell::from(profile.name.as_deref().unwrap_or_default()),
            if is_default { TableCell::toned(Tone::Good, "default") } else { "-".into() },
            match address {
                Some(address) => address.into(),
                None => TableCell::toned(Tone::Bad, "none"),
            },
            token_source(profile).into(),
            keys_of(profile).to_string().into(),
        ]);
    }
    table.render(screen)
}

/// The fields of a profile in JSON.
pub(crate) const PROFILE_FIELDS: [&str; 5] = ["name", "default", "address", "token_source", "keys"];

/// The profiles for programs.
pub(crate) fn json_of(list: &ProfileList) -> Vec<serde_json::Value> {
    let row = |profile: &Profile| {
        let values = [
            json!(profile.name),
            json!(list.default == profile.name),
            json!(address_of(profile)),
            json!(token_source(profile)),
            json!(keys_of(profile)),
        ];
        object(&PROFILE_FIELDS, values)
    };
    list.profiles.iter().map(row).collect()
}

/// The address that the profile names; `None` where it names none, or none that can be used.
fn address_of(profile: &Profile) -> Option<String> {
    let values = &profile.values;
    if let Some(url) = values.text(&tenant::BASE_URL) {
        return check_base_url(url, OtherHosts::Allow).ok().map(|checked| checked.url);
    }
    let region = match values.get(&tenant::REGION) {
        None => Region::Us,
        Some(region) => Region::parse(&region.shown())?,
    };
    base_url_of(values.text(&tenant::SUBDOMAIN)?, region).ok()
}

fn token_source(profile: &Profile) -> &'static str {
    let has = |setting| profile.values.get(setting).is_some();
    match (has(&tenant::TOKEN_FILE), has(&tenant::TOKEN_COMMAND)) {
        (true, _) => "file",
        (false, true) => "command",
        (false, false) => "environment",
    }
}

fn keys_of(profile: &Profile) -> usize {
    profile.secrets.encrypt_to.as_ref().map_or(0, Vec::len)
}

/// What is wrong with a configuration.
pub(crate) fn profile_error(error: &ProfileError) -> Words {
    let (what, next) = match error {
        ProfileError::NoConfiguration { name } => (
            format!("there is no configuration, so no profile '{name}'"),
            format!("write the profile, or give --config FILE:\n  sortie init {name}"),
        ),
        ProfileError::Unreadable { path, why } => {
            (format!("cannot read {}: {why}", path.display()), String::new())
        }
        ProfileError::Invalid { path, why } => {
            (format!("{}: {why}", path.display()), "correct this line".to_owned())
        }
        ProfileError::NoSuchProfile { path, name, known } => (
            format!("{} has no profile '{name}'", path.display()),
            match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean '{near}'?"),
                None if known.is_empty() => format!("write it:\n  sortie init {name}"),
                None => format!("use one of its profiles: {}", known.join(", ")),
            },
        ),
    };
    Words { what, state: String::new(), next }
}

/// Why a profile, or the token beside it, was not written.
pub(crate) fn profile_file_error(error: &ProfileFileError) -> Words {
    let (what, next) = match error {
        ProfileFileError::Configuration(error) => return profile_error(error),
        ProfileFileError::Name { name } => (
            format!("'{name}' is not a profile name"),
            "use letters, digits, '-' and '_'".to_owned(),
        ),
        ProfileFileError::Exists { path, name } => (
            format!("{} already has a profile '{name}'", path.display()),
            "choose another name, or replace the profile with --force".to_owned(),
        ),
        ProfileFileError::Form { path, name } => (
            format!("cannot add the profile '{name}' to {} as it is written", path.display()),
            format!("add a table [profile.{name}] by hand"),
        ),
        ProfileFileError::Unwritable { path, error } => (
            format!("cannot write {}: {error}", path.display()),
            "check the permissions of the file and its directory".to_owned(),
        ),
    };
    Words { what, state: String::new(), next }
}
