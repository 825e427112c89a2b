//! Which command prints its data in which form: text, JSON with or without a choice of fields, CSV.
//!
//! Owns the table and its refusals. A form that a command does not have is refused before anything happens. Must never be
//! passed by: a new command gets its row here, or the program does not compile.

use crate::cli::failure::Failure;
use crate::cli::options::{CliCommand, GlobalOptions, ListingFormat};
use crate::cli::text::actions::ACTION_FIELDS;
use crate::cli::text::audit::NOTE_FIELDS;
use crate::cli::text::devices::{COMMAND_FIELDS, DEVICE_FIELDS};
use crate::cli::text::doctor::FINDING_FIELDS;
use crate::cli::text::gathered::GATHERED_FIELDS;
use crate::cli::text::history::HISTORY_FIELDS;
use crate::cli::text::profiles::PROFILE_FIELDS;
use crate::cli::text::runs::RUN_FIELDS;
use crate::cli::text::setting_list::SETTING_FIELDS;
use crate::cli::text::status::STATUS_DEVICE_FIELDS;

/// The forms in which a command prints its data, besides text.
#[derive(Copy, Clone, Debug)]
struct OutputForms {
    command: &'static str,
    has_json: bool,
    has_csv: bool,
    /// The fields of its listing, for `--json`.
    fields: &'static [&'static str],
}

impl OutputForms {
    const fn text(command: &'static str) -> Self {
        Self { command, has_json: false, has_csv: false, fields: &[] }
    }

    const fn json(command: &'static str) -> Self {
        Self { has_json: true, ..Self::text(command) }
    }

    const fn listing(command: &'static str, fields: &'static [&'static str]) -> Self {
        Self { fields, ..Self::json(command) }
    }

    const fn with_csv(self) -> Self {
        Self { has_csv: true, ..self }
    }

    /// The forms of a command.
    fn of(command: &CliCommand) -> Self {
        match command {
            CliCommand::Actions { .. } => Self::listing("actions", &ACTION_FIELDS),
            CliCommand::Settings { .. } => Self::listing("settings", &SETTING_FIELDS),
            CliCommand::Schema { .. } => Self::json("schema"),
            CliCommand::Check { .. } => Self::json("check"),
            CliCommand::Plan { .. } => Self::json("plan"),
            CliCommand::Schedule { .. } => Self::json("schedule"),
            CliCommand::Approve { .. } => Self::json("approve"),
            CliCommand::Run { .. } => Self::json("run"),
            CliCommand::Send { .. } => Self::json("send"),
            CliCommand::Resume { .. } => Self::json("resume"),
            CliCommand::Watch { .. } => Self::json("watch"),
            CliCommand::Resolve { .. } => Self::json("resolve"),
            CliCommand::Close { .. } => Self::json("close"),
            CliCommand::Retry { .. } => Self::json("retry"),
            CliCommand::Runs { .. } => Self::listing("runs", &RUN_FIELDS),
            CliCommand::Status { status, .. } if status.asks_for_devices() => {
                Self::listing("status --devices", &STATUS_DEVICE_FIELDS)
            }
            CliCommand::Status { .. } => Self::json("status"),
            CliCommand::Stats { .. } => Self::json("stats"),
            CliCommand::Report { .. } => Self::json("report"),
            CliCommand::History { .. } => Self::listing("history", &HISTORY_FIELDS).with_csv(),
            CliCommand::Audit { .. } => Self::listing("audit", &NOTE_FIELDS),
            CliCommand::Prune { .. } => Self::json("prune"),
            CliCommand::RepairClock { .. } => Self::json("repair-clock"),
            CliCommand::Pins { pins, .. } if pins.is_listing() => Self::json("pins").with_csv(),
            CliCommand::Pins { .. } => Self::json("pins"),
            CliCommand::Devices { gather, .. } if gather.is_asked() => {
                Self::listing("devices", &GATHERED_FIELDS).with_csv()
            }
            CliCommand::Devices { .. } => Self::listing("devices", &DEVICE_FIELDS).with_csv(),
            CliCommand::Commands { .. } => Self::listing("commands", &COMMAND_FIELDS),
            CliCommand::Doctor { .. } => Self::listing("doctor", &FINDING_FIELDS),
            CliCommand::Notify { .. } => Self::json("notify"),
            CliCommand::Init { .. } => Self::json("init"),
            CliCommand::Profiles => Self::listing("profiles", &PROFILE_FIELDS),
            CliCommand::Version => Self::json("version"),
            CliCommand::Token { .. } => Self::json("token"),
            // It serves until Ctrl-C: what it prints is for a shell.
            CliCommand::Simulate { .. } => Self::text("simulate"),
            // A script for a shell, as it is.
            CliCommand::Completions { .. } => Self::text("completions"),
            CliCommand::Man { .. } => Self::json("man"),
            CliCommand::Help { .. } => Self::text("help"),
        }
    }

    /// The forms as a list of words.
    fn words(self) -> &'static str {
        match (self.has_json, self.has_csv) {
            (true, true) => "--format text, json or csv",
            (true, false) => "--format text or json",
            (false, true) => "--format text or csv",
            (false, false) => "--format text",
        }
    }
}

