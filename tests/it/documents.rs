//! What the documents say is what the program does.
//!
//! Owns the checks of the README and of files in the manual against the program, and the examples.

use sortie::kandji::ACTIONS;
use sortie::model::Risk;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Bench, Ran};

/// Accidents elsewhere that the manual lists.
const ACCIDENTS: usize = 28;
/// Columns of a document at the root, code included.
const DOCUMENT_WIDTH: usize = 120;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).expect("the document is there")
}

fn readme() -> String {
    document("README.md")
}

#[test]
fn the_readme_names_every_action_with_its_risk() {
    let mut expected = String::from("| risk | actions |\n|---|---|\n");
    for risk in [Risk::Read, Risk::Benign, Risk::Disruptive, Risk::Irreversible] {
        let of_risk = ACTIONS.iter().filter(|action| action.risk == risk);
        let names: Vec<String> = of_risk.map(|action| format!("`{}`", action.name)).collect();
        expected.push_str(&format!("| {} | {} |\n", risk.word(), names.join(", ")));
    }
    let readme = readme();
    let table =
        readme.split("<!-- actions: this table is checked against the program -->\n").nth(1);
    let table = table.and_then(|rest| rest.split("<!-- end of actions -->").next());
    assert_eq!(table, Some(expected.as_str()), "the table to put into the README:\n{expected}");
}

/// The rows between two marks of the README, without the header.
#[track_caller]
fn rows_of(name: &str) -> Vec<String> {
    let readme = readme();
    let table = readme
        .split(&format!("<!-- {name}: this table is checked against the program -->\n"))
        .nth(1);
    let table = table.and_then(|rest| rest.split(&format!("<!-- end of {name} -->")).next());
    let table = table.unwrap_or_else(|| panic!("no table of {name}"));
    table.lines().skip(2).map(str::to_owned).collect()
}

/// What the man page of the program lists in a section: names and lines.
fn listed_in(page: &str, section: u8) -> Vec<(String, String)> {
    let plain = |text: &str| {
        text.replace("\\-", "-").replace("\\(aq", "'").replace("\\fB", "").replace("\\fR", "")
    };
    let lines: Vec<String> = page.lines().map(plain).collect();
    let pairs = lines.windows(2).filter_map(|pair| {
        let name = pair[0].strip_prefix("sortie-")?.strip_suffix(&format!("({section})"))?;
        Some((name.to_owned(), pair[1].clone()))
    });
    pairs.collect()
}

#[test]
fn the_readme_names_every_command_and_topic() {
    let bench = Bench::offline();
    bench.sortie(&["man", "--out", "man"]).expect(0);
    let page = std::fs::read_to_string(bench.path("man/sortie.1")).expect("the page is written");
    let commands = listed_in(&page, 1);
    let commands: Vec<String> =
        commands.iter().map(|(name, about)| format!("| `{name}` | {about} |")).collect();
    let topics = listed_in(&page, 7);
    let topics: Vec<String> = topics
        .iter()
        .map(|(name, summary)| format!("| [{name}](src/cli/help/{name}.md) | {summary} |"))
        .collect();
    assert!(commands.len() > 20 && topics.len() >= 20, "{commands:?} {topics:?}");
    assert_eq!(rows_of("commands"), commands, "put into the README:\n{}", commands.join("\n"));
    assert_eq!(rows_of("topics"), topics, "put into the README:\n{}", topics.join("\n"));
}

#[test]
fn readme_and_architecture_stay_short() {
    for (name, lines_max) in [("README.md", 250), ("ARCHITECTURE.md", 200)] {
        let lines = document(name).lines().count();
        assert!(lines <= lines_max, "{name} has {lines} lines, at most {lines_max}");
    }
}

#[test]
fn the_documents_at_the_root_keep_their_width() {
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"] {
        for (number, line) in (1..).zip(document(name).lines()) {
            // A row of a table cannot be wrapped, nor can a lone link.
            let is_one_piece = line.starts_with('|') || !line.trim().contains(' ');
            let width = line.chars().count();
            assert!(is_one_piece || width <= DOCUMENT_WIDTH, "{name}:{number}: {width} columns");
        }
    }
}

