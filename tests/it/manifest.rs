//! The tree of packages: what Cargo.toml asks for, and what deny.toml allows.
//!
//! Owns the checks that need nothing but cargo. Must never use the network.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Where packages may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn toml_of(name: &str) -> toml::Table {
    read(name).parse().expect("a TOML file")
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What cargo knows of the packages that are built for this platform.
fn metadata() -> Value {
    let version = output_of("rustc", &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform");
    let arguments = ["--format-version", "1", "--locked", "--offline", "--filter-platform", host];
    let text = output_of(env!("CARGO"), &[&["metadata"][..], &arguments].concat());
    serde_json::from_str(&text).expect("JSON")
}

/// The packages that this one is built and tested with. Another package of the workspace has its own.
fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let nodes: BTreeMap<String, Vec<Value>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(node, "id").to_owned(), list(&node["dependencies"])))
        .collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut left = vec![text(&metadata["resolve"], "root").to_owned()];
    while let Some(id) = left.pop() {
        let next = nodes.get(&id).into_iter().flatten().filter_map(Value::as_str);
        if reached.insert(id.clone()) {
            left.extend(next.map(str::to_owned));
        }
    }
    assert!(reached.len() > 100, "the tree was read: {}", reached.len());
    let all = metadata["packages"].as_array().expect("a list").iter();
    all.filter(move |package| reached.contains(text(package, "id")))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn strings(table: &toml::Value, key: &str) -> Vec<String> {
    let list = table.get(key).and_then(toml::Value::as_array).expect("a list");
    let text = |value: &toml::Value| {
        let value = value.get("crate").unwrap_or(value);
        value.as_str().expect("a name").to_owned()
    };
    list.iter().map(text).collect()
}

/// Whether an SPDX expression can be met with allowed licenses; one that cannot be read is not.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) == Some(true) && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut is_met = all_of(rest, allowed)?;
    while let ["OR", behind @ ..] = *rest {
        *rest = behind;
        is_met |= all_of(rest, allowed)?;
    }
    Some(is_met)
}

fn all_of(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut is_met = one(rest, allowed)?;
    while let ["AND", behind @ ..] = *rest {
        *rest = behind;
        is_met &= one(rest, allowed)?;
    }
    Some(is_met)
}

fn one(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let (license, behind) = match *rest {
        ["(", behind @ ..] => {
            *rest = behind;
            let is_met = any_of(rest, allowed)?;
            *rest = rest.strip_prefix(&[")"])?;
            return Some(is_met);
        }
        [license, "WITH", exception, behind @ ..] => {
            (format!("{license} WITH {exception}"), behind)
        }
        [license, behind @ ..] => ((*license).to_owned(), behind),
        [] => return None,
    };
    *rest = behind;
    Some(allowed.contains(&license))
}

#[test]
fn every_package_has_a_license_that_deny_toml_allows() {
    let allowed = strings(&toml_of("deny.toml")["licenses"], "allow");
    let metadata = metadata();
    let refused: Vec<_> = packages(&metadata)
        .filter(|package| !is_allowed(text(package, "license"), &allowed))
        .map(|package| format!("{} {}", text(package, "name"), text(package, "license")))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    for refused in
        ["", "GPL-3.0", "GPL-3.0 AND MIT", "MIT AND (GPL-3.0 OR AGPL-3.0)", "(MIT", "MIT OR"]
    {
        assert!(!is_allowed(refused, &allowed), "{refused}");
    }
    assert!(is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0", &allowed));
}

#[test]
fn every_package_comes_from_the_registry() {
    let metadata = metadata();
    for package in packages(&metadata).filter(|package| text(package, "name") != "sortie") {
        assert_eq!(text(package, "source"), REGISTRY, "{}", text(package, "name"));
    }
}

#[test]
fn no_package_needs_a_newer_compiler_than_ours() {
    let number = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().expect("a number")).collect()
    };
    let ours = toml_of("Cargo.toml")["package"]["rust-version"].as_str().map(number);
    let ours = ours.expect("a lowest version");
    let metadata = metadata();
    for package in packages(&metadata) {
        if let Some(theirs) = package["rust_version"].as_str() {
            assert!(number(theirs) <= ours, "{} needs {theirs}", text(package, "name"));
        }
    }
}

/// Versions of the packages that the program itself is built from, by name.
fn versions_in_the_program() -> BTreeMap<String, BTreeSet<String>> {
    let tree = ["tree", "--locked", "--offline", "-e", "normal,build", "--prefix", "none"];
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in output_of(env!("CARGO"), &[&tree[..], &["--format", "{p}"]].concat()).lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    versions
}

#[test]
fn the_program_holds_no_banned_package_and_no_second_version() {
    let versions = versions_in_the_program();
    assert!(versions.len() > 100, "the tree was read: {}", versions.len());
    let bans = &toml_of("deny.toml")["bans"];
    for banned in strings(bans, "deny") {
        assert!(!versions.contains_key(&banned), "{banned}");
    }
    let skipped = strings(bans, "skip");
    let skipped: BTreeSet<&str> =
        skipped.iter().filter_map(|name| name.split('@').next()).collect();
    let twice: BTreeSet<&str> = versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(twice.is_subset(&skipped), "two versions of one of {twice:?}");
}

fn sources_below(directory: &str, found: &mut String) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources_below(&path.to_string_lossy(), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&std::fs::read_to_string(path).expect("a source file"));
        }
    }
}

#[test]
fn every_dependency_is_named_in_the_code() {
    let mut program = String::new();
    sources_below("src", &mut program);
    let mut all = program.clone();
    ["tests", "examples"].iter().for_each(|directory| sources_below(directory, &mut all));
    let manifest = toml_of("Cargo.toml");
    let unix = &manifest["target"]["cfg(unix)"];
    let tables = [
        (manifest.get("dependencies"), &program),
        (unix.get("dependencies"), &program),
        (manifest.get("dev-dependencies"), &all),
        (unix.get("dev-dependencies"), &all),
    ];
    for (table, code) in tables {
        let names = table.and_then(toml::Value::as_table).expect("a table of dependencies");
        for name in names.keys() {
            let name = name.replace('-', "_");
            let is_used = [format!("{name}::"), format!("use {name};"), format!("use {name} as ")];
            assert!(is_used.iter().any(|form| code.contains(form)), "{name} is not used");
        }
    }
}
