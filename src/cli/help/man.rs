//! Man pages: one of the program, one of each command, one of each topic.
//!
//! Owns their names and sections. Everything in them comes from the command line and from the topics. Must never write a file.

use clap::{Arg, ArgAction, Command};

use crate::cli::examples::examples_of;
use crate::cli::help::markdown::TopicBlock;
use crate::cli::help::roff::{head, line, of_blocks, of_code, quoted};
use crate::cli::help::topics::{TOPICS, Topic};
use crate::model::settings::settings;

/// How pages refer to the page of the program.
const PROGRAM: &str = "\\fBsortie\\fR(1)";
/// Most topics that the page of a command refers to.
const TOPICS_MAX: usize = 3;
/// What sortie keeps where, unless flags or variables say otherwise.
const FILES: [(&str, &str); 5] = [
    ("~/.local/share/sortie/config.toml", "profiles and settings; --config names another file"),
    (
        "~/.local/share/sortie/state/",
        "journals, quota and records; --state-dir names another directory",
    ),
    ("/etc/sortie/policy.toml", "the policy of the host, see sortie-policy(7)"),
    ("~/.local/share/sortie/state/policy.toml", "the policy where the host has none"),
    ("~/.local/share/sortie/state/STOP", "stops every run while it exists"),
];
/// The files that the pages of commands list; the page of the program lists all.
const FILES_OF_COMMANDS: usize = 2;

/// A page: the name of its file and its text.
pub(crate) struct ManPage {
    pub file: String,
    pub text: String,
}

/// All pages. The command line has to be built.
pub(crate) fn pages(program: &Command) -> Vec<ManPage> {
    let mut pages = vec![ManPage { file: "sortie.1".to_owned(), text: of_program(program) }];
    for command in commands(program) {
        let name = format!("sortie-{}", command.get_name());
        pages.push(ManPage { file: format!("{name}.1"), text: of_command(&name, command) });
    }
    for topic in TOPICS {
        pages.push(ManPage { file: format!("sortie-{}.7", topic.name), text: of_topic(*topic) });
    }
    pages
}

/// The commands that help lists.
pub(crate) fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| !command.is_hide_set())
}

/// What a command does, in one line.
pub(crate) fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn of_program(program: &Command) -> String {
    let mut text = head("sortie", 1, &about(program));
    synopsis(&mut text, program);
    description(&mut text, program);
    text.push_str(".SH COMMANDS\n");
    for command in commands(program) {
        let name = command.get_name();
        text.push_str(&format!(".TP\n{}\n{}\n", reference(name, 1), line(&about(command))));
    }
    text.push_str(".SH TOPICS\n");
    for topic in TOPICS {
        text.push_str(&format!(".TP\n{}\n{}\n", reference(topic.name, 7), line(&topic.summary())));
    }
    options(&mut text, program);
    text.push_str(".SH ENVIRONMENT\n");
    for setting in settings() {
        for variable in setting.variables {
            text.push_str(&format!(".TP\n.B {}\n{}\n", line(variable), line(setting.help)));
        }
    }
    exit_status(&mut text);
    files(&mut text, &FILES);
    let topics = ["jobs", "confirm", "exit-codes"].map(|topic| reference(topic, 7));
    see_also(&mut text, &topics);
    text
}

/// The exit codes of a command that has no list of its own.
fn exit_status(text: &mut String) {
    let blocks = Topic::find("exit-codes").map(Topic::blocks).unwrap_or_default();
    let table = blocks.into_iter().find(|block| matches!(block, TopicBlock::Table(_)));
    text.push_str(&format!(".SH EXIT STATUS\n{}", of_blocks(table.as_slice())));
}

fn files(text: &mut String, files: &[(&str, &str)]) {
    text.push_str(".SH FILES\n");
    for (path, content) in files {
        text.push_str(&format!(".TP\n\\fI{}\\fR\n{}\n", line(path), line(content)));
    }
}

fn see_also(text: &mut String, others: &[String]) {
    text.push_str(&format!(".SH SEE ALSO\n{}\n", others.join(", ")));
}

/// The topics that say most about a command: those that name it most often.
fn topics_about(command: &str) -> Vec<&'static str> {
    let named = format!("sortie {command}");
    let ends = |rest: &&str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-');
    let count = |topic: &Topic| {
        let uses = topic.markdown().split(&named).skip(1).filter(ends).count();
        uses + if topic.name == command { TOPICS.len() } else { 0 }
    };
    let mut counted: Vec<_> = TOPICS.iter().map(|topic| (count(topic), topic.name)).collect();
    counted.retain(|(count, _)| *count > 0);
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counted.into_iter().take(TOPICS_MAX).map(|(_, name)| name).collect()
}

