//! The waves of a YAML job.
//!
//! Owns the key `rollout`. Must never fill in a default, and must never know how many devices a job comes to.

use super::RolloutSettings;
use super::diagnostics::{Flaw, quote};
use super::nodes::NodeReader;
use super::tree::{MapEntry, Node};
use crate::model::{WaveEnd, WaveGate, human_duration};

/// Most waves: a person looks at each, and nobody looks twenty times.
const WAVES_MAX: usize = 20;
/// Longest pause and longest wait for a wave, in milliseconds: a week. A longer one is a slip of the unit.
const PAUSE_MS_MAX: u64 = 7 * 86_400_000;
/// Shortest wait for a wave, in milliseconds: in less no device answers.
const GATE_TIMEOUT_MS_MIN: u64 = 1_000;
/// What the ends of waves mean, for hints.
const WAVES_HINT: &str =
    "waves say how many devices have been reached in all, by number or by share: [1, 5, 20%, 100%]";

/// Reads `rollout`.
pub(super) fn read_rollout(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
) -> Option<RolloutSettings> {
    let mut rollout = RolloutSettings::default();
    let entries = reader.map(node, "rollout", &["waves", "pause", "gate", "gate_timeout"])?;
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "waves" => rollout.waves = read_waves(reader, value),
            "pause" => rollout.pause_ms = read_pause(reader, value, key, 0),
            "gate" => rollout.gate = read_gate(reader, value),
            "gate_timeout" => {
                rollout.gate_timeout_ms = read_pause(reader, value, key, GATE_TIMEOUT_MS_MIN);
            }
            _ => {}
        }
    }
    Some(rollout)
}

fn read_waves(reader: &mut NodeReader<'_, '_>, node: &Node) -> Vec<WaveEnd> {
    let items = reader.texts(node, "waves");
    if items.len() > WAVES_MAX {
        let flaw = format!("waves has {} items, at most {WAVES_MAX} are allowed", items.len());
        reader.refuse(&node.range, Flaw::new(flaw));
        return Vec::new();
    }
    let mut waves: Vec<WaveEnd> = Vec::new();
    for (item, text) in items {
        let Some(wave) = WaveEnd::parse(text) else {
            let flaw =
                Flaw::new(format!("a wave must be a number or a share, not {}", quote(text)))
                    .hint(WAVES_HINT);
            reader.refuse(&item.range, flaw);
            continue;
        };
        if let Some(before) = waves.iter().find(|before| !may_follow(**before, wave)) {
            let flaw = Flaw::new(format!(
                "the wave to {} comes after the wave to {} and reaches no more devices",
                wave.shown(),
                before.shown()
            ))
            .hint(format!("{WAVES_HINT}; numbers rise, and so do shares"));
            reader.refuse(&item.range, flaw);
        }
        waves.push(wave);
    }
    waves
}

/// Whether a wave may come after another, as far as that can be told without the number of devices.
fn may_follow(before: WaveEnd, wave: WaveEnd) -> bool {
    match (before, wave) {
        (WaveEnd::Devices(before), WaveEnd::Devices(devices)) => before < devices,
        (WaveEnd::Percent(before), WaveEnd::Percent(percent)) => before < percent,
        _ => true,
    }
}

fn read_pause(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    what: &str,
    least_ms: u64,
) -> Option<u64> {
    let duration = reader.duration(node, what)?;
    let flaw = if duration < least_ms {
        Flaw::new(format!("{what} must be at least {}", human_duration(least_ms)))
    } else if duration > PAUSE_MS_MAX {
        Flaw::new(format!("{what} is longer than a week"))
    } else {
        return Some(duration);
    };
    reader.refuse(&node.range, flaw.hint("such as 30s, 15m or 1h 30m"));
    None
}

fn read_gate(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<WaveGate> {
    let text = reader.text(node, "gate")?;
    let found = WaveGate::WORDS.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let words = WaveGate::WORDS.map(|(word, _)| word).join(", ");
        let flaw = Flaw::new(format!("{} opens no wave", quote(text)))
            .hint(format!("gate is one of {words}"));
        reader.refuse(&node.range, flaw);
    }
    found.map(|(_, gate)| gate)
}
