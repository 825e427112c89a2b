//! The waves of a plan.
//!
//! Owns how many devices each reaches. Must never say when one begins: that is the engine's.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::model::Policy;
use crate::plan::device_set::DeviceSet;
use crate::plan::task_list::Plan;

/// One wave of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedWave {
    /// Its number, from 1.
    pub wave: u16,
    /// Devices that it reaches.
    pub devices: u32,
    /// What has to hold before the next wave begins; `None` for the last one.
    pub gate: Option<&'static str>,
    /// The pause before the next wave in milliseconds; `None` for the last one.
    pub pause_ms: Option<u64>,
}

/// The waves; none where everything is sent at once.
pub(super) fn waves(plan: &Plan, rules: &Policy) -> Vec<PlannedWave> {
    let Some(rollout) = &rules.rollout else { return Vec::new() };
    let mut devices: BTreeMap<u16, DeviceSet<'_>> = BTreeMap::new();
    for task in plan.to_do() {
        devices.entry(task.wave).or_default().insert(&task.device.id);
    }
    let last = devices.keys().last().copied();
    let wave = |(wave, ids): (u16, DeviceSet<'_>)| {
        let has_next = Some(wave) != last;
        PlannedWave {
            wave: wave.saturating_add(1),
            devices: ids.count(),
            gate: has_next.then(|| rollout.gate.word()),
            pause_ms: has_next.then_some(rollout.pause_ms),
        }
    };
    devices.into_iter().map(wave).collect()
}
