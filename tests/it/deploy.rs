//! How sortie reaches a host: facts of the build, release script, SBOM, units, packages.
//!
//! Owns the checks of `examples/deploy`: each file is read or run as far as this host can. Must never build a release, and
//! never install anything.

use serde_json::Value;
use sortie::plan::FleetPolicy;
use sortie::simulator::DeviceKind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::fleet::{Fleet, set_mode};
use crate::harness::{Bench, Ran};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn deploy(name: &str) -> PathBuf {
    root().join("examples/deploy").join(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(deploy(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest() -> toml::Table {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    text.parse().expect("a TOML file")
}

/// Runs a tool where this host has it.
fn where_present(program: &str, arguments: &[&str]) -> Option<Ran> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) => Some(Ran::of(output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

// --- facts of the build ----------------------------------------------------------------------------------------------

#[test]
fn the_version_needs_neither_home_nor_state_directory() {
    let bench = Bench::offline();
    let version = |arguments: &[&str]| {
        let mut command = bench.command();
        command.env_remove("HOME").env_remove("SORTIE_STATE_DIR").args(arguments);
        Ran::of(command.output().expect("it starts")).expect(0).stdout
    };
    let short = version(&["version"]);
    assert_eq!(short, format!("sortie {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(short, version(&["--version"]));
    let long = version(&["version", "--verbose"]);
    for fact in
        ["Commit", "Target", "Compiler  rustc ", "Features", "SQLite    3.", "TLS       rustls "]
    {
        assert!(long.contains(&format!("\n  {fact}")), "{fact} is missing:\n{long}");
    }
    assert!(!long.contains(env!("CARGO_MANIFEST_DIR")), "{long}");
    assert!(!bench.path("state").exists());
}

#[test]
fn the_version_names_what_cargo_built() {
    let json = Bench::offline().sortie(&["version", "--format", "json"]).expect(0).stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let names = |key: &str| -> BTreeSet<String> {
        let names = json[key].as_array().expect("a list").iter();
        names.map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let (built, left) = (names("features"), names("features_left_out"));
    assert!(built.is_disjoint(&left), "{json}");
    let features = manifest().get("features").and_then(toml::Value::as_table).cloned();
    let known: BTreeSet<String> = features.unwrap_or_default().keys().cloned().collect();
    let known: BTreeSet<String> = known.into_iter().filter(|name| name != "default").collect();
    assert_eq!(&built | &left, known, "{json}");

    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("the lock file");
    for (key, package) in [("rustls", "rustls"), ("aws_lc_rs", "aws-lc-rs")] {
        let version = json[key].as_str().expect("a version");
        let entry = format!("name = \"{package}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&entry), "{package} {version}");
    }
    assert!(json["target"].as_str().expect("a target").contains(std::env::consts::ARCH));
}

// --- release script --------------------------------------------------------------------------------------------------

#[cfg(unix)]
mod release {
    use super::*;

    /// The limit of the script.
    const SIZE_MAX: u64 = 16_000_000;

    fn script(path: &Path, arguments: &[&str]) -> Ran {
        let mut command = Command::new("bash");
        command
            .arg(path)
            .args(arguments)
            .env_remove("SORTIE_COMMIT")
            .env_remove("SOURCE_DATE_EPOCH");
        Ran::of(command.output().expect("bash starts"))
    }

    fn check(program: &Path) -> Ran {
        let program = program.to_string_lossy();
        script(&deploy("release.sh"), &["--only", "check", &program])
    }

    #[test]
    fn the_release_script_says_what_it_would_build() {
        let mut command = Command::new("bash");
        command.arg(deploy("release.sh")).args(["--only", "facts"]);
        command.env("SORTIE_COMMIT", "abc123").env("SOURCE_DATE_EPOCH", "1700000000");
        let facts = Ran::of(command.output().expect("bash starts")).expect(0).stdout;
        let version = format!("version   {}\n", env!("CARGO_PKG_VERSION"));
        assert!(facts.starts_with(&version), "{facts}");
        assert!(facts.contains("commit    abc123\ndate      1700000000\n"), "{facts}");
        // Every feature that a release is built with exists.
        let features = facts.lines().find_map(|line| line.strip_prefix("features  "));
        let manifest = manifest();
        for feature in features.expect("features").split(',') {
            let known = manifest.get("features").and_then(|features| features.get(feature));
            assert!(known.is_some(), "{feature} is no feature of Cargo.toml");
        }
    }

    #[test]
    fn the_release_script_refuses_what_it_does_not_know() {
        for arguments in [&["--size-max", "9"][..], &["--only", "half"], &["--only"]] {
            let ran = script(&deploy("release.sh"), arguments);
            assert!(ran.code != 0 && ran.stdout.is_empty(), "{arguments:?}: {}", ran.stdout);
        }
    }

    #[test]
    fn the_release_script_refuses_a_large_or_telling_program() {
        let bench = Bench::offline();
        let program = bench.write("small", "no path");
        check(&program).expect(0);
        let file = std::fs::OpenOptions::new().write(true).open(&program).expect("a file");
        file.set_len(SIZE_MAX - 1).expect("a sparse file");
        check(&program).expect(0);
        file.set_len(SIZE_MAX).expect("a sparse file");
        let large = check(&program).expect(1);
        assert!(large.stderr.contains("16000000 bytes; the limit is 16000000"), "{}", large.stderr);
        let telling = bench.write("telling", &format!("\0{}/src/main.rs\0", root().display()));
        let refused = check(&telling).expect(1);
        assert!(refused.stderr.contains("names the directory"), "{}", refused.stderr);
    }

    #[test]
    fn the_release_script_refuses_a_tree_with_changes() {
        let bench = Bench::offline();
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(bench.path("")).args(arguments);
            command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command.env("HOME", bench.path("")).env("GIT_CONFIG_NOSYSTEM", "1");
            command.output()
        };
        if git(&["init", "--quiet"]).is_err() {
            return;
        }
        std::fs::create_dir_all(bench.path("examples/deploy")).expect("a directory");
        let copy = bench.path("examples/deploy/release.sh");
        std::fs::copy(deploy("release.sh"), &copy).expect("copied");
        bench.write("Cargo.toml", "[package]\nname = \"sortie\"\nversion = \"9.9.9\"\n");
        let name = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        git(&["add", "."]).expect("git");
        git(&[&name[..], &["commit", "--quiet", "-m", "All"]].concat()).expect("git");
        let facts = script(&copy, &["--only", "facts"]).expect(0).stdout;
        let commit = facts.lines().find_map(|line| line.strip_prefix("commit    "));
        assert!(commit.is_some_and(|commit| commit.len() == 40), "{facts}");
        bench.write("change", "");
        let facts = script(&copy, &["--only", "facts"]).expect(0).stdout;
        assert!(facts.contains("+changes\n"), "{facts}");
        let refused = script(&copy, &["--only", "binary"]).expect(1);
        assert!(refused.stderr.contains("the tree has changes"), "{}", refused.stderr);
        assert!(!bench.path("target").exists(), "{}", refused.stderr);
    }

    #[test]
    fn every_shell_file_can_be_read_by_its_shell() {
        for (shell, file) in
            [("bash", "release.sh"), ("sh", "debian/postinst"), ("sh", "debian/postrm")]
        {
            let path = deploy(file);
            let read = where_present(shell, &["-n", &path.to_string_lossy()]);
            read.expect("a shell").expect(0);
            assert!(text_of(file).contains("\nset -e"), "{file} goes past errors");
        }
    }
}

// --- SBOM ------------------------------------------------------------------------------------------------------------

/// Compiles the program as the release script does, once, and runs it.
fn sbom(arguments: &[&str]) -> Ran {
    static COMPILED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let directory = COMPILED.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2024", "-D", "warnings", "-o"]);
        rustc.arg(directory.path().join("sbom")).arg(deploy("sbom.rs"));
        Ran::of(rustc.output().expect("rustc starts")).expect(0);
        directory
    });
    let mut program = Command::new(directory.path().join("sbom"));
    Ran::of(program.args(arguments).output().expect("it is compiled"))
}

fn cargo_tree(edges: &str) -> String {
    let arguments = [
        "tree",
        "--locked",
        "--offline",
        "--edges",
        edges,
        "--prefix",
        "depth",
        "--format",
        "{p}|{l}",
    ];
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).current_dir(root()).output().expect("cargo starts");
    Ran::of(output).expect(0).stdout
}

#[test]
fn the_parts_list_names_each_package_once_with_checksum() {
    let bench = Bench::offline();
    let whole = cargo_tree("normal,build");
    let binary = bench.write("binary.tree", &cargo_tree("normal,no-proc-macro"));
    let whole_file = bench.write("whole.tree", &whole);
    let lock = root().join("Cargo.lock");
    let [lock, binary, whole_file] =
        [&lock, &binary, &whole_file].map(|path| path.to_string_lossy().into_owned());
    let version = env!("CARGO_PKG_VERSION");
    let ran = sbom(&[&lock, &binary, &whole_file, version, "abc123", "3.54.1"]).expect(0);
    assert!(!ran.stdout.contains(env!("CARGO_MANIFEST_DIR")));
    let list: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((list["bomFormat"].as_str(), &list["version"]), (Some("CycloneDX"), &1.into()));

    let components = list["components"].as_array().expect("a list");
    let purl = |component: &Value| component["purl"].as_str().expect("a purl").to_owned();
    let names: BTreeSet<String> = components.iter().map(purl).collect();
    assert_eq!(names.len(), components.len(), "one package stands there twice");
    let words =
        |line: &str| line.trim_start_matches(|letter: char| letter.is_ascii_digit()).to_owned();
    let packages: BTreeSet<String> = whole
        .lines()
        .filter_map(|line| words(line).split('|').next().map(str::to_owned))
        .filter_map(|package| {
            let mut words = package.split(' ').map(str::to_owned);
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect();
    // SQLite's own source is one more, and sortie itself is no part of it.
    assert_eq!(components.len(), packages.len(), "{packages:?}");
    for component in components.iter().filter(|component| component["name"] != "sqlite") {
        let sum = component["hashes"][0]["content"].as_str().expect("a checksum");
        assert!(
            sum.len() == 64 && !component["licenses"][0]["expression"].is_null(),
            "{component}"
        );
    }
    let scope = |name: &str| {
        let found = components.iter().find(|component| component["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))["scope"].clone()
    };
    assert_eq!(
        [scope("rustls"), scope("sqlite"), scope("serde_derive")],
        ["required", "required", "excluded"]
    );
    let known: BTreeSet<&str> = list["dependencies"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["ref"].as_str())
        .collect();
    assert_eq!(known.len(), components.len(), "all but SQLite, and sortie");
}

#[test]
fn a_parts_list_without_a_checksum_is_not_written() {
    let bench = Bench::offline();
    let tree = bench.write("tree", "0sortie v1.0.0 (/src)|MIT\n1one v2.0.0|MIT/Apache-2.0\n");
    let lock = "[[package]]\nname = \"one\"\nversion = \"2.0.0\"\nchecksum = \"abc\"\n";
    let tree = tree.to_string_lossy();
    let list = |lock: &str, version: &str| {
        let lock = bench.write("Cargo.lock", lock);
        sbom(&[&lock.to_string_lossy(), &tree, &tree, version, "c", "3.1.2"])
    };
    let written = list(lock, "1.0.0").expect(0).stdout;
    assert!(written.contains(r#""expression":"MIT OR Apache-2.0""#), "{written}");
    for (lock, version) in [(lock.replace("checksum", "sum").as_str(), "1.0.0"), (lock, "1.0.1")] {
        let refused = list(lock, version).expect(1);
        assert!(refused.stdout.is_empty(), "{}", refused.stdout);
    }
}

// --- units and jobs --------------------------------------------------------------------------------------------------

/// A tenant with one iPad, a benign job that names it, and a private file with the token.
fn host() -> Fleet {
    let fleet = Fleet::of(DeviceKind::IPad, 1);
    let bench = &fleet.bench;
    std::fs::create_dir_all(bench.path("jobs")).expect("a directory");
    let job = "version: 1\nname: nightly\ntargets: {all: true}\naction: blank-push\nwait: 0s\n";
    bench.write("jobs/nightly.yaml", job);
    let token = bench.write("token", &fleet.tenant.token());
    set_mode(&token, 0o600);
    let profile = format!(
        "default_profile = \"t\"\n[profile.t]\nbase_url = \"{}\"\n",
        fleet.tenant.base_url()
    );
    bench.write("config.toml", &profile);
    fleet
}

/// Runs the command line of a unit as the host would, with the directories of the bench.
fn runs_on(fleet: &Fleet, line: &str, replaced: &[(&str, &str)]) {
    let bench = &fleet.bench;
    let mut line = line.to_owned();
    for (path, name) in replaced {
        assert!(line.contains(path), "{path} is not in: {line}");
        line = line.replace(path, &bench.path(name).to_string_lossy());
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words[0].ends_with("sortie"), "{line}");
    let mut command = bench.command();
    command.env_remove("SORTIE_TOKEN").env_remove("SORTIE_BASE_URL");
    command.env("SORTIE_CONFIG", bench.path("config.toml")).args(&words[1..]);
    Ran::of(command.output().expect("it starts")).expect(0);
    assert_eq!(bench.report().len(), 1, "{line}");
    assert_eq!(fleet.writes(), 1, "{line}");
}

#[test]
fn the_systemd_template_runs_a_job() {
    let unit = text_of("systemd/sortie@.service");
    let value = |key: &str| {
        let found = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {key}"))
    };
    // What keeps a run from being sent twice, killed early or read by others.
    for (key, expected) in [
        ("Type", "oneshot"),
        ("Restart", "no"),
        ("TimeoutStartSec", "infinity"),
        ("KillSignal", "SIGTERM"),
        ("StateDirectoryMode", "0700"),
        ("LoadCredential", "sortie-token:/etc/sortie/token"),
        ("User", "sortie"),
    ] {
        assert_eq!(value(key), expected, "{key}");
    }
    assert!(text_of("systemd/sortie@.timer").contains("\nPersistent=false\n"));
    let command =
        value("ExecStart").replace("%i", "nightly").replace("%d/sortie-token", "/CREDENTIAL");
    assert!(!command.contains('%'), "{command}");
    let replaced = [("/etc/sortie/jobs", "jobs"), ("/CREDENTIAL", "token")];
    runs_on(&host(), &command, &replaced);
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_accepts_the_units() {
    let bench = Bench::offline();
    let unit =
        text_of("systemd/sortie@.service").replace("/usr/bin/sortie", env!("CARGO_BIN_EXE_sortie"));
    let verify = |unit: &str| {
        let service = bench.write("sortie@nightly.service", unit);
        let timer = bench.write("sortie@nightly.timer", &text_of("systemd/sortie@.timer"));
        let [service, timer] = [service, timer].map(|path| path.to_string_lossy().into_owned());
        where_present("systemd-analyze", &["verify", "--man=no", &service, &timer])
    };
    let Some(verified) = verify(&unit) else { return };
    assert_eq!((verified.code, verified.stderr.as_str()), (0, ""), "{}", verified.stdout);
    let broken = verify(&unit.replace("KillMode=mixed", "KillMode=gently")).expect("it is there");
    assert!(broken.stderr.contains("kill mode"), "{}", broken.stderr);
}

#[test]
fn the_line_of_cron_runs_a_job() {
    let text = text_of("cron/sortie");
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let (settings, commands): (Vec<&str>, Vec<&str>) = lines
        .into_iter()
        .partition(|line| line.split(' ').next().is_some_and(|word| word.contains('=')));
    assert!(settings.iter().all(|line| !line.contains("TOKEN")), "{settings:?}");
    let [command] = commands[..] else { panic!("one command: {commands:?}") };
    assert!(!command.contains('%'), "cron reads % as a new line: {command}");
    let words: Vec<&str> = command.splitn(7, ' ').collect();
    let [minute, hour, "*", "*", "*", "sortie", command] = words[..] else { panic!("{words:?}") };
    assert!(minute.parse::<u32>().is_ok() && hour.parse::<u32>().is_ok(), "{words:?}");
    let command = command.strip_prefix("cd /var/lib/sortie && ").expect("a working directory");
    let replaced = [("/etc/sortie/jobs", "jobs"), ("/var/lib/sortie/token", "token")];
    runs_on(&host(), command, &replaced);
}

/// The tags of an XML file without its comments, each checked to close.
fn checked_tags(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    while let Some(from) = text.find("<!--") {
        let until = from + text[from..].find("-->").expect("the comment ends") + 3;
        text.replace_range(from..until, "");
    }
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for part in text.split('<').skip(1) {
        let tag = part.split('>').next().expect("a tag");
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{tag}"),
            None if name.starts_with(['?', '!']) || tag.ends_with('/') => {}
            None => open.push(name.to_owned()),
        }
        found.push(part.replace('>', " "));
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    found
}

#[test]
fn the_launchd_file_runs_a_job() {
    let text = text_of("launchd/io.sortie.nightly.plist");
    let tags = checked_tags(&text);
    let arguments = tags
        .iter()
        .skip_while(|tag| !tag.ends_with("ProgramArguments"))
        .take_while(|tag| !tag.starts_with("/array"));
    let words: Vec<&str> = arguments.filter_map(|tag| tag.strip_prefix("string ")).collect();
    let replaced =
        [("/usr/local/etc/sortie/jobs", "jobs"), ("/usr/local/var/sortie/token", "token")];
    runs_on(&host(), &words.join(" "), &replaced);
    assert!(tags.iter().any(|tag| tag.starts_with("false")), "RunAtLoad is off");
    let path = deploy("launchd/io.sortie.nightly.plist");
    let path = path.to_string_lossy();
    for (tool, arguments) in [("plutil", ["-lint", &*path]), ("plistutil", ["-i", &*path])] {
        if let Some(read) = where_present(tool, &arguments) {
            read.expect(0);
        }
    }
}

// --- packages --------------------------------------------------------------------------------------------------------

#[test]
fn the_debian_package_has_its_files_and_starts_nothing() {
    let manifest = manifest();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().expect("a list");
    let mut places = BTreeSet::new();
    for asset in assets {
        let [source, place, mode] = [0, 1, 2].map(|at| asset[at].as_str().expect("a text"));
        assert!(!place.starts_with('/') && ["644", "755"].contains(&mode), "{asset:?}");
        // No file in /etc: a policy there binds all users of the host.
        assert!(place.starts_with("usr/"), "{asset:?}");
        let (directory, name) = source.rsplit_once('/').unwrap_or(("", source));
        let is_made_by_the_script =
            ["target/release", "target/stage"].iter().any(|made| source.starts_with(made));
        assert!(is_made_by_the_script || name == "*" || root().join(source).is_file(), "{asset:?}");
        assert!(name != "*" || root().join(directory).is_dir(), "{asset:?}");
        places.insert(place.trim_end_matches('/'));
    }
    for place in [
        "usr/bin",
        "usr/share/man/man1",
        "usr/share/man/man7",
        "usr/lib/systemd/system",
        "usr/lib/sysusers.d",
    ] {
        assert!(places.contains(place), "{place}");
    }
    for script in ["debian/postinst", "debian/postrm"] {
        let text = text_of(script);
        for word in ["systemctl", "deb-systemd", "rm ", "policy.toml"] {
            assert!(!text.contains(word), "{script} says {word}");
        }
    }
}

#[test]
fn the_policy_example_changes_no_rule() {
    let text = text_of("policy.toml");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "only comments");
    let shown: FleetPolicy = toml::from_str(&text).expect("a policy");
    assert_eq!(shown, FleetPolicy::default());
    // Each key of the example is read, too. A sign without a space after it stands before a key.
    let keys: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.starts_with(' ') && !line.is_empty())
        .collect();
    assert!(keys.len() > 20, "{keys:?}");
    let set: FleetPolicy = toml::from_str(&keys.join("\n")).expect("a policy");
    assert_eq!(set.emergency, shown.emergency);
    // The numbers are the built-in rules, which the topic of the policy lists.
    let topic = std::fs::read_to_string(root().join("src/cli/help/policy.md")).expect("a topic");
    let topic: Vec<&str> = topic.lines().collect();
    for table in ["[caps.disruptive]", "[caps.irreversible]"] {
        let at = |lines: &[&str]| lines.iter().position(|line| line.starts_with(table));
        let (ours, theirs) = (at(&keys).expect("a table"), at(&topic).expect("a table"));
        for (ours, theirs) in keys[ours + 1..][..3].iter().zip(&topic[theirs + 1..][..3]) {
            assert_eq!(*ours, theirs.split(" #").next().unwrap_or_default().trim_end(), "{table}");
        }
    }
    assert!(set.approval.is_always_needed && set.window.is_some());
}

#[test]
fn the_container_has_no_secret_and_no_root() {
    let text = text_of("container/Containerfile").replace("\\\n", " ");
    let lines: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(' ').unwrap_or_else(|| panic!("no instruction: {line}")))
        .collect();
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "ARG",
        "RUN",
        "USER",
        "ENV",
        "VOLUME",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    ];
    for (word, rest) in &lines {
        assert!(known.contains(word), "{word} {rest}");
        let names_a_secret =
            ["TOKEN", "token", "policy"].iter().any(|secret| rest.contains(secret));
        assert!(!names_a_secret, "{word} {rest}");
    }
    let last =
        |word: &str| lines.iter().rev().find(|(found, _)| *found == word).map(|(_, rest)| *rest);
    let user = last("USER")
        .and_then(|user| user.split(':').next())
        .and_then(|user| user.parse::<u32>().ok());
    assert!(user.is_some_and(|user| user > 0), "{user:?}");
    for word in ["ENTRYPOINT", "CMD"] {
        let list: Vec<String> =
            serde_json::from_str(last(word).expect("it is there")).expect("a list");
        assert_eq!(list.len(), 1, "{word}");
    }
    assert!(text.contains("examples/deploy/release.sh --only binary --out /out"));
    assert!(text.contains("COPY --from=build /out/sortie /usr/bin/sortie\n"));
}

#[test]
fn the_formula_is_ruby_and_its_test_passes() {
    let text = text_of("homebrew/sortie.rb");
    let path = deploy("homebrew/sortie.rb");
    if let Some(read) = where_present("ruby", &["-c", &path.to_string_lossy()]) {
        read.expect(0);
    }
    for mark in ["@URL@", "@SHA256@", "@COMMIT@"] {
        assert_eq!(text.matches(mark).count(), 1, "{mark}");
        assert!(text_of("release.sh").contains(&format!("s|{mark}|")), "{mark}");
    }
    let bench = Bench::offline();
    bench.write("job.csv", "serial_number\nC02ZK0AALVDQ\n");
    let line = text.lines().find(|line| line.contains(r#"bin/"sortie", "run""#)).expect("a run");
    let words: Vec<&str> = line.split('"').skip(3).step_by(2).collect();
    bench.sortie(&words).expect(0);
}
