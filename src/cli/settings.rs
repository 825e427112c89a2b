//! Options made complete.
//!
//! Owns the order in which settings outrank each other: flag, environment, job file, profile, default. Must
//! never read a token: `connect` does, as late as possible.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::app::files::toml_place::described;
use crate::cli::failure::Failure;
use crate::cli::locations::config_path;
use crate::cli::options::{GlobalOptions, LimitOptions, variable};
use crate::job::{Job, SendUntil, SkipKind};
use crate::model::{
    MaxErrors, Policy, Risk, Rollout, UnixMillis, WaveEnd, WaveGate, human_duration,
    parse_duration_ms,
};

/// How long commands of a job are followed that is not benign throughout.
const WAIT_MS_DEFAULT: u64 = 600_000;

/// One profile of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Profile {
    pub base_url: Option<String>,
    pub subdomain: Option<String>,
    pub region: Option<String>,
    pub allow_other_host: bool,
    pub token_file: Option<PathBuf>,
    pub token_command: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub concurrency: Option<u32>,
    pub per_second: Option<u32>,
    pub per_hour: Option<u32>,
    pub report_dir: Option<PathBuf>,
    /// Who may read PINs and captured secrets; the configuration's own where the profile says nothing.
    pub secrets: SecretKeys,
    /// Name of the tenant; the profile's own name.
    #[serde(skip)]
    pub name: Option<String>,
    /// What named it.
    #[serde(skip)]
    pub chosen: Chosen,
}

/// What names the profile.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// The configuration, as its default; the environment outranks it.
    #[default]
    Default,
    /// The environment.
    Variable,
    /// The command line.
    Flag,
}

/// The table `[secrets]`, of the configuration or of a profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecretKeys {
    /// Public keys (`age1...`); an empty list keeps secrets in clear, whatever outranked levels say.
    pub encrypt_to: Option<Vec<String>>,
    /// One key is enough.
    pub single_key: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Configuration {
    default_profile: Option<String>,
    secrets: SecretKeys,
    profile: BTreeMap<String, Profile>,
}

impl Profile {
    /// Reads the profile that was asked for, else the configuration's default one, else an empty one.
    pub(crate) fn read(options: &GlobalOptions) -> Result<Self, Failure> {
        let Some(path) = config_path(options)? else {
            return match asked_profile(options) {
                None => Ok(Self::default()),
                Some(name) => {
                    Err(Failure::usage(format!("no configuration holds the profile '{name}'"))
                        .next("give --config FILE"))
                }
            };
        };
        let shown = path.display();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
        let mut configuration: Configuration = toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{shown}: {}", described(&text, &error))))?;
        let secrets = configuration.secrets;
        let chosen = match (&options.profile, asked_profile(options)) {
            (Some(_), _) => Chosen::Flag,
            (None, Some(_)) => Chosen::Variable,
            (None, None) => Chosen::Default,
        };
        let Some(name) = asked_profile(options).or(configuration.default_profile) else {
            return Ok(Self { secrets, ..Self::default() });
        };
        let known: Vec<String> = configuration.profile.keys().cloned().collect();
        let profile = configuration.profile.remove(&name).ok_or_else(|| {
            Failure::usage(format!("{shown} has no profile '{name}'"))
                .next(format!("it has: {}", known.join(", ")))
        })?;
        let is_silent = profile.secrets.encrypt_to.is_none();
        let secrets = if is_silent { secrets } else { profile.secrets.clone() };
        Ok(Self { name: Some(name), secrets, chosen, ..profile })
    }
}

fn asked_profile(options: &GlobalOptions) -> Option<String> {
    options.profile.clone().or_else(|| variable("SORTIE_PROFILE"))
}

/// The rules of a run, complete, and the kinds of refusals to skip.
pub(crate) fn policy(
    limits: &LimitOptions,
    job: &Job,
    profile: &Profile,
    seed: u64,
    timeout_ms: u64,
    now: UnixMillis,
) -> Result<Policy, Failure> {
    let defaults = Policy::default_at(now, seed);
    let settings = &job.settings;
    let mut retries = defaults.retries;
    retries.count = settings.retry_count.unwrap_or(retries.count);
    retries.delay_ms = settings.retry_delay_ms.unwrap_or(retries.delay_ms);
    retries.delay_ms_max = settings.retry_delay_ms_max.unwrap_or(retries.delay_ms_max);
    retries.jitter = settings.retry_jitter.unwrap_or(retries.jitter);
    let max_errors = match &limits.max_errors {
        None => settings.max_errors.unwrap_or(defaults.max_errors),
        Some(text) => MaxErrors::parse(text).ok_or_else(|| {
            Failure::usage(format!(
                "--max-errors: '{text}' is neither a number nor a share like 5%"
            ))
        })?,
    };
    let wait_ms = duration("--wait", limits.pace.wait.as_deref())?.or(settings.wait_ms);
    let send_until = match (send_for_ms(limits, job)?, settings.send_until) {
        (Some(after_ms), _) => now.plus_ms(after_ms),
        (None, Some(SendUntil::At(at))) => at,
        (None, _) => defaults.send_until,
    };
    let per_second = limits.pace.per_second.or(settings.per_second).or(profile.per_second);
    let per_hour = limits.pace.per_hour.or(settings.per_hour).or(profile.per_hour);
    let concurrency = limits.pace.concurrency.or(settings.concurrency).or(profile.concurrency);
    Ok(Policy {
        concurrency: concurrency.unwrap_or(defaults.concurrency).max(1),
        per_second: per_second.unwrap_or(defaults.per_second).max(1),
        per_hour: per_hour.unwrap_or(defaults.per_hour).max(1),
        retries,
        wait_ms: wait_ms.unwrap_or_else(|| default_wait_ms(job)),
        send_until,
        max_errors,
        errors_in_a_row: limits.errors_in_a_row.or(settings.errors_in_a_row),
        timeout_ms,
        quarantine_ms: quarantine_ms(limits, timeout_ms, defaults.quarantine_ms)?,
        ..defaults
    })
}

