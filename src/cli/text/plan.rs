//! A plan for people.
//!
//! Owns its layout. Must never show a parameter's secret.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::charging::Used;
use crate::cli::text::layout::{counted, one_line};
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::{DeviceFacts, Risk, Task, Turn, human_duration};
use crate::plan::{Plan, PlanFile, counts, forecast, phrase};

/// Names shown for each action and platform.
const SAMPLES: usize = 3;
/// Devices that are named before they are erased or deleted, or before somebody approves a plan.
const DEVICES_SHOWN: usize = 10;
/// Longest text of a device that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 200;
/// Devices with Activation Lock that are named.
const LOCKED_SHOWN: usize = 10;

/// What is known about a plan besides its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// Requests that making the plan took.
    pub reads: u64,
    /// What named the address, the profile, and where the token comes from now.
    pub reached_by: String,
    /// The proxy on the way to the tenant.
    pub proxy: Option<String>,
    /// The state directory whose caps and overlaps count, on which host.
    pub place: String,
    /// The policy, as people call it.
    pub house: String,
    /// What is used of the caps of the day.
    pub used: Vec<Used>,
}

/// The whole plan as text.
pub(crate) fn plan_text(file: &PlanFile, around: &Around) -> String {
    let PlanFile { plan, rules, tenant, .. } = file;
    let mut text = format!("Plan of {} on {tenant}\n", file.job);
    text.push_str(&format!("  {} ({})\n", one_line(&file.base_url), one_line(&around.reached_by)));
    if let Some(proxy) = &around.proxy {
        text.push_str(&format!("  through the proxy {proxy}\n"));
    }
    text.push_str(&counts_text(plan));
    text.push_str(&secrets_lines(plan));
    for note in &plan.notes {
        text.push_str(&format!("  note: {}\n", one_line(note)));
    }
    text.push_str(&cost_text(file, around.reads));
    if plan.risk() > Risk::Benign {
        text.push_str(&bounds_text(file, around));
    }
    if !plan.refused.is_empty() {
        text.push_str(&format!("  {:>6}  rows refused\n", plan.refused.len()));
    }
    let until = human_duration(rules.wait_ms);
    if plan.risk() > Risk::Read && rules.wait_ms > 0 {
        text.push_str(&format!("  Commands are followed for {until} after the last send.\n"));
    }
    if plan.risk() == Risk::Irreversible {
        text.push_str(&irreversible_text(file));
    }
    text
}

