//! The architecture, held: who may use whom, where packages live, names, cycles and sizes.
//!
//! Owns the checks of `src/`. What they compare it with is in `tables.rs`. Must never run the program.

mod can_fail;
mod cycles;
mod imports;
mod measures;
pub(crate) mod source;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use cycles::{cycles, file_cycles};
use imports::{imports, layers_used, packages_used};
use measures::{dependencies, functions, namesakes, ratchet};
use source::{Source, sources};
use tables::{
    ANYWHERE, CYCLES_LEFT, FILE_LINES_MAX, FILES_OVER, FUNCTION_LINES_MAX, FUNCTIONS_OVER, HOMES,
    LEAVING, LONGEST_FILE, LONGEST_FUNCTION, MAY_USE, NAMESAKES_LEFT,
};

/// What `source` uses although the table does not allow it.
fn forbidden_layers(source: &Source, sources: &[Source]) -> Vec<String> {
    let layer = source.layer();
    if layer == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{layer} is not in the table of modules")];
    };
    let is_layer = |name: &&String| MAY_USE.iter().any(|(layer, _)| layer == name);
    let is_allowed = |name: &&String| {
        name.as_str() == layer
            || allowed.contains(&name.as_str())
            || LEAVING.contains(&(layer, name.as_str()))
    };
    let used = layers_used(source, sources);
    let forbidden = used.iter().filter(is_layer).filter(|name| !is_allowed(name));
    forbidden.map(|name| format!("{} must not use {name}", source.path)).collect()
}

/// Packages that `source` names away from their homes.
fn packages_away(source: &Source, sources: &[Source]) -> Vec<String> {
    let used = packages_used(source, sources);
    let away = HOMES
        .iter()
        .filter(|(package, homes)| used.contains(*package) && !homes.contains(&source.layer()));
    away.map(|(package, homes)| format!("{} names {package}, at home in {homes:?}", source.path))
        .collect()
}

/// Packages of the manifest without a row in the tables, and rows without a package.
fn packages_without_row(manifest: &str) -> Vec<String> {
    let known: BTreeSet<String> = HOMES
        .iter()
        .map(|(package, _)| (*package).to_owned())
        .chain(ANYWHERE.iter().map(|(package, _)| (*package).to_owned()))
        .collect();
    dependencies(manifest).symmetric_difference(&known).cloned().collect()
}

#[test]
fn no_module_uses_one_above_it() {
    let sources = sources();
    let forbidden: Vec<String> =
        sources.iter().flat_map(|source| forbidden_layers(source, &sources)).collect();
    assert_eq!(forbidden, [""; 0]);
}

#[test]
fn every_edge_that_is_leaving_is_still_there() {
    let sources = sources();
    for (layer, used) in LEAVING {
        let is_there = sources.iter().any(|source| {
            source.layer() == *layer && layers_used(source, &sources).contains(*used)
        });
        assert!(is_there, "{layer} no longer uses {used}: take it out of LEAVING");
    }
}

#[test]
fn the_table_of_modules_has_no_cycle() {
    let edge = |(name, used): &(&str, &[&str])| {
        ((*name).to_owned(), used.iter().map(|used| (*used).to_owned()).collect())
    };
    let edges: BTreeMap<String, BTreeSet<String>> = MAY_USE.iter().map(edge).collect();
    assert_eq!(cycles(&edges), []);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let cycles = file_cycles(&imports(&sources()));
    let is_left = |cycle: &String, layer: &&str| {
        let files = cycle.lines().filter_map(|line| line.trim_start().split(" -> ").next());
        files.into_iter().any(|file| file.starts_with(&format!("{layer}/")))
    };
    let new: Vec<&String> = cycles
        .iter()
        .filter(|cycle| !CYCLES_LEFT.iter().any(|layer| is_left(cycle, layer)))
        .collect();
    assert!(
        new.is_empty(),
        "files import each other in a circle:\n{}",
        new.iter().map(|cycle| cycle.as_str()).collect::<Vec<_>>().join("\n")
    );
    for layer in CYCLES_LEFT {
        let is_there = cycles.iter().any(|cycle| is_left(cycle, layer));
        assert!(is_there, "{layer} has no cycle any more: take it out of CYCLES_LEFT");
    }
}

