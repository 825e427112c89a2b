//! Everything that people are shown of a plan.
//!
//! Owns the list of these facts. All of them follow from the plan file, so that the approver sees what the signed file says.
//! Must never hold a secret of a parameter.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::actions::{PlannedAction, actions};
use super::left_out::{LeftOut, already_done, skipped};
use super::parameters::{SentParameter, parameters};
use super::record_changes::{PlannedRecordChange, record_changes};
use super::renames::{PlannedRename, renames, shared_names};
use super::waves::{PlannedWave, waves};
use crate::model::{DeviceFacts, Risk, UnixMillis};
use crate::plan::build::NOT_SEEN_MS;
use crate::plan::device_set::first_tasks;
use crate::plan::file::PlanFile;
use crate::plan::forecast::{Forecast, forecast};
use crate::plan::task_list::Plan;

/// What people are shown of a plan, derived from its file alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanOverview {
    /// The actions, by step.
    pub actions: Vec<PlannedAction>,
    /// The parameters that are sent, without new names.
    pub parameters: Vec<SentParameter>,
    /// Devices that get another name.
    pub renames: Vec<PlannedRename>,
    /// Names that more than one device gets.
    pub shared_names: BTreeMap<String, u32>,
    /// Values of records that change.
    pub record_changes: Vec<PlannedRecordChange>,
    /// What is skipped, by reason.
    pub skipped: Vec<LeftOut>,
    /// What earlier runs have done, by reason.
    pub already_done: Vec<LeftOut>,
    /// The waves; none where everything is sent at once.
    pub waves: Vec<PlannedWave>,
    /// Devices that were not seen for 48 hours.
    #[serde(skip)]
    pub not_seen: NotSeen,
    /// Devices whose secrets are read and kept before the request that takes them away.
    pub devices_captured: u32,
    /// Distinct devices with something to do, in the order of the plan.
    #[serde(skip)]
    pub devices: Vec<Arc<DeviceFacts>>,
    /// Distinct devices with something that cannot be undone, in the order of the plan.
    #[serde(skip)]
    pub irreversible_devices: Vec<Arc<DeviceFacts>>,
    /// Forecast of requests and time.
    #[serde(skip)]
    pub forecast: Forecast,
}

/// Devices with something to do that were last seen more than 48 hours before the plan was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotSeen {
    /// Number of the devices.
    pub devices: u32,
    /// How many of the plan's devices have never checked in.
    pub never: u32,
    /// Serial number and moment of the one that was seen the longest ago; `None` where none is known.
    pub oldest: Option<(String, UnixMillis)>,
}

impl PlanOverview {
    /// The facts of a plan.
    #[must_use]
    pub fn of(file: &PlanFile) -> Self {
        let plan = &file.plan;
        let devices = distinct(plan, |_| true);
        let renames = renames(plan);
        Self {
            actions: actions(plan),
            parameters: parameters(plan),
            shared_names: shared_names(&renames),
            renames,
            record_changes: record_changes(plan),
            skipped: skipped(plan),
            already_done: already_done(plan),
            waves: waves(plan, &file.rules),
            not_seen: not_seen(plan, &devices, file.made_at),
            devices_captured: plan.devices_where(|task| !task.capture.is_empty()),
            irreversible_devices: distinct(plan, |risk| risk == Risk::Irreversible),
            devices,
            forecast: forecast(plan, &file.rules, file.forecast.spent),
        }
    }
}

fn distinct(plan: &Plan, wanted: impl Fn(Risk) -> bool) -> Vec<Arc<DeviceFacts>> {
    let tasks = first_tasks(plan.to_do().filter(|task| wanted(task.risk)));
    tasks.into_iter().map(|task| Arc::clone(&task.device)).collect()
}

fn not_seen(plan: &Plan, devices: &[Arc<DeviceFacts>], made_at: UnixMillis) -> NotSeen {
    let never = devices.iter().filter(|device| device.last_check_in.get().is_none()).count();
    let oldest = devices.iter().filter_map(|device| Some((device, device.last_check_in.get()?)));
    NotSeen {
        devices: plan.not_seen_lately,
        never: u32::try_from(never).unwrap_or(u32::MAX),
        oldest: oldest
            .min_by_key(|(_, seen_at)| *seen_at)
            .filter(|(_, seen_at)| made_at.since(*seen_at) > NOT_SEEN_MS)
            .map(|(device, seen_at)| (device.serial_number.to_string(), seen_at)),
    }
}
