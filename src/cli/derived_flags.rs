//! Options of several commands whose flags derive from the table of settings.
//!
//! Owns the way from their arguments to their fields. Must never declare a flag itself.

use clap::{Arg, ArgMatches, Args, FromArgMatches};
use std::path::PathBuf;

use crate::cli::options::{EndingOptions, GlobalOptions, ListingFormat, ProgressForm, When};
use crate::cli::setting_flags::{SettingFlags, arguments};
use crate::model::settings::{FlagGroup, SettingKind, SettingSpec, following, global, output};

impl Args for GlobalOptions {
    fn augment_args(command: clap::Command) -> clap::Command {
        let with_default = |argument: Arg| {
            let setting = global::ROWS.iter().find(|setting| argument.get_id() == setting.name);
            match setting {
                Some(setting) if matches!(setting.kind, SettingKind::Word(_)) => {
                    argument.default_value(setting.default).hide_default_value(true)
                }
                _ => argument,
            }
        };
        let arguments = arguments(&[FlagGroup::Global]);
        command.args(arguments.map(|argument| with_default(argument.global(true))))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for GlobalOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let word = |setting: &SettingSpec| {
            matches.get_one::<String>(setting.name).map(String::as_str).unwrap_or_default()
        };
        let path =
            |setting: &SettingSpec| matches.get_one::<PathBuf>(setting.flags[0].long).cloned();
        Ok(Self {
            state_dir: path(&global::STATE_DIR),
            config: path(&global::CONFIG),
            profile: matches.get_one(global::PROFILE.name).cloned(),
            no_input: matches.get_flag(global::NO_INPUT.flags[0].long),
            quiet: matches.get_flag(global::QUIET.name),
            verbose: matches.get_count(global::VERBOSE.name),
            color: match word(&global::COLOR) {
                "always" => When::Always,
                "never" => When::Never,
                _ => When::Auto,
            },
            format: match word(&global::FORMAT) {
                "json" => ListingFormat::Json,
                "csv" => ListingFormat::Csv,
                _ => ListingFormat::Text,
            },
            flags: SettingFlags::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for EndingOptions {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(arguments(&[FlagGroup::Ending]))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for EndingOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let form = matches.get_one::<String>(output::PROGRESS.name);
        Ok(Self {
            pending_ok: matches.get_flag(following::PENDING_OK.flags[0].long),
            progress: form.and_then(|form| ProgressForm::parse(form)),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