fn of_command(name: &str, command: &Command) -> String {
    let mut text = head(name, 1, &about(command));
    synopsis(&mut text, command);
    description(&mut text, command);
    options(&mut text, command);
    let examples = examples_of(command.get_name());
    if !examples.is_empty() {
        text.push_str(".SH EXAMPLES\n");
    }
    for example in examples {
        text.push_str(&format!(".PP\n{}:\n", line(example.purpose)));
        of_code(&mut text, std::iter::once(example.line));
    }
    notes(&mut text, command);
    files(&mut text, &FILES[..FILES_OF_COMMANDS]);
    let topics = topics_about(command.get_name()).into_iter().chain(["exit-codes"]);
    let topics: std::collections::BTreeSet<&str> = topics.collect();
    let topics = topics.into_iter().map(|topic| reference(topic, 7));
    see_also(&mut text, &std::iter::once(PROGRAM.to_owned()).chain(topics).collect::<Vec<_>>());
    text
}

/// What help shows below the examples: exit codes of the command, or notes; else the exit codes of all commands.
fn notes(text: &mut String, command: &Command) {
    let after = command.get_after_long_help().map(ToString::to_string);
    let codes = after.as_deref().and_then(|after| after.strip_prefix("Exit codes:\n"));
    match (codes, &after) {
        (Some(codes), _) => {
            text.push_str(".SH EXIT STATUS\n");
            passages(text, codes);
        }
        (None, Some(after)) => {
            text.push_str(".SH NOTES\n");
            passages(text, after);
            exit_status(text);
        }
        (None, None) => exit_status(text),
    }
}

/// Passages of a note: lists stay as they are, and sentences are filled.
fn passages(text: &mut String, note: &str) {
    for passage in note.split("\n\n") {
        match passage.contains("\n") || passage.starts_with(' ') {
            true => of_code(text, passage.lines()),
            false => text.push_str(&format!(".PP\n{}\n", line(passage))),
        }
    }
}

fn of_topic(topic: Topic) -> String {
    let name = format!("sortie-{}", topic.name);
    let mut text = head(&name, 7, &topic.summary());
    text.push_str(".SH DESCRIPTION\n");
    text.push_str(&of_blocks(&topic.blocks()));
    see_also(&mut text, &[PROGRAM.to_owned()]);
    text
}

fn reference(name: &str, section: u8) -> String {
    format!("\\fBsortie\\-{}\\fR({section})", line(name))
}

fn synopsis(text: &mut String, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    text.push_str(".SH SYNOPSIS\n");
    of_code(text, usage.lines().map(str::trim));
}

fn description(text: &mut String, command: &Command) {
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about.map(ToString::to_string) {
        text.push_str(".SH DESCRIPTION\n");
        for paragraph in about.split("\n\n") {
            text.push_str(&format!(".PP\n{}\n", line(&paragraph.replace('\n', " "))));
        }
    }
}

/// Arguments and options under their headings, in the order of the command line.
fn options(text: &mut String, command: &Command) {
    let mut sections: Vec<(String, Vec<&Arg>)> = Vec::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let heading = match argument.get_help_heading() {
            Some(heading) => heading.to_owned(),
            None if argument.is_positional() => "Arguments".to_owned(),
            None => "Options".to_owned(),
        };
        match sections.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, arguments)) => arguments.push(argument),
            None => sections.push((heading, vec![argument])),
        }
    }
    for (heading, arguments) in sections {
        text.push_str(&format!(".SH {}\n", quoted(&heading.to_uppercase())));
        for argument in arguments {
            text.push_str(&format!(".TP\n{}\n{}\n", written(argument), meaning(argument)));
        }
    }
}

/// An argument as it is written on the command line.
fn written(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values = match argument.get_value_names() {
        Some(names) if takes_value => {
            names.iter().map(|name| format!("\\fI{}\\fR", line(name))).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    let mut names = Vec::new();
    names.extend(argument.get_short().map(|letter| format!("\\fB\\-{letter}\\fR")));
    names.extend(argument.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", line(long))));
    let names = names.join(", ");
    format!("{names} {values}").trim().to_owned()
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    let words: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value && !words.is_empty() {
        text.push_str(&format!(" [possible values: {}]", words.join(", ")));
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    if takes_value && !defaults.is_empty() {
        text.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    line(text.trim())
}
