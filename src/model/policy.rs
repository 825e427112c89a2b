//! The rules of a run, frozen when it starts.
//!
//! Owns the numbers that the engine obeys and their defaults. Must never be changed by anything but a
//! resume, and then only downward.

use serde::{Deserialize, Serialize};

use super::{Rollout, UnixMillis, Window, WindowState};

/// The rules of one run. All durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Requests in progress at once.
    pub concurrency: u32,
    /// Requests a second; the API's own limit is 50.
    pub per_second: u32,
    /// Requests in any 60 minutes, over all processes on this host that share the state directory.
    pub per_hour: u32,
    /// Retries of one task.
    pub retries: Retries,
    /// How long to follow commands after the last send.
    pub wait_ms: u64,
    /// The moment after which the run sends nothing more.
    pub send_until: UnixMillis,
    /// When errors stop the run.
    pub max_errors: MaxErrors,
    /// Seed of the run's randomness (jitter).
    pub seed: u64,
    /// How long one request may take, in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// How long a request without answer may still be applied: nothing is concluded from its absence before
    /// that, in milliseconds.
    #[serde(default = "default_quarantine_ms")]
    pub quarantine_ms: u64,
    /// So many errors in a row stop the run; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors_in_a_row: Option<u32>,
    /// How the run spreads; `None` for all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Nothing is sent unless all of these are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// What becomes of the run while one is closed.
    #[serde(default)]
    pub outside_window: OutsideWindow,
    /// Irreversible requests in any 60 seconds; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irreversible_per_minute: Option<u32>,
    /// Targets of irreversible actions are read again just before each send.
    #[serde(default)]
    pub is_rechecking: bool,
    /// Those of disruptive actions are, too: there is a protect list, and a device may have come under it since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rechecking_disruptive: bool,
    /// The text of the note that is added to each device, with placeholders; `None` for no note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What becomes of a run while a window is closed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideWindow {
    /// It does not start; one in progress stops.
    #[default]
    Refuse,
    /// It waits until the window opens.
    Wait,
}

/// A person who sees the first of them go wrong can stop the rest.
const IRREVERSIBLE_PER_MINUTE: u32 = 12;

/// 60 seconds.
fn default_timeout_ms() -> u64 {
    60_000
}

/// Twice the time that a request may take.
fn default_quarantine_ms() -> u64 {
    2 * default_timeout_ms()
}

impl Policy {
    /// 16 at once, 20 a second, 80 % of the documented 10,000 an hour, sending for 12 hours.
    #[must_use]
    pub fn default_at(now: UnixMillis, seed: u64) -> Self {
        Self {
            concurrency: 16,
            per_second: 20,
            per_hour: 8_000,
            retries: Retries::default(),
            wait_ms: 0,
            send_until: now.plus_ms(12 * 3_600_000),
            max_errors: MaxErrors::default(),
            seed,
            timeout_ms: default_timeout_ms(),
            quarantine_ms: default_quarantine_ms(),
            errors_in_a_row: None,
            rollout: None,
            windows: Vec::new(),
            outside_window: OutsideWindow::Refuse,
            irreversible_per_minute: Some(IRREVERSIBLE_PER_MINUTE),
            is_rechecking: true,
            is_rechecking_disruptive: false,
            note: None,
        }
    }

    /// Whether all windows are open at `now`, and when that changes; `None` without any.
    #[must_use]
    pub fn window_at(&self, now: UnixMillis) -> Option<WindowState> {
        self.windows.iter().map(|window| window.at(now)).reduce(WindowState::and)
    }
}

/// How a request that is safe to repeat is repeated.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// How often, after the first try.
    pub count: u32,
    /// First delay, in milliseconds; doubled each time.
    pub delay_ms: u64,
    /// Longest delay, in milliseconds.
    pub delay_ms_max: u64,
    /// Draw each delay from zero to the computed one, so that tasks do not wake together.
    pub jitter: bool,
}

impl Default for Retries {
    fn default() -> Self {
        Self { count: 4, delay_ms: 1_000, delay_ms_max: 60_000, jitter: true }
    }
}

/// The number of errors that is still tolerated; the run stops at the next one.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxErrors {
    /// A number of tasks.
    Count(u32),
    /// A share of the planned tasks in percent, but never fewer than 5 tasks.
    Percent(f64),
}

impl MaxErrors {
    /// The smallest number that a share comes to.
    const SHARE_FLOOR: u32 = 5;

    /// How many errors a run of so many tasks tolerates.
    #[must_use]
    pub fn tolerated(self, tasks: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                ((f64::from(tasks) * percent / 100.0) as u32).max(Self::SHARE_FLOOR)
            }
        }
    }

    /// How many errors one of several waves tolerates, of so many tasks: a share has no smallest number there.
    #[must_use]
    pub fn tolerated_in_wave(self, tasks: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (f64::from(tasks) * percent / 100.0) as u32,
        }
    }

    /// Reads `7` or `10%`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().strip_suffix('%') {
            Some(share) => {
                let percent: f64 = share.trim().parse().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Self::Percent(percent))
            }
            None => text.trim().parse().ok().map(Self::Count),
        }
    }
}

impl Default for MaxErrors {
    fn default() -> Self {
        Self::Percent(10.0)
    }
}
