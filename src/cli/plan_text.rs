//! A plan for people.
//!
//! Owns its layout. Must never show a parameter's secret.

use std::collections::{BTreeMap, BTreeSet};

use super::printer::counted;
use crate::job::Job;
use crate::model::{Policy, Risk, Turn, human_duration};
use crate::plan::{Plan, counts, forecast};

/// Names shown for each action and platform.
const SAMPLES: usize = 3;
/// Devices with Activation Lock that are named.
const LOCKED_SHOWN: usize = 10;

/// What is known about a plan besides the plan.
pub(super) struct Around<'a> {
    pub job: &'a Job,
    pub tenant: &'a str,
    pub policy: &'a Policy,
    /// Requests of the last hour that are spent.
    pub spent: u32,
    /// Requests that making the plan took.
    pub reads: u64,
    pub proxy: Option<String>,
}

/// The whole plan as text.
pub(super) fn plan_text(plan: &Plan, around: &Around<'_>) -> String {
    let (tenant, policy) = (around.tenant, around.policy);
    let mut text = format!("Plan of {} on {tenant}\n", around.job.name);
    if let Some(proxy) = &around.proxy {
        text.push_str(&format!("  through the proxy {proxy}\n"));
    }
    let counts = counts(plan, SAMPLES);
    let has_steps = counts.iter().any(|count| count.step > 1);
    for count in counts {
        let step = if has_steps { format!("step {}: ", count.step) } else { String::new() };
        let more = (count.tasks as usize).saturating_sub(count.samples.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!(
            "  {:>6}  {step}{} on {}: {}{more}\n",
            count.tasks,
            count.action,
            count.platform,
            count.samples.join(", ")
        ));
    }
    for (reason, devices) in skips(plan) {
        text.push_str(&format!("  {:>6}  skipped: {reason}\n", devices.len()));
    }
    for (reason, devices) in done(plan) {
        text.push_str(&format!("  {:>6}  nothing to do: {reason}\n", devices.len()));
    }
    if plan.excluded > 0 {
        text.push_str(&format!("  {:>6}  devices excluded by the job\n", plan.excluded));
    }
    if plan.not_seen_lately > 0 {
        text.push_str(&format!(
            "  {:>6}  devices not seen for 48 hours: they will act whenever they wake\n",
            plan.not_seen_lately
        ));
    }
    text.push_str(&secrets_lines(plan));
    for note in &plan.notes {
        text.push_str(&format!("  note: {note}\n"));
    }
    text.push_str(&cost_text(plan, around));
    if plan.risk() == Risk::Irreversible {
        text.push_str("  This cannot be undone.\n");
    }
    if !plan.refused.is_empty() {
        text.push_str(&format!("  {:>6}  rows refused\n", plan.refused.len()));
    }
    let until = human_duration(policy.wait_ms);
    if plan.risk() > Risk::Read && policy.wait_ms > 0 {
        text.push_str(&format!("  Commands are followed for {until} after the last send.\n"));
    }
    text
}

fn cost_text(plan: &Plan, around: &Around<'_>) -> String {
    let (policy, spent) = (around.policy, around.spent);
    let cost = forecast(plan, policy, spent);
    let looks =
        if cost.looks > 0 { format!(" and about {} to follow", cost.looks) } else { String::new() };
    let captures = match cost.captures {
        0 => String::new(),
        captures => format!(", {captures} to read secrets"),
    };
    format!(
        "  {} devices, {} requests to send{captures}{looks}; {} of {} an hour are spent, {} of them by this plan; sending takes about {}\n",
        plan.devices(),
        cost.sends,
        u64::from(spent) + around.reads,
        policy.per_hour,
        around.reads,
        human_duration(cost.seconds.max(1) * 1_000),
    )
}

/// What happens to secrets and to devices that will ask for one.
fn secrets_lines(plan: &Plan) -> String {
    let mut text = String::new();
    let kept: BTreeSet<_> =
        plan.to_do().filter(|task| !task.capture.is_empty()).map(|task| &task.device.id).collect();
    if !kept.is_empty() {
        let devices = counted(kept.len(), "device");
        text.push_str(&format!("  secrets of {devices} are read and kept before\n"));
    }
    let devices = plan.secrets_at_risk();
    if devices > 0 {
        text.push_str(&format!("  {devices:>6}  devices would lose secrets that nobody keeps\n"));
    }
    let locked = &plan.activation_locked;
    if !locked.is_empty() {
        let named: Vec<String> = locked
            .iter()
            .take(LOCKED_SHOWN)
            .map(|device| format!("{} '{}'", device.serial_number, device.name))
            .collect();
        let more = locked.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!(
            "  {:>6}  devices have Activation Lock on and need their bypass codes after the erase: {}{more}\n",
            locked.len(),
            named.join(", ")
        ));
    }
    text
}

/// Why a plan is refused that would lose secrets.
pub(super) fn secrets_text(plan: &Plan) -> String {
    format!(
        "the plan is refused: FileVault key, bypass code and recovery password of {} go with what it does, and the \
         job does not say what becomes of them",
        counted(plan.secrets_at_risk() as usize, "device")
    )
}

/// The reasons for skips with the devices that each is true of; the device's name at a reason's end is left off so
/// that equal reasons count together.
fn skips(plan: &Plan) -> BTreeMap<String, BTreeSet<u32>> {
    let mut skips: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for task in &plan.tasks {
        if let Turn::Skip { reason, .. } = &task.turn {
            let named = reason.ends_with(')').then(|| reason.rsplit_once(" (")).flatten();
            let general = named.map_or(reason.as_str(), |(general, _)| general);
            skips.entry(general.to_owned()).or_default().insert(task.row);
        }
    }
    skips
}

/// What earlier runs have done, with the rows that each is true of.
fn done(plan: &Plan) -> BTreeMap<&str, BTreeSet<(u32, u16)>> {
    let mut done: BTreeMap<&str, BTreeSet<(u32, u16)>> = BTreeMap::new();
    for task in &plan.tasks {
        if let Turn::Done { reason } = &task.turn {
            done.entry(reason).or_default().insert((task.row, task.step));
        }
    }
    done
}

/// The rows that refuse the plan, all of them: whoever corrects a job wants to do it once.
pub(super) fn refused_text(plan: &Plan) -> String {
    let mut text = format!("the plan is refused, {} rows cannot be done:", plan.refused.len());
    for refused in &plan.refused {
        let place = match refused.line {
            0 => format!("row {}", refused.row),
            line => format!("line {line}"),
        };
        text.push_str(&format!(
            "\n  {place}: {}: {}: {}",
            refused.target,
            refused.objection.kind.word(),
            refused.objection.reason
        ));
    }
    text
}
