//! Settings that keep a mistake small.
//!
//! Owns their rows and limits. Must never give a cap of the policy a flag: no flag raises a cap.

use super::row::{FlagGroup, SettingFlag, SettingKind};

/// Longest duration in jobs, in milliseconds: a year. A longer one is a slip of the unit.
pub const YEAR_MS: u64 = 366 * 86_400_000;
/// Longest pause and longest wait for a wave in jobs, in milliseconds: a week. A longer one is a slip of the unit.
pub const WEEK_MS: u64 = 7 * 86_400_000;
/// Most errors in a row in jobs: more would stop nothing.
const ERRORS_IN_A_ROW_MAX: u32 = 1_000;
/// Most waves in jobs: a person checks each, and does not check twenty.
const WAVES_MAX: usize = 20;
/// Shortest wait for a wave in jobs, in milliseconds: no device answers sooner.
const GATE_TIMEOUT_MS_MIN: u64 = 1_000;
/// Most keys of one job: a team. The keys of a whole company would make every PIN a long text.
const KEYS_MAX: usize = 20;
/// What opens the next wave.
pub const GATES: &[&str] = &["settled", "accepted", "operator"];
/// What becomes of a run outside its window.
pub const OUTSIDE_WORDS: &[&str] = &["refuse", "wait"];
/// What becomes of secrets that an action removes.
pub const BEFORE_LOSS_WORDS: &[&str] = &["capture", "elsewhere"];

