//! `sortie settings`: each setting with its value and where that comes from.
//!
//! Owns the layout of the list. Must never show the value of a secret, and must never reach a tenant.

use crate::app::settings::Profile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::read_job;
use crate::cli::options::{
    GlobalOptions, JobOptions, LimitOptions, ListingFormat, PurposeOptions, TenantOptions,
};
use crate::cli::settings::read_profile;
use crate::cli::terminal::printer::{Printer, table};
use crate::model::settings::{
    PlacedValue, SettingSource, SettingSpec, SettingValue, SettingValues, global, settings,
};

/// What stands for the value of a secret.
const NOT_SHOWN: &str = "(not shown)";

/// The flags of settings that the command was given.
pub(crate) struct GivenFlags<'a> {
    pub purpose: &'a PurposeOptions,
    pub tenant: &'a TenantOptions,
    pub limits: &'a LimitOptions,
}

/// Lists the settings that a run with these flags, or of this job, would have.
pub(crate) fn list(
    options: &GlobalOptions,
    job: Option<&str>,
    given: &GivenFlags<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let profile = read_profile(options)?;
    let mut values = options.flags.values()?.merged(&profile.values);
    for flags in [given.purpose.values()?, given.tenant.values()?, given.limits.values()?] {
        values = values.merged(&flags);
    }
    if let (Some(name), None) = (&profile.name, values.get(&global::PROFILE)) {
        let name = SettingValue::Text(name.clone());
        values.set(&global::PROFILE, name, SettingSource::Profile);
    }
    if let Some(file) = job {
        let file = JobOptions { job: file.to_owned(), ..JobOptions::default() };
        values = values.merged(&read_job(&file, printer)?.settings.values);
    }
    let place = Place { job: job.unwrap_or_default(), profile: &profile };
    match printer.format {
        ListingFormat::Json => printer.data(&json(&values, &place).to_string()),
        ListingFormat::Text | ListingFormat::Csv => printer.show(&text(&values, &place)),
    }
    Ok(Exit::Well)
}

/// What sources are called.
struct Place<'a> {
    job: &'a str,
    profile: &'a Profile,
}

impl Place<'_> {
    fn shown(&self, source: SettingSource) -> String {
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

fn text(values: &SettingValues, place: &Place<'_>) -> String {
    let row = |setting: &'static SettingSpec| {
        let sources: Vec<String> =
            counted(values, setting).iter().map(|placed| place.shown(placed.source)).collect();
        let (value, source) = match shown(values, setting) {
            Some(value) => (value, sources.join(", ")),
            None if setting.default.is_empty() => ("-".to_owned(), "default".to_owned()),
            None => (setting.default.to_owned(), "default".to_owned()),
        };
        vec![setting.name.to_owned(), value, source]
    };
    let rows: Vec<Vec<String>> = settings().map(row).collect();
    table(&["SETTING", "VALUE", "SOURCE"], &rows)
}

fn json(values: &SettingValues, place: &Place<'_>) -> serde_json::Value {
    let row = |setting: &'static SettingSpec| {
        let source = counted(values, setting).iter().map(|placed| {
            let kind = match placed.source {
                SettingSource::Flag(_) => "flag",
                SettingSource::Variable(_) => "variable",
                SettingSource::Job { .. } => "job",
                SettingSource::Profile => "profile",
            };
            serde_json::json!({ "kind": kind, "place": place.shown(placed.source) })
        });
        let sources: Vec<serde_json::Value> = source.collect();
        serde_json::json!({
            "setting": setting.name,
            "value": shown(values, setting),
            "default": setting.default,
            "is_secret": setting.is_secret,
            "sources": sources,
        })
    };
    settings().map(row).collect()
}
