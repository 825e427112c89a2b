//! From values to the rules of a run.
//!
//! Owns the defaults that depend on the job, and the rules between two settings. Must never know where a front end has
//! its values from.

use serde::Serialize;
use std::path::{Path, PathBuf};

use super::ReportForm;
use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::job::{BeforeLoss, Job, SkipKind};
use crate::model::settings::{
    SettingLayer, SettingValue, SettingValues, following, output, pace, safety, targets, tenant,
};
use crate::model::{
    MaxErrors, NoteFlaw, OutsideWindow, Policy, Retries, Risk, Rollout, UnixMillis, WaveGate,
    Window, note_flaw,
};
use crate::report::{
    METRICS_PLACEHOLDERS, is_metrics_file_name, missing_feature, unknown_placeholder,
};

/// How long commands of a job are followed that has other than benign actions.
const WAIT_MS_DEFAULT: u64 = 600_000;
/// How long a run may send where nothing else is said, in milliseconds.
const SEND_FOR_MS_DEFAULT: u64 = 12 * 3_600_000;

/// The settings of one run: what the front end gave, together with what the job says.
#[derive(Clone, Debug)]
pub struct RunSettings {
    values: SettingValues,
    is_benign: bool,
}

/// Settings that contradict each other, or that say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingsRefusal {
    /// A request has less time than any answer needs.
    TimeoutTooShort {
        /// Shortest timeout, in milliseconds.
        least_ms: u64,
    },
    /// The quarantine is shorter than twice the timeout.
    QuarantineTooShort {
        /// The timeout, in milliseconds.
        timeout_ms: u64,
    },
    /// A format of reports is asked for that was left out when the program was built.
    FormatNotBuilt {
        /// The format, which is the name of the feature too.
        feature: &'static str,
    },
    /// Sending outside of the window is asked for without a reason.
    BreakGlassWithoutReason,
    /// The text of the note cannot be one.
    Note {
        /// What is wrong with it.
        flaw: NoteFlaw,
    },
    /// The name of the file of metrics does not end in `.prom`.
    MetricsFileName {
        /// The file.
        path: PathBuf,
    },
    /// The name of the file of metrics has a part in braces that means nothing.
    MetricsFilePlaceholder {
        /// The file.
        path: PathBuf,
        /// The part, with its braces.
        placeholder: String,
        /// Those that mean something.
        known: [&'static str; 2],
    },
}

impl RefusalFacts for SettingsRefusal {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        vec![match self {
            Self::TimeoutTooShort { .. } => NextStep::CorrectRequest { what: "timeout" },
            Self::QuarantineTooShort { .. } => NextStep::CorrectRequest { what: "quarantine" },
            Self::FormatNotBuilt { .. } => NextStep::CorrectRequest { what: "report_format" },
            Self::BreakGlassWithoutReason => NextStep::GiveReason,
            Self::Note { .. } => NextStep::CorrectRequest { what: "note" },
            Self::MetricsFileName { .. } | Self::MetricsFilePlaceholder { .. } => {
                NextStep::CorrectRequest { what: "metrics_file" }
            }
        }]
    }
}

/// How long one request may take, in milliseconds.
///
/// # Errors
/// A timeout that is too short for any answer.
pub fn timeout_ms(given: &SettingValues) -> Result<u64, SettingsRefusal> {
    let least_ms = tenant::TIMEOUT_MS_MIN;
    match given.duration_ms(&tenant::TIMEOUT) {
        None => Ok(Policy::default_at(UnixMillis(0), 0).timeout_ms),
        Some(timeout_ms) if timeout_ms >= least_ms => Ok(timeout_ms),
        Some(_) => Err(SettingsRefusal::TimeoutTooShort { least_ms }),
    }
}

/// The file of metrics, where one is given.
///
/// # Errors
/// A name that the collector of metrics does not read, or with an unknown part in braces.
pub fn metrics_file(given: &SettingValues) -> Result<Option<&Path>, SettingsRefusal> {
    let Some(path) = given.path(&output::METRICS_FILE) else { return Ok(None) };
    if !is_metrics_file_name(path) {
        return Err(SettingsRefusal::MetricsFileName { path: path.to_owned() });
    }
    if let Some(found) = unknown_placeholder(path) {
        let (placeholder, known) = (found.to_owned(), METRICS_PLACEHOLDERS);
        let path = path.to_owned();
        return Err(SettingsRefusal::MetricsFilePlaceholder { path, placeholder, known });
    }
    Ok(Some(path))
}

impl RunSettings {
    /// The settings of a run of `job`. `given` holds what flags, environment and profile say.
    #[must_use]
    pub fn new(given: SettingValues, job: &Job) -> Self {
        Self { values: given.merged(&job.settings.values), is_benign: is_benign(job) }
    }

