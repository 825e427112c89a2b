//! Job files: bytes in, a job or everything that is wrong with it out.
//!
//! Owns the CSV and YAML job formats and their diagnostics. Must never open a file, ask the tenant or
//! repair an identifier.

mod ad_hoc;
mod carried;
mod cells;
mod clashes;
mod column_options;
mod columns;
mod decode;
mod delimiter;
mod diagnostics;
mod filter;
mod foreign;
mod input;
mod nodes;
mod origin;
mod repeated;
mod required_devices;
mod row_notes;
mod rows;
mod sameness;
mod scan;
mod secrets;
mod sniff;
mod source;
mod steps;
mod table;
mod tree;
mod yaml;
mod yaml_params;
mod yaml_require;
mod yaml_rollout;
mod yaml_secrets;
mod yaml_settings;
mod yaml_spaces;
mod yaml_targets;
mod yaml_window;

#[cfg(test)]
mod tests;

pub use ad_hoc::ad_hoc;
pub use cells::TargetField;
pub use decode::Encoding;
pub use diagnostics::{Diagnostic, Diagnostics};
pub use filter::read_filter_pair;
pub use input::{IdentifyBy, Input, ParseOptions, parse};
pub use origin::RowOrigin;
pub use required_devices::{AgeError, RequiredDevices};
pub use yaml_require::read_required;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::kandji::ActionSpec;
use crate::model::{
    DeviceId, Gate, MaxErrors, OutsideWindow, Params, Platform, WaveEnd, WaveGate, Window,
};

/// What an operator wrote, checked and complete.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name: of the YAML, else the file's name without extension.
    pub name: String,
    /// Why it is done, such as a ticket.
    pub reason: Option<String>,
    /// SHA-256 of the text (those of the files that it names included) without its PINs, as hexadecimal digits.
    pub digest: String,
    /// Devices that the job names, in the order of the file.
    pub rows: Vec<Row>,
    /// Devices that the job selects.
    pub selection: Option<Selection>,
    /// Devices that are taken out again.
    pub exclude: Exclusion,
    /// Settings that the job brings along.
    pub settings: JobSettings,
    /// What was understood or passed over and may surprise: renamed columns, skipped lines.
    pub notes: Vec<String>,
}

/// One device that the job names, with what is to be done on it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Position among the rows of the file, from 1, header and comments not counted.
    pub number: u32,
    /// Line of the file, from 1; 0 for a target that was given on the command line.
    pub line: u32,
    /// The device as the row names it.
    pub target: Target,
    /// What is to be done, in order. At least one step. Rows without values of their own share the steps.
    pub steps: Arc<[Step]>,
    /// Columns that mean nothing to us, carried into the report.
    pub carried: Vec<(String, String)>,
    /// The run whose files the row comes from, if it does.
    pub origin: Option<RowOrigin>,
}

/// A device as a row names it. At least one of the first three is there; every one that is given must
/// agree with the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The API's id.
    pub device_id: Option<DeviceId>,
    /// Serial number, as written.
    pub serial_number: Option<String>,
    /// Address of the assigned user, as written.
    pub user_email: Option<String>,
    /// Device name, as written: checked where it is given, never enough to find a device.
    pub device_name: Option<String>,
    /// Asset tag, as written: checked where it is given, never enough to find a device.
    pub asset_tag: Option<String>,
}

/// One action with its parameters.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its order on the device, from 1.
    pub number: u16,
    /// The action.
    pub action: &'static ActionSpec,
    /// Its parameters, complete and of the right types.
    pub params: Params,
    /// Which end of the step before lets this one begin, where the job says so.
    pub after: Option<Gate>,
}

/// Devices picked by what they are.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What they must be; an empty filter picks the whole fleet and only comes from `all`.
    pub filter: Filter,
    /// What is to be done on each.
    pub steps: Arc<[Step]>,
}

/// Conditions on a device. A list holds alternatives; all conditions must hold. Texts are compared
/// whole and without regard to case, except `name_like`, which is a part of the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Platforms.
    pub platform: Vec<Platform>,
    /// Names of blueprints.
    pub blueprint: Vec<String>,
    /// Names of tags.
    pub tag: Vec<String>,
    /// Addresses of users.
    pub user_email: Vec<String>,
    /// Model names.
    pub model: Vec<String>,
    /// OS versions: `17.4` also means `17.4.1`.
    pub os_version: Vec<String>,
    /// Parts of device names.
    pub name_like: Vec<String>,
    /// Checked in at most this long ago, in milliseconds.
    pub checked_in_within_ms: Option<u64>,
    /// Last checked in at least this long ago, in milliseconds; a device that never did counts.
    pub not_checked_in_for_ms: Option<u64>,
}

