//! Names of public types, packages of the manifest, sizes.
//!
//! Owns how they are counted. Must never judge.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Names of public types that several files define, with the files.
pub(super) fn namesakes(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        for name in source.code.lines().filter_map(public_type) {
            places.entry(name.to_owned()).or_default().insert(source.path.clone());
        }
    }
    places.retain(|_, files| files.len() > 1);
    places
}

fn public_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(within) => within.split_once(") ")?.1,
        None => rest.strip_prefix(' ')?,
    };
    let (kind, rest) = rest.split_once(' ')?;
    let is_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let name = rest.split(is_end).next()?;
    ["struct", "enum", "union", "trait", "type"].contains(&kind).then_some(name)
}

/// The packages that the program is built with, as code names them.
pub(super) fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_inside = line == "[dependencies]"
                || (line.starts_with("[target.") && line.ends_with(".dependencies]"));
        } else if let Some((name, _)) = line.split_once(" = ")
            && is_inside
            && !name.starts_with('#')
        {
            names.insert(name.trim().replace('-', "_"));
        }
    }
    names
}

/// Each function of a file: name, first line and number of lines, its braces included.
pub(super) fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let code = &source.code;
    let mut functions = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = code[..at].ends_with(|letter: char| letter.is_whitespace() || letter == '(');
        let Some(end) = body_end(code, at) else { continue };
        if at > 0 && !is_word {
            continue;
        }
        let is_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
        let name = code[at + 3..].split(is_end).next().unwrap_or_default();
        let line = code[..at].matches('\n').count() + 1;
        let count = code[at..end].matches('\n').count() + 1;
        functions.push((name.to_owned(), line, count));
    }
    functions
}

/// Where the body of a function ends; `None` where it has none.
fn body_end(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0;
    let mut is_inside = false;
    for (at, letter) in code[from..].char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' => {
                is_inside |= depth == 0;
                depth += 1;
            }
            '}' => {
                depth -= 1;
                if is_inside && depth == 0 {
                    return Some(from + at + 1);
                }
            }
            ';' if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

/// What a ratchet says about a number that may only go down.
pub(super) fn ratchet(what: &str, recorded: usize, found: usize) -> Result<(), String> {
    match found.cmp(&recorded) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(format!("{what}: {found}, at most {recorded}")),
        std::cmp::Ordering::Less => {
            Err(format!("{what}: {found}, recorded are {recorded}: lower the ratchet"))
        }
    }
}
