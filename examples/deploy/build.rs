//! The build script: what `sortie version --verbose` says about this build.
//!
//! Owns the facts that only cargo and the lock file know. Must never run git, use the network or fail a build: a fact that
//! is missing is `unknown`. It runs again only when Cargo.toml or Cargo.lock change, not at each commit.

use std::path::Path;
use std::process::Command;

/// The value of a fact that is missing.
const UNKNOWN: &str = "unknown";

fn main() {
    let root = variable("CARGO_MANIFEST_DIR");
    let read = |name: &str| {
        println!("cargo::rerun-if-changed={name}");
        std::fs::read_to_string(Path::new(&root).join(name)).unwrap_or_default()
    };
    let (lock, manifest) = (read("Cargo.lock"), read("Cargo.toml"));
    fact("TARGET", &variable("TARGET"));
    fact("COMPILER", &compiler());
    fact("RUSTLS", version_in(&lock, "rustls"));
    fact("AWS_LC_RS", version_in(&lock, "aws-lc-rs"));
    let (built, left) = features(&manifest);
    fact("FEATURES", &built.join(","));
    fact("FEATURES_LEFT", &left.join(","));
}

fn fact(name: &str, value: &str) {
    println!("cargo::rustc-env=SORTIE_BUILD_{name}={value}");
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| UNKNOWN.to_owned())
}

/// The first line of `rustc -V`.
fn compiler() -> String {
    let output = Command::new(variable("RUSTC")).arg("-V").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    text.lines().next().unwrap_or(UNKNOWN).to_owned()
}

/// The version of a package in the lock file.
fn version_in<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    version.and_then(|rest| rest.strip_suffix('"')).unwrap_or(UNKNOWN)
}

/// The features of the manifest: those of this build, and the others.
fn features(manifest: &str) -> (Vec<&str>, Vec<&str>) {
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let names = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('#') && *name != "default");
    let is_built = |name: &&str| {
        let variable = name.to_uppercase().replace('-', "_");
        std::env::var_os(format!("CARGO_FEATURE_{variable}")).is_some()
    };
    names.partition(is_built)
}
