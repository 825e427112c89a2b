//! The list of settings, laid out.
//!
//! Owns its table and its JSON. Must never show the value of a secret.

use serde_json::{Value, json as value};
use std::path::Path;

use crate::app::settings::Profile;
use crate::cli::text::fields::object;
use crate::cli::text::layout::one_line;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::settings::{
    PlacedValue, SettingSource, SettingSpec, SettingValues, global, settings,
};

/// What replaces the value of a secret.
const NOT_SHOWN: &str = "(not shown)";

/// The fields of a setting in JSON.
pub(crate) const SETTING_FIELDS: [&str; 5] =
    ["setting", "value", "default", "is_secret", "sources"];

const COLUMNS: [TableColumn; 3] = [
    TableColumn::whole("SETTING"),
    TableColumn::text("VALUE").at_least(16),
    TableColumn::text("SOURCE").at_least(12),
];

/// What sources are called.
pub(crate) struct SourceNames<'a> {
    pub job: &'a str,
    pub profile: &'a Profile,
    /// The configuration file, whether there is one or not.
    pub configuration: &'a Path,
}

impl SourceNames<'_> {
    fn of(&self, source: SettingSource) -> String {
        match source {
            SettingSource::Flag(flag) => format!("--{flag}"),
            SettingSource::Variable(name) => name.to_owned(),
            SettingSource::Job { line: 0 } => self.job.to_owned(),
            SettingSource::Job { line } => format!("{}:{line}", self.job),
            SettingSource::Profile => match &self.profile.name {
                Some(name) => format!("profile {name}"),
                None => "configuration".to_owned(),
            },
        }
    }
}

/// The values of a setting that count: one, or those of all sources where it is a union.
fn counted<'v>(values: &'v SettingValues, setting: &SettingSpec) -> &'v [PlacedValue] {
    let all = values.all(setting);
    if setting.is_union { all } else { all.get(..1).unwrap_or_default() }
}

/// The value as it may be shown; `None` where there is none.
fn shown(values: &SettingValues, setting: &SettingSpec) -> Option<String> {
    let value = values.get(setting)?;
    Some(match values.words(setting) {
        _ if setting.is_secret => NOT_SHOWN.to_owned(),
        Some(words) => words.join(", "),
        None => value.shown(),
    })
}

/// All settings for people. Values that are not the default stand out.
pub(crate) fn table(values: &SettingValues, names: &SourceNames<'_>, screen: &Screen) -> String {
    let mut table = Table::new(&COLUMNS);
    for setting in settings() {
        let sources = counted(values, setting).iter().map(|placed| names.of(placed.source));
        let (tone, value, source) = match shown(values, setting) {
            Some(value) => (Tone::Strong, value, sources.collect::<Vec<_>>().join(", ")),
            None if setting.name == global::CONFIG.name => {
                let path = one_line(&names.configuration.display().to_string()).into_owned();
                (Tone::Plain, path, "default".to_owned())
            }
            None if setting.default.is_empty() => {
                (Tone::Plain, "not set".to_owned(), "default".to_owned())
            }
            None => (Tone::Plain, setting.default.to_owned(), "default".to_owned()),
        };
        table.row::<TableCell>([setting.name.into(), TableCell::toned(tone, value), source.into()]);
    }
    table.render(screen)
}

/// All settings for programs.
pub(crate) fn json(values: &SettingValues, names: &SourceNames<'_>) -> Vec<Value> {
    let row = |setting: &'static SettingSpec| {
        let sources = counted(values, setting).iter().map(|placed| {
            let kind = match placed.source {
                SettingSource::Flag(_) => "flag",
                SettingSource::Variable(_) => "variable",
                SettingSource::Job { .. } => "job",
                SettingSource::Profile => "profile",
            };
            value!({ "kind": kind, "place": names.of(placed.source) })
        });
        object(
            &SETTING_FIELDS,
            [
                value!(setting.name),
                value!(shown(values, setting)),
                value!(setting.default),
                value!(setting.is_secret),
                sources.collect(),
            ],
        )
    };
    settings().map(row).collect()
}
