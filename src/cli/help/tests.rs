//! What the topics say works: their examples are read by the program's own readers.

use clap::{CommandFactory, Parser};
use std::path::Path;

use super::derived::tables;
use super::man::pages;
use super::markdown::{Span, TopicBlock, spans};
use super::on_screen::on_screen;
use super::topics::{TOPICS, Topic};
use crate::cli::options::Options;
use crate::cli::text::screen::Screen;
use crate::cli::text::table::width_of;
use crate::job::{Input, ParseOptions, parse};

/// What the manual promises to cover.
const PROMISED: [&str; 20] = [
    "jobs",
    "targets",
    "actions",
    "plans",
    "confirm",
    "policy",
    "approval",
    "waves",
    "quota",
    "following",
    "doubt",
    "pins",
    "secrets",
    "reports",
    "exit-codes",
    "cron",
    "migration",
    "settings",
    "simulate",
    "accidents",
];
/// A job around a fragment of one.
const AROUND: &str = "version: 1\nname: x\ntargets: {all: true}\naction: blank-push\n";
/// What a file that a job names holds.
const NAMED_FILE: &[u8] = b"serial_number,new_name\nC02ZK0AALVDQ,Mac 1\n";

#[test]
fn every_promised_topic_is_there_with_a_summary() {
    for name in PROMISED {
        let topic = Topic::find(name).unwrap_or_else(|| panic!("no topic {name}"));
        let summary = topic.summary();
        assert!((10..=75).contains(&summary.len()), "{name}: {summary}");
        assert!(!summary.ends_with('.') && !summary.contains('`'), "{name}: {summary}");
    }
}

#[test]
fn every_topic_fits_terminals_of_60_to_120_columns() {
    for topic in TOPICS {
        for width in [60, 80, 120] {
            let screen = Screen { width: Some(width), ..Screen::plain() };
            let text = on_screen(&topic.blocks(), &screen);
            for line in text.lines().filter(|line| !line.starts_with("      ")) {
                assert!(width_of(line) <= width, "{}: {line}", topic.name);
            }
            // The name of a test is one word, which nothing breaks.
            for line in text.lines().filter(|line| line.trim().contains(' ')) {
                assert!(width_of(line) <= 80.max(width), "{}: {line}", topic.name);
            }
            assert!(!text.contains('…'), "{} cuts a text off", topic.name);
            let colored = Screen { has_colors: true, ..screen };
            let plain = on_screen(&topic.blocks(), &colored);
            assert!(!console::strip_ansi_codes(&plain).contains("**"), "{}", topic.name);
        }
    }
}

#[test]
fn no_topic_shows_the_marks_of_code() {
    for topic in TOPICS {
        for width in [60, 80, 120] {
            let screen = Screen { width: Some(width), ..Screen::plain() };
            let text = on_screen(&topic.blocks(), &screen);
            assert!(!text.contains("```"), "{}: {text}", topic.name);
        }
        // Markdown keeps the marks, each on a line of its own and in pairs.
        let markdown = topic.markdown();
        let marks = markdown.lines().filter(|line| line.trim_start().starts_with("```")).count();
        assert_eq!((marks % 2, markdown.matches("```").count()), (0, marks), "{}", topic.name);
    }
    let mut program = Options::command();
    program.build();
    let pages = pages(&program);
    assert!(pages.len() > TOPICS.len());
    for page in pages {
        assert!(!page.text.contains("```"), "{}", page.file);
        assert!(!page.text.contains("\\(ga\\(ga\\(ga"), "{}", page.file);
    }
}

#[test]
fn every_derived_table_exists_and_is_filled_in() {
    for topic in TOPICS {
        for name in topic.derived() {
            let filled = tables(name).unwrap_or_else(|| panic!("{}: no table {name}", topic.name));
            let has_rows = |block: &TopicBlock| matches!(block, TopicBlock::Table(table) if !table.rows.is_empty());
            assert!(filled.iter().any(has_rows), "{name} is empty");
        }
        let markdown = topic.markdown();
        assert!(!markdown.contains("<!--"), "{}: a placeholder is left", topic.name);
        for line in markdown.lines().filter(|line| line.starts_with('|')) {
            assert!(line.ends_with('|'), "{}: {line}", topic.name);
        }
    }
    assert_eq!(tables("nonsense"), None);
}

