//! Doubts of other runs about the same.
//!
//! Owns the search for them. What may have been done already is not done again, by any kind of request.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::app::planning::earlier::reader_of;
use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::DoubtElsewhereReason;
use crate::app::refusal::Reason;
use crate::journal::{RunRow, RunState};
use crate::kandji::{ActionSpec, find_action};
use crate::model::{DeviceId, Task, Turn};

pub(crate) const CHECK: Check = Check {
    name: "no_doubt_in_other_runs",
    stage: PlanStage::Start,
    is_momentary: false,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    if candidate.is_simulated {
        return Ok(Holds::NotApplicable);
    }
    let tasks = candidate.tasks.iter().copied();
    // The one run whose doubts are ignored is the one that is resumed: it settles its own.
    let doubts = doubts_about(candidate.workspace, candidate.base_url, tasks, candidate.run)?;
    let Some(((device, action), run)) = doubts.first_key_value() else { return Ok(Holds::Yes) };
    Err(DoubtElsewhereReason {
        device: device.as_str().to_owned(),
        action: action.clone(),
        run: run.clone(),
        more: doubts.len() - 1,
    }
    .into())
}

/// Doubts of other runs, apart from the one that is named, about the same actions on the devices of these tasks, each with the
/// newest of these runs. Only actions that do harm a second time count: an erase, or a lock, whose PIN a second one replaces.
pub(crate) fn doubts_about<'a>(
    state: &Workspace,
    base_url: &str,
    tasks: impl Iterator<Item = &'a Task>,
    except: &str,
) -> Result<BTreeMap<(DeviceId, String), String>, Reason> {
    let harms = |action: &str| find_action(action).is_ok_and(ActionSpec::harms_twice);
    let wanted: BTreeSet<(DeviceId, String)> = tasks
        .filter(|task| task.turn == Turn::Do && harms(&task.action))
        .map(|task| (task.device.id.clone(), task.action.clone()))
        .collect();
    let mut doubts = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(doubts);
    }
    let devices: BTreeSet<DeviceId> = wanted.iter().map(|(device, _)| device.clone()).collect();
    let runs = state.index().runs()?;
    // What a run in progress has not heard of yet is no doubt: that one holds the device. One that is only followed does
    // not.
    let is_left = |row: &&RunRow| {
        row.id != except && row.state != RunState::Finished && !state.dir.is_sending(&row.id)
    };
    for row in runs.iter().filter(is_left) {
        let Some(reader) = reader_of(&state.dir, &row.id, base_url)? else { continue };
        for doubt in reader.in_doubt_on(&devices)? {
            if wanted.contains(&doubt) {
                doubts.entry(doubt).or_insert_with(|| row.id.clone());
            }
        }
    }
    Ok(doubts)
}