    /// These settings with more values.
    #[must_use]
    pub fn and(self, more: SettingValues) -> Self {
        Self { values: self.values.merged(&more), ..self }
    }

    /// All values, each with its source.
    #[must_use]
    pub fn values(&self) -> &SettingValues {
        &self.values
    }

    /// The rules of a run that starts at `now`, except those that depend on its plan.
    ///
    /// # Errors
    /// Settings that contradict each other.
    pub fn policy(&self, seed: u64, now: UnixMillis) -> Result<Policy, SettingsRefusal> {
        let values = &self.values;
        let defaults = Policy::default_at(now, seed);
        let timeout_ms = timeout_ms(values)?;
        metrics_file(values)?;
        let note = values.text(&output::NOTE);
        if let Some(flaw) = note.and_then(note_flaw) {
            return Err(SettingsRefusal::Note { flaw });
        }
        let formats = values.words(&output::REPORT_FORMAT).unwrap_or_default();
        if let Some(feature) = formats.into_iter().find_map(missing_feature) {
            return Err(SettingsRefusal::FormatNotBuilt { feature });
        }
        let count = |setting, default: u32| values.count(setting).unwrap_or(default).max(1);
        let send_until = match (self.send_for_ms(), values.get(&pace::SEND_UNTIL)) {
            (Some(after_ms), _) => now.plus_ms(after_ms),
            (None, Some(SettingValue::Moment(at))) => *at,
            (None, _) => defaults.send_until,
        };
        Ok(Policy {
            concurrency: count(&pace::CONCURRENCY, defaults.concurrency),
            per_second: count(&pace::PER_SECOND, defaults.per_second),
            per_hour: count(&pace::PER_HOUR, defaults.per_hour),
            retries: self.retries(),
            wait_ms: self.wait_ms(),
            send_until,
            max_errors: self.max_errors(),
            errors_in_a_row: values.count(&safety::ERRORS_IN_A_ROW),
            timeout_ms,
            quarantine_ms: self.quarantine_ms(timeout_ms, defaults.quarantine_ms)?,
            note: note.map(str::to_owned),
            ..defaults
        })
    }

    fn retries(&self) -> Retries {
        let (values, defaults) = (&self.values, Retries::default());
        Retries {
            count: values.count(&pace::RETRY_COUNT).unwrap_or(defaults.count),
            delay_ms: values.duration_ms(&pace::RETRY_DELAY).unwrap_or(defaults.delay_ms),
            delay_ms_max: values
                .duration_ms(&pace::RETRY_DELAY_MAX)
                .unwrap_or(defaults.delay_ms_max),
            jitter: values.switch(&pace::RETRY_JITTER).unwrap_or(defaults.jitter),
        }
    }

    /// How long commands are followed, in milliseconds. Benign jobs are not followed unless asked for.
    fn wait_ms(&self) -> u64 {
        let default_ms = if self.is_benign { 0 } else { WAIT_MS_DEFAULT };
        self.values.duration_ms(&following::WAIT).unwrap_or(default_ms)
    }

    fn max_errors(&self) -> MaxErrors {
        self.values.max_errors(&safety::MAX_ERRORS).unwrap_or_default()
    }

    /// How long a request without answer may still be applied, in milliseconds: at least twice the time that it may
    /// take, because it may wait in queues on the way.
    fn quarantine_ms(&self, timeout_ms: u64, default_ms: u64) -> Result<u64, SettingsRefusal> {
        let least_ms = timeout_ms * 2;
        match self.values.duration_ms(&safety::QUARANTINE) {
            None => Ok(default_ms.max(least_ms)),
            Some(given_ms) if given_ms >= least_ms => Ok(given_ms),
            Some(_) => Err(SettingsRefusal::QuarantineTooShort { timeout_ms }),
        }
    }

    /// How long after its start a run may send, in milliseconds; `None` where the job names a moment.
    #[must_use]
    pub fn send_for_ms(&self) -> Option<u64> {
        match self.values.get(&pace::SEND_UNTIL) {
            Some(SettingValue::Moment(_)) => None,
            Some(SettingValue::Duration(after_ms)) => Some(*after_ms),
            _ => Some(SEND_FOR_MS_DEFAULT),
        }
    }

    /// How many errors one after the other stop a run of this risk; `None` for any number.
    #[must_use]
    pub fn errors_in_a_row(&self, risk: Risk) -> Option<u32> {
        self.values.count(&safety::ERRORS_IN_A_ROW).or(match risk {
            Risk::Read | Risk::Benign => None,
            Risk::Disruptive => Some(10),
            Risk::Irreversible => Some(3),
        })
    }

