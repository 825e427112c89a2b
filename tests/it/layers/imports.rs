//! Who imports whom, file by file.
//!
//! Owns how a path of the code is followed to the file that defines what it names. A name that a parent hands on leads
//! to the file behind it. Must never take the handing on itself for a use.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// File to file, with the names that the first takes from the second.
pub(super) type Imports = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Longest chain of parents that hand a name on.
const CHAIN_LENGTH_MAX: usize = 8;

/// A path that a file names.
struct Named {
    /// From the root of the crate.
    path: Vec<String>,
    /// The name that it has in this file.
    alias: String,
    /// An import that others can use.
    is_public: bool,
}

/// What the imports of one file say.
#[derive(Default)]
struct Facts {
    imports: Vec<Named>,
    paths: Vec<Vec<String>>,
    /// Names outside of imports, except those that are declared, or that belong to a value or a type.
    words: BTreeSet<String>,
    /// What paths begin with that lead out of the crate, or to a type.
    outside: BTreeSet<String>,
}

/// The whole crate.
struct Crate<'s> {
    /// Files by module.
    files: BTreeMap<Vec<String>, &'s str>,
    /// What each module imports: name to path.
    aliases: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
}

/// Who imports whom.
pub(super) fn imports(sources: &[Source]) -> Imports {
    let files = files_of(sources);
    let facts: Vec<Facts> = sources.iter().map(|source| read(source, &files)).collect();
    let aliases = sources.iter().zip(&facts).map(|(source, facts)| {
        let named = facts.imports.iter().map(|named| (named.alias.clone(), named.path.clone()));
        (source.module.clone(), named.collect())
    });
    let known = Crate { aliases: aliases.collect(), files };
    let mut imports = Imports::new();
    for (source, facts) in sources.iter().zip(&facts) {
        let is_used = |named: &&Named| !named.is_public || facts.words.contains(&named.alias);
        let imported = facts.imports.iter().filter(is_used).map(|named| &named.path);
        for path in imported.chain(&facts.paths) {
            let Some(file) = known.file_of(path, 0) else { continue };
            if file != source.path {
                let name = path.last().cloned().unwrap_or_default();
                let names = imports.entry(source.path.clone()).or_default();
                names.entry(file.to_owned()).or_default().insert(name);
            }
        }
    }
    imports
}

/// The modules of the first level that a file names.
pub(super) fn layers_used(source: &Source, sources: &[Source]) -> BTreeSet<String> {
    let facts = read(source, &files_of(sources));
    let imported = facts.imports.iter().map(|named| &named.path);
    imported.chain(&facts.paths).filter_map(|path| path.first().cloned()).collect()
}

/// What a file names outside of the crate: packages, and types that paths begin with.
pub(super) fn packages_used(source: &Source, sources: &[Source]) -> BTreeSet<String> {
    read(source, &files_of(sources)).outside
}

fn files_of(sources: &[Source]) -> BTreeMap<Vec<String>, &str> {
    sources.iter().map(|source| (source.module.clone(), source.path.as_str())).collect()
}

impl<'s> Crate<'s> {
    /// The file that defines what a path names; `None` for a folder as a whole.
    fn file_of(&self, path: &[String], chain: usize) -> Option<&'s str> {
        let mut module: Vec<String> = Vec::new();
        for (at, name) in path.iter().enumerate() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.files.contains_key(&child) {
                module = child;
                continue;
            }
            let handed_on = self.aliases.get(&module).and_then(|aliases| aliases.get(name));
            return match handed_on {
                Some(target) if chain < CHAIN_LENGTH_MAX => {
                    self.file_of(&[target.as_slice(), &path[at + 1..]].concat(), chain + 1)
                }
                _ => self.files.get(&module).copied(),
            };
        }
        self.files.get(&module).copied().filter(|file| !file.ends_with("mod.rs"))
    }
}

/// Cuts code into names, `::` and single letters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

