//! What a plan will cost, before it runs.
//!
//! Owns the estimate of requests and time. It may refuse a job that
//! cannot fit; it must never decide what is sent when.

use std::collections::{HashMap, HashSet};

use super::task_list::Plan;
use crate::model::{DeviceId, End, Policy, Risk, Task, Trace, needs_lists};

/// Looks that an online device takes on average until its command is seen done.
const LOOKS_PER_TASK: u64 = 2;
const SECONDS_PER_HOUR: u64 = 3_600;
const SECONDS_PER_MINUTE: u64 = 60;

/// What a plan is expected to cost: requests by purpose, and seconds until the last send.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Requests that act.
    pub sends: u64,
    /// Requests that read secrets before they are lost.
    pub captures: u64,
    /// Requests that read targets again before they are sent to.
    pub rechecks: u64,
    /// Requests that look for the ends, estimated.
    pub looks: u64,
    /// Requests that add notes: at most one for each device.
    pub notes: u64,
    /// Seconds until the last send, when the tenant has its whole budget to spare.
    pub seconds: u64,
}

/// Requests that read secrets, at the least: what one step of a device has kept the next need not read.
pub(super) fn captures(plan: &Plan) -> u64 {
    let mut by_device: HashMap<&DeviceId, usize> = HashMap::new();
    for task in plan.to_do().filter(|task| !task.capture.is_empty()) {
        let reads = by_device.entry(&task.device.id).or_default();
        *reads = task.capture.len().max(*reads);
    }
    by_device.values().map(|reads| *reads as u64).sum()
}

/// Estimates requests and time. `spent` is what of the hour is already used.
#[must_use]
pub fn forecast(plan: &Plan, policy: &Policy, spent: u32) -> Forecast {
    // An answer to a change of a record shows its end.
    let followed = |task: &&Task| task.end.is_followed(policy.wait_ms) && task.end != End::Recorded;
    let sends = plan.to_do().count() as u64;
    let captures = captures(plan);
    let looks = plan.to_do().filter(followed).count() as u64 * LOOKS_PER_TASK;
    let budget = u64::from(policy.per_hour.max(1));
    let left_now = budget.saturating_sub(u64::from(spent));
    let irreversible = plan.to_do().filter(|task| task.risk == Risk::Irreversible).count() as u64;
    let is_rechecked = |task: &&Task| match task.risk {
        _ if needs_lists(&task.params) => true,
        Risk::Irreversible => policy.is_rechecking,
        Risk::Disruptive => policy.is_rechecking_disruptive,
        Risk::Read | Risk::Benign => false,
    };
    let rechecks = plan.to_do().filter(is_rechecked).count() as u64;
    let notes = policy.note.as_ref().map_or(0, |_| noted(plan));
    let before_the_end = sends + captures + rechecks;
    let at_full_speed = before_the_end / u64::from(policy.per_second.max(1));
    let hours = before_the_end.saturating_sub(left_now).div_ceil(budget);
    let slowly = policy.irreversible_per_minute.map_or(0, |per_minute| {
        irreversible.saturating_sub(1) / u64::from(per_minute.max(1)) * SECONDS_PER_MINUTE
    });
    let seconds = (hours * SECONDS_PER_HOUR).max(at_full_speed).max(slowly);
    let seconds = seconds + pauses_seconds(plan, policy);
    Forecast { sends, captures, rechecks, looks, notes, seconds }
}

/// Devices that get a note: those that something is sent to and whose record stays.
fn noted(plan: &Plan) -> u64 {
    let devices: HashSet<&DeviceId> = plan.to_do().map(|task| &task.device.id).collect();
    let is_deleted = |task: &&Task| task.end.trace() == Trace::Record;
    let deleted: HashSet<&DeviceId> =
        plan.to_do().filter(is_deleted).map(|task| &task.device.id).collect();
    devices.difference(&deleted).count() as u64
}

/// Seconds in which a run waits between its waves, at the least.
fn pauses_seconds(plan: &Plan, policy: &Policy) -> u64 {
    let waves = plan.to_do().map(|task| u64::from(task.wave)).max().unwrap_or(0);
    policy.rollout.as_ref().map_or(0, |rollout| waves * rollout.pause_ms / 1_000)
}
