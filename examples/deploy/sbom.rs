//! Writes the SBOM of a release as CycloneDX JSON.
//!
//! Owns its form. `release.sh` compiles it with plain `rustc`, so it uses the standard library alone. Must never use the
//! network, and never write a time or a path of the machine: equal inputs give equal bytes.
//!
//! ```text
//! sbom LOCK BINARY_TREE WHOLE_TREE VERSION COMMIT SQLITE > sortie.cdx.json
//! ```
//!
//! Both trees are the output of `cargo tree --prefix depth --format '{p}|{l}'`: what is in the binary, and with it what
//! only the build uses.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

/// The form that is written; scanners read it and later ones.
const SPEC_VERSION: &str = "1.5";
/// The crate that brings SQLite's own source.
const SQLITE_CRATE: &str = "libsqlite3-sys";

/// One package: name and version.
type PackageKey = (String, String);

/// A tree of packages.
#[derive(Default)]
struct PackageTree {
    licenses: BTreeMap<PackageKey, String>,
    needs: BTreeMap<PackageKey, BTreeSet<PackageKey>>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lock, binary, whole, version, commit, sqlite] = arguments.as_slice() else {
        return failed("usage: sbom LOCK BINARY_TREE WHOLE_TREE VERSION COMMIT SQLITE");
    };
    let read = |path: &String| {
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))
    };
    let written = || -> Result<String, String> {
        let (binary, whole) = (tree(&read(binary)?)?, tree(&read(whole)?)?);
        let checksums = checksums(&read(lock)?);
        document(&binary, &whole, &checksums, [version, commit, sqlite])
    };
    match written() {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&format!("cannot write: {error}")),
        },
        Err(why) => failed(&why),
    }
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "sbom: {why}");
    ExitCode::FAILURE
}

/// Reads what `cargo tree` printed. A line begins with its depth, and a subtree that was shown before is not shown again.
fn tree(text: &str) -> Result<PackageTree, String> {
    let mut tree = PackageTree::default();
    let mut above: Vec<PackageKey> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (depth, key, license) = tree_line(line).ok_or(format!("cannot read line: {line}"))?;
        if depth > above.len() {
            return Err(format!("no package is above line: {line}"));
        }
        above.truncate(depth);
        if let Some(parent) = above.last() {
            tree.needs.entry(parent.clone()).or_default().insert(key.clone());
        }
        tree.licenses.insert(key.clone(), license);
        above.push(key);
    }
    Ok(tree)
}

/// Depth, package and license of a line: `2serde v1.0.229|MIT OR Apache-2.0 (*)`.
fn tree_line(line: &str) -> Option<(usize, PackageKey, String)> {
    let digits = line.find(|letter: char| !letter.is_ascii_digit())?;
    let (depth, rest) = line.split_at(digits);
    let (package, license) = rest.trim_end_matches(" (*)").split_once('|')?;
    let mut words = package.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some((depth.parse().ok()?, (name, version), license.replace('/', " OR ")))
}

/// The checksums of the lock file.
fn checksums(lock: &str) -> BTreeMap<PackageKey, String> {
    let mut found = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let start = format!("{key} = \"");
            let line = package.lines().find_map(|line| line.strip_prefix(&start));
            line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(sum)) =
            (value("name"), value("version"), value("checksum"))
        {
            found.insert((name, version), sum);
        }
    }
    found
}

/// The whole document. A package from the registry without a checksum is an error: the list would not name what was built.
fn document(
    binary: &PackageTree,
    whole: &PackageTree,
    checksums: &BTreeMap<PackageKey, String>,
    [version, commit, sqlite]: [&str; 3],
) -> Result<String, String> {
    let root: PackageKey = ("sortie".to_owned(), version.to_owned());
    if !whole.licenses.contains_key(&root) || !binary.licenses.contains_key(&root) {
        return Err(format!("the tree holds no sortie {version}"));
    }
    let mut components = Vec::new();
    for (key, license) in whole.licenses.iter().filter(|(key, _)| **key != root) {
        let sum = checksums.get(key).ok_or(format!("{} {} has no checksum", key.0, key.1))?;
        let scope = if binary.licenses.contains_key(key) { "required" } else { "excluded" };
        components.push(format!(
            r#"{{"type":"library","bom-ref":{purl},"name":{name},"version":{version},"scope":"{scope}","hashes":[{{"alg":"SHA-256","content":{sum}}}],"licenses":[{{"expression":{license}}}],"purl":{purl}}}"#,
            purl = quoted(&purl(key)),
            name = quoted(&key.0),
            version = quoted(&key.1),
            sum = quoted(sum),
            license = quoted(license),
        ));
    }
    components.push(format!(
        r#"{{"type":"library","bom-ref":"pkg:generic/sqlite@{sqlite}","name":"sqlite","version":{version},"scope":"required","licenses":[{{"license":{{"id":"blessing"}}}}],"cpe":"cpe:2.3:a:sqlite:sqlite:{sqlite}:*:*:*:*:*:*:*","purl":"pkg:generic/sqlite@{sqlite}"}}"#,
        version = quoted(sqlite),
    ));
    let program = format!(
        r#"{{"type":"application","bom-ref":{purl},"name":"sortie","version":{version},"licenses":[{{"expression":{license}}}],"purl":{purl},"properties":[{{"name":"sortie:commit","value":{commit}}}]}}"#,
        purl = quoted(&purl(&root)),
        version = quoted(version),
        license = quoted(&whole.licenses[&root]),
        commit = quoted(commit),
    );
    Ok(format!(
        "{{\n\"bomFormat\":\"CycloneDX\",\n\"specVersion\":\"{SPEC_VERSION}\",\n\"version\":1,\n\"metadata\":{{\"component\":{program}}},\n\"components\":[\n{}\n],\n\"dependencies\":[\n{}\n]\n}}\n",
        components.join(",\n"),
        dependencies(whole, sqlite).join(",\n"),
    ))
}

/// What each package needs, one a line.
fn dependencies(whole: &PackageTree, sqlite: &str) -> Vec<String> {
    let none = BTreeSet::new();
    let mut lines = Vec::new();
    for key in whole.licenses.keys() {
        let needs = whole.needs.get(key).unwrap_or(&none);
        let mut needs: Vec<String> = needs.iter().map(|need| quoted(&purl(need))).collect();
        if key.0 == SQLITE_CRATE {
            needs.push(quoted(&format!("pkg:generic/sqlite@{sqlite}")));
        }
        let (name, needs) = (quoted(&purl(key)), needs.join(","));
        lines.push(format!(r#"{{"ref":{name},"dependsOn":[{needs}]}}"#));
    }
    lines
}

/// The name of a package for scanners. A plus sign of a version is escaped.
fn purl((name, version): &PackageKey) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A text of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