#[test]
fn every_link_between_topics_leads_to_one() {
    let mut checked = 0;
    for topic in TOPICS {
        for block in topic.blocks() {
            let texts: Vec<String> = match block {
                TopicBlock::Paragraph(text) => vec![text],
                TopicBlock::Items(items) => items.into_iter().map(|(_, text)| text).collect(),
                TopicBlock::Table(table) => table.rows.concat(),
                _ => Vec::new(),
            };
            for text in &texts {
                for span in spans(text) {
                    let Span::Link { text, target } = span else { continue };
                    let Some(name) = target.strip_suffix(".md") else {
                        assert!(target.starts_with("https://"), "{}: {target}", topic.name);
                        continue;
                    };
                    assert!(Topic::find(name).is_some(), "{}: {target}", topic.name);
                    let named = text.strip_prefix("sortie help ");
                    assert!(named.is_none_or(|named| named == name), "{text} is not {target}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} links were found");
}

#[test]
fn every_example_of_a_topic_is_valid() {
    let mut checked = [0; 3];
    for topic in TOPICS {
        for block in topic.blocks() {
            let TopicBlock::Code { language, lines } = block else { continue };
            let text = lines.join("\n") + "\n";
            let what = format!("{}:\n{text}", topic.name);
            match language {
                "csv" => reads_as_a_job("example.csv", &text, &what),
                "yaml" => reads_as_a_job("example.yaml", &text, &what),
                "yaml fragment" => {
                    reads_as_a_job("example.yaml", &(AROUND.to_owned() + &text), &what)
                }
                "sh" => lines.iter().for_each(|line| is_a_command_line(line)),
                // Files of the host are read by the tests of the documents.
                "toml" | "json" | "text" => continue,
                other => panic!("no reader for '{other}' in {what}"),
            }
            checked[match language {
                "csv" => 0,
                "sh" => 2,
                _ => 1,
            }] += 1;
        }
    }
    assert!(checked.iter().all(|count| *count > 0), "{checked:?}");
}

fn reads_as_a_job(name: &str, text: &str, what: &str) {
    let input = Input { name, bytes: text.as_bytes() };
    let read = parse(&input, &ParseOptions::default(), &|_| Ok(NAMED_FILE.to_vec()));
    if let Err(problems) = read {
        panic!("{what}\n{problems:?}");
    }
}

/// A line of an example; what a shell would do with it is left off.
fn is_a_command_line(line: &str) {
    if !line.starts_with("sortie ") {
        assert!(line.starts_with("export "), "what is this? {line}");
        return;
    }
    let line = line.split([';', '>']).next().unwrap_or_default();
    let line = line.split(" #").next().unwrap_or_default();
    for part in line.split(" | ") {
        let mut words = Vec::new();
        for (number, quoted) in part.split('"').enumerate() {
            match number % 2 {
                0 => words.extend(quoted.split_whitespace().map(str::to_owned)),
                _ => words.push(quoted.to_owned()),
            }
        }
        if words.first().is_some_and(|word| word == "sortie")
            && let Err(error) = Options::try_parse_from(&words)
        {
            panic!("{line}\n{error}");
        }
    }
}

#[test]
fn every_command_and_topic_has_a_man_page() {
    let mut program = Options::command();
    program.build();
    let pages = pages(&program);
    let page = |file: &str| {
        let page = pages.iter().find(|page| page.file == file);
        &page.unwrap_or_else(|| panic!("no {file}")).text
    };
    assert!(page("sortie.1").contains(".TP\n\\fBsortie\\-run\\fR(1)\n"));
    assert!(page("sortie-run.1").contains("\\fB\\-n\\fR, \\fB\\-\\-dry\\-run\\fR"));
    assert!(page("sortie-exit-codes.7").contains("sortie\\-exit\\-codes \\- Find out"));
    for command in super::man::commands(&program) {
        page(&format!("sortie-{}.1", command.get_name()));
    }
    for topic in TOPICS {
        page(&format!("sortie-{}.7", topic.name));
    }
    for page in &pages {
        assert!(page.text.starts_with(".TH \"SORTIE"), "{}", page.file);
        assert!(page.text.is_ascii(), "{}", page.file);
        for line in page.text.lines().filter(|line| line.starts_with(['.', '\''])) {
            let name: String = line[1..].chars().take_while(char::is_ascii_alphabetic).collect();
            let known =
                ["TH", "SH", "SS", "PP", "IP", "TP", "RS", "RE", "nf", "fi", "B", "br", "ad", "nh"];
            assert!(known.contains(&name.as_str()), "{}: {line}", page.file);
        }
    }
}

#[test]
fn every_file_of_the_manual_is_a_topic() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/help");
    for entry in std::fs::read_dir(directory).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            assert!(Topic::find(name).is_some(), "{name}.md is no topic");
        }
    }
}