/// How long a run may send where nothing else is said, in milliseconds.
const SEND_FOR_MS_DEFAULT: u64 = 12 * 3_600_000;

/// How long after its start a run may send; `None` where the job names a moment.
pub(crate) fn send_for_ms(limits: &LimitOptions, job: &Job) -> Result<Option<u64>, Failure> {
    if let Some(after_ms) = duration("--send-until", limits.send_until.as_deref())? {
        return Ok(Some(after_ms));
    }
    Ok(match job.settings.send_until {
        Some(SendUntil::At(_)) => None,
        Some(SendUntil::After(after_ms)) => Some(after_ms),
        None => Some(SEND_FOR_MS_DEFAULT),
    })
}

/// How a run of this risk spreads over so many devices.
pub(crate) fn rollout(
    limits: &LimitOptions,
    job: &Job,
    risk: Risk,
    devices: u32,
) -> Result<Option<Rollout>, Failure> {
    let waves = limits.waves.iter().map(|text| {
        WaveEnd::parse(text).ok_or_else(|| {
            Failure::usage(format!("--waves: '{text}' is neither a number of devices nor a share"))
                .next("write it like 1,5,20%,100%")
        })
    });
    let waves: Vec<WaveEnd> = waves.collect::<Result<_, _>>()?;
    let pause_ms = duration("--wave-pause", limits.wave_pause.as_deref())?;
    let gate_timeout_ms = duration("--gate-timeout", limits.gate_timeout.as_deref())?;
    let word = limits.gate.as_deref();
    let gate = WaveGate::WORDS.into_iter().find(|(name, _)| Some(*name) == word);
    let of_job = job.settings.rollout.as_ref();
    let is_silent = waves.is_empty() && pause_ms.or(gate_timeout_ms).is_none() && gate.is_none();
    if is_silent && of_job.is_none() {
        return Ok(Rollout::usual(risk, devices));
    }
    let of_job = of_job.cloned().unwrap_or_default();
    let waves = [waves, of_job.waves].into_iter().find(|waves| !waves.is_empty());
    let mut rollout = match waves {
        Some(waves) => Rollout::of_waves(waves, risk),
        None => Rollout::of_usual_waves(risk),
    };
    rollout.pause_ms = pause_ms.or(of_job.pause_ms).unwrap_or(rollout.pause_ms);
    rollout.gate_timeout_ms =
        gate_timeout_ms.or(of_job.gate_timeout_ms).unwrap_or(rollout.gate_timeout_ms);
    rollout.gate = gate.map(|(_, gate)| gate).or(of_job.gate).unwrap_or(rollout.gate);
    Ok(Some(rollout))
}

/// How long a request without answer may still be applied: at least twice the time that it may take, because
/// it may wait in queues that nobody sees.
fn quarantine_ms(
    limits: &LimitOptions,
    timeout_ms: u64,
    quarantine_ms: u64,
) -> Result<u64, Failure> {
    let least_ms = timeout_ms * 2;
    let given = limits.quarantine.clone().or_else(|| variable("SORTIE_QUARANTINE"));
    match duration("--quarantine", given.as_deref())? {
        None => Ok(quarantine_ms.max(least_ms)),
        Some(given_ms) if given_ms >= least_ms => Ok(given_ms),
        Some(_) => Err(Failure::usage(format!(
            "--quarantine is shorter than twice the time of a request ({})",
            human_duration(timeout_ms)
        ))
        .next("make it longer, or --timeout shorter")),
    }
}

/// The kinds of refusals that the command line turns into skips.
pub(crate) fn skip_kinds(limits: &LimitOptions) -> Vec<SkipKind> {
    SkipKind::ALL
        .into_iter()
        .filter(|kind| limits.skip_refused.iter().any(|word| word == kind.word()))
        .collect()
}

/// Reads a duration given by a flag.
pub(crate) fn duration(flag: &str, text: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match parse_duration_ms(text) {
        Some(duration_ms) => Ok(Some(duration_ms)),
        None => Err(Failure::usage(format!("{flag}: '{text}' is not a duration"))
            .next("write it like 90s, 10m or 2h")),
    }
}

/// Benign jobs are not followed unless asked for; others are.
fn default_wait_ms(job: &Job) -> u64 {
    let rows = job.rows.iter().map(|row| &row.steps);
    let selected = job.selection.iter().map(|selection| &selection.steps);
    let is_benign = rows
        .chain(selected)
        .flat_map(|steps| steps.iter())
        .all(|step| step.action.risk <= Risk::Benign);
    if is_benign { 0 } else { WAIT_MS_DEFAULT }
}
