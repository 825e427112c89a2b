//! From arguments to options, or to what is shown in their place.
//!
//! Owns the reading of the command line, and the pages of help, which are laid out here and not by the library. Must never
//! run a command.

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, FromArgMatches};
use std::ffi::OsString;

use crate::cli::exit::Exit;
use crate::cli::failure::Done;
use crate::cli::options::{GlobalOptions, ListingFormat, Options};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::help_page::{HelpDepth, help_page};
use crate::cli::text::usage::usage;
use crate::cli::text::welcome::welcome;

/// Marks of the two depths of help, see [`marked`].
const SHORT: &str = "short";
const LONG: &str = "long";

/// Reads the command line.
///
/// # Errors
/// Help and version are errors of the library, and so is a command line that cannot be read.
pub(crate) fn read(arguments: &[OsString]) -> Result<Options, clap::Error> {
    let matches = marked(Options::command()).try_get_matches_from(arguments)?;
    Options::from_arg_matches(&matches)
}

/// Shows what was asked for in place of a command: help, the version, or what is wrong. Returns how the program ends.
pub(crate) fn answer(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let mut root = Options::command();
    root.build();
    let is_json = asks_for_json(arguments);
    let format = if is_json { ListingFormat::Json } else { ListingFormat::Text };
    let printer = Printer::new(&GlobalOptions::with_format(format));
    let ended = match error.kind() {
        ErrorKind::DisplayHelp => {
            let page = match asked_page(error, &root) {
                Some((command, depth)) => help_page(command, depth, &printer.screen()),
                None => error.render().to_string(),
            };
            printer.show_paged(&page);
            Ok(Done::unsent(Exit::Well))
        }
        ErrorKind::DisplayVersion => {
            printer.show(&error.render().to_string());
            Ok(Done::unsent(Exit::Well))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
            if !is_json =>
        {
            printer.styled(&welcome(&root, &printer.error_screen()));
            Ok(Done::unsent(Exit::Usage))
        }
        _ => Err(usage(error, &root, named_command(arguments, &root))),
    };
    match printer.with_output(ended) {
        Ok(done) => done.exit,
        Err(failed) => {
            printer.failure(&failed);
            failed.failure.exit
        }
    }
}

/// The command line, with marks in place of the library's help: the name of the command and the depth of the page.
fn marked(root: Command) -> Command {
    let mark = |command: Command| {
        let name = command.get_name().to_owned();
        command
            .help_template("{after-help}")
            .after_help(format!("{name} {SHORT}"))
            .after_long_help(format!("{name} {LONG}"))
    };
    mark(root.mut_subcommands(mark))
}

/// The command whose help is asked for, and how much of it; `None` for a page of the library's own.
fn asked_page<'a>(error: &clap::Error, root: &'a Command) -> Option<(&'a Command, HelpDepth)> {
    let text = error.render().to_string();
    // The library wraps the mark on a terminal of a few columns.
    let mut words = text.split_whitespace();
    let (name, depth) = (words.next()?, words.next()?);
    let depth = match depth {
        SHORT => HelpDepth::Short,
        LONG => HelpDepth::Long,
        _ => return None,
    };
    let command = if name == root.get_name() { root } else { root.find_subcommand(name)? };
    Some((command, depth))
}

/// The command that a command line names.
fn named_command<'a>(arguments: &[OsString], root: &'a Command) -> Option<&'a str> {
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    words.filter_map(|word| root.find_subcommand(word)).map(Command::get_name).next()
}

/// Whether a command line that cannot be read asks for JSON.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let options: Vec<&OsString> =
        arguments.iter().take_while(|argument| *argument != "--").collect();
    let is_json = |argument: &str| matches!(argument, "--format=json" | "--json");
    let is_fields = |argument: &str| is_json(argument) || argument.starts_with("--json=");
    options.iter().filter_map(|argument| argument.to_str()).any(is_fields)
        || options.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(texts: &[&str]) -> Vec<OsString> {
        texts.iter().map(OsString::from).collect()
    }

    #[test]
    fn json_is_asked_for_by_a_command_line_that_cannot_be_read() {
        for (texts, is_asked) in [
            (&["sortie", "status", "--format", "json", "--nonsense"][..], true),
            (&["sortie", "--format=json", "nonsense"], true),
            (&["sortie", "nonsense", "--json", "run"], true),
            (&["sortie", "nonsense", "--json=run"], true),
            (&["sortie", "status", "--format", "text", "json"], false),
            (&["sortie", "check", "--", "--format=json"], false),
        ] {
            assert_eq!(asks_for_json(&arguments(texts)), is_asked, "{texts:?}");
        }
    }

    #[test]
    fn help_is_that_of_the_command_and_of_the_depth_asked_for() {
        let mut root = Options::command();
        root.build();
        for (texts, name, depth) in [
            (&["sortie", "-h"][..], "sortie", HelpDepth::Short),
            (&["sortie", "--help"], "sortie", HelpDepth::Long),
            (&["sortie", "run", "-h"], "run", HelpDepth::Short),
            (
                &["sortie", "--format", "json", "repair-clock", "--help"],
                "repair-clock",
                HelpDepth::Long,
            ),
        ] {
            let error = read(&arguments(texts)).map(drop).expect_err("help");
            let page =
                asked_page(&error, &root).map(|(command, depth)| (command.get_name(), depth));
            assert_eq!(page, Some((name, depth)), "{texts:?}");
        }
    }

    #[test]
    fn help_is_found_on_a_terminal_of_a_few_columns() {
        let mut root = Options::command();
        root.build();
        let arguments = arguments(&["sortie", "repair-clock", "--help"]);
        let narrow = marked(Options::command()).term_width(5);
        let error = narrow.try_get_matches_from(&arguments).expect_err("help");
        let (command, depth) = asked_page(&error, &root).expect("a page");
        assert_eq!((command.get_name(), depth), ("repair-clock", HelpDepth::Long));
    }

    #[test]
    fn global_options_work_before_and_after_the_command() {
        for texts in [
            &["sortie", "--format", "json", "-p", "acme", "runs"][..],
            &["sortie", "runs", "--format", "json", "-p", "acme"],
            &["sortie", "-p", "acme", "runs", "--format=json"],
        ] {
            let options = read(&arguments(texts)).expect("a command");
            assert_eq!(options.global.format, ListingFormat::Json, "{texts:?}");
            assert_eq!(options.global.profile.as_deref(), Some("acme"), "{texts:?}");
        }
    }
}
