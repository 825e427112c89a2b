//! The help of a command, laid out for the screen.
//!
//! Owns the order of headings, the columns and what the short help leaves out. Everything else is read from the command
//! itself, so that help cannot differ from what the program takes. Must never hold the text of an option.

use clap::{Arg, Command};

use crate::cli::command_groups::COMMAND_GROUPS;
use crate::cli::examples::examples_of;
use crate::cli::exit::Exit;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::width_of;
use crate::cli::text::wrap::broken;
use crate::model::settings::{HelpHeading, settings};

/// Widest page: longer lines are hard to read.
const WIDTH_MAX: usize = 100;
/// Columns where there is no terminal, those of a topic.
const WIDTH: usize = 80;
/// Widest label that has its text beside it.
const LABEL_MAX: usize = 27;
/// Least room for a text on a very narrow terminal.
const TEXT_MIN: usize = 24;
/// The headings of options, in their order.
const HEADINGS: [HelpHeading; 8] = [
    HelpHeading::Input,
    HelpHeading::Targets,
    HelpHeading::Tenant,
    HelpHeading::Safety,
    HelpHeading::Pace,
    HelpHeading::Following,
    HelpHeading::Output,
    HelpHeading::Global,
];

/// How much a page of help shows.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum HelpDepth {
    /// What it is and how it is called: the topic of the same name follows.
    Summary,
    /// What people need daily (`-h`).
    Short,
    /// Everything, with examples (`--help`).
    Long,
}

/// One row: an option, a command or a code, and what it is.
struct HelpRow {
    label: String,
    text: String,
}

