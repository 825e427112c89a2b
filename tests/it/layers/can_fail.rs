//! Each check on a crate of a few lines that breaks its rule.
//!
//! Owns the proof that the checks can fail. Must never read `src/`.

use super::cycles::{cycles, file_cycles};
use super::imports::{imports, layers_used, packages_used};
use super::measures::{functions, namesakes, ratchet};
use super::source::Source;
use super::tables::{ANYWHERE, HOMES};
use super::{forbidden_layers, packages_away, packages_without_row};

fn of(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source::new(path, text)).collect()
}

#[test]
fn a_layer_is_seen_in_lists_paths_and_aliases() {
    let text = "use crate::{cli, model::{Task, text}};\nfn x() { crate::drive::run(); text::y() }";
    let sources = of(&[
        ("job/mod.rs", text),
        ("cli/mod.rs", ""),
        ("model/mod.rs", ""),
        ("model/text.rs", ""),
        ("drive/mod.rs", ""),
    ]);
    let used = layers_used(&sources[0], &sources);
    assert_eq!(used, ["cli", "drive", "model"].map(str::to_owned).into());
}

#[test]
fn two_files_that_import_each_other_are_a_cycle() {
    let sources = of(&[
        ("job/mod.rs", "mod a;\nmod b;\npub use a::A;"),
        ("job/a.rs", "use super::b::B;\npub struct A(B);"),
        ("job/b.rs", "pub struct B;\nfn x(a: &super::A) {}"),
    ]);
    let cycles = file_cycles(&imports(&sources));
    assert_eq!(cycles, ["  job/a.rs -> job/b.rs: B\n  job/b.rs -> job/a.rs: A\n"]);
}

#[test]
fn a_parent_that_reexports_a_name_is_not_a_cycle() {
    let sources = of(&[
        ("job/mod.rs", "mod a;\npub use a::A;\npub struct Job;"),
        ("job/a.rs", "use super::Job;\npub struct A(Job);"),
    ]);
    assert_eq!(file_cycles(&imports(&sources)), [""; 0]);
}

#[test]
fn a_parent_that_uses_what_it_hands_on_is_a_cycle() {
    let sources = of(&[
        ("job/mod.rs", "mod a;\npub use a::A;\npub struct Job(A);"),
        ("job/a.rs", "use super::Job;\npub struct A;"),
    ]);
    assert_eq!(file_cycles(&imports(&sources)).len(), 1);
}

#[test]
fn super_of_an_inner_module_is_the_file_itself() {
    let sources = of(&[
        ("job/mod.rs", "mod a;\nmod c;"),
        ("job/a.rs", "mod b { use super::super::c::C; use super::D; }\nstruct D;"),
        ("job/c.rs", "pub struct C;"),
    ]);
    let imports = imports(&sources);
    assert_eq!(imports["job/a.rs"].keys().collect::<Vec<_>>(), ["job/c.rs"]);
}

#[test]
fn a_layer_above_is_forbidden() {
    let sources =
        of(&[("model/mod.rs", "use crate::job::Job;"), ("job/mod.rs", "use crate::model;")]);
    assert_eq!(forbidden_layers(&sources[0], &sources), ["model/mod.rs must not use job"]);
    assert_eq!(forbidden_layers(&sources[1], &sources), [""; 0]);
    let new = of(&[("errors/mod.rs", "")]);
    assert_eq!(forbidden_layers(&new[0], &new), ["errors is not in the table of modules"]);
}

#[test]
fn a_package_away_from_home_is_seen() {
    let text = "use std::fmt;\nfn x() -> rusqlite::Connection { csv::y() }\nuse super::reqwest;";
    let sources = of(&[("report/mod.rs", "mod reqwest;"), ("report/csv.rs", text)]);
    let away = packages_away(&sources[1], &sources);
    assert_eq!(away, [r#"report/csv.rs names rusqlite, at home in ["journal"]"#]);
    assert!(packages_used(&sources[1], &sources).contains("csv"));
}

#[test]
fn a_package_without_a_row_is_seen() {
    let rows = HOMES.iter().map(|(name, _)| *name).chain(ANYWHERE.iter().map(|(name, _)| *name));
    let lines: String =
        rows.filter(|name| *name != "rustix").map(|name| format!("{name} = \"1\"\n")).collect();
    let dev = "[dev-dependencies]\ninsta = \"1\"\n";
    let target = "[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n";
    let manifest = format!("[package]\nname = \"x\"\n[dependencies]\n{lines}{target}{dev}");
    assert_eq!(packages_without_row(&manifest), [""; 0]);
    let more = format!("{manifest}[dependencies]\nleft-pad = \"1\"\n");
    assert_eq!(packages_without_row(&more), ["left_pad"]);
    let fewer = manifest.replace("rustix", "libc");
    assert_eq!(packages_without_row(&fewer), ["libc", "rustix"]);
}

#[test]
fn a_name_that_two_public_types_share_is_seen() {
    let sources = of(&[
        ("job/a.rs", "pub(super) enum Format {}\nstruct Entry;\npub struct Row<'a>(&'a str);"),
        ("job/b.rs", "pub type Format = ();\npub struct Entry;\n"),
    ]);
    let names: Vec<String> = namesakes(&sources).into_keys().collect();
    assert_eq!(names, ["Format"]);
}

#[test]
fn functions_are_measured_with_their_braces() {
    let text = "trait T { fn none(&self) -> [u8; 2]; }\npub async fn two(x: fn(u8)) -> [u8; 2] {\n}\n\
                impl X {\n    const fn four() {\n        if true {\n        }\n    }\n}\n";
    let source = Source::new("job/a.rs", text);
    let expected = [("two".to_owned(), 2, 2), ("four".to_owned(), 5, 4)];
    assert_eq!(functions(&source), expected);
}

#[test]
fn a_ratchet_fails_in_both_directions() {
    assert_eq!(ratchet("files", 7, 7), Ok(()));
    assert_eq!(ratchet("files", 7, 8), Err("files: 8, at most 7".to_owned()));
    let lower = "files: 6, recorded are 7: lower the ratchet".to_owned();
    assert_eq!(ratchet("files", 7, 6), Err(lower));
}

#[test]
fn a_longer_cycle_is_found_whole() {
    let edges = [("a", vec!["b"]), ("b", vec!["c", "d"]), ("c", vec!["a"]), ("d", vec![])];
    let owned = |(from, to): (&str, Vec<&str>)| {
        (from.to_owned(), to.into_iter().map(str::to_owned).collect())
    };
    let cycles = cycles(&edges.into_iter().map(owned).collect());
    assert_eq!(cycles, [["a", "b", "c"].map(str::to_owned).into()]);
}
