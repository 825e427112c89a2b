//! Flags that derive from the table of settings.
//!
//! Owns the way from a row to an argument, and from arguments and environment to values. Must never name a setting: a
//! new row becomes a flag here by itself.

use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::marker::PhantomData;
use std::path::PathBuf;

use crate::model::Sealed;
use crate::model::settings::{
    FlagGroup, SettingFault, SettingFlag, SettingKind, SettingLayer, SettingSource, SettingSpec,
    SettingValue, SettingValues, settings,
};

/// The groups of flags that a command takes together.
pub(crate) trait FlagSet:
    Clone + std::fmt::Debug + Default + PartialEq + Eq + Send + Sync
{
    /// The groups.
    const GROUPS: &'static [FlagGroup];
    /// What holds without a flag, where that is not the default of the setting.
    const WITHOUT: Option<&'static str> = None;
}

/// The flags of settings that a command was given, as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettingFlags<S> {
    /// By the flag without its dashes.
    texts: BTreeMap<&'static str, Vec<OsString>>,
    set: PhantomData<S>,
}

/// A text that a flag, or the variable that stands in for it, does not take.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlagError {
    /// Where the text stands: the flag with its dashes, or the variable.
    pub source: String,
    /// What the setting takes.
    pub takes: String,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub fault: SettingFault,
}

/// Flags of commands that make a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlanFlags;

impl FlagSet for PlanFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Pace, FlagGroup::Plan];
}

/// How fast, and for how long: flags of a run, and again of its resume, which may only lower the pace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PaceFlags;

impl FlagSet for PaceFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Pace];
}

/// Flags of every command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GlobalFlags;

impl FlagSet for GlobalFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Global];
}

/// Flags of commands that reach a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TenantFlags;

impl FlagSet for TenantFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Tenant];
}

/// The tenants of commands that read a job or name its devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TenantsFlags;

impl FlagSet for TenantsFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Tenants];
}

/// Flags of commands that start a run or let one go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StartFlags;

impl FlagSet for StartFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Start];
}

/// Flags about the text and the reports of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PurposeFlags;

impl FlagSet for PurposeFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Purpose, FlagGroup::Report];
}

/// Flags about the form of reports, for reports that are written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportFlags;

impl FlagSet for ReportFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Report];
    const WITHOUT: Option<&'static str> = Some("as in the run");
}

/// Flags of commands that follow a run to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EndingFlags;

impl FlagSet for EndingFlags {
    const GROUPS: &'static [FlagGroup] = &[FlagGroup::Ending];
}

impl<S: FlagSet> SettingFlags<S> {
    /// Whether no flag was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, setting: &SettingSpec) -> bool {
        setting.flags.iter().any(|flag| self.texts.contains_key(flag.long))
    }

    /// The flags that were given, as they were written: setting, flag and texts. The text of a flag without a value means
    /// nothing.
    pub(crate) fn written(
        &self,
    ) -> impl Iterator<Item = (&'static SettingSpec, &'static SettingFlag, &[OsString])> {
        flags_of(S::GROUPS)
            .filter_map(|(setting, flag)| Some((setting, flag, &self.texts.get(flag.long)?[..])))
    }

    /// The values that flags and environment give. A variable beside its flag may hold anything.
    pub(crate) fn values(&self) -> Result<SettingValues, FlagError> {
        let mut values = SettingValues::default();
        for setting in settings().filter(|setting| S::GROUPS.contains(&setting.group)) {
            for flag in setting.flags {
                if let Some(texts) = self.texts.get(flag.long) {
                    let value = flag_value(setting, flag, texts)?;
                    values.set(setting, value, SettingSource::Flag(flag.long));
                }
            }
            // A variable that a flag outranks still counts: a token of the environment belongs to the tenant that it names.
            match add_variable(setting, &mut values) {
                Err(_) if self.has(setting) => {}
                read => read?,
            }
        }
        Ok(values)
    }

    fn take(&mut self, matches: &ArgMatches) {
        for flag in flags_of(S::GROUPS).map(|(_, flag)| flag) {
            if matches.value_source(flag.long) != Some(ValueSource::CommandLine) {
                continue;
            }
            let texts = matches.get_raw(flag.long).into_iter().flatten();
            self.texts.insert(flag.long, texts.map(OsString::from).collect());
        }
    }
}

impl<S: FlagSet> FromArgMatches for SettingFlags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.take(matches);
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.take(matches);
        Ok(())
    }
}

