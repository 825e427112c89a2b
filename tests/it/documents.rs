//! What the documents say is what the program does.
//!
//! Owns the checks of the README against the action table, and the examples.

use sortie::kandji::ACTIONS;
use sortie::model::settings::settings;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Bench, Ran};

/// Accidents elsewhere that the README lists.
const ACCIDENTS: usize = 28;

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).expect("the README is there")
}

#[test]
fn the_readmes_table_is_the_action_table() {
    let mut expected =
        String::from("| action | risk | platforms | what it does |\n|---|---|---|---|\n");
    for action in ACTIONS {
        let platforms: Vec<&str> =
            action.platforms.iter().map(|platform| platform.word()).collect();
        let (name, risk, summary) = (action.name, action.risk.word(), action.summary);
        expected.push_str(&format!("| {name} | {risk} | {} | {summary} |\n", platforms.join(" ")));
    }
    let readme = readme();
    let table =
        readme.split("<!-- actions: this table is checked against the program -->\n").nth(1);
    let table = table.and_then(|rest| rest.split("<!-- end of actions -->").next());
    assert_eq!(table, Some(expected.as_str()), "the table to put into the README:\n{expected}");
}

#[test]
fn the_readmes_settings_are_the_table_of_settings() {
    let mut expected = String::from(
        "| setting | flag | variable | job | profile | takes | default |\n|---|---|---|---|---|---|---|\n",
    );
    let code = |names: Vec<String>| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
    };
    let owned = |name: &&str| (*name).to_owned();
    let mut heading = None;
    for setting in settings() {
        if heading != Some(setting.heading) {
            heading = Some(setting.heading);
            expected.push_str(&format!("| **{}** | | | | | | |\n", setting.heading.shown()));
        }
        let flags = setting.flags.iter().map(|flag| match flag.short {
            Some(letter) => format!("-{letter} --{}", flag.long),
            None => format!("--{}", flag.long),
        });
        let cells = [
            setting.name.to_owned(),
            code(flags.collect()),
            code(setting.variables.iter().map(owned).collect()),
            code(setting.job_key.iter().map(owned).collect()),
            code(setting.profile_key.iter().map(owned).collect()),
            setting.takes(),
            setting.default.to_owned(),
        ];
        expected.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let readme = readme();
    let table =
        readme.split("<!-- settings: this table is checked against the program -->\n").nth(1);
    let table = table.and_then(|rest| rest.split("<!-- end of settings -->").next());
    assert_eq!(table, Some(expected.as_str()), "the table to put into the README:\n{expected}");
}

/// The source of a module of these tests.
fn test_module(name: &str) -> Option<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let places = [tests.join(format!("{name}.rs")), tests.join(name).join("mod.rs")];
    places.iter().find_map(|path| std::fs::read_to_string(path).ok())
}

#[test]
fn every_accident_names_a_test_that_exists() {
    let readme = readme();
    let table =
        readme.split("<!-- accidents: this table is checked against the tests -->\n").nth(1);
    let table = table.and_then(|rest| rest.split("<!-- end of accidents -->").next());
    let rows: Vec<&str> = table.expect("the table is there").lines().skip(2).collect();
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