#[test]
fn every_public_type_has_a_name_of_its_own() {
    let namesakes = namesakes(&sources());
    for (name, files) in &namesakes {
        let is_left = NAMESAKES_LEFT.contains(&name.as_str());
        assert!(is_left, "several public types are called {name}: {files:?}");
    }
    for name in NAMESAKES_LEFT {
        let is_there = namesakes.contains_key(*name);
        assert!(is_there, "{name} is used once: take it out of NAMESAKES_LEFT");
    }
}

#[test]
fn packages_are_named_in_their_homes_only() {
    let sources = sources();
    let away: Vec<String> =
        sources.iter().flat_map(|source| packages_away(source, &sources)).collect();
    assert_eq!(away, [""; 0]);
    let has_reqwest = |source: &&Source| packages_used(source, &sources).contains("reqwest");
    let reqwest: Vec<&str> =
        sources.iter().filter(has_reqwest).map(|source| source.path.as_str()).collect();
    let homes = ["transport/http.rs", "transport/webhook.rs"];
    assert_eq!(reqwest, homes, "one file for the tenant and one for webhooks name the HTTP client");
}

#[test]
fn every_package_has_a_home_or_a_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest = std::fs::read_to_string(path).expect("the manifest");
    let wrong = packages_without_row(&manifest);
    assert_eq!(wrong, [""; 0], "HOMES and ANYWHERE have a row for each dependency and no other");
}

#[test]
fn every_home_of_a_package_names_it() {
    let sources = sources();
    let mut named: BTreeSet<(String, &str)> = BTreeSet::new();
    for source in &sources {
        let used = packages_used(source, &sources).into_iter();
        named.extend(used.map(|package| (package, source.layer())));
    }
    let homes =
        HOMES.iter().flat_map(|(package, homes)| homes.iter().map(move |home| (package, home)));
    let empty: Vec<(&&str, &&str)> = homes
        .filter(|(package, home)| !named.contains(&((**package).to_owned(), **home)))
        .collect();
    assert_eq!(empty, [], "these homes do not name their package: take them out");
}

#[test]
fn every_file_is_declared() {
    let sources = sources();
    assert_eq!(undeclared(&sources), Vec::<String>::new());
}

/// Files that no `mod` declares: they are not part of the program.
fn undeclared(sources: &[Source]) -> Vec<String> {
    let declares = |parent: &str, name: &str| {
        let declaration = format!("mod {name};");
        let is_parent = |source: &&Source| source.path == parent;
        sources.iter().find(is_parent).is_some_and(|source| source.text.contains(&declaration))
    };
    let is_declared = |path: &str| {
        let path = path.strip_suffix("/mod.rs").or(path.strip_suffix(".rs")).unwrap_or(path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parents = match folder {
            "" => vec!["lib.rs".to_owned()],
            folder => vec![format!("{folder}/mod.rs"), format!("{folder}.rs")],
        };
        ["lib", "main"].contains(&path) || parents.iter().any(|parent| declares(parent, name))
    };
    let paths = sources.iter().map(|source| source.path.to_string());
    paths.filter(|path| !is_declared(path)).collect()
}

#[test]
fn every_file_says_what_it_owns() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "{} has no header", source.path);
    }
}

#[test]
fn sizes_only_go_down() {
    let sources = sources();
    let mut functions: Vec<(usize, String)> = sources
        .iter()
        .flat_map(|source| {
            let place = |(name, line, count)| (count, format!("{}:{line} {name}", source.path));
            functions(source).into_iter().map(place)
        })
        .collect();
    functions.sort();
    let mut files: Vec<(usize, &str)> =
        sources.iter().map(|source| (source.line_count, source.path.as_str())).collect();
    files.sort();
    let longest_file = files.last().map_or(0, |(count, _)| *count);
    let longest_function = functions.last().map_or(0, |(count, _)| *count);
    files.retain(|(count, _)| *count > FILE_LINES_MAX);
    functions.retain(|(count, _)| *count > FUNCTION_LINES_MAX);
    let checks = [
        ratchet("lines of the longest file", LONGEST_FILE, longest_file),
        ratchet("files over 400 lines", FILES_OVER, files.len()),
        ratchet("lines of the longest function", LONGEST_FUNCTION, longest_function),
        ratchet("functions over 70 lines", FUNCTIONS_OVER, functions.len()),
    ];
    let wrong: Vec<String> = checks.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{files:#?}\n{functions:#?}");
}