    /// How a run of this risk spreads over so many devices.
    #[must_use]
    pub fn rollout(&self, risk: Risk, devices: u32) -> Option<Rollout> {
        let values = &self.values;
        let waves = values.waves(&safety::WAVES).filter(|waves| !waves.is_empty());
        let pause_ms = values.duration_ms(&safety::WAVE_PAUSE);
        let gate_timeout_ms = values.duration_ms(&safety::GATE_TIMEOUT);
        let word = values.word(&safety::GATE);
        let gate = WaveGate::WORDS.into_iter().find(|(name, _)| Some(*name) == word);
        if waves.is_none() && pause_ms.or(gate_timeout_ms).is_none() && gate.is_none() {
            return Rollout::usual(risk, devices);
        }
        let mut rollout = match waves {
            Some(waves) => Rollout::of_waves(waves.to_vec(), risk),
            None => Rollout::of_usual_waves(risk),
        };
        rollout.pause_ms = pause_ms.unwrap_or(rollout.pause_ms);
        rollout.gate_timeout_ms = gate_timeout_ms.unwrap_or(rollout.gate_timeout_ms);
        rollout.gate = gate.map_or(rollout.gate, |(_, gate)| gate);
        Some(rollout)
    }

    /// The reason for sending outside of the window, where that is asked for.
    ///
    /// # Errors
    /// An empty reason.
    pub fn break_glass(&self) -> Result<Option<&str>, SettingsRefusal> {
        match self.values.text(&safety::BREAK_GLASS) {
            Some(reason) if reason.trim().is_empty() => {
                Err(SettingsRefusal::BreakGlassWithoutReason)
            }
            reason => Ok(reason),
        }
    }

    /// The job's window, whether it is in force or not.
    #[must_use]
    pub fn window(&self) -> Option<&Window> {
        self.values.window(&safety::WINDOW)
    }

    /// Whether the run may send outside of its window.
    #[must_use]
    pub fn is_glass_broken(&self) -> bool {
        self.values.get(&safety::BREAK_GLASS).is_some()
    }

    /// What becomes of the run outside of its window.
    #[must_use]
    pub fn outside_window(&self) -> OutsideWindow {
        match self.values.word(&safety::OUTSIDE_WINDOW) {
            Some("wait") => OutsideWindow::Wait,
            _ => OutsideWindow::Refuse,
        }
    }

    /// Most devices that the job may reach, where it says so.
    #[must_use]
    pub fn max_devices(&self) -> Option<u32> {
        self.values.count(&safety::MAX_DEVICES)
    }

    /// Whether the job itself limits when it sends, and no flag lifts that limit.
    #[must_use]
    pub fn has_time_bound(&self) -> bool {
        let has_window = self.window().is_some() && !self.is_glass_broken();
        has_window || self.values.layer(&pace::SEND_UNTIL) == Some(SettingLayer::Job)
    }

    /// The kinds of refusals that become skips.
    #[must_use]
    pub fn skip_refused(&self) -> Vec<SkipKind> {
        SkipKind::of(&self.values)
    }

    /// What to do about the secrets that an erase or a delete removes.
    #[must_use]
    pub fn before_loss(&self) -> Option<BeforeLoss> {
        BeforeLoss::of(&self.values)
    }

    /// Whether Macs may be deactivated by an action that does so to some.
    #[must_use]
    pub fn is_deactivation_allowed(&self) -> bool {
        self.values.is_on(&safety::ALLOW_DEACTIVATION)
    }

    /// Whether entries of `exclude` may match no device.
    #[must_use]
    pub fn is_unmatched_exclude_allowed(&self) -> bool {
        self.values.is_on(&targets::ALLOW_UNMATCHED_EXCLUDE)
    }

    /// The seed of the run's randomness, where it is given.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.values.number(&tenant::SEED)
    }

    /// Why it is done.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.values.text(&output::REASON)
    }

    /// The directory for reports, where it is given.
    #[must_use]
    pub fn report_dir(&self) -> Option<&Path> {
        self.values.path(&output::REPORT_DIR)
    }

    /// The file of metrics, where one is given.
    #[must_use]
    pub fn metrics_file(&self) -> Option<&Path> {
        self.values.path(&output::METRICS_FILE)
    }

    /// The formats of reports, and how they are written.
    #[must_use]
    pub fn report_form(&self) -> ReportForm {
        ReportForm::default().changed_by(&self.values)
    }
}

/// Whether all actions of a job are benign.
fn is_benign(job: &Job) -> bool {
    let rows = job.rows.iter().map(|row| &row.steps);
    let selected = job.selection.iter().map(|selection| &selection.steps);
    rows.chain(selected).flat_map(|steps| steps.iter()).all(|step| step.risk() <= Risk::Benign)
}