impl<S: FlagSet> Args for SettingFlags<S> {
    fn augment_args(command: clap::Command) -> clap::Command {
        let of_set = |(setting, flag): (&'static SettingSpec, _)| {
            argument(setting, flag, S::WITHOUT.unwrap_or(setting.default))
        };
        command.args(flags_of(S::GROUPS).map(of_set))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn flags_of(
    groups: &'static [FlagGroup],
) -> impl Iterator<Item = (&'static SettingSpec, &'static SettingFlag)> {
    let of_groups = settings().filter(move |setting| groups.contains(&setting.group));
    of_groups.flat_map(|setting| setting.flags.iter().map(move |flag| (setting, flag)))
}

/// The arguments of these groups, in the order of the table.
pub(crate) fn arguments(groups: &'static [FlagGroup]) -> impl Iterator<Item = Arg> {
    flags_of(groups).map(|(setting, flag)| argument(setting, flag, setting.default))
}

/// The argument of a flag. Its id is the flag.
fn argument(setting: &SettingSpec, flag: &SettingFlag, default: &str) -> Arg {
    let mut argument = Arg::new(flag.long)
        .long(flag.long)
        .help(help(setting, flag, default))
        .long_help(long_help(setting, flag, default))
        .help_heading(setting.heading.shown())
        .hide_short_help(!setting.is_daily)
        .conflicts_with_all(flag.conflicts);
    if let Some(letter) = flag.short {
        argument = argument.short(letter);
    }
    if let Some(other) = flag.requires {
        argument = argument.requires(other);
    }
    let Some(value) = flag.value else {
        return argument.action(match setting.kind {
            SettingKind::Repeats => ArgAction::Count,
            _ => ArgAction::SetTrue,
        });
    };
    let argument = argument.value_name(value);
    match setting.kind {
        SettingKind::Count { least, most_of_flag: u32::MAX, .. } => argument
            .action(ArgAction::Set)
            .value_parser(clap::value_parser!(u32).range(i64::from(least)..)),
        SettingKind::Count { least, most_of_flag, .. } => {
            let range = i64::from(least)..=i64::from(most_of_flag);
            argument.action(ArgAction::Set).value_parser(clap::value_parser!(u32).range(range))
        }
        SettingKind::Number => {
            argument.action(ArgAction::Set).value_parser(clap::value_parser!(u64))
        }
        SettingKind::Path => {
            argument.action(ArgAction::Set).value_parser(clap::value_parser!(PathBuf))
        }
        SettingKind::Word(words) => {
            argument.action(ArgAction::Set).value_parser(PossibleValuesParser::new(words))
        }
        SettingKind::Words(words) => argument
            .action(ArgAction::Append)
            .value_delimiter(',')
            .value_parser(PossibleValuesParser::new(words)),
        SettingKind::WaveEnds { .. } | SettingKind::Names { .. } => {
            argument.action(ArgAction::Append).value_delimiter(',')
        }
        _ => argument.action(ArgAction::Set),
    }
}

/// The help of a flag: what it does and its default.
fn help(setting: &SettingSpec, flag: &SettingFlag, default: &str) -> String {
    let help = flag.help.unwrap_or(setting.help);
    match flag.value.is_some() && !default.is_empty() {
        true => format!("{help} [default: {default}]"),
        false => help.to_owned(),
    }
}

/// The same with the variables that stand in for the flag.
fn long_help(setting: &SettingSpec, flag: &SettingFlag, default: &str) -> String {
    let help = help(setting, flag, default);
    match setting.variables.is_empty() {
        true => help,
        false => format!("{help} [env: {}]", setting.variables.join(", ")),
    }
}

fn flag_value(
    setting: &SettingSpec,
    flag: &SettingFlag,
    texts: &[OsString],
) -> Result<SettingValue, FlagError> {
    let written = format!("--{}", flag.long);
    match (flag.value, flag.word, setting.kind) {
        (None, Some(word), _) => read(setting, &written, &[word.to_owned()]),
        (None, None, SettingKind::Repeats) => Ok(SettingValue::Number(texts.len() as u64)),
        (None, None, _) => Ok(SettingValue::Switch(true)),
        (Some(_), _, SettingKind::Path) => {
            Ok(SettingValue::Path(texts.first().map(PathBuf::from).unwrap_or_default()))
        }
        _ => {
            let texts: Vec<String> =
                texts.iter().map(|text| text.to_string_lossy().into_owned()).collect();
            read(setting, &written, &texts)
        }
    }
}

/// Reads texts of a flag, or of the variable that stands in for it: `source` names it.
fn read(setting: &SettingSpec, source: &str, texts: &[String]) -> Result<SettingValue, FlagError> {
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    setting.read(&borrowed, SettingLayer::Flag).map_err(|errors| {
        let error = errors.first();
        let text = error.and_then(|error| texts.get(error.item.unwrap_or(0)));
        let fault = error.map_or(SettingFault::NotAText, |error| error.fault);
        let text = text.cloned().unwrap_or_default();
        FlagError { source: source.to_owned(), takes: setting.takes(), text, fault }
    })
}

/// Adds the value that the environment gives, if it gives one.
fn add_variable(setting: &SettingSpec, values: &mut SettingValues) -> Result<(), FlagError> {
    let mut variables = setting.variables.iter();
    let found = variables.find_map(|name| Some((*name, variable(name)?)));
    let Some((name, text)) = found else { return Ok(()) };
    let value = match setting.kind {
        _ if setting.is_secret => SettingValue::Secret(Sealed::clear(text)),
        SettingKind::Path => SettingValue::Path(PathBuf::from(text)),
        _ if !setting.flags.is_empty() => read(setting, name, &[text])?,
        _ => SettingValue::Text(text),
    };
    values.set(setting, value, SettingSource::Variable(name));
    Ok(())
}

/// A variable of the environment. Empty means unset: schedulers export empty ones.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
