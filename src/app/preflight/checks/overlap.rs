//! Whether another run blocks this one.
//!
//! Owns what two runs may not do at the same time. Runs in progress are those that a live process may send for. A process
//! that only follows one, or decides about its doubts, blocks no run. Benign work reserves devices against benign work
//! only, and routine none against a lock. Must never let an emergency wait for routine.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::OverlapReason;
use crate::app::queue_place::queue_of_job;
use crate::app::refusal::Reason;
use crate::app::runs::hand_over_reason::HandOverReason;
use crate::journal::RunReader;
use crate::kandji::find_action;
use crate::model::{DeviceId, Risk, Task, Turn};
use crate::transport::tenant_key;

pub(crate) const CHECK: Check = Check {
    name: "no_other_run_is_in_the_way",
    stage: PlanStage::Start,
    is_momentary: true,
    make: check,
};

/// What a run means to do to one device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Intention {
    /// The highest risk of it.
    risk: Risk,
    /// All of it that a user would notice is an emergency's.
    is_emergency: bool,
}

/// What is to be done to each device.
fn intentions<'a>(tasks: impl Iterator<Item = &'a Task>) -> BTreeMap<DeviceId, Intention> {
    let mut intentions: BTreeMap<DeviceId, Intention> = BTreeMap::new();
    for task in tasks.filter(|task| task.turn == Turn::Do) {
        let is_emergency =
            find_action(&task.action).is_ok_and(|action| action.hazards.is_emergency);
        let nothing = Intention { risk: Risk::Read, is_emergency: true };
        let intention = intentions.entry(task.device.id.clone()).or_insert(nothing);
        intention.risk = task.risk.max(intention.risk);
        intention.is_emergency &= is_emergency || task.risk < Risk::Disruptive;
    }
    for intention in intentions.values_mut() {
        intention.is_emergency &= intention.risk >= Risk::Disruptive;
    }
    intentions
}

/// Refuses while another process drives a run of the same job, or one that has not sent to a device yet.
fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let workspace = candidate.workspace;
    let wanted = intentions(candidate.tasks.iter().copied());
    let devices: BTreeSet<DeviceId> = wanted.keys().cloned().collect();
    let tenant = tenant_key(candidate.base_url);
    let queue = queue_of_job(
        candidate.base_url,
        candidate.job_name,
        candidate.job_digest,
        candidate.is_named,
    );
    if !workspace.place.is_in(&queue) && workspace.dir.has_turn(&queue) {
        return Err(OverlapReason::OtherWaits { job: candidate.job_name.to_owned() }.into());
    }
    let runs = workspace.index().open_runs()?;
    let others =
        runs.iter().filter(|row| ![candidate.run, candidate.takes_over].contains(&&*row.id));
    for row in others.filter(|row| workspace.dir.is_sending(&row.id)) {
        let reader = RunReader::open(&workspace.dir, &row.id)?;
        let Some(header) = reader.header()? else { continue };
        if tenant_key(&header.base_url) != tenant {
            continue;
        }
        let (run, job) = (row.id.clone(), row.job.clone());
        let both_named = header.provenance.is_named && candidate.is_named;
        let is_same_job = header.job_digest == candidate.job_digest
            || (both_named && header.job == candidate.job_name);
        if is_same_job {
            return Err(OverlapReason::SameJob { run, job }.into());
        }
        let held: BTreeSet<DeviceId> = reader
            .unsent_on(&devices)?
            .into_iter()
            .filter(|(device, action)| is_conflict(action, wanted.get(device).copied()))
            .map(|(device, _)| device)
            .collect();
        if !held.is_empty() {
            let devices = held.iter().map(|device| device.as_str().to_owned()).collect();
            return Err(OverlapReason::DevicesHeld { run, job, devices }.into());
        }
    }
    check_handed_over(candidate, &wanted, &devices)?;
    Ok(Holds::Yes)
}

/// Refuses while an engine elsewhere may carry out a run of the same job, or one that has these devices. What that run has
/// sent is known here only when its end is recorded, so until then it may send all of it.
fn check_handed_over(
    candidate: &Candidate<'_>,
    wanted: &BTreeMap<DeviceId, Intention>,
    devices: &BTreeSet<DeviceId>,
) -> Result<(), Reason> {
    let index = candidate.workspace.index();
    let tenant = tenant_key(candidate.base_url);
    for other in index.hand_overs()? {
        let header = &other.header;
        let until = header.policy.send_until;
        let is_over = other.ended_at.is_some() || candidate.now >= until;
        if is_over || other.tenant != tenant || header.run.0 == candidate.run {
            continue;
        }
        let (run, job) = (header.run.0.clone(), header.job.clone());
        let both_named = header.provenance.is_named && candidate.is_named;
        let is_same_job = header.job_digest == candidate.job_digest
            || (both_named && header.job == candidate.job_name);
        let held: BTreeSet<DeviceId> = index
            .handed_over_for(&run, devices)?
            .into_iter()
            .filter(|(device, action)| is_conflict(action, wanted.get(device).copied()))
            .map(|(device, _)| device)
            .collect();
        if is_same_job || !held.is_empty() {
            let devices = held.iter().map(|device| device.as_str().to_owned()).collect();
            return Err(HandOverReason::DevicesHeld { run, job, devices, until }.into());
        }
    }
    Ok(())
}

/// Whether what another run has not sent yet keeps a device from this one. Reading disturbs no user,
/// disruptive work does not wait for benign work, and an emergency does not wait for routine. It does wait for what cannot
/// be undone, and for another lock, whose PIN it would replace.
fn is_conflict(held_action: &str, wanted: Option<Intention>) -> bool {
    let Some(wanted) = wanted else { return false };
    let (held, gives_pin) = match find_action(held_action) {
        Ok(action) => (action.risk, action.gives_pin),
        // Only a newer program knows it.
        Err(_) => (Risk::Irreversible, true),
    };
    let is_reading = held == Risk::Read || wanted.risk == Risk::Read;
    let outranks = held == Risk::Benign && wanted.risk > Risk::Benign;
    let is_urgent = wanted.is_emergency && held < Risk::Irreversible && !gives_pin;
    !is_reading && !outranks && !is_urgent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::plan;

    fn check_held(held: &str, wanted: &[&str], expected: bool) {
        let tasks: Vec<(&str, &str)> = wanted.iter().map(|action| (*action, "a")).collect();
        let plan = plan(&tasks);
        let wanted_of = intentions(plan.tasks.iter());
        let intention = wanted_of.values().next().copied();
        assert_eq!(is_conflict(held, intention), expected, "{wanted:?} while {held} is unsent");
    }

    #[test]
    fn an_emergency_waits_for_nothing_but_what_it_would_spoil() {
        for (held, waits) in [
            ("get-commands", false),
            ("blank-push", false),
            ("daily-checkin", false),
            ("restart", false),
            ("shutdown", false),
            ("clear-passcode", false),
            ("lock", true),
            ("erase", true),
            ("delete-user", true),
            ("delete-device", true),
            ("what-only-a-newer-program-knows", true),
        ] {
            check_held(held, &["lock"], waits);
            check_held(held, &["blank-push", "lock"], waits);
            // With something else on the same device it is no emergency any more.
            let is_quiet = matches!(held, "get-commands" | "blank-push" | "daily-checkin");
            check_held(held, &["lock", "restart"], !is_quiet);
            check_held(held, &["restart"], !is_quiet);
            check_held(held, &["blank-push"], held != "get-commands");
            check_held(held, &["get-commands"], false);
            check_held(held, &[], false);
        }
    }
}
