//! Settings of every command.
//!
//! Owns their rows. Must never find a directory.

use super::row::{FlagGroup, SettingFlag, SettingKind};

/// When colors are used.
pub const COLOR_WORDS: &[&str] = &["auto", "always", "never"];
/// Forms of the lines of a log file.
pub const LOG_FORMATS: &[&str] = &["text", "json"];
/// Forms of listings.
pub const LISTING_FORMATS: &[&str] = &["text", "json", "csv"];

rows! { Global:
    /// The directory of journals.
    STATE_DIR {
        name: "state_dir",
        flags: &[SettingFlag::value("state-dir", "DIR")],
        variables: &["SORTIE_STATE_DIR"],
        kind: SettingKind::Path,
        default: "the platform's data directory",
        group: FlagGroup::Global,
        help: "Keep journals and the quota ledger in this directory",
    }
    /// The configuration file.
    CONFIG {
        name: "config",
        flags: &[SettingFlag::value("config", "FILE")],
        variables: &["SORTIE_CONFIG"],
        kind: SettingKind::Path,
        default: "config.toml in the platform's data directory",
        group: FlagGroup::Global,
        help: "Read profiles from this configuration file",
    }
    /// The profile of the configuration.
    PROFILE {
        name: "profile",
        flags: &[SettingFlag::value("profile", "NAME").short('p')],
        variables: &["SORTIE_PROFILE"],
        kind: SettingKind::Text,
        default: "default_profile of the configuration",
        group: FlagGroup::Global,
        help: "Use this profile of the configuration",
        is_daily: true,
    }
    /// Whether prompts are forbidden.
    NO_INPUT {
        name: "no_input",
        flags: &[SettingFlag::switch("no-input")],
        default: "false",
        group: FlagGroup::Global,
        help: "Never prompt; fail where a prompt would be needed",
        is_daily: true,
    }
    /// Whether notes are left out.
    QUIET {
        name: "quiet",
        flags: &[SettingFlag::switch("quiet").short('q')],
        default: "false",
        group: FlagGroup::Global,
        help: "Show warnings and errors only",
    }
    /// How much is shown.
    VERBOSE {
        name: "verbose",
        flags: &[SettingFlag::switch("verbose").short('v')],
        kind: SettingKind::Repeats,
        default: "0",
        group: FlagGroup::Global,
        help: "Show more detail (repeatable)",
    }
    /// When colors are used.
    COLOR {
        name: "color",
        flags: &[SettingFlag::value("color", "WHEN")],
        kind: SettingKind::Word(COLOR_WORDS),
        default: "auto",
        group: FlagGroup::Global,
        help: "Use colors",
    }
    /// The form of listings.
    FORMAT {
        name: "format",
        flags: &[SettingFlag::value("format", "FORMAT")],
        kind: SettingKind::Word(LISTING_FORMATS),
        default: "text",
        group: FlagGroup::Global,
        help: "Set the output format; json where a command has it; csv for devices, history, pins",
        is_daily: true,
    }
    /// The file that a log is appended to.
    LOG_FILE {
        name: "log_file",
        flags: &[SettingFlag::value("log-file", "FILE")],
        variables: &["SORTIE_LOG_FILE"],
        profile_key: Some("log_file"),
        kind: SettingKind::Path,
        group: FlagGroup::Global,
        help: "Append a log of the command to this file (mode 0600)",
    }
    /// The form of its lines.
    LOG_FORMAT {
        name: "log_format",
        flags: &[SettingFlag::value("log-format", "FORMAT")],
        variables: &["SORTIE_LOG_FORMAT"],
        profile_key: Some("log_format"),
        kind: SettingKind::Word(LOG_FORMATS),
        default: "text",
        group: FlagGroup::Global,
        help: "Set the format of the log file's lines",
    }
    /// Which events it gets.
    LOG_LEVEL {
        name: "log_level",
        flags: &[SettingFlag::value("log-level", "FILTER")],
        variables: &["SORTIE_LOG_LEVEL"],
        profile_key: Some("log_level"),
        kind: SettingKind::Text,
        default: "info",
        group: FlagGroup::Global,
        help: "Choose what the log file gets: a level, or levels by target, such as info,transport=debug",
    }
}
