//! A job: what an operator wrote, checked and complete.
//!
//! Owns the shape of jobs, rows, steps, selections and exclusions. Must never read a text: the readers make these.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::origin::RowOrigin;
use super::settings::JobSettings;
use super::target::Target;
use super::tenant_choice::TenantChoice;
use crate::kandji::ActionSpec;
use crate::model::{Carried, DeviceId, Gate, OsRange, Params, Platform, Risk};

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
    /// The tenants that the job is for, where it names them apart from its devices.
    pub tenants: Option<TenantChoice>,
    /// Settings in the job.
    pub settings: JobSettings,
    /// What was interpreted or ignored and may surprise: renamed columns, skipped lines.
    pub notes: Vec<String>,
}

/// One device that the job names, with what is to be done on it. Small, so that a million fit: what rows have in common
/// they share.
#[derive(Clone, Debug)]
pub struct Row {
    /// Position among the rows of the file, from 1, header and comments not counted.
    pub number: u32,
    /// Line of the file, from 1; 0 for a target that was given on the command line.
    pub line: u32,
    /// The device as the row names it. Rows that name it in the same way share it.
    pub target: Target,
    /// What it shares with other rows. Read like fields.
    pub work: Arc<RowWork>,
    /// Columns that mean nothing to us, carried into the report.
    pub carried: Carried,
}

/// What is to be done, where, and who says so. Rows without values of their own share it.
#[derive(Clone, Debug)]
pub struct RowWork {
    /// The tenant of the device, by the name of its profile, where the row names it.
    pub tenant: Option<Arc<str>>,
    /// What is to be done, in order. At least one step.
    pub steps: Arc<[Step]>,
    /// The run whose files the row comes from, if it does.
    pub origin: Option<Arc<RowOrigin>>,
}

impl RowWork {
    /// Steps that a job gives, for the one tenant that it is run on.
    #[must_use]
    pub fn of(steps: Arc<[Step]>) -> Arc<Self> {
        Arc::new(Self { tenant: None, steps, origin: None })
    }
}

impl Deref for Row {
    type Target = RowWork;

    fn deref(&self) -> &RowWork {
        &self.work
    }
}

impl DerefMut for Row {
    /// To change what it shares gives this row work of its own.
    fn deref_mut(&mut self) -> &mut RowWork {
        Arc::make_mut(&mut self.work)
    }
}

impl Row {
    /// Shares the target of an earlier row that names the device in the same way.
    pub(super) fn share_target(&mut self, earlier: &Self) {
        self.target.share(&earlier.target);
    }
}

/// One action of a job with its parameters, at its place in the order of a device.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its order on the device, from 1.
    pub number: u16,
    /// The action of the step.
    pub action: &'static ActionSpec,
    /// Its parameters, complete and of the right types.
    pub params: Params,
    /// Which end of the step before lets this one begin, where the job says so.
    pub after: Option<Gate>,
}

impl Step {
    /// The risk of the action with these parameters.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.action.risk_of(&self.params)
    }
}

/// Devices that a job picks by a filter or with `all`, and the steps to do on each of them.
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
    /// Platforms of devices to select.
    pub platform: Vec<Platform>,
    /// Names of blueprints.
    pub blueprint: Vec<String>,
    /// Names of tags.
    pub tag: Vec<String>,
    /// Addresses of users.
    pub user_email: Vec<String>,
    /// Model names.
    pub model: Vec<String>,
    /// OS versions and ranges of them, which are alternatives.
    pub os_version: Vec<OsCondition>,
    /// Parts of device names.
    pub name_like: Vec<String>,
    /// Checked in at most this long ago, in milliseconds.
    pub checked_in_within_ms: Option<u64>,
    /// Last checked in at least this long ago, in milliseconds; a device that never did counts.
    pub not_checked_in_for_ms: Option<u64>,
    /// Last enrolled at most this long ago, in milliseconds.
    pub enrolled_within_ms: Option<u64>,
    /// Last enrolled at least this long ago, in milliseconds.
    pub enrolled_for_ms: Option<u64>,
    /// Whether the agent is installed. Macs and PCs can have one.
    pub agent: Option<bool>,
    /// Whether FileVault is on. Only Macs have it.
    pub filevault: Option<bool>,
    /// Whether the device is supervised. Only Apple's are.
    pub supervised: Option<bool>,
    /// Whether Activation Lock is on. Only Apple's devices have it.
    pub activation_lock: Option<bool>,
}

/// A condition on the OS version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OsCondition {
    /// A version: `17.4` also means `17.4.1`.
    Version(String),
    /// A range, with the text that it was written as.
    Range(OsRange, String),
}

/// Devices taken out of a job again: by filter or by list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusion {
    /// A device for which any condition that is given holds is taken out.
    pub filter: Filter,
    /// Ids of devices to exclude.
    pub device_ids: Vec<DeviceId>,
    /// Serial numbers of devices to exclude.
    pub serial_numbers: Vec<String>,
    /// Entries may fit no device; else the plan is refused, because a misspelled one excludes nothing.
    pub is_idle_allowed: bool,
}
