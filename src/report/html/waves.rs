//! The waves of a run.
//!
//! Owns their counts. Must never judge a wave: the engine did.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::curve::DeviceKey;
use super::words::{PageTone, time};
use crate::model::{Outcome, PackedDeviceId, TaskIndex, WaveGate};
use crate::report::{Rows, RunFacts};

/// One wave.
#[derive(Default)]
pub(super) struct WaveLine {
    /// From 1.
    pub(super) number: u32,
    pub(super) devices: usize,
    pub(super) tasks: u32,
    pub(super) good: u32,
    pub(super) bad: u32,
    pub(super) pending: u32,
    pub(super) unsent: u32,
    pub(super) began: String,
    /// Why it was opened.
    pub(super) reason: String,
}

/// The waves of a run; none where all went at once.
pub(super) fn waves_of(facts: &RunFacts, rows: &Rows<'_>) -> Vec<WaveLine> {
    // Each tenant of a group has waves of its own, which its own page shows.
    if rows.has_tenants() {
        return Vec::new();
    }
    let moved: HashMap<u32, u16> = facts.record.canaries.iter().copied().collect();
    let mut numbers: HashMap<PackedDeviceId, u32> = HashMap::new();
    let mut lines: BTreeMap<u16, WaveLine> = BTreeMap::new();
    let mut devices: HashSet<(u16, DeviceKey)> = HashSet::new();
    for (at, row) in (0..).map(TaskIndex).zip(rows.iter()) {
        // Devices are numbered as the engine numbers them: by their first task.
        let known = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let number = *numbers.entry(PackedDeviceId::of(&row.device().id)).or_insert(known);
        if row.outcome() == Outcome::Skipped {
            continue;
        }
        let wave = moved.get(&number).copied().unwrap_or(row.task().wave);
        let line = lines.entry(wave).or_default();
        line.tasks += 1;
        match (row.outcome(), PageTone::of(row.outcome())) {
            (Outcome::Pending | Outcome::NotNow, _) => line.pending += 1,
            (Outcome::NotAttempted, _) => line.unsent += 1,
            (_, PageTone::Good) => line.good += 1,
            _ => line.bad += 1,
        }
        if devices.insert((wave, DeviceKey::of(&row, at))) {
            line.devices += 1;
        }
    }
    if lines.len() < 2 {
        return Vec::new();
    }
    let begun = |wave: u16| facts.record.waves.iter().rev().find(|begun| begun.wave == wave);
    let first = lines.keys().next().copied();
    lines
        .into_iter()
        .map(|(wave, line)| {
            let (began, reason) = match begun(wave) {
                Some(begun) => (time(begun.at), begun.reason.clone()),
                None if Some(wave) == first => (time(facts.started_at), "first wave".to_owned()),
                None => ("not begun".to_owned(), String::new()),
            };
            WaveLine { number: u32::from(wave) + 1, began, reason, ..line }
        })
        .collect()
}

/// What opens the next wave.
pub(super) fn gate_words(gate: WaveGate) -> &'static str {
    match gate {
        WaveGate::Settled => {
            "The next wave began when every reachable device of the wave had finished."
        }
        WaveGate::Accepted => {
            "The next wave began when the API had accepted every request of the wave."
        }
        WaveGate::Operator => {
            "The next wave began when a person released it, after the devices had finished."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Task, TaskRecord, UnixMillis, WaveBegin};
    use crate::report::testing::{facts, record, task};

    fn in_waves(waves: &[u16]) -> Vec<Task> {
        let tasks =
            (1..).zip(waves).map(|(row, wave)| Task { wave: *wave, ..task(row, 1, "lock") });
        tasks.collect()
    }

    #[test]
    fn each_wave_has_its_counts_and_its_beginning() {
        let tasks = in_waves(&[0, 1, 1, 2]);
        let records = [
            record(&tasks[0], Outcome::Completed, ""),
            record(&tasks[1], Outcome::Failed, "no"),
            record(&tasks[2], Outcome::Pending, ""),
            TaskRecord::new(&tasks[3]),
        ];
        let mut run = facts();
        let at = UnixMillis::parse("2026-01-02T03:10:00Z").expect("a moment");
        run.record.waves = vec![WaveBegin { wave: 1, at, reason: "wave 1 is done".to_owned() }];
        let waves = waves_of(&run, &Rows::new(&tasks, &records));
        let counts: Vec<_> =
            waves.iter().map(|wave| (wave.number, wave.tasks, wave.good, wave.bad)).collect();
        assert_eq!(counts, [(1, 1, 1, 0), (2, 2, 0, 1), (3, 1, 0, 0)]);
        assert_eq!((waves[1].pending, waves[2].unsent), (1, 1));
        let began: Vec<&str> = waves.iter().map(|wave| wave.began.as_str()).collect();
        assert_eq!(began, ["2026-01-02 03:04:00", "2026-01-02 03:10:00", "not begun"]);
    }

    #[test]
    fn a_device_that_joined_a_wave_is_counted_there() {
        let tasks = in_waves(&[0, 1, 1]);
        let records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
        let mut run = facts();
        run.record.canaries = vec![(2, 0)];
        let waves = waves_of(&run, &Rows::new(&tasks, &records));
        assert_eq!((waves[0].devices, waves[1].devices), (2, 1));
    }

    #[test]
    fn a_run_without_waves_has_no_table() {
        let tasks = in_waves(&[0, 0]);
        let records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
        assert!(waves_of(&facts(), &Rows::new(&tasks, &records)).is_empty());
    }
}
