//! What observers see of a run's header and entries.
//!
//! Owns the making of the events of a run in progress, for the process that drives it and for those that look on. Must never put a
//! secret into one.

use crate::app::events::{PinFact, RunBegins, RunNews, SeenEntry, SeenTask};
use crate::journal::RunHeader;
use crate::model::{
    Entry, Event, OutcomeCounts, PinReading, Repeat, Task, TaskIndex, TaskRecord, Verdict,
};

/// What observers see of a run before its entries.
pub(crate) fn begins(header: &RunHeader, counts: OutcomeCounts) -> RunBegins {
    RunBegins {
        run: header.run.0.clone(),
        job: header.job.clone(),
        tenant: header.tenant.clone(),
        per_hour: header.policy.per_hour,
        quarantine_ms: header.policy.quarantine_ms,
        has_waves: header.policy.rollout.is_some(),
        counts,
        metrics_file: header.metrics_file.clone(),
        failures: Vec::new(),
    }
}

/// What observers see of an entry, with its task and the record of that, as the entry's batch left it.
pub(crate) fn seen(entry: &Entry, about: Option<(TaskIndex, &Task, &TaskRecord)>) -> SeenEntry {
    SeenEntry {
        at: entry.at,
        kind: entry.event.word(),
        task: about.map(|(index, task, record)| seen_task(index, task, record, &entry.event)),
        news: news_of(&entry.event),
        pins: pins_of(&entry.event),
    }
}

fn seen_task(index: TaskIndex, task: &Task, record: &TaskRecord, event: &Event) -> SeenTask {
    // An intent is not doubt yet: its answer is on the way.
    let is_judged = !matches!(event, Event::Intent { .. });
    SeenTask {
        index: index.0,
        id: task.id.to_string(),
        row: task.row,
        wave: task.wave,
        action: task.action.clone(),
        device_id: task.device.id.as_str().to_owned(),
        serial_number: task.device.serial_number.to_string(),
        outcome: is_judged.then(|| record.outcome().word()),
        reason: record.reason.to_string(),
        http_status: record.http_status,
        is_sought: task.repeat == Repeat::Once && task.end.trace().exists(),
    }
}

fn news_of(event: &Event) -> Option<RunNews> {
    Some(match event {
        Event::Paused { until, reason } => {
            RunNews::Paused { until: *until, reason: reason.clone() }
        }
        Event::Doubted { .. } => RunNews::Doubted,
        Event::Stopped { cause, reason } => {
            RunNews::Stopped { cause: *cause, reason: reason.clone() }
        }
        Event::CanaryAdded { reason, .. } => RunNews::CanaryAdded { reason: reason.clone() },
        Event::Woke { slept_ms } => RunNews::Woke { slept_ms: *slept_ms },
        Event::ActionStopped { action, reason } => {
            RunNews::ActionStopped { action: action.clone(), reason: reason.clone() }
        }
        Event::WaveBegun { wave, not_before, reason } => {
            RunNews::WaveBegun { wave: *wave, not_before: *not_before, reason: reason.clone() }
        }
        _ => return None,
    })
}

/// What an entry says of a PIN, warnings first.
fn pins_of(event: &Event) -> Vec<PinFact> {
    let mut facts = Vec::new();
    if let Event::PinRead { reading: PinReading::Found { agrees: Some(false), .. }, .. } = event {
        facts.push(PinFact::Differs);
    }
    if let Event::Answered { verdict: Verdict::Accepted(answer), .. } = event {
        facts.extend(answer.pin_flaw.clone().map(|flaw| PinFact::Odd { flaw }));
        if answer.pin_missing {
            facts.push(PinFact::Missing);
        }
    }
    if has_new_pin(event) {
        facts.push(PinFact::Kept);
    }
    facts
}

/// Whether an entry holds a PIN that was not known before.
fn has_new_pin(event: &Event) -> bool {
    match event {
        Event::Intent { pin, .. } => pin.is_some(),
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.usable_pin().is_some(),
        Event::PinRead { reading: PinReading::Found { agrees, .. }, .. } => *agrees != Some(true),
        Event::PinRead { reading: PinReading::Known { .. }, .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sealed;

    #[test]
    fn only_what_was_not_known_is_news() {
        let task = TaskIndex(0);
        let read = |agrees| {
            let pin = Sealed::clear("1".to_owned());
            Event::PinRead { task, reading: PinReading::Found { pin, agrees } }
        };
        for (agrees, is_new, is_other) in
            [(Some(true), false, false), (Some(false), true, true), (None, true, false)]
        {
            let facts = pins_of(&read(agrees));
            assert_eq!(facts.contains(&PinFact::Kept), is_new);
            assert_eq!(facts.contains(&PinFact::Differs), is_other);
        }
        let pin = Some(Sealed::clear("1".to_owned()));
        assert!(has_new_pin(&Event::Intent { task, attempt: 1, pin, sends: None, lists: None }));
        assert!(!has_new_pin(&Event::Intent {
            task,
            attempt: 1,
            pin: None,
            sends: None,
            lists: None
        }));
        assert!(!has_new_pin(&Event::PinRead { task, reading: PinReading::Nothing }));
    }
}
