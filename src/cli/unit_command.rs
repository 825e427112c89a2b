//! The command line of each start, as a scheduler's file has it.
//!
//! Owns what stands in it: flags as they were given, with absolute paths, the tenant, and where the token is. Must never
//! hold a token, and never a flag that the start of this command line alone would have.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::app::settings::{Profile, ProfileChoice};
use crate::app::{ScheduleConsent, ScheduledJob, TenantProfile, TokenPlace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, JobOptions};
use crate::cli::schedule_options::ScheduleOptions;
use crate::cli::setting_flags::{FlagSet, SettingFlags};
use crate::cli::tenant_options::tenant_request;
use crate::cli::text::schedule::{ScheduledUnit, UnitToken};
use crate::model::settings::{SettingKind, output, tenant as rows};

/// The tenant of each start: its flags, and the place of its token.
pub(crate) struct TenantOfUnit {
    pub arguments: Vec<String>,
    pub token: UnitToken,
}

/// Chooses them as a run with these flags would.
pub(crate) fn tenant_of(
    global: &GlobalOptions,
    options: &ScheduleOptions,
    profile: &Profile,
) -> Result<TenantOfUnit, Failure> {
    let request = tenant_request(&options.tenant.values()?, profile)?;
    let mut arguments = Vec::new();
    let is_chosen = profile.choice != ProfileChoice::Default;
    let by_environment = request.environment.address.as_ref();
    let by_environment = by_environment.filter(|_| request.given.address.is_none() && !is_chosen);
    let named = request.profile.as_ref();
    if request.given.address.is_none() && by_environment.is_none() {
        let has_address = |place: &&TenantProfile| place.place.address.is_some();
        if named.filter(has_address).is_none() {
            return Err(Failure::usage("the files have to name a tenant, and none is named")
                .next("give --subdomain, --base-url or --profile"));
        }
    }
    if let Some(path) = config_path(global)? {
        arguments.extend(["--config".to_owned(), absolute(&path)?]);
    }
    let of_profile = named.filter(|_| by_environment.is_none());
    if let Some(profile) = of_profile {
        arguments.extend(["--profile".to_owned(), profile.name.clone()]);
    }
    if let Some(address) = by_environment {
        arguments.extend(["--base-url".to_owned(), address.url.clone()]);
    }
    let skipped = [rows::TOKEN_FILE.name, rows::TOKEN_COMMAND.name, rows::SEED.name];
    arguments.extend(written(&options.tenant, &skipped)?);
    let given = request.given.token.as_ref().map(|token| &token.place);
    // A profile's token is not sent to another address than the profile's.
    let of_profile = of_profile.filter(|_| request.given.address.is_none());
    let token = match (given, of_profile) {
        (Some(TokenPlace::File(path)), _) => UnitToken::File(absolute(path)?),
        (_, Some(profile)) => match profile.place.token.as_ref().map(|token| &token.place) {
            Some(TokenPlace::File(path)) => UnitToken::File(absolute(path)?),
            Some(_) => UnitToken::OfProfile(profile.name.clone()),
            None => return Err(no_token()),
        },
        _ => return Err(no_token()),
    };
    Ok(TenantOfUnit { arguments, token })
}

fn no_token() -> Failure {
    Failure::usage(
        "no start could find a token: a scheduler does not have the variables of this shell",
    )
    .next("give --token-file FILE, or a profile with a token file or command:\n  sortie init")
}

/// The program and its arguments.
pub(crate) fn command(
    options: &ScheduleOptions,
    unit: &ScheduledUnit,
    scheduled: &ScheduledJob,
    tenant: &[String],
) -> Result<Vec<String>, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("where sortie is: {error}")))?;
    let mut words = vec![absolute(&program)?, "--state-dir".to_owned(), unit.state_dir.clone()];
    words.push("run".to_owned());
    words.extend(job_arguments(&options.job)?);
    match &scheduled.consent {
        ScheduleConsent::Yes => words.push("--yes".to_owned()),
        ScheduleConsent::Words(text) => words.extend(["--confirm".to_owned(), text.clone()]),
    }
    let if_running = options.if_running.clone().unwrap_or_else(|| "skip".to_owned());
    words.extend(["--no-input", "--progress", "log", "--if-running"].map(str::to_owned));
    words.extend([if_running, "--report-dir".to_owned(), unit.report_dir.clone()]);
    words.extend(written(&options.purpose, &[output::REPORT_DIR.name])?);
    words.extend(tenant.iter().cloned());
    Ok(words)
}

/// The flags about the job file, as they were written.
fn job_arguments(options: &JobOptions) -> Result<Vec<String>, Failure> {
    let JobOptions {
        job,
        action,
        param,
        map,
        ignore_column,
        identify_by,
        dedupe,
        delimiter,
        encoding,
        sheet,
        hidden,
        tenants,
        allow_wipe_protected,
    } = options;
    let mut words = vec![absolute(Path::new(job))?];
    let mut add = |flag: &str, value: String| words.extend([format!("--{flag}"), value]);
    action.iter().for_each(|action| add("action", action.clone()));
    param.iter().for_each(|(key, value)| add("param", format!("{key}={value}")));
    map.iter().for_each(|(column, name)| add("map", format!("{column}={name}")));
    ignore_column.iter().for_each(|column| add("ignore-column", column.clone()));
    identify_by.iter().for_each(|column| add("identify-by", column.clone()));
    let spelled = |delimiter: u8| match delimiter {
        b'\t' => "tab".to_owned(),
        other => char::from(other).to_string(),
    };
    delimiter.iter().for_each(|delimiter| add("delimiter", spelled(*delimiter)));
    encoding.iter().for_each(|encoding| add("encoding", encoding.clone()));
    sheet.iter().for_each(|sheet| add("sheet", sheet.clone()));
    hidden.iter().for_each(|hidden| add("hidden", hidden.clone()));
    let switches = [(*dedupe, "--dedupe"), (*allow_wipe_protected, "--allow-wipe-protected")];
    words.extend(switches.iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| (*flag).to_owned()));
    words.extend(written(tenants, &[])?);
    Ok(words)
}

/// Flags of settings as they were written, with absolute paths.
fn written<S: FlagSet>(flags: &SettingFlags<S>, skipped: &[&str]) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    for (setting, flag, texts) in flags.written() {
        if skipped.contains(&setting.name) {
            continue;
        }
        if flag.value.is_none() {
            words.push(format!("--{}", flag.long));
            continue;
        }
        for text in texts {
            words.push(format!("--{}", flag.long));
            words.push(match setting.kind {
                SettingKind::Path => absolute(Path::new(text))?,
                _ => utf8(text)?,
            });
        }
    }
    Ok(words)
}

fn utf8(text: &OsString) -> Result<String, Failure> {
    text.to_str().map(str::to_owned).ok_or_else(|| {
        let text = text.to_string_lossy();
        Failure::usage(format!("'{text}' is not UTF-8, and a scheduler's file has to be"))
    })
}

/// A path as it holds from every directory.
pub(crate) fn absolute(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    utf8(&absolute.into_os_string())
}

/// The directory of a file.
pub(crate) fn directory_of(path: &Path) -> Result<String, Failure> {
    let path = PathBuf::from(absolute(path)?);
    absolute(path.parent().unwrap_or(Path::new("/")))
}
