//! `sortie help`: the list of commands and topics, and the help of one.
//!
//! Owns which of them a name means. The texts come from the command line and from `cli/help`. Needs neither tenant nor
//! state directory.

use clap::CommandFactory;

use crate::cli::command_groups::COMMAND_GROUPS;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help::man::{about, commands};
use crate::cli::help::markdown::{TopicBlock, TopicTable};
use crate::cli::help::on_screen::on_screen;
use crate::cli::help::topics::{TOPICS, Topic};
use crate::cli::help_options::HelpOptions;
use crate::cli::options::Options;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::help_page::{HelpDepth, help_page};
use crate::kandji::find_action;
use crate::model::nearest;

/// Words by which people look for a topic.
const OTHER_NAMES: [(&str, &str); 18] = [
    ("launchd", "cron"),
    ("systemd", "cron"),
    ("crontab", "cron"),
    ("log", "logs"),
    ("logging", "logs"),
    ("logrotate", "logs"),
    ("slack", "notifications"),
    ("teams", "notifications"),
    ("mail", "notifications"),
    ("email", "notifications"),
    ("webhook", "notifications"),
    ("excel", "reports"),
    ("xlsx", "reports"),
    ("csv", "reports"),
    ("keychain", "secrets"),
    ("keyring", "secrets"),
    ("prometheus", "metrics"),
    ("grafana", "metrics"),
];

pub(crate) fn help(options: &HelpOptions, printer: &Printer) -> Result<Exit, Failure> {
    let mut program = Options::command();
    program.build();
    match options.name.as_deref() {
        None => printer.show_paged(&on_screen(&overview(&program), &printer.screen())),
        Some(name) if options.markdown => {
            let topic = Topic::find(name).ok_or_else(|| unknown(name, &program))?;
            printer.data(&topic.markdown());
        }
        Some(name) => show(name, &program, printer)?,
    }
    Ok(Exit::Well)
}

/// Shows the help of a command, a topic, or both where they have one name.
fn show(name: &str, program: &clap::Command, printer: &Printer) -> Result<(), Failure> {
    let screen = printer.screen();
    let topic = Topic::find(name);
    let command = program.find_subcommand(name);
    // Of a command with a topic only the short part: the topic says more than the list of options.
    let depth = if topic.is_some() { HelpDepth::Summary } else { HelpDepth::Long };
    let mut text = command.map(|command| help_page(command, depth, &screen)).unwrap_or_default();
    if text.is_empty() && topic.is_none() {
        return Err(unknown(name, program));
    }
    if let Some(topic) = topic {
        if !text.is_empty() {
            text = format!("{}\n\n", text.trim_end());
        }
        text.push_str(&on_screen(&topic.blocks(), &screen));
    }
    printer.show_paged(&text);
    Ok(())
}

/// The list of commands and topics.
fn overview(program: &clap::Command) -> Vec<TopicBlock> {
    let names = commands(program).map(clap::Command::get_name);
    let widest = names.chain(TOPICS.iter().map(|topic| topic.name)).map(str::len).max();
    let widest = widest.unwrap_or_default();
    let table = |rows| TopicBlock::Table(TopicTable { header: vec!["", ""], rows });
    let row = |name: &str, about: String| vec![format!("{name:<widest$}"), about];
    let topics = TOPICS.iter().map(|topic| row(topic.name, topic.summary()));
    let mut blocks = Vec::new();
    for (group, names) in COMMAND_GROUPS {
        let found = names.iter().filter_map(|name| program.find_subcommand(name));
        let rows = found.map(|command| row(command.get_name(), about(command)));
        blocks.push(TopicBlock::Heading { level: 2, text: group });
        blocks.push(table(rows.collect()));
    }
    blocks.push(TopicBlock::Heading { level: 2, text: "Topics" });
    blocks.push(table(topics.collect()));
    blocks.push(TopicBlock::Paragraph(
        "Show one: `sortie help NAME`. Write man pages: `sortie man --out DIR`.".to_owned(),
    ));
    blocks
}

/// A name that is neither a command nor a topic.
fn unknown(name: &str, program: &clap::Command) -> Failure {
    let failure = Failure::usage(format!("no command or topic is named '{name}'"));
    let known = commands(program).map(clap::Command::get_name);
    let known = known.chain(TOPICS.iter().map(|topic| topic.name));
    if let Some((_, topic)) = OTHER_NAMES.iter().find(|(other, _)| *other == name) {
        return failure.next(format!("read the topic:\n  sortie help {topic}"));
    }
    match nearest(name, known) {
        Some(near) => failure.next(format!("did you mean:\n  sortie help {near}")),
        None if find_action(name).is_ok() => {
            failure.next(format!("show the action:\n  sortie actions {name}"))
        }
        None => failure.next("list commands and topics:\n  sortie help"),
    }
}