/// Devices taken out of a job again: by filter or by list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusion {
    /// A device for which any condition that is given holds is taken out.
    pub filter: Filter,
    /// Ids.
    pub device_ids: Vec<DeviceId>,
    /// Serial numbers.
    pub serial_numbers: Vec<String>,
    /// Entries may fit no device; else the plan is refused, because a misspelled one excludes nothing.
    pub is_idle_allowed: bool,
}

/// Settings that a job file may bring along; `None` where it is silent. Durations are milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobSettings {
    /// How long to follow commands.
    pub wait_ms: Option<u64>,
    /// When sending ends.
    pub send_until: Option<SendUntil>,
    /// Requests under way at once.
    pub concurrency: Option<u32>,
    /// Requests a second.
    pub per_second: Option<u32>,
    /// Requests an hour.
    pub per_hour: Option<u32>,
    /// Most devices that the job may come to.
    pub max_devices: Option<u32>,
    /// Retries: count.
    pub retry_count: Option<u32>,
    /// Retries: first delay.
    pub retry_delay_ms: Option<u64>,
    /// Retries: longest delay.
    pub retry_delay_ms_max: Option<u64>,
    /// Retries: draw each delay at random.
    pub retry_jitter: Option<bool>,
    /// When errors stop the run.
    pub max_errors: Option<MaxErrors>,
    /// How many errors one after the other stop the run.
    pub errors_in_a_row: Option<u32>,
    /// How the work spreads over the devices.
    pub rollout: Option<RolloutSettings>,
    /// When may be sent.
    pub window: Option<Window>,
    /// What becomes of the run outside the window.
    pub outside_window: Option<OutsideWindow>,
    /// Another system's list, without which no device is touched.
    pub require: Option<RequiredDevices>,
    /// Directory for reports.
    pub report_dir: Option<String>,
    /// Formats of reports: `csv`, `jsonl`.
    pub report_formats: Option<Vec<String>>,
    /// Kinds of refusal that become skips.
    pub skip_refused: Vec<SkipKind>,
    /// What becomes of secrets.
    pub secrets: SecretSettings,
    /// Macs may be deactivated by an action that does so to some.
    pub is_deactivation_allowed: bool,
}

/// What a job says about waves; the usual holds where it is silent. Durations are milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RolloutSettings {
    /// Where each wave ends; empty for the usual ones.
    pub waves: Vec<WaveEnd>,
    /// Pause before the next wave.
    pub pause_ms: Option<u64>,
    /// What opens the next wave.
    pub gate: Option<WaveGate>,
    /// How long it waits for devices that do not answer.
    pub gate_timeout_ms: Option<u64>,
}

/// What a job says about secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretSettings {
    /// What to do about the secrets that an erase or a delete takes away.
    pub before_loss: Option<BeforeLoss>,
    /// Public keys (`age1...`) of those who may read PINs and captured secrets; empty to keep them in clear.
    pub encrypt_to: Vec<String>,
    /// One key is enough: whoever loses it loses the PINs.
    pub is_single_key_allowed: bool,
}

/// What to do about the secrets that an erase or a delete takes away.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeforeLoss {
    /// Read and keep them before the request.
    Capture,
    /// They are kept elsewhere: do nothing.
    Elsewhere,
}

/// When sending ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SendUntil {
    /// At this moment.
    At(crate::model::UnixMillis),
    /// So many milliseconds after the start.
    After(u64),
}

/// Kinds of named devices that cannot be done and that an operator may ask to skip.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipKind {
    /// The action or an option is not supported on the platform or OS.
    Unsupported,
    /// The device has been removed from management.
    Removed,
    /// No device fits.
    NotFound,
}

impl SkipKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Unsupported, Self::Removed, Self::NotFound];

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word in job files and flags.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Removed => "removed",
            Self::NotFound => "not_found",
        }
    }
}
