//! The architecture, held: who may use whom, and where packages live.
//!
//! Owns the two tables. They are the ones of ARCHITECTURE.md; a change here is a change of the architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which modules each module may use.
const MAY_USE: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("kandji", &["model"]),
    ("pace", &["model"]),
    ("job", &["model", "kandji"]),
    ("plan", &["model", "job", "kandji"]),
    ("engine", &["model", "pace"]),
    ("journal", &["model"]),
    ("transport", &["model"]),
    ("report", &["model"]),
    ("simulator", &["model", "kandji", "transport"]),
    ("drive", &["model", "plan", "kandji", "engine", "journal", "transport", "pace"]),
    (
        "app",
        &[
            "model",
            "kandji",
            "pace",
            "job",
            "plan",
            "engine",
            "journal",
            "transport",
            "report",
            "simulator",
            "drive",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "model",
            "kandji",
            "pace",
            "job",
            "plan",
            "engine",
            "journal",
            "transport",
            "report",
            "simulator",
            "drive",
        ],
    ),
    ("main", &["cli"]),
];

/// Edges that are being removed: parts of the application that still speak for the command line.
const LEAVING: [(&str, &str); 1] = [("app", "cli")];

/// The modules in which each package may be named; packages that are not listed may be named anywhere.
const HOMES: [(&str, &[&str]); 28] = [
    ("age", &["app", "cli"]),
    ("aws_lc_rs", &["app", "cli"]),
    ("base64", &["app", "cli"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("toml", &["app", "cli"]),
    ("etcetera", &["app", "cli"]),
    ("anstream", &["cli"]),
    ("anstyle", &["cli"]),
    ("annotate_snippets", &["cli"]),
    ("tokio", &["drive", "transport", "simulator", "app", "cli"]),
    ("futures", &["drive"]),
    ("axum", &["simulator"]),
    ("hyper", &["simulator"]),
    ("hyper_util", &["simulator"]),
    ("tower", &["simulator"]),
    ("reqwest", &["transport"]),
    ("governor", &["pace"]),
    ("csv", &["job", "report"]),
    ("serde_saphyr", &["job"]),
    ("icu_normalizer", &["model"]),
    ("encoding_rs", &["job"]),
    ("rusqlite", &["journal"]),
    ("tempfile", &["report", "app", "cli"]),
    ("whoami", &["app", "cli"]),
    ("rustix", &["app", "cli"]),
    ("signal_hook", &["cli"]),
    ("console", &["cli"]),
];

/// Aims, not limits: what is over is printed.
const FILE_LINES_AIM: usize = 400;
const FUNCTION_LINES_AIM: usize = 70;

struct Source {
    path: PathBuf,
    module: String,
    /// Without comments and tests.
    code: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .filter(|path| !is_test_file(path))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let relative = path.strip_prefix(&root).expect("it is below src");
            let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            Source { code: code_of(&text), path, module, text }
        })
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

fn is_test_file(path: &Path) -> bool {
    let names = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    names
        .into_iter()
        .any(|name| ["tests", "tests.rs", "testing.rs", "testbed.rs"].contains(&name.as_str()))
}

/// The code up to the unit tests, without comments.
fn code_of(text: &str) -> String {
    let before_tests = text.split("\n#[cfg(test)]\npub(super) mod tests").next().unwrap_or(text);
    let before_tests = before_tests.split("\n#[cfg(test)]\npub(in").next().unwrap_or(before_tests);
    let before_tests =
        before_tests.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(before_tests);
    before_tests
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first names of paths that begin with `prefix`, nested `use` lists included.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let is_inside_name = code[..at]
            .chars()
            .next_back()
            .is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        if is_inside_name {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let word = |text: &str| -> String {
            text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
        };
        if let Some(list) = rest.strip_prefix('{') {
            names.extend(
                list.split('}').next().unwrap_or("").split(',').map(|item| word(item.trim())),
            );
        } else {
            names.insert(word(rest));
        }
    }
    names.remove("");
    names
}

#[test]
fn no_module_uses_one_above_it() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let prefix = if source.module == "main" { "sortie::" } else { "crate::" };
        let names = names_after(&source.code, prefix);
        used.entry(source.module).or_default().extend(names);
    }
    used.remove("lib");
    let known: BTreeSet<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    for (module, names) in &used {
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| name == module)
            .unwrap_or_else(|| panic!("{module} is not in the table of modules"));
        for name in names.iter().filter(|name| known.contains(name.as_str()) && *name != module) {
            let is_leaving = LEAVING.contains(&(module.as_str(), name.as_str()));
            assert!(is_leaving || allowed.contains(&name.as_str()), "{module} must not use {name}");
        }
    }
}

#[test]
fn the_table_of_modules_has_no_cycle() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let mut left: BTreeSet<&str> = allowed.keys().copied().collect();
    while !left.is_empty() {
        let free: Vec<&str> = left
            .iter()
            .copied()
            .filter(|module| allowed[module].iter().all(|used| !left.contains(used)))
            .collect();
        assert!(!free.is_empty(), "these use each other in a circle: {left:?}");
        left.retain(|module| !free.contains(module));
    }
}

#[test]
fn packages_are_named_in_their_homes_only() {
    for source in sources() {
        for (package, homes) in HOMES {
            let is_named = !names_after(&source.code, &format!("{package}::")).is_empty();
            assert!(
                !is_named || homes.contains(&source.module.as_str()),
                "{} names {package}, whose home is {homes:?}",
                source.path.display()
            );
        }
    }
    let reqwest: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|source| !names_after(&source.code, "reqwest::").is_empty())
        .map(|source| source.path)
        .collect();
    assert_eq!(reqwest.len(), 1, "one file names the HTTP client: {reqwest:?}");
}

#[test]
fn the_check_sees_an_upward_edge() {
    let code = code_of(
        "//! x\nuse crate::{cli, model::Task};\nlet x = crate::drive::run(); // crate::job",
    );
    let names = names_after(&code, "crate::");
    assert_eq!(names, ["cli", "drive", "model"].map(str::to_owned).into());
}

#[test]
fn every_file_says_what_it_owns() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "{} has no header", source.path.display());
    }
}

#[test]
fn what_is_over_the_aims_is_printed() {
    for source in sources() {
        let lines = source.text.split("\n#[cfg(test)]").next().unwrap_or("").lines().count();
        if lines > FILE_LINES_AIM {
            println!("{}: {lines} lines", source.path.display());
        }
        let mut began: Option<(usize, String)> = None;
        for (at, line) in source.text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let declares = line.trim_start().split("fn ").next().is_some_and(|before| {
                line.contains("fn ")
                    && before.split_whitespace().all(|word| {
                        word.starts_with("pub") || ["async", "const", "super)"].contains(&word)
                    })
            });
            match &began {
                None if declares && line.trim_end().ends_with(['{', '(']) => {
                    began = Some((at, " ".repeat(indent) + "}"));
                }
                Some((from, end)) if line == end => {
                    if at - from > FUNCTION_LINES_AIM {
                        println!("{}:{}: {} lines", source.path.display(), from + 1, at - from);
                    }
                    began = None;
                }
                _ => {}
            }
        }
    }
}
