//! A command line that cannot be read, in words.
//!
//! Owns the texts of these errors. Must never repeat the value of an option that the program does not have: it may be a
//! secret.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::exit::Exit;
use crate::cli::failure::{Failed, Failure, Sent};
use crate::model::edit_distance;

/// The failure that a command line is. `root` is the command line as it is declared, and `command` the command that was
/// given, if one was.
pub(crate) fn usage(error: &clap::Error, root: &clap::Command, command: Option<&str>) -> Failed {
    let help = match command {
        Some("history") if error.kind() == ErrorKind::MissingRequiredArgument => {
            "name a device by its id, serial number, name or user email; list the devices:\n  sortie devices".to_owned()
        }
        Some(command) => format!("list the options:\n  sortie {command} --help"),
        None => "list the commands:\n  sortie --help".to_owned(),
    };
    Failure::new(Exit::Usage, what(error, root)).next(help).sent(Sent::Nothing)
}

/// What is wrong.
fn what(error: &clap::Error, root: &clap::Command) -> String {
    let text = |kind| texts(error, kind).into_iter().next().unwrap_or_default();
    let argument = text(ContextKind::InvalidArg);
    let option = argument.split([' ', '=', '[']).next().unwrap_or_default();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "no command is given".to_owned()
        }
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand);
            let commands = root.get_subcommands().map(clap::Command::get_name);
            let near = commands.map(|name| (edit_distance(&word, name), name)).min();
            let near = near.filter(|(distance, name)| *distance <= 1 + name.len() / 6);
            let near: Vec<String> = near.map(|(_, name)| name.to_owned()).into_iter().collect();
            format!("unknown command '{word}'{}", meant(&near))
        }
        ErrorKind::UnknownArgument if option.starts_with('-') => {
            let near = meant(&texts(error, ContextKind::SuggestedArg));
            format!("unknown option '{option}'{near}")
        }
        ErrorKind::UnknownArgument => format!("unexpected argument '{argument}'"),
        ErrorKind::MissingRequiredArgument => {
            let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
            let usage = usage.trim().trim_start_matches("Usage:").trim_start();
            let missing = texts(error, ContextKind::InvalidArg).join(" and ");
            format!("{missing} is missing; write: {usage}")
        }
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            format!("{option} needs a value: {argument}")
        }
        ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue);
            let known = texts(error, ContextKind::ValidValue).join(", ");
            format!("{option}: '{value}' is not one of {known}")
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            let other = other.split([' ', '=', '[']).next().unwrap_or_default();
            match other == option {
                true => format!("{option} is given twice"),
                false => format!("{option} cannot be used with {other}"),
            }
        }
        ErrorKind::ValueValidation => {
            let value = text(ContextKind::InvalidValue);
            match std::error::Error::source(error) {
                // The reason names the value itself.
                Some(why) if why.to_string().starts_with("unknown ") => format!("{option}: {why}"),
                Some(why) => format!("{option}: '{value}' is not valid: {why}"),
                None => format!("{option}: '{value}' is not valid"),
            }
        }
        _ => first_line(error),
    }
}

/// `; did you mean 'run' or 'runs'?`, or nothing.
fn meant(near: &[String]) -> String {
    let quoted: Vec<String> = near.iter().map(|near| format!("'{near}'")).collect();
    match quoted.is_empty() {
        true => String::new(),
        false => format!("; did you mean {}?", quoted.join(" or ")),
    }
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// The library's own words.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Options;
    use clap::{CommandFactory, Parser};

    #[test]
    fn what_cannot_be_read_is_said_in_one_line() {
        for (arguments, expected) in [
            (&["sortie"][..], "no command is given"),
            (&["sortie", "rnu"], "unknown command 'rnu'; did you mean 'run'?"),
            (&["sortie", "stutus"], "unknown command 'stutus'; did you mean 'status'?"),
            (&["sortie", "fly"], "unknown command 'fly'"),
            (
                &["sortie", "runs", "--formt", "json"],
                "unknown option '--formt'; did you mean '--format'?",
            ),
            (&["sortie", "run", "a.csv", "--tokn=x"], "unknown option '--tokn'"),
            (&["sortie", "run"], "<JOB> is missing; write: sortie run <JOB>"),
            (&["sortie", "runs", "x", "y"], "unexpected argument 'x'"),
            (
                &["sortie", "runs", "--format", "xml"],
                "--format: 'xml' is not one of text, json, csv",
            ),
            (&["sortie", "runs", "--format"], "--format needs a value: --format <FORMAT>"),
            (
                &["sortie", "run", "a", "--per-second", "60"],
                "--per-second: '60' is not valid: 60 is not in 1..=50",
            ),
            (
                &["sortie", "history", "C02", "--outcome", "zzz"],
                "--outcome: unknown outcome 'zzz'; use one of completed, accepted, pending, not_now, \
                 already_in_effect, failed, refused, in_doubt, skipped, not_attempted",
            ),
            (
                &["sortie", "devices", "--base-url", "x", "--subdomain", "y"],
                "--base-url cannot be used with --subdomain",
            ),
            (
                &["sortie", "pins", "--csv", "--sheets", "a.html"],
                "--csv cannot be used with --sheets",
            ),
            (
                &["sortie", "devices", "--subdomain", "x", "--subdomain", "y"],
                "--subdomain is given twice",
            ),
        ] {
            let error = Options::try_parse_from(arguments).map(drop).expect_err(expected);
            let failed = usage(&error, &Options::command(), None);
            assert!(failed.failure.what.starts_with(expected), "{}", failed.failure.what);
            assert_eq!(failed.failure.what.lines().count(), 1);
            assert_eq!((failed.failure.exit, failed.sent), (Exit::Usage, Sent::Nothing));
        }
    }
}
