//! Settings that contradict each other, in words.
//!
//! Owns the words. Must never show a secret.

use super::words::Words;
use crate::app::settings::SettingsRefusal;
use crate::model::{NOTE_CHARS_MAX, NOTE_PLACEHOLDERS, NoteFlaw, human_duration};

pub(super) fn settings(reason: &SettingsRefusal) -> Words {
    match reason {
        SettingsRefusal::TimeoutTooShort { least_ms } => {
            Words::new(format!("--timeout must be at least {least_ms}ms"), "")
        }
        SettingsRefusal::QuarantineTooShort { timeout_ms } => Words::new(
            format!(
                "--quarantine must be at least twice --timeout ({})",
                human_duration(*timeout_ms)
            ),
            "raise --quarantine, or lower --timeout",
        ),
        SettingsRefusal::FormatNotBuilt { feature } => Words::new(
            format!(
                "this sortie was built without the feature '{feature}', which report format '{feature}' needs"
            ),
            "choose another format, or install a sortie with the feature",
        ),
        SettingsRefusal::BreakGlassWithoutReason => Words::new(
            "--break-glass needs a reason, which sortie records",
            "say why this cannot wait, or name a ticket",
        ),
        SettingsRefusal::Note { flaw } => note(flaw),
        SettingsRefusal::MetricsFileName { path } => Words::new(
            format!("the metrics file {} has no name that ends in .prom", path.display()),
            "name it like sortie-{job}.prom; the collector ignores all other files",
        ),
        SettingsRefusal::MetricsFilePlaceholder { path, placeholder, known } => Words::new(
            format!("the metrics file {} has the unknown part {placeholder}", path.display()),
            format!("use {}, or a name without braces", known.join(", ")),
        ),
    }
}

/// What is wrong with the text of a note.
fn note(flaw: &NoteFlaw) -> Words {
    match flaw {
        NoteFlaw::Empty => Words::new("the note is empty", "write a text, or leave out the note"),
        NoteFlaw::TooLong { chars } => Words::new(
            format!("the note has {chars} characters; at most {NOTE_CHARS_MAX} are allowed"),
            "shorten it",
        ),
        NoteFlaw::Character { code } => Words::new(
            format!("the note contains the control or invisible character U+{code:04X}"),
            "remove it",
        ),
        NoteFlaw::Placeholder { placeholder } => Words::new(
            format!("the note has the unknown part {placeholder}"),
            format!("use {{{}}}, or no braces", NOTE_PLACEHOLDERS.join("}, {")),
        ),
    }
}