/// Rows under a heading.
struct HelpSection {
    heading: String,
    rows: Vec<HelpRow>,
    /// Sections with the same alignment have their texts in the same column.
    alignment: SectionAlignment,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum SectionAlignment {
    Commands,
    Options,
    Codes,
}

/// The page of a command that was built ([`Command::build`]).
pub(crate) fn help_page(command: &Command, depth: HelpDepth, screen: &Screen) -> String {
    let width = screen.width.unwrap_or(WIDTH).min(WIDTH_MAX);
    let about = match depth {
        HelpDepth::Summary | HelpDepth::Short => command.get_about(),
        HelpDepth::Long => command.get_long_about().or(command.get_about()),
    };
    let mut page = String::new();
    for line in wrapped(&about.map(ToString::to_string).unwrap_or_default(), width) {
        page.push_str(&format!("{line}\n"));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim().trim_start_matches("Usage:").trim_start();
    page.push_str(&format!("\n{} {usage}\n", screen.toned(Tone::Strong, "Usage:")));
    if depth == HelpDepth::Summary {
        page.push_str(&format!("\nOptions and examples: sortie {} --help\n", command.get_name()));
        return page;
    }
    let is_root = is_root(command);
    let mut sections = if is_root { groups(command) } else { vec![arguments(command)] };
    sections.extend(options(command, depth));
    if is_root && depth == HelpDepth::Long {
        sections.push(exit_codes());
    }
    sections.retain(|section| !section.rows.is_empty());
    for section in &sections {
        let aligned = sections.iter().filter(|other| other.alignment == section.alignment);
        let widths = aligned.flat_map(|section| &section.rows).map(|row| width_of(&row.label));
        let label_width = widths.filter(|width| *width <= LABEL_MAX).max().unwrap_or(0);
        push_section(&mut page, section, label_width, width, screen);
    }
    if depth == HelpDepth::Long {
        push_examples(&mut page, command, width, screen);
        if let Some(more) = command.get_after_long_help() {
            page.push('\n');
            for line in more.to_string().lines() {
                let text = line.trim_start();
                let indent = " ".repeat(line.len() - text.len());
                for part in wrapped(text, width.saturating_sub(indent.len())) {
                    page.push_str(&format!("{indent}{part}\n"));
                }
            }
        }
    }
    push_footer(&mut page, command, depth);
    page
}

/// Whether this is the program itself.
fn is_root(command: &Command) -> bool {
    command.get_name() == env!("CARGO_PKG_NAME")
}

/// The commands of the program under their groups; those of none at the end.
fn groups(command: &Command) -> Vec<HelpSection> {
    let row = |command: &Command| HelpRow {
        label: command.get_name().to_owned(),
        text: command.get_about().map(ToString::to_string).unwrap_or_default(),
    };
    let grouped = COMMAND_GROUPS.iter().map(|(heading, names)| HelpSection {
        heading: (*heading).to_owned(),
        rows: names.iter().filter_map(|name| command.find_subcommand(name)).map(row).collect(),
        alignment: SectionAlignment::Commands,
    });
    let is_grouped =
        |name: &str| COMMAND_GROUPS.iter().any(|(_, commands)| commands.contains(&name));
    let others = command.get_subcommands().filter(|command| !is_grouped(command.get_name()));
    let others = HelpSection {
        heading: "Other".to_owned(),
        rows: others.map(row).collect(),
        alignment: SectionAlignment::Commands,
    };
    grouped.chain([others]).collect()
}

fn arguments(command: &Command) -> HelpSection {
    let rows = command.get_positionals().map(|argument| HelpRow {
        label: value_of(argument),
        text: text_of(argument, HelpDepth::Long),
    });
    HelpSection {
        heading: "Arguments".to_owned(),
        rows: rows.collect(),
        alignment: SectionAlignment::Options,
    }
}

/// The heading of an option; help and version are added by the library and have none.
fn heading_of(option: &Arg) -> &str {
    let is_added = matches!(option.get_id().as_str(), "help" | "version");
    let default = if is_added { HelpHeading::Global.shown() } else { "Options" };
    option.get_help_heading().unwrap_or(default)
}

fn is_shown(option: &Arg, depth: HelpDepth) -> bool {
    let is_hidden = match depth {
        HelpDepth::Summary | HelpDepth::Short => {
            option.is_hide_set() || option.is_hide_short_help_set()
        }
        HelpDepth::Long => option.is_hide_set(),
    };
    !option.is_positional() && !is_hidden
}

/// The options under their headings: those of daily use first, and those of this command before settings, which many
/// commands take.
fn options(command: &Command, depth: HelpDepth) -> Vec<HelpSection> {
    let is_setting = |option: &Arg| {
        let mut flags = settings().flat_map(|setting| setting.flags);
        option.get_long().is_some_and(|long| flags.any(|flag| flag.long == long))
    };
    let section = |heading: &str| {
        let shown = command.get_arguments().filter(|option| is_shown(option, depth));
        let mut options: Vec<&Arg> = shown.filter(|option| heading_of(option) == heading).collect();
        if heading != HelpHeading::Global.shown() {
            options.sort_by_key(|option| (option.is_hide_short_help_set(), is_setting(option)));
        }
        let row = |option: &Arg| HelpRow { label: label_of(option), text: text_of(option, depth) };
        HelpSection {
            heading: heading.to_owned(),
            rows: options.into_iter().map(row).collect(),
            alignment: SectionAlignment::Options,
        }
    };
    let headings = HEADINGS.map(HelpHeading::shown);
    ["Options"].into_iter().chain(headings).map(section).collect()
}

fn exit_codes() -> HelpSection {
    let rows = Exit::MEANINGS.map(|(exit, meaning)| HelpRow {
        label: format!("{:>3}", exit as u8),
        text: meaning.to_owned(),
    });
    HelpSection {
        heading: "Exit codes".to_owned(),
        rows: rows.into(),
        alignment: SectionAlignment::Codes,
    }
}

/// `-j, --concurrency <N>`.
fn label_of(option: &Arg) -> String {
    let short = match option.get_short() {
        Some(letter) => format!("-{letter}, "),
        None => "    ".to_owned(),
    };
    let long = option.get_long().map(|long| format!("--{long}")).unwrap_or_default();
    let is_optional = option.get_num_args().is_some_and(|count| count.min_values() == 0);
    let value = match option.get_action().takes_values() {
        true if is_optional => format!(" [{}]", value_of(option)),
        true => format!(" {}", value_of(option)),
        false if matches!(option.get_action(), clap::ArgAction::Count) => "...".to_owned(),
        false => String::new(),
    };
    format!("{short}{long}{value}")
}

/// `<FILE>`.
fn value_of(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let named: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
    match named.is_empty() {
        true => format!("<{}>", argument.get_id().as_str().to_uppercase()),
        false => named.join(" "),
    }
}

/// What an argument does, with its values and its default where the text does not name them.
fn text_of(argument: &Arg, depth: HelpDepth) -> String {
    match argument.get_id().as_str() {
        "help" => return "Show daily options (-h) or everything (--help)".to_owned(),
        "version" => return "Show the version".to_owned(),
        _ => {}
    }
    let short = argument.get_help().map(ToString::to_string);
    let long = argument.get_long_help().map(ToString::to_string);
    let text = if depth == HelpDepth::Long { long.or(short) } else { short };
    let mut text = text.unwrap_or_default();
    let values = argument.get_possible_values();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    let is_told = names.iter().all(|name| text.contains(name));
    if argument.get_action().takes_values() && !is_told {
        text.push_str(&format!(" [values: {}]", names.join(", ")));
    }
    let defaults = argument.get_default_values();
    let has_default = !defaults.is_empty() && argument.get_action().takes_values();
    if has_default && !argument.is_hide_default_value_set() && !text.contains("[default:") {
        let defaults: Vec<_> = defaults.iter().map(|text| text.to_string_lossy()).collect();
        text.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    text
}

fn push_section(
    page: &mut String,
    section: &HelpSection,
    label_width: usize,
    width: usize,
    screen: &Screen,
) {
    page.push_str(&format!("\n{}\n", screen.toned(Tone::Strong, &format!("{}:", section.heading))));
    let indent = label_width + 4;
    for row in &section.rows {
        let lines = wrapped(&row.text, width.saturating_sub(indent).max(TEXT_MIN));
        let mut lines = lines.iter();
        let label = screen.toned(Tone::Strong, &row.label);
        let used = width_of(&row.label);
        if used > label_width {
            page.push_str(&format!("  {label}\n"));
        } else if let Some(first) = lines.next() {
            page.push_str(&format!("  {label}{}{first}\n", " ".repeat(indent - 2 - used)));
        }
        for line in lines {
            let indent = if line.is_empty() { 0 } else { indent };
            page.push_str(&format!("{}{line}\n", " ".repeat(indent)));
        }
    }
}

fn push_examples(page: &mut String, command: &Command, width: usize, screen: &Screen) {
    let examples = examples_of(command.get_name());
    if examples.is_empty() {
        return;
    }
    page.push_str(&format!("\n{}\n", screen.toned(Tone::Strong, "Examples:")));
    for example in examples {
        let line = screen.toned(Tone::Strong, example.line);
        for purpose in wrapped(&format!("{}:", example.purpose), width.saturating_sub(2)) {
            page.push_str(&format!("  {purpose}\n"));
        }
        page.push_str(&format!("    {line}\n"));
    }
}

/// Where to read on.
fn push_footer(page: &mut String, command: &Command, depth: HelpDepth) {
    let name = command.get_name();
    let hidden = command
        .get_arguments()
        .filter(|option| is_shown(option, HelpDepth::Long) && !is_shown(option, HelpDepth::Short));
    let more = match hidden.count() {
        0 => "Examples".to_owned(),
        1 => "1 more option and examples".to_owned(),
        hidden => format!("{hidden} more options and examples"),
    };
    page.push_str(&match (is_root(command), depth) {
        (_, HelpDepth::Summary) => String::new(),
        (true, HelpDepth::Short) => "\nExit codes and all options: sortie --help\n\
             Help on a command:          sortie COMMAND -h\n\
             Topics, such as policy:     sortie help\n"
            .to_owned(),
        (true, HelpDepth::Long) => "\nHelp on a command:      sortie COMMAND --help\n\
             Topics, such as policy: sortie help\n"
            .to_owned(),
        (false, HelpDepth::Short) => format!("\n{more}: sortie {name} --help\n"),
        (false, HelpDepth::Long) => String::new(),
    });
}

/// The text in lines of at most `width` columns. Empty lines between paragraphs stay.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(broken(paragraph, Some(width)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Options;
    use clap::CommandFactory;

    fn built() -> Command {
        let mut command = Options::command();
        command.build();
        command
    }

    /// The root and every command.
    fn all(root: &Command) -> impl Iterator<Item = &Command> {
        [root].into_iter().chain(root.get_subcommands())
    }

    #[test]
    fn every_option_has_a_heading_and_a_text_of_two_lines() {
        let root = built();
        for command in all(&root).skip(1) {
            for option in command.get_arguments() {
                let (name, heading) = (command.get_name(), heading_of(option));
                let is_known = HEADINGS.iter().any(|known| known.shown() == heading);
                assert!(option.is_positional() || is_known, "{name} {option}: {heading}");
                let text = text_of(option, HelpDepth::Short);
                let first = text.chars().next().is_some_and(char::is_uppercase);
                assert!(first && !text.ends_with('.'), "{name} {option}: {text}");
                // A list of values is as long as it is.
                let text = text.split(" [values:").next().unwrap_or_default();
                let lines = wrapped(text, WIDTH_MAX - LABEL_MAX - 4).len();
                assert!(lines <= 2, "{name} {option} has {lines} lines: {text}");
            }
        }
    }

    #[test]
    fn help_fits_terminals_of_any_width() {
        let root = built();
        for width in [60, 80, 100, 120] {
            let screen = Screen { width: Some(width), ..Screen::plain() };
            for command in all(&root) {
                for depth in [HelpDepth::Short, HelpDepth::Long] {
                    let page = help_page(command, depth, &screen);
                    let lines = page.lines().filter(|line| !line.contains("sortie "));
                    for line in lines {
                        let used = width_of(line);
                        assert!(used <= width.min(WIDTH_MAX), "{used} on {width}: {line}");
                        assert!(!line.ends_with(' '), "{line}");
                    }
                }
            }
        }
    }

    #[test]
    fn headings_are_in_order_on_every_page() {
        let root = built();
        for command in all(&root) {
            let page = help_page(command, HelpDepth::Long, &Screen::plain());
            let places = HEADINGS.map(|heading| page.find(&format!("\n{}:\n", heading.shown())));
            let places: Vec<usize> = places.into_iter().flatten().collect();
            assert!(places.is_sorted(), "{page}");
            assert!(page.contains("\nGlobal:\n"), "{page}");
        }
    }

    #[test]
    fn the_short_help_leaves_out_what_is_not_needed_daily() {
        let root = built();
        let run = root.find_subcommand("run").expect("a command");
        let screen = Screen { width: Some(WIDTH_MAX), ..Screen::plain() };
        let short = help_page(run, HelpDepth::Short, &screen);
        let long = help_page(run, HelpDepth::Long, &Screen::plain());
        for daily in ["--dry-run", "--confirm", "--simulate", "--profile", "--reason"] {
            assert!(short.contains(daily) && long.contains(daily), "{daily}");
        }
        for rare in ["--quarantine", "--encoding", "--break-glass", "Examples:"] {
            assert!(!short.contains(rare) && long.contains(rare), "{rare}");
        }
        assert!(short.lines().count() <= 60, "{short}");
    }
}
