//! `sortie settings`: each setting with its value and where that comes from.
//!
//! Owns which values count. Must never reach a tenant.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::read_job;
use crate::cli::locations::config_place;
use crate::cli::options::{
    GlobalOptions, JobOptions, LimitOptions, ListingFormat, PurposeOptions, TenantOptions,
};
use crate::cli::setting_flags::{EndingFlags, SettingFlags};
use crate::cli::settings::read_profile;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::setting_list::{SourceNames, json, table};
use crate::model::settings::{SettingSource, SettingValue, global};

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
    let ending = SettingFlags::<EndingFlags>::default().values()?;
    let mut values = options.flags.values()?.merged(&profile.values).merged(&ending);
    for flags in [given.purpose.values()?, given.tenant.values()?, given.limits.values()?] {
        values = values.merged(&flags);
    }
    if let (Some(name), None) = (&profile.name, values.get(&global::PROFILE)) {
        let name = SettingValue::Text(name.clone());
        values.set(&global::PROFILE, name, SettingSource::Profile);
    }
    if let Some(file) = job {
        let file = JobOptions { job: file.to_owned(), ..JobOptions::default() };
        values = values.merged(&read_job(&file, None, printer)?.settings.values);
    }
    let configuration = config_place(options)?;
    let names = SourceNames {
        job: job.unwrap_or_default(),
        profile: &profile,
        configuration: &configuration,
    };
    match printer.format {
        ListingFormat::Json => printer.list(json(&values, &names)),
        ListingFormat::Text | ListingFormat::Csv => {
            printer.show_paged(&table(&values, &names, &printer.screen()));
        }
    }
    Ok(Exit::Well)
}