/// What is done on how many devices, and what is not.
fn counts_text(plan: &Plan) -> String {
    let counts = counts(plan, SAMPLES);
    let has_steps = counts.iter().any(|count| count.step > 1);
    let mut text = String::new();
    for count in counts {
        let step = if has_steps { format!("step {}: ", count.step) } else { String::new() };
        let more = (count.tasks as usize).saturating_sub(count.samples.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!(
            "  {:>6}  {step}{} on {}: {}{more}\n",
            count.tasks,
            count.action,
            count.platform,
            one_line(&count.samples.join(", "))
        ));
    }
    for (reason, devices) in skips(plan) {
        text.push_str(&format!("  {:>6}  skipped: {}\n", devices.len(), one_line(&reason)));
    }
    for (reason, devices) in done(plan) {
        text.push_str(&format!("  {:>6}  nothing to do: {}\n", devices.len(), one_line(reason)));
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
    text
}

fn cost_text(file: &PlanFile, reads: u64) -> String {
    let PlanFile { plan, rules, .. } = file;
    let spent = file.forecast.spent;
    let cost = forecast(plan, rules, spent);
    let looks =
        if cost.looks > 0 { format!(" and about {} to follow", cost.looks) } else { String::new() };
    let captures = match cost.captures {
        0 => String::new(),
        captures => format!(", {captures} to read secrets"),
    };
    let rechecks = match cost.rechecks {
        0 => String::new(),
        rechecks => format!(", {rechecks} to read targets again"),
    };
    format!(
        "  {} devices, {} requests to send{captures}{rechecks}{looks}; {} of {} an hour are spent, {reads} of them by this plan; sending takes about {}\n",
        plan.devices(),
        cost.sends,
        u64::from(spent) + reads,
        rules.per_hour,
        human_duration(cost.seconds.max(1) * 1_000),
    )
}

/// What bounds work that people would miss: its share of the fleet, waves, times, caps.
fn bounds_text(file: &PlanFile, around: &Around) -> String {
    let PlanFile { plan, rules, .. } = file;
    let mut text = String::new();
    let devices = plan.devices();
    match file.fleet.filter(|fleet| *fleet > 0) {
        Some(fleet) => text.push_str(&format!(
            "  {devices} of the {fleet} devices of {}: {:.1} %\n",
            file.tenant,
            devices as f64 * 100.0 / f64::from(fleet)
        )),
        None => text.push_str(&format!("  how many devices {} has is not known\n", file.tenant)),
    }
    if let Some(rollout) = &rules.rollout {
        let ends = rollout.ends(u32::try_from(devices).unwrap_or(u32::MAX));
        let ends: Vec<String> = ends.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "  in {} waves, which reach {} devices; {} between two\n",
            ends.len(),
            ends.join(", "),
            human_duration(rollout.pause_ms)
        ));
    }
    let latest = match file.send_for_ms {
        Some(send_for_ms) => format!("{} after the start", human_duration(send_for_ms)),
        None => rules.send_until.to_string(),
    };
    text.push_str(&format!("  sending ends {latest}; the latest start is {}\n", file.start_until));
    for window in &rules.windows {
        text.push_str(&format!("  only in the window {}\n", window.shown()));
    }
    if let Some(reason) = &file.break_glass {
        text.push_str(&format!("  outside of its window: {}\n", one_line(reason)));
    }
    for Used { action, used, limit, planned } in &around.used {
        text.push_str(&format!(
            "  {action} today: {used} of {limit}, {planned} more by this plan\n"
        ));
    }
    if !around.place.is_empty() {
        text.push_str(&format!("  caps of {} and overlaps cover {}\n", around.house, around.place));
    }
    text
}

/// What can never be undone, on whose devices, and what it takes.
pub(crate) fn irreversible_text(file: &PlanFile) -> String {
    let mut text = String::from("  This cannot be undone:\n");
    for (action, devices) in irreversible_counts(&file.plan) {
        text.push_str(&format!("  {devices:>6}  {}\n", action.summary));
    }
    text.push_str(&devices_text(file.plan.to_do().filter(|task| task.risk == Risk::Irreversible)));
    if let Some(phrase) = phrase(&file.plan, &file.tenant) {
        text.push_str(&format!("  It takes: --confirm \"{}\"\n", one_line(&phrase)));
    }
    text
}

/// Some devices with their users, from all over the plan: its maker chooses what stands first.
pub(crate) fn devices_text<'p>(tasks: impl Iterator<Item = &'p Task>) -> String {
    let mut seen = BTreeSet::new();
    let devices: Vec<&DeviceFacts> =
        tasks.map(|task| &task.device).filter(|device| seen.insert(&device.id)).collect();
    let number = devices.len().min(DEVICES_SHOWN);
    let mut text = String::new();
    for device in (0..number).map(|at| devices[at * devices.len() / number]) {
        let user = match device.user_email.as_str() {
            "" => "nobody",
            email => email,
        };
        text.push_str(&format!(
            "          {} '{}' ({}) of {}\n",
            shown(&device.serial_number),
            shown(&device.name),
            device.platform,
            shown(user)
        ));
    }
    let more = devices.len() - number;
    if more > 0 {
        text.push_str(&format!("          and {more} more\n"));
    }
    text
}

/// A text of the plan on one line of limited length.
pub(crate) fn shown(text: &str) -> String {
    one_line(text).chars().take(SHOWN_CHARS_MAX).collect()
}

fn irreversible_counts(plan: &Plan) -> Vec<(&'static ActionSpec, usize)> {
    let devices_of = |action: &ActionSpec| {
        let its = plan.to_do().filter(|task| task.action == action.name);
        its.map(|task| &task.device.id).collect::<BTreeSet<_>>().len()
    };
    let irreversible = ACTIONS.into_iter().filter(|action| action.risk == Risk::Irreversible);
    irreversible
        .map(|action| (action, devices_of(action)))
        .filter(|(_, devices)| *devices > 0)
        .collect()
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
            one_line(&named.join(", "))
        ));
    }
    text
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
