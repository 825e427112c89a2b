//! How work spreads over a fleet: in waves, each judged before the next.
//!
//! Owns the sizes of waves and what opens the next one. Must never know which device is in which wave.

use serde::{Deserialize, Serialize};

use super::Risk;

/// Devices up to which disruptive and irreversible work goes out without waves.
const DEVICES_WITHOUT_WAVES: u32 = 25;
/// How long the next wave waits for devices that do not answer, in milliseconds.
const GATE_TIMEOUT_MS: u64 = 15 * 60_000;
/// Pauses between waves where nothing else is said, in milliseconds: time to notice.
const PAUSE_MS_DISRUPTIVE: u64 = 60_000;
const PAUSE_MS_IRREVERSIBLE: u64 = 5 * 60_000;

/// Waves, and what leads from each to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// How many devices have been reached, in all, by the end of each wave.
    pub waves: Vec<WaveEnd>,
    /// Pause before the next wave, in milliseconds.
    pub pause_ms: u64,
    /// What opens the next wave.
    pub gate: WaveGate,
    /// How long it waits for devices that do not answer, in milliseconds after the wave's last send.
    pub gate_timeout_ms: u64,
}

/// Where a wave of a rollout ends: after a number of devices, or after a share of them.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveEnd {
    /// At so many devices.
    Devices(u32),
    /// At this share of the devices, in percent.
    Percent(f64),
}

impl WaveEnd {
    /// Reads `5` or `20%`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().strip_suffix('%') {
            Some(share) => {
                let percent: f64 = share.trim().parse().ok()?;
                (percent > 0.0 && percent <= 100.0).then_some(Self::Percent(percent))
            }
            None => text.trim().parse().ok().filter(|devices| *devices > 0).map(Self::Devices),
        }
    }

    /// The word in jobs.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::Devices(devices) => devices.to_string(),
            Self::Percent(percent) => format!("{percent}%"),
        }
    }

    fn of(self, devices: u32) -> u32 {
        match self {
            Self::Devices(end) => end.min(devices),
            Self::Percent(percent) => {
                ((f64::from(devices) * percent / 100.0).ceil() as u32).min(devices)
            }
        }
    }
}

/// What has to hold of a wave of a rollout before the next wave begins.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveGate {
    /// Every device of the wave that can be reached has ended.
    Settled,
    /// The API has taken every request of the wave.
    Accepted,
    /// The same as settled, and then a person says so.
    Operator,
}

impl WaveGate {
    /// All gates with their words in jobs.
    pub const WORDS: [(&'static str, Self); 3] =
        [("settled", Self::Settled), ("accepted", Self::Accepted), ("operator", Self::Operator)];

    /// The word in jobs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Accepted => "accepted",
            Self::Operator => "operator",
        }
    }
}

impl Rollout {
    /// These waves with the usual pause, gate and timeout.
    #[must_use]
    pub fn of_waves(waves: Vec<WaveEnd>, risk: Risk) -> Self {
        let pause_ms = match risk {
            Risk::Irreversible => PAUSE_MS_IRREVERSIBLE,
            _ => PAUSE_MS_DISRUPTIVE,
        };
        Self { waves, pause_ms, gate: WaveGate::Settled, gate_timeout_ms: GATE_TIMEOUT_MS }
    }

    /// What holds where a job is silent: 1, 5, 20 % and all for disruptive and irreversible work above 25 devices,
    /// no waves otherwise.
    #[must_use]
    pub fn usual(risk: Risk, devices: u32) -> Option<Self> {
        let has_waves = risk > Risk::Benign && devices > DEVICES_WITHOUT_WAVES;
        has_waves.then(|| Self::of_usual_waves(risk))
    }

    /// 1, 5, 20 % and all.
    #[must_use]
    pub fn of_usual_waves(risk: Risk) -> Self {
        let waves = vec![
            WaveEnd::Devices(1),
            WaveEnd::Devices(5),
            WaveEnd::Percent(20.0),
            WaveEnd::Percent(100.0),
        ];
        Self::of_waves(waves, risk)
    }

    /// How many of `devices` have been reached by the end of each wave. Waves that would add nothing are left out,
    /// and the last one reaches all.
    #[must_use]
    pub fn ends(&self, devices: u32) -> Vec<u32> {
        let mut ends: Vec<u32> = Vec::new();
        for wave in &self.waves {
            let end = wave.of(devices);
            if end > ends.last().copied().unwrap_or(0) {
                ends.push(end);
            }
        }
        if ends.last() != Some(&devices) && devices > 0 {
            ends.push(devices);
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_end_where_they_say_and_the_last_one_at_the_end() {
        let usual = |devices| Rollout::usual(Risk::Disruptive, devices).map(|it| it.ends(devices));
        assert_eq!(usual(25), None);
        assert_eq!(usual(26), Some(vec![1, 5, 6, 26]));
        assert_eq!(usual(400), Some(vec![1, 5, 80, 400]));
        assert_eq!(Rollout::usual(Risk::Benign, 4_000), None);
        let one = Rollout::of_waves(vec![WaveEnd::Devices(3)], Risk::Disruptive);
        assert_eq!(one.ends(10), [3, 10]);
        assert_eq!(one.ends(2), [2]);
        assert_eq!(one.ends(0), [0; 0]);
        let all = Rollout::of_waves(vec![WaveEnd::Percent(100.0)], Risk::Disruptive);
        assert_eq!(all.ends(60), [60]);
    }

    #[test]
    fn ends_of_waves_are_read() {
        assert_eq!(WaveEnd::parse("5"), Some(WaveEnd::Devices(5)));
        assert_eq!(WaveEnd::parse(" 20% "), Some(WaveEnd::Percent(20.0)));
        for text in ["0", "0%", "101%", "-1", "", "all", "1.5"] {
            assert_eq!(WaveEnd::parse(text), None, "{text}");
        }
    }
}