rows! { Safety:
    /// What becomes of secrets that an erase or a delete removes.
    BEFORE_LOSS {
        name: "before_loss",
        flags: &[
            SettingFlag::switch("capture-secrets")
                .against(&["secrets-elsewhere"])
                .meaning("capture", "Save the FileVault key, bypass code and recovery password before an erase or a delete"),
            SettingFlag::switch("secrets-elsewhere")
                .meaning("elsewhere", "Declare that you have the secrets that an erase or a delete destroys"),
        ],
        job_key: Some("secrets.before_loss"),
        job_key_short: Some("secrets"),
        kind: SettingKind::Word(BEFORE_LOSS_WORDS),
        group: FlagGroup::Plan,
        help: "Save the secrets that an erase or a delete destroys (capture), or declare that you have them (elsewhere)",
    }
    /// Whether Macs may be deactivated by a lock.
    ALLOW_DEACTIVATION {
        name: "allow_deactivation",
        flags: &[SettingFlag::switch("allow-deactivation")],
        job_key: Some("allow_deactivation"),
        default: "false",
        group: FlagGroup::Plan,
        help: "Allow lock on Macs with Apple silicon before macOS 11.5, which deactivates them without a PIN",
    }
    /// The keys to which PINs and secrets are encrypted.
    ENCRYPT_TO {
        name: "encrypt_to",
        job_key: Some("secrets.encrypt_to"),
        profile_key: Some("secrets.encrypt_to"),
        kind: SettingKind::Keys { items_max: KEYS_MAX },
        default: "none: unencrypted",
        help: "Encrypt PINs and secrets to these age public keys",
    }
    /// Whether one key is enough.
    SINGLE_KEY {
        name: "single_key",
        job_key: Some("secrets.single_key"),
        profile_key: Some("secrets.single_key"),
        default: "false",
        help: "Accept a single key; if you lose it, you lose the PINs",
    }
    /// Most devices of the job.
    MAX_DEVICES {
        name: "max_devices",
        job_key: Some("limits.max_devices"),
        kind: SettingKind::Count { least: 1, most: u32::MAX, most_of_flag: u32::MAX },
        default: "no limit besides the policy",
        help: "Refuse the plan if the job reaches more devices",
    }
    /// How many errors a run tolerates.
    MAX_ERRORS {
        name: "max_errors",
        flags: &[SettingFlag::value("max-errors", "N|N%")],
        job_key: Some("stop.max_errors"),
        kind: SettingKind::CountOrShare,
        default: "10%",
        group: FlagGroup::Plan,
        help: "Tolerate this many errors, as a number or a share; the next error stops the run",
        is_daily: true,
    }
    /// How many errors one after the other stop a run.
    ERRORS_IN_A_ROW {
        name: "errors_in_a_row",
        flags: &[SettingFlag::value("errors-in-a-row", "N")],
        job_key: Some("stop.in_a_row"),
        kind: SettingKind::Count { least: 1, most: ERRORS_IN_A_ROW_MAX, most_of_flag: u32::MAX },
        default: "10 for disruptive and 3 for irreversible actions, else no limit",
        group: FlagGroup::Plan,
        help: "Stop after this many errors in a row",
    }
    /// Where waves end.
    WAVES {
        name: "waves",
        flags: &[SettingFlag::value("waves", "N|N%")],
        job_key: Some("rollout.waves"),
        kind: SettingKind::WaveEnds { items_max: WAVES_MAX },
        default: "1,5,20%,100% for disruptive and irreversible actions on more than 25 devices",
        group: FlagGroup::Plan,
        help: "Send in waves that end at this many devices",
        is_daily: true,
    }
    /// The pause between two waves.
    WAVE_PAUSE {
        name: "wave_pause",
        flags: &[SettingFlag::value("wave-pause", "DURATION")],
        job_key: Some("rollout.pause"),
        kind: SettingKind::Duration { least_ms: 0, most_ms: WEEK_MS },
        default: "1m; 5m for irreversible actions",
        group: FlagGroup::Plan,
        help: "Pause this long between two waves",
    }
    /// What opens the next wave.
    GATE {
        name: "gate",
        flags: &[SettingFlag::value("gate", "GATE")],
        job_key: Some("rollout.gate"),
        kind: SettingKind::Word(GATES),
        default: "settled",
        group: FlagGroup::Plan,
        help: "Choose what opens the next wave: all tasks settled, all accepted, or the operator's confirmation",
    }
    /// How long a wave waits for devices that do not answer.
    GATE_TIMEOUT {
        name: "gate_timeout",
        flags: &[SettingFlag::value("gate-timeout", "DURATION")],
        job_key: Some("rollout.gate_timeout"),
        kind: SettingKind::Duration { least_ms: GATE_TIMEOUT_MS_MIN, most_ms: WEEK_MS },
        default: "15m",
        group: FlagGroup::Plan,
        help: "Wait at most this long for the devices of a wave",
    }
    /// When sending is allowed.
    WINDOW {
        name: "window",
        job_key: Some("window"),
        kind: SettingKind::Window,
        default: "always",
        help: "Send only within these hours",
    }
    /// What becomes of a run outside its window.
    OUTSIDE_WINDOW {
        name: "outside_window",
        job_key: Some("window.outside"),
        kind: SettingKind::Word(OUTSIDE_WORDS),
        default: "refuse",
        help: "Refuse to start outside the window, or wait until it opens",
    }
    /// What a start does while another run is in progress.
    IF_RUNNING {
        name: "if_running",
        flags: &[SettingFlag::value("if-running", "WHAT")],
        kind: SettingKind::IfRunning,
        default: "fail",
        group: FlagGroup::Start,
        help: "Choose what to do if another run uses the job or a device: fail, skip, wait or wait=1h",
    }
    /// The reason for sending outside the window.
    BREAK_GLASS {
        name: "break_glass",
        flags: &[SettingFlag::value("break-glass", "REASON")],
        kind: SettingKind::Text,
        group: FlagGroup::Plan,
        help: "Send outside the window, and record this reason; caps still apply",
    }
    /// How long a lost request may still be applied.
    QUARANTINE {
        name: "quarantine",
        flags: &[SettingFlag::value("quarantine", "DURATION")],
        variables: &["SORTIE_QUARANTINE"],
        kind: SettingKind::Duration { least_ms: 0, most_ms: u64::MAX },
        default: "2m, and at least twice the timeout",
        group: FlagGroup::Plan,
        help: "Treat a request without an answer as possibly applied for this time",
    }
}