/// The name of a command, without its arguments.
pub(crate) fn command_name(command: &CliCommand) -> &'static str {
    OutputForms::of(command).command
}

/// Refuses a form that the command does not have, and fields that its listing does not have.
pub(crate) fn check_form(command: &CliCommand, global: &GlobalOptions) -> Result<(), Failure> {
    let forms = OutputForms::of(command);
    let name = forms.command;
    let asked = match global.format {
        ListingFormat::Text => None,
        ListingFormat::Json => Some(("json", forms.has_json)),
        ListingFormat::Csv => Some(("csv", forms.has_csv)),
    };
    if let Some((word, false)) = asked {
        return Err(Failure::usage(format!("sortie {name} has no --format {word}"))
            .next(format!("use {}", forms.words())));
    }
    match &global.fields {
        None => Ok(()),
        Some(_) if forms.fields.is_empty() => Err(Failure::usage(format!(
            "--json cannot pick fields: sortie {name} prints no listing"
        ))
        .next(format!("use {}", forms.words()))),
        Some(fields) => check_fields(forms, fields, global),
    }
}

fn check_fields(
    forms: OutputForms,
    fields: &[String],
    global: &GlobalOptions,
) -> Result<(), Failure> {
    let name = forms.command;
    let list = || format!("fields of sortie {name}:\n  {}", forms.fields.join("\n  "));
    if fields.is_empty() {
        let what = "--json needs one or more fields, separated by commas";
        return Err(Failure::usage(what).next(list()));
    }
    if let Some(unknown) = fields.iter().find(|field| !forms.fields.contains(&field.as_str())) {
        return Err(Failure::usage(format!("sortie {name} has no field '{unknown}'")).next(list()));
    }
    if global.format != ListingFormat::Json {
        return Err(Failure::usage("--json prints JSON, and --format asks for another form")
            .next("leave one of the two out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_on_json_names_every_field_of_a_listing() {
        let help = include_str!("help/json.md");
        let listings: [(&str, &[&str]); 10] = [
            ("actions", &ACTION_FIELDS),
            ("settings", &SETTING_FIELDS),
            ("profiles", &PROFILE_FIELDS),
            ("doctor", &FINDING_FIELDS),
            ("devices", &DEVICE_FIELDS),
            ("commands", &COMMAND_FIELDS),
            ("runs", &RUN_FIELDS),
            ("status --devices", &STATUS_DEVICE_FIELDS),
            ("history", &HISTORY_FIELDS),
            ("audit", &NOTE_FIELDS),
        ];
        for (command, fields) in listings {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let line = format!("| `{command}` | {} |", fields.join(", "));
            assert!(help.contains(&line), "{line}");
        }
    }
}
