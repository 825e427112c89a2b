//! Cycles: what reaches itself.
//!
//! Owns the search. Must never know what the names stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Imports;

/// Sets of names that reach each other.
pub(super) fn cycles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        edges.keys().map(|from| (from, reached_from(from, edges))).collect();
    let mut cycles: Vec<BTreeSet<String>> = Vec::new();
    for (from, all) in &reached {
        if !all.contains(from) || cycles.iter().any(|cycle| cycle.contains(*from)) {
            continue;
        }
        let back = |to: &&&String| reached.get(*to).is_some_and(|all| all.contains(from));
        cycles.push(all.iter().filter(back).map(|name| (*name).clone()).collect());
    }
    cycles
}

fn reached_from<'e>(
    from: &String,
    edges: &'e BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<&'e String> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&String> = edges.get(from).into_iter().flatten().collect();
    while let Some(name) = left.pop() {
        if reached.insert(name) {
            left.extend(edges.get(name).into_iter().flatten());
        }
    }
    reached
}

/// The cycles between files, each with what ties it.
pub(super) fn file_cycles(imports: &Imports) -> Vec<String> {
    let edges = imports.iter().map(|(from, to)| (from.clone(), to.keys().cloned().collect()));
    let cycles = cycles(&edges.collect());
    let shown = |cycle: &BTreeSet<String>| {
        let mut lines = String::new();
        for from in cycle {
            for (to, names) in imports[from].iter().filter(|(to, _)| cycle.contains(*to)) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                lines.push_str(&format!("  {from} -> {to}: {}\n", names.join(", ")));
            }
        }
        lines
    };
    cycles.iter().map(shown).collect()
}
