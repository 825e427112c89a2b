//! Whether another run is in the way.
//!
//! Owns what two runs may not do at the same time. Runs under way are those that a live process may send for: whoever
//! only follows one, or decides about its doubts, is in nobody's way. Must never let an emergency wait for routine.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::app::preflight::admission::Applicant;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::journal::{RunReader, RunRow};
use crate::kandji::find_action;
use crate::model::{DeviceId, Risk, Task, Turn};
use crate::transport::tenant_key;

/// Held devices that a message names.
const HELD_SHOWN: usize = 3;

/// What a run means to do to one device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intention {
    /// The highest risk of it.
    risk: Risk,
    /// All of it that anybody would notice is an emergency's.
    is_emergency: bool,
}

/// What is to be done to each device.
pub(crate) fn intentions<'a>(
    tasks: impl Iterator<Item = &'a Task>,
) -> BTreeMap<DeviceId, Intention> {
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
pub(crate) fn check_overlap(
    state: &Workspace,
    applicant: Applicant<'_>,
    wanted: &BTreeMap<DeviceId, Intention>,
) -> Result<(), Failure> {
    let devices: BTreeSet<DeviceId> = wanted.keys().cloned().collect();
    let tenant = tenant_key(applicant.base_url);
    let runs = state.index().open_runs()?;
    let others =
        runs.iter().filter(|row| ![applicant.run, applicant.takes_over].contains(&&*row.id));
    for row in others.filter(|row| state.dir.is_sending(&row.id)) {
        let reader = RunReader::open(&state.dir, &row.id)?;
        let Some(header) = reader.header()? else { continue };
        if tenant_key(&header.base_url) != tenant {
            continue;
        }
        let both_named = header.provenance.is_named && applicant.is_named;
        let is_same_job = header.job_digest == applicant.job_digest
            || (both_named && header.job == applicant.job);
        if is_same_job {
            let what = format!("run {} of the same job, {}, is under way", row.id, row.job);
            return Err(busy(what, row));
        }
        let held: BTreeSet<DeviceId> = reader
            .unsent_on(&devices)?
            .into_iter()
            .filter(|(device, action)| is_conflict(action, wanted.get(device).copied()))
            .map(|(device, _)| device)
            .collect();
        if !held.is_empty() {
            return Err(busy(held_text(&held, row), row));
        }
    }
    Ok(())
}

/// Whether what another run has not sent yet keeps a device from this one. Reading disturbs nobody, whoever interrupts
/// does not wait for what nobody notices, and an emergency does not wait for routine. It does wait for what cannot be
/// undone, and for another lock, whose PIN it would replace.
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

fn held_text(held: &BTreeSet<DeviceId>, row: &RunRow) -> String {
    let named: Vec<&str> = held.iter().take(HELD_SHOWN).map(DeviceId::as_str).collect();
    let more = held.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("run {} of {} has not sent to device {}{more} yet", row.id, row.job, named.join(", "))
}

fn busy(what: String, row: &RunRow) -> Failure {
    Failure::new(Exit::Busy, what).next(format!(
        "wait for it, look with: sortie status {}; a cron job that may skip its turn says --if-running skip",
        row.id
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::plan;

    fn check(held: &str, wanted: &[&str], expected: bool) {
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
            check(held, &["lock"], waits);
            check(held, &["blank-push", "lock"], waits);
            // With something else on the same device it is no emergency any more.
            let is_quiet = matches!(held, "get-commands" | "blank-push" | "daily-checkin");
            check(held, &["lock", "restart"], !is_quiet);
            check(held, &["restart"], !is_quiet);
            check(held, &["blank-push"], held != "get-commands");
            check(held, &["get-commands"], false);
            check(held, &[], false);
        }
    }
}
