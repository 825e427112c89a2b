//! The source files, as the checks read them.
//!
//! Owns what counts as code: no comments, no contents of literals, no tests. Must never judge.

use std::path::{Path, PathBuf};

/// One file of `src/`.
pub(crate) struct Source {
    /// Its path below `src`, with `/`.
    pub path: String,
    /// Its module from the root of the crate; empty for `lib.rs`.
    pub module: Vec<String>,
    /// The file as it stands.
    pub text: String,
    /// The same letters in the same places, with spaces for comments, contents of literals and tests.
    pub code: String,
    /// Its lines without tests.
    pub line_count: usize,
    /// Where its tests stand, as offsets into `text`.
    pub tests: Vec<(usize, usize)>,
    /// Modules that it declares for tests only.
    test_modules: Vec<String>,
}

impl Source {
    /// Reads one file from its text.
    pub fn new(path: &str, text: &str) -> Self {
        let mut code = blank_literals(text);
        let mut test_modules = Vec::new();
        let mut test_lines = 0;
        let mut tests = Vec::new();
        while let Some((from, until)) = next_test(&code) {
            test_modules.extend(declared_module(&code[from..until]));
            tests.push((from, until));
            test_lines += code[from..until].matches('\n').count() + 1;
            code.replace_range(from..until, &blanked(&code[from..until]));
        }
        Self {
            path: path.to_owned(),
            module: module_of(path),
            text: text.to_owned(),
            code,
            line_count: text.lines().count().saturating_sub(test_lines),
            tests,
            test_modules,
        }
    }

    /// The module of the first level that the file belongs to; `lib` and `main` are modules of their own.
    pub fn layer(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

/// The folder of a package of its own.
const OTHER_PACKAGE: &str = "temporal";

/// All files of the package in `src/` that are not tests.
pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let relative = path.strip_prefix(&root).expect("it is below src").display().to_string();
        Source::new(&relative.replace('\\', "/"), &text)
    };
    without_tests(paths.into_iter().map(read).collect())
}

/// Leaves out the files of modules that are declared for tests only.
pub(super) fn without_tests(sources: Vec<Source>) -> Vec<Source> {
    let tests: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|source| {
            let path =
                |name: &String| [source.module.as_slice(), std::slice::from_ref(name)].concat();
            source.test_modules.iter().map(path).collect::<Vec<_>>()
        })
        .collect();
    let is_test = |source: &Source| tests.iter().any(|test| source.module.starts_with(test));
    sources.into_iter().filter(|source| !is_test(source)).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with(OTHER_PACKAGE) {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

fn module_of(path: &str) -> Vec<String> {
    let mut names: Vec<String> =
        path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if names.last().is_some_and(|name| name == "mod") || names == ["lib"] {
        names.pop();
    }
    names
}

fn blanked(text: &str) -> String {
    let space = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    text.bytes().map(space).collect()
}

/// Spaces for comments and literals, so that braces and names that stay are code.
fn blank_literals(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = literal_length(bytes, at);
        if length > 0 {
            code.push_str(&blanked(&text[at..at + length]));
            at += length;
        } else {
            let letter = text[at..].chars().next().expect("it stands on a letter");
            code.push(letter);
            at += letter.len_utf8();
        }
    }
    code
}

/// How many bytes of a comment or literal begin here; 0 for code.
pub(crate) fn literal_length(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let is_inside_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let until = |from: usize, end: &[u8]| {
        let found = rest[from..].windows(end.len()).position(|window| window == end);
        found.map_or(rest.len(), |found| from + found + end.len())
    };
    match rest {
        [b'/', b'/', ..] => until(0, b"\n") - 1,
        [b'/', b'*', ..] => until(2, b"*/"),
        [b'"', ..] => quoted_length(rest, b'"'),
        [b'r', b'"' | b'#', ..] if !is_inside_name => {
            let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            if rest.get(1 + hashes) != Some(&b'"') {
                return 0;
            }
            until(2 + hashes, &[b"\"", "#".repeat(hashes).as_bytes()].concat())
        }
        [b'\'', b'\\', ..] => quoted_length(rest, b'\''),
        [b'\'', ..] => {
            let text = String::from_utf8_lossy(&rest[1..rest.len().min(8)]);
            let letter = text.chars().next().map_or(0, char::len_utf8);
            // Otherwise it is a lifetime.
            if rest.get(1 + letter) == Some(&b'\'') { letter + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Where the next item stands that is compiled for tests only, its attribute included.
fn next_test(code: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        from += code[from..].find("#[cfg(")?;
        let end = from + code[from..].find(']')? + 1;
        let condition = &code[from + 6..end];
        if condition.starts_with("test)") || condition.starts_with("all(test,") {
            return Some((from, item_end(code, end)));
        }
        from = end;
    }
}

/// Where an item ends: at its semicolon or with its braces.
fn item_end(code: &str, from: usize) -> usize {
    let is_import = code[from..].trim_start().trim_start_matches("pub ").starts_with("use ");
    let mut depth = 0;
    for (at, letter) in code[from..].char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 && !is_import {
                    return from + at + 1;
                }
            }
            ';' if depth == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The module that an item declares in a file of its own.
fn declared_module(item: &str) -> Option<String> {
    let (before, name) = item.strip_suffix(';')?.rsplit_once(' ')?;
    before.ends_with("mod").then(|| name.to_owned())
}

#[test]
fn code_has_no_comments_literals_and_tests() {
    let text = "//! x\nlet a = 'b'; // c\nlet d = \"e }\"; /* f */ let g: &'h str = r#\"i\"#;\n\
                #[cfg(test)]\nmod tests {\n    fn j() {}\n}\n#[cfg(test)]\npub mod rig;\nfn k() {}\n";
    let source = Source::new("job/mod.rs", text);
    let words: Vec<&str> = source.code.split_whitespace().collect();
    let expected = "let a = ; let d = ; let g: &'h str = ; fn k() {}";
    assert_eq!(words.join(" "), expected);
    assert_eq!(source.line_count, 4);
    assert_eq!(source.module, ["job"]);
    let rig = Source::new("job/rig.rs", "");
    assert_eq!(without_tests(vec![source, rig]).len(), 1, "a test module is no source");
}
