//! Refusals of plans that another engine carries out, in words.
//!
//! Owns the words. Must never say that a plan was not sent: other hosts may send it.

use super::words::Words;
use crate::app::{HandOverReason, RecordsReason};
use crate::cli::text::layout::{counted, one_line};
use crate::model::{UnixMillis, human_duration};

/// Held devices that a message names.
const HELD_SHOWN: usize = 3;
/// How a plan is made again.
const AGAIN: &str = "make a new plan:\n  sortie plan JOB --out PLAN";

pub(super) fn hand_over(reason: &HandOverReason) -> Words {
    match reason {
        HandOverReason::WithoutKeys { actions } => Words::new(
            format!(
                "{} can return PINs or secrets, and the plan names no keys to encrypt them to; the history of the other engine would show them",
                actions.join(" and ")
            ),
            "set encrypt_to in the job or in config.toml, then make the plan again; see:\n  sortie help secrets",
        ),
        HandOverReason::Simulated => Words::new(
            "the simulated tenant exists only in this process, and workers could not reach it",
            "serve a simulated tenant, and plan against its address:\n  sortie simulate",
        ),
        HandOverReason::Retry { run } => Words::new(
            format!("run {run} has its journal on this host, so its retry runs here"),
            format!("retry it here:\n  sortie retry {run}"),
        ),
        HandOverReason::OperatorGate => Words::new(
            "the gate 'operator' prompts between waves, and workers have no terminal",
            "choose another gate in the job: settled or accepted",
        ),
        HandOverReason::HandedOver { run, at, place, is_submitted } => {
            let place = place.as_ref().map(|place| format!(" to {}", one_line(place)));
            let place = place.unwrap_or_default();
            match is_submitted {
                true => Words::new(
                    format!("the plan was submitted{place} at {at}, as run {run}"),
                    format!(
                        "see its progress, or make a new plan:\n  sortie-temporal status {run}\n  sortie plan JOB --out PLAN"
                    ),
                ),
                false => Words::new(
                    format!(
                        "the plan was handed over{place} at {at} as run {run}, and its submission is not complete"
                    ),
                    "complete it:\n  sortie-temporal submit PLAN",
                ),
            }
        }
        HandOverReason::OtherPlace { run, place } => Words::new(
            format!("run {run} was being submitted to {}, which may carry it out", one_line(place)),
            format!("complete it there, or {AGAIN}"),
        ),
        HandOverReason::SendingOver { run, at } => Words::new(
            format!("the time for sending of run {run} ended at {at}, before it was submitted"),
            AGAIN,
        ),
        HandOverReason::OutlastsRetention { ends, retention_ms } => Words::new(
            format!(
                "the run may send until {ends}, but the namespace forgets a finished run after {}; the plan could then run twice",
                human_duration(*retention_ms)
            ),
            "end sending earlier with send_until, or ask the owner of the namespace for a longer retention",
        ),
        HandOverReason::DevicesHeld { run, job, devices, until } => held(run, job, devices, *until),
    }
}

fn held(run: &str, job: &str, devices: &[String], until: UnixMillis) -> Words {
    let named: Vec<&str> = devices.iter().take(HELD_SHOWN).map(String::as_str).collect();
    let what = match devices.len() {
        0 => format!("run {run} of job {job} was handed over, and its end is not recorded here"),
        count => {
            let more = count - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "run {run} of {job} was handed over and may still send to {} ({}{more})",
                counted(count, "device"),
                named.join(", ")
            )
        }
    };
    Words::new(
        what,
        format!(
            "wait until it has ended (at the latest {until}), then record its end:\n  sortie-temporal report {run}"
        ),
    )
}

pub(super) fn records(reason: &RecordsReason) -> Words {
    let what = match reason {
        RecordsReason::Malformed { part } => {
            format!("part {} of the records is not whole", part + 1)
        }
        RecordsReason::UnknownTask { part, task } => format!(
            "part {} of the records names task {}, which it does not have",
            part + 1,
            task + 1
        ),
        RecordsReason::Incomplete { position } => {
            format!("the records do not have task {} of the plan exactly once", position + 1)
        }
    };
    Words::new(what, "report this bug").state("no report was written, because it would be wrong")
}
