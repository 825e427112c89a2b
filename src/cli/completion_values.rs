//! What a shell offers for the value of an argument.
//!
//! Owns the choice, by the name of the value. It changes the command line that completion scripts are made from, and not the
//! one that is read. Must never offer what only a state directory or a tenant knows: a script is written once.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};

use crate::cli::command_groups::COMMAND_GROUPS;
use crate::cli::help::topics::TOPICS;
use crate::cli::logging::LOG_LEVELS;
use crate::kandji::ACTIONS;
use crate::model::{Outcome, Platform};

/// What is offered for a value.
enum Offered {
    Words(Vec<&'static str>),
    Hint(ValueHint),
}

/// The command line with words and hints for completion.
pub(crate) fn with_values(program: Command) -> Command {
    program.mut_args(|argument| hinted("", argument)).mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        command.mut_args(|argument| match named(&argument, "COMMAND|TOPIC") {
            true => argument.value_parser(PossibleValuesParser::new(manual())),
            false => hinted(&name, argument),
        })
    })
}

/// Commands and topics, each once.
fn manual() -> Vec<&'static str> {
    let commands: Vec<&str> =
        COMMAND_GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    let topics = TOPICS.iter().map(|topic| topic.name);
    let topics: Vec<&str> = topics.filter(|topic| !commands.contains(topic)).collect();
    [commands, topics].concat()
}

fn named(argument: &Arg, name: &str) -> bool {
    argument.get_value_names().is_some_and(|names| names.iter().any(|known| known == name))
}

fn hinted(command: &str, argument: Arg) -> Arg {
    let takes_value = argument.get_action().takes_values();
    if !takes_value || !argument.get_possible_values().is_empty() {
        return argument;
    }
    let name = argument.get_value_names().and_then(|names| names.first());
    let name = name.map(ToString::to_string).unwrap_or_default();
    match offered(command, &name) {
        Some(Offered::Words(words)) => argument.value_parser(PossibleValuesParser::new(words)),
        Some(Offered::Hint(hint)) => argument.value_hint(hint),
        // A path stays a path; of any other text the shell knows nothing.
        None if argument.get_value_hint() == ValueHint::AnyPath => argument,
        None => argument.value_hint(ValueHint::Other),
    }
}

/// What is offered for a value of this name; `None` where the name says nothing.
fn offered(command: &str, value: &str) -> Option<Offered> {
    Some(match (command, value) {
        ("actions", "NAME") | (_, "ACTION") => {
            Offered::Words(ACTIONS.iter().map(|action| action.name).collect())
        }
        (_, "PLATFORM") => Offered::Words(Platform::ALL.map(Platform::word).to_vec()),
        (_, "OUTCOME") => Offered::Words(Outcome::ALL.map(Outcome::word).to_vec()),
        (_, "WHAT") => Offered::Words(vec!["fail", "skip", "wait", "wait=30m"]),
        (_, "FILTER") => Offered::Words(LOG_LEVELS.map(|(name, _)| name).to_vec()),
        (_, "RUN") => Offered::Words(vec!["latest"]),
        (_, "FILE" | "PLAN" | "JOB") => Offered::Hint(ValueHint::FilePath),
        (_, "DIR") => Offered::Hint(ValueHint::DirPath),
        (_, "COMMAND") => Offered::Hint(ValueHint::CommandString),
        (_, "URL") => Offered::Hint(ValueHint::Url),
        _ => return None,
    })
}

/// How the script of bash offers what fits the word, and how it calls the rest of this.
const OFFERED_BY_BASH: &str = r#"COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )"#;
/// Leaves options out where there are other words, unless the person began to write an option.
const WORDS_FIRST: &str = r#"
_sortie_words_first() {
    local word words=()
    [[ ${cur} == -* ]] && return 0
    for word in "${COMPREPLY[@]}"; do
        case "${word}" in -* | '<'* | '['*) ;; *) words+=("${word}") ;; esac
    done
    (( ${#words[@]} == 0 )) || COMPREPLY=("${words[@]}")
    return 0
}
"#;

/// The script of bash, in which names and topics come before the options of every command.
pub(crate) fn words_first(script: &str) -> String {
    let calls = format!("{OFFERED_BY_BASH}\n                _sortie_words_first");
    format!("{}{WORDS_FIRST}", script.replace(OFFERED_BY_BASH, &calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Options;
    use clap::CommandFactory;

    /// The argument of a command, by its flag or the name of its value.
    fn argument<'a>(program: &'a Command, command: &str, name: &str) -> &'a Arg {
        let command = program.find_subcommand(command).expect("a command");
        let is_named = |argument: &&Arg| argument.get_long() == Some(name) || named(argument, name);
        command.get_arguments().find(is_named).expect("an argument")
    }

    fn words(argument: &Arg) -> Vec<String> {
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
    }

    #[test]
    fn values_are_completed_by_what_they_name() {
        let mut program = with_values(Options::command());
        program.build();
        let hint = |command, name| argument(&program, command, name).get_value_hint();
        assert_eq!(hint("run", "JOB"), ValueHint::FilePath);
        assert_eq!(hint("approve", "PLAN"), ValueHint::FilePath);
        assert_eq!(hint("run", "token-file"), ValueHint::FilePath);
        assert_eq!(hint("run", "report-dir"), ValueHint::DirPath);
        assert_eq!(hint("run", "state-dir"), ValueHint::DirPath);
        assert_eq!(hint("send", "serial"), ValueHint::Other);
        assert_eq!(hint("run", "confirm"), ValueHint::Other);
        let has = |command, name, word: &str| {
            words(argument(&program, command, name)).contains(&word.to_owned())
        };
        assert!(has("send", "ACTION", "restart") && has("run", "action", "erase"));
        assert!(has("actions", "NAME", "lock") && has("devices", "platform", "iPad"));
        assert!(has("status", "outcome", "in_doubt") && has("resume", "RUN", "latest"));
        assert!(has("help", "COMMAND|TOPIC", "run") && has("help", "COMMAND|TOPIC", "waves"));
        assert!(has("run", "format", "json"), "words of the command line stay");
    }

    #[test]
    fn each_name_of_the_manual_is_offered_once() {
        let mut program = with_values(Options::command());
        program.build();
        let mut names = words(argument(&program, "help", "COMMAND|TOPIC"));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
