//! The words for settings that a YAML job gives wrongly.
//!
//! Owns one sentence for each fault of the table of settings. Must never repeat what was given as a key or as a choice
//! about secrets.

use super::diagnostics::{Flaw, quote};
use crate::model::human_duration;
use crate::model::settings::{
    SettingError, SettingFault, SettingKind, SettingSpec, output, safety, targets,
};

/// What the ends of waves mean, for hints.
const WAVES_HINT: &str =
    "waves are total numbers of devices or shares, for example [1, 5, 20%, 100%]";

/// The flaw of a text, or of an item, that a setting does not take.
pub(super) fn flaw_of(setting: &SettingSpec, what: &str, error: SettingError, text: &str) -> Flaw {
    match error.fault {
        SettingFault::Count { least, most } => Flaw::new(format!(
            "{what} must be a whole number from {least} to {most}, not {}",
            quote(text)
        )),
        SettingFault::Number => {
            Flaw::new(format!("{what} must be a whole number, not {}", quote(text)))
        }
        SettingFault::Switch | SettingFault::NotAText => {
            Flaw::new(format!("{what} must be true or false"))
        }
        SettingFault::Duration => {
            Flaw::new(format!("{what} must be a duration, not {}", quote(text)))
                .hint("write a number with its unit, for example 30s, 10m, 2h or 1h 30m")
        }
        SettingFault::TooShort { least_ms } => {
            let flaw = Flaw::new(format!("{what} must be at least {}", human_duration(least_ms)));
            flaw.hint(duration_example(setting))
        }
        SettingFault::TooLong { most_ms: safety::WEEK_MS } => {
            Flaw::new(format!("{what} is longer than a week")).hint(duration_example(setting))
        }
        SettingFault::TooLong { most_ms: safety::YEAR_MS } => {
            Flaw::new(format!("{what} is longer than a year"))
        }
        SettingFault::TooLong { most_ms } => {
            Flaw::new(format!("{what} must be at most {}", human_duration(most_ms)))
        }
        SettingFault::DurationOrMoment => Flaw::new(format!(
            "{what} must be a duration or a time with UTC offset, not {}",
            quote(text)
        ))
        .hint("for example 8h or 2026-11-23T18:00:00+01:00"),
        SettingFault::CountOrShare => {
            Flaw::new(format!("{what} must be a number or a share, not {}", quote(text)))
                .hint("for example 10 or 5%")
        }
        SettingFault::WaveEnd => {
            Flaw::new(format!("a wave must be a number or a share, not {}", quote(text)))
                .hint(WAVES_HINT)
        }
        SettingFault::WaveOrder { before, wave } => Flaw::new(format!(
            "the wave of {} after the wave of {} adds no devices",
            wave.shown(),
            before.shown()
        ))
        .hint(format!("{WAVES_HINT}; each must be larger than the one before")),
        SettingFault::TooMany { found, most } => Flaw::new(match setting.kind {
            SettingKind::Keys { .. } => format!("{what} has {found} keys; at most {most} are allowed"),
            _ => format!("{what} has {found} items; at most {most} are allowed"),
        }),
        SettingFault::ControlCharacter => Flaw::new(format!("{what} contains a control character")),
        // What was given may be a private key, so it is not repeated.
        SettingFault::Key => Flaw::new(format!("an item of {what} is not an age public key"))
            .hint("public keys begin with age1; 'age-keygen -y FILE' prints the public key of an identity file"),
        SettingFault::IfRunning => Flaw::new(format!("{what} must be {}", setting.takes())),
        SettingFault::Name => no_such_name(setting, text),
        SettingFault::Word => no_such_word(setting, what, text),
        SettingFault::Repeated => {
            let flaw = Flaw::new(format!("{} is given twice", quote(text)));
            match setting.name == output::REPORT_FORMAT.name {
                true => flaw.hint(format!("the formats are {}", words(setting))),
                false => flaw,
            }
        }
    }
}

/// A text that cannot be the name of what the setting lists.
fn no_such_name(setting: &SettingSpec, text: &str) -> Flaw {
    match setting.name == targets::TENANTS.name {
        true => Flaw::new(format!("{} is not the name of a profile", quote(text)))
            .hint("a name has letters, digits, - and _ only"),
        false => Flaw::new(format!("{} is not the name of a channel", quote(text))).hint(
            "a job names channels of the profile, not addresses; see: sortie help notifications",
        ),
    }
}

/// A number in quotation marks, which YAML makes a text.
pub(super) fn quoted_number(what: &str, count: u32) -> Flaw {
    Flaw::new(format!("{what} must be a whole number, but {count} in quotation marks is text"))
        .hint(format!("remove the quotation marks: {count}"))
}

fn duration_example(setting: &SettingSpec) -> &'static str {
    match setting.name == targets::REQUIRE_MAX_AGE.name {
        true => "for example 24h or 7d",
        false => "for example 30s, 15m or 1h 30m",
    }
}

fn words(setting: &SettingSpec) -> String {
    match setting.kind {
        SettingKind::Word(words) | SettingKind::Words(words) => words.join(", "),
        _ => String::new(),
    }
}

/// A word that the setting does not have.
fn no_such_word(setting: &SettingSpec, what: &str, text: &str) -> Flaw {
    let known = words(setting);
    match setting.name {
        name if name == targets::SKIP_REFUSED.name => {
            Flaw::new(format!("{} is not a kind of refusal", quote(text)))
                .hint(format!("the kinds are {known}"))
        }
        name if name == output::REPORT_FORMAT.name => {
            Flaw::new(format!("{} is not a report format", quote(text)))
                .hint(format!("the formats are {known}"))
        }
        name if name == safety::GATE.name => Flaw::new(format!("{} is not a gate", quote(text)))
            .hint(format!("{what} must be one of {known}")),
        name if name == safety::OUTSIDE_WINDOW.name => {
            Flaw::new(format!("{what} must be refuse or wait, not {}", quote(text)))
                .hint("refuse: do not start outside the window; wait: start when the window opens")
        }
        name if name == safety::BEFORE_LOSS.name => Flaw::new(format!(
            "{what} must be capture or elsewhere"
        ))
        .hint("capture: read and keep the secrets before the request; elsewhere: you have the secrets already"),
        _ => Flaw::new(format!("{what} must be one of {known}, not {}", quote(text))),
    }
}