#[test]
fn every_link_of_the_readme_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = readme();
    let targets: Vec<&str> =
        readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.len() > 20, "{targets:?}");
    for target in targets.into_iter().filter(|target| !target.starts_with("https://")) {
        assert!(root.join(target).exists(), "{target}");
    }
}

/// The blocks of a language in a topic.
fn blocks_of(bench: &Bench, topic: &str, language: &str) -> Vec<String> {
    let text = bench.sortie(&["help", topic, "--markdown"]).expect(0).stdout;
    let fence = format!("\n```{language}\n");
    let blocks = text.split(&fence).skip(1);
    blocks.filter_map(|rest| rest.split("\n```").next()).map(|block| format!("{block}\n")).collect()
}

#[test]
fn the_configuration_of_the_manual_is_read() {
    let bench = Bench::offline();
    let blocks = blocks_of(&bench, "settings", "toml");
    assert_eq!(blocks.len(), 1);
    bench.write("config.toml", &blocks[0]);
    let shown = bench.sortie(&["settings", "--config", "config.toml"]).expect(0).stdout;
    assert!(shown.contains("profile acme") && shown.contains("6000"), "{shown}");
}

#[test]
fn the_policy_of_the_manual_is_read() {
    let fleet = crate::fleet::Fleet::of(sortie::simulator::DeviceKind::IPad, 1);
    let blocks = blocks_of(&fleet.bench, "policy", "toml");
    assert_eq!(blocks.len(), 1);
    crate::fleet::write_policy(&fleet.bench, &blocks[0]);
    let job = fleet.job("restart", 0..1);
    let ran = fleet.bench.sortie(&["run", &job, "--dry-run", "--reason", "a test"]);
    assert!(!ran.stderr.contains("cannot be read"), "{}", ran.stderr);
    assert!(ran.stdout.contains("policy.toml"), "{}", ran.stdout);
}

/// The source of a module of these tests.
fn test_module(name: &str) -> Option<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let places = [tests.join(format!("{name}.rs")), tests.join(name).join("mod.rs")];
    places.iter().find_map(|path| std::fs::read_to_string(path).ok())
}

#[test]
fn every_accident_names_a_test_that_exists() {
    let topic = document("src/cli/help/accidents.md");
    let rows: Vec<&str> = topic.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    assert_eq!(rows.len(), ACCIDENTS);
    for (number, row) in (1..).zip(rows) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [first, accident, guard, tests] = cells[..] else { panic!("not four cells: {row}") };
        assert_eq!(first, number.to_string(), "{row}");
        assert!(!accident.is_empty() && !guard.is_empty(), "{row}");
        let names: Vec<&str> = tests.split(", ").collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            let path = name.trim_matches('`').split_once("::");
            let (module, test) = path.unwrap_or_else(|| panic!("{name} is no test"));
            let source = test_module(module).unwrap_or_else(|| panic!("{name}: no such module"));
            assert!(source.contains(&format!("#[test]\nfn {test}() {{")), "{name} is no test");
        }
    }
}

fn example(name: &str) -> Command {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sortie"));
    let built = program.parent().expect("it lies in a directory").join("examples").join(name);
    Command::new(built)
}

#[test]
fn the_examples_run() {
    let ran = Ran::of(example("embed_run").output().expect("the example is built")).expect(0);
    assert!(ran.stdout.contains("to confirm: Count(3)"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("3 of run") && ran.stdout.contains(": completed"),
        "{}",
        ran.stdout
    );

    let ran = Ran::of(example("watch_run").output().expect("the example is built")).expect(0);
    for told in ["begins, seed ", "answered C02AA1ABJGH5", "answered C02AA2ABJGH5", "reports in"] {
        assert!(ran.stdout.contains(told), "'{told}' is missing: {}", ran.stdout);
    }

    let bench = Bench::new("http://127.0.0.1:1", "unused");
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/daily-checkin.csv");
    let mut run = bench.command();
    run.env_remove("SORTIE_BASE_URL").args(["run", "--simulate"]).arg(job);
    Ran::of(run.output().expect("the program starts")).expect(0);
    let ran = Ran::of(
        example("custom_report").arg(bench.path("state")).output().expect("the example is built"),
    )
    .expect(0);
    let report = std::fs::read_to_string(ran.stdout.trim()).expect("the report is written");
    assert!(report.contains("FVHHFKF7Q6L4 daily-checkin: accepted"), "{report}");
}
