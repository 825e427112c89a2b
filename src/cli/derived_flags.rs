//! Options of several commands whose flags derive from the table of settings.
//!
//! Owns the way from their arguments to their fields, and `--json`, which is no setting: it belongs to one command line.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};
use std::path::PathBuf;

use crate::app::NotifyChoice;
use crate::cli::metrics_state::CommandMetrics;
use crate::cli::options::{EndingOptions, GlobalOptions, ListingFormat, ProgressForm, When};
use crate::cli::setting_flags::{SettingFlags, arguments};
use crate::model::settings::{
    FlagGroup, HelpHeading, SettingKind, SettingSpec, following, global, output,
};

/// The name of `--json`.
const JSON: &str = "json";

/// `--json FIELD,FIELD`; without a field the command lists those that it has.
fn json_argument() -> Arg {
    Arg::new(JSON)
        .long(JSON)
        .value_name("FIELDS")
        .num_args(0..=1)
        .action(ArgAction::Set)
        .help_heading(HelpHeading::Global.shown())
        .hide_short_help(!global::FORMAT.is_daily)
        .help("Of a listing, print only these fields as JSON: names separated by commas; without names, list the fields")
}

/// The fields that `--json` names; empty where it names none.
fn json_fields(matches: &ArgMatches) -> Option<Vec<String>> {
    let is_given = matches.value_source(JSON) == Some(ValueSource::CommandLine);
    let texts = is_given.then(|| matches.get_many::<String>(JSON).unwrap_or_default())?;
    let fields = texts.flat_map(|text| text.split(','));
    let fields = fields.map(str::trim).filter(|field| !field.is_empty());
    Some(fields.map(str::to_owned).collect())
}

impl GlobalOptions {
    /// What counts where no flag can be read.
    pub(crate) fn with_format(format: ListingFormat) -> Self {
        Self {
            state_dir: None,
            config: None,
            profile: None,
            no_input: false,
            quiet: false,
            verbose: 0,
            color: When::Auto,
            format,
            fields: None,
            flags: SettingFlags::default(),
        }
    }
}

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
        let arguments = arguments.map(with_default).chain([json_argument()]);
        command.args(arguments.map(|argument| argument.global(true)))
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
        let fields = json_fields(matches);
        let is_format_given =
            matches.value_source(global::FORMAT.name) == Some(ValueSource::CommandLine);
        let implies_json =
            !is_format_given && fields.as_ref().is_some_and(|fields| !fields.is_empty());
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
                _ if implies_json => ListingFormat::Json,
                "json" => ListingFormat::Json,
                "csv" => ListingFormat::Csv,
                _ => ListingFormat::Text,
            },
            fields,
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

/// Which channels the command line names. A name that cannot be one is unknown to every profile, and refused there.
fn notify_choice(matches: &ArgMatches) -> NotifyChoice {
    let flag = output::NOTIFY.flags[0].long;
    if matches.get_flag(output::NO_NOTIFY.flags[0].long) {
        return NotifyChoice::Off;
    }
    match matches.value_source(flag) {
        Some(ValueSource::CommandLine) => {
            let names = matches.get_many::<String>(flag).into_iter().flatten();
            NotifyChoice::Named(names.cloned().collect())
        }
        _ => NotifyChoice::AsConfigured,
    }
}

impl FromArgMatches for EndingOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let form = matches.get_one::<String>(output::PROGRESS.name);
        Ok(Self {
            pending_ok: matches.get_flag(following::PENDING_OK.flags[0].long),
            progress: form.and_then(|form| ProgressForm::parse(form)),
            flags: SettingFlags::from_arg_matches(matches)?,
            metrics: CommandMetrics::default(),
            notify: notify_choice(matches),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