fn read(source: &Source, files: &BTreeMap<Vec<String>, &str>) -> Facts {
    let tokens = tokens(&source.code);
    let mut facts = Facts::default();
    // Paths that begin with something imported, with a type of the file, or with a package.
    let mut unknown: Vec<Vec<String>> = Vec::new();
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let module: Vec<String> =
            source.module.iter().chain(inner.iter().map(|(name, _)| name)).cloned().collect();
        let is_first = at == 0 || !["::", ".", "mod", "fn"].contains(&tokens[at - 1]);
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        match tokens[at] {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.retain(|(_, from)| *from < depth + 1);
            }
            "mod" if tokens.get(at + 2) == Some(&"{") => inner.push((next.to_owned(), depth + 1)),
            "use" if is_name(next) => {
                let is_public = at > 0 && [")", "pub"].contains(&tokens[at - 1]);
                let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(0);
                let mut leaves = Vec::new();
                read_tree(&tokens[at + 1..end], &[], &mut leaves);
                for (path, alias) in leaves {
                    match absolute(&module, &source.module, &path, files) {
                        Some(path) => facts.imports.push(Named { path, alias, is_public }),
                        None => facts.outside.extend(path.into_iter().next()),
                    }
                }
                at = end;
            }
            name if is_name(name) && is_first => {
                facts.words.insert(name.to_owned());
                if next == "::" {
                    let path = path_at(&tokens[at..]);
                    match absolute(&module, &source.module, &path, files) {
                        Some(path) => facts.paths.push(path),
                        None => unknown.push(path),
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    for path in unknown {
        let hit = facts.imports.iter().find(|named| named.alias == path[0]);
        match hit {
            Some(named) => facts.paths.push([named.path.as_slice(), &path[1..]].concat()),
            None => drop(facts.outside.insert(path[0].clone())),
        }
    }
    facts
}

fn path_at(tokens: &[&str]) -> Vec<String> {
    let mut path = vec![tokens[0].to_owned()];
    for pair in tokens[1..].chunks(2) {
        match pair {
            ["::", name] if is_name(name) => path.push((*name).to_owned()),
            _ => break,
        }
    }
    path
}

/// The leaves of an import, as path and name.
fn read_tree(tokens: &[&str], prefix: &[String], leaves: &mut Vec<(Vec<String>, String)>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            "{" => {
                let mut depth = 0;
                let mut from = at + 1;
                for (end, token) in tokens.iter().enumerate().skip(at) {
                    match *token {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if (depth == 1 && *token == ",") || depth == 0 {
                        if from < end {
                            read_tree(&tokens[from..end], &path, leaves);
                        }
                        from = end + 1;
                    }
                    if depth == 0 {
                        return;
                    }
                }
                return;
            }
            "as" => {
                let alias = tokens.get(at + 1).copied().unwrap_or_default().to_owned();
                return leaves.push((path, alias));
            }
            "self" if at == 0 && !prefix.is_empty() => {}
            name if is_name(name) => path.push(name.to_owned()),
            _ => {}
        }
        at += 1;
    }
    let alias = path.last().cloned().unwrap_or_default();
    leaves.push((path, alias));
}

/// A path from the root of the crate; `None` for one that leads out of the crate.
fn absolute(
    module: &[String],
    file_module: &[String],
    path: &[String],
    files: &BTreeMap<Vec<String>, &str>,
) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" | "sortie" => Some(rest.to_vec()),
        "self" => absolute_from(module, rest),
        "super" => absolute_from(module.split_last()?.1, rest),
        _ => {
            let child = [file_module, std::slice::from_ref(first)].concat();
            files.contains_key(&child).then(|| [file_module, path].concat())
        }
    }
}

fn absolute_from(module: &[String], rest: &[String]) -> Option<Vec<String>> {
    match rest.split_first() {
        Some((first, rest)) if first == "super" => absolute_from(module.split_last()?.1, rest),
        _ => Some([module, rest].concat()),
    }
}
