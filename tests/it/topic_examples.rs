//! Every example of the topics, run as it stands: command lines in a shell, jobs with `check` and `plan`.
//!
//! Owns the host that the examples assume, and the tables of lines that end with another code or cannot run here. A row
//! that matches no line fails. Must never reach another host: a proxy that does not exist takes every request to one.

use sortie::model::UnixMillis;
use sortie::simulator::{DeviceKind, Faults, NewDevice, World, wall_clock};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use crate::harness::{Bench, Ran, Tenant, on_threads, prompt_world};

/// Devices that the examples name, and two that their filters select.
const DEVICES: [(&str, DeviceKind, &str); 15] = [
    ("C02ZK7AALVDQ", DeviceKind::MacAppleSilicon, "Front desk"),
    ("C02ZK0AALVDQ", DeviceKind::MacAppleSilicon, "Design"),
    ("C02ZK0ABLVDQ", DeviceKind::MacAppleSilicon, "Design"),
    ("C02XL0GYJGH5", DeviceKind::MacAppleSilicon, "Design"),
    ("FVHHFKF7Q6L4", DeviceKind::MacAppleSilicon, "Kiosk"),
    ("C02QK0AALVDQ", DeviceKind::MacAppleSilicon, "Quiet"),
    ("C02WK0AALVDQ", DeviceKind::MacAppleSilicon, "Lab"),
    ("C02WK0ABLVDQ", DeviceKind::MacAppleSilicon, "Engineering"),
    ("DMPXK0AAJF8K", DeviceKind::IPad, "School"),
    ("DMPXK0ABJF8K", DeviceKind::IPad, "School"),
    ("DMPXK0ACJF8K", DeviceKind::IPad, "School"),
    ("DMQVK0AAHLF9", DeviceKind::IPad, "School"),
    ("DMQVK0ABHLF9", DeviceKind::IPad, "School"),
    ("DMQVK0ACHLF9", DeviceKind::IPad, "School"),
    ("DMQVK0ADHLF9", DeviceKind::IPad, "Lab"),
];
/// How long the quiet device has been quiet: more than the 30 days of an example.
const QUIET_MS: i64 = 40 * 86_400_000;
/// Files that the examples name and that no block of theirs holds.
const FILES: [(&str, &str); 12] = [
    ("leavers.csv", "serial_number\nDMPXK0AAJF8K\n"),
    ("ipads.csv", "serial_number\nDMPXK0AAJF8K\n"),
    ("macs.csv", "serial_number\nC02ZK0AALVDQ\n"),
    ("new-names.csv", "serial_number,new_name\nC02ZK0AALVDQ,Mac 1\n"),
    ("migration-macs.csv", "serial_number,new_name\nC02ZK0AALVDQ,Mac 1\n"),
    ("enrolled.csv", "serial_number\nC02ZK0AALVDQ\n"),
    (
        "nightly.yaml",
        "version: 1\nname: nightly\ntargets: {devices: [{serial_number: C02ZK0AALVDQ}]}\naction: blank-push\n",
    ),
    ("job.csv", "serial_number,action\nC02ZK0AALVDQ,blank-push\n"),
    (
        "tenants.csv",
        "tenant,serial_number,action\nacme,C02ZK0AALVDQ,restart\nglobex,C02ZK0ABLVDQ,restart\n",
    ),
    ("token", "unused\n"),
    // the key of a test vector
    ("key.txt", "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n"),
    ("token.txt", "unused\n"),
];
/// What stands in for a placeholder, and for a directory that only root may write.
const IN_PLACE: [(&str, &str); 3] =
    [(" RUN", " latest"), ("/var/log/sortie/", "logs/"), ("/srv/prom/", "metrics/")];
/// A job around a fragment of one.
const AROUND: &str = "version: 1\nname: x\ntargets: {devices: [{serial_number: C02ZK0AALVDQ}]}\n\
                      action: blank-push\n";

/// A line of a topic that ends with another code than 0: topic, begin of the line, code, reason.
type Ending = (&'static str, &'static str, i32, &'static str);
const ENDINGS: &[Ending] = &[
    ("approval", "sortie approve", 8, "a person confirms at a terminal"),
    ("approval", "sortie run leavers.plan", 8, "a person confirms at a terminal"),
    ("confirm", "sortie run jobs/mass-restart.yaml", 8, "the tenant has other devices"),
    ("doubt", "sortie resolve --as", 4, "no task is in doubt"),
    ("json", "sortie devices --json", 2, "lists the fields"),
    ("migration", "sortie run jobs/blueprint-migration.yaml --yes --skip", 4, "no Mac is left"),
    ("notifications", "sortie run nightly-restart.yaml", 8, "a person confirms at a terminal"),
    ("notifications", "sortie notify --test", 1, "the address of the channel answers 404"),
    ("plans", "sortie run leavers.plan", 8, "a person confirms at a terminal"),
    ("secrets", "sortie pins --test-identity", 2, "no keys are configured"),
    #[cfg(not(target_os = "macos"))]
    ("secrets", "sortie token set", 2, "the system has no keyring"),
    #[cfg(not(target_os = "macos"))]
    ("secrets", "sortie token forget", 2, "the system has no keyring"),
    ("settings", "sortie init", 2, "a person answers at a terminal"),
    ("targets", "sortie send restart", 8, "a person confirms at a terminal"),
];

/// A line of a topic that cannot run here: topic, begin of the line, reason.
type Unrunnable = (&'static str, &'static str, &'static str);
const UNRUNNABLE: &[Unrunnable] = &[
    #[cfg(target_os = "macos")]
    ("secrets", "sortie token", "changes the Keychain of the user"),
    ("migration", "sortie run migration.yaml", "follows devices for ten minutes of real time"),
    ("settings", "export SORTIE_BASE_URL=https://acme", "names the vendor's host"),
    ("settings", "sortie devices --subdomain acme", "reaches the vendor's host"),
    ("simulate", "sortie simulate --devices 500", "serves until Ctrl-C"),
];

/// A block of code of a topic.
struct Block {
    language: String,
    text: String,
}

fn topics() -> Vec<(String, Vec<Block>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/help");
    let entries = std::fs::read_dir(directory).expect("the topics are there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    paths.sort();
    let topic = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, blocks(&std::fs::read_to_string(path).expect("a topic")))
    };
    paths.iter().map(topic).collect()
}

fn blocks(text: &str) -> Vec<Block> {
    let parts: Vec<&str> = text.split("\n```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    let block = |part: &&str| {
        let (language, text) = part.split_once('\n').unwrap_or((part, ""));
        Block { language: language.to_owned(), text: format!("{text}\n") }
    };
    inside.map(block).collect()
}

/// The devices that the examples name.
fn fleet() -> World {
    let mut world = prompt_world(Faults::default());
    for (serial, kind, blueprint) in DEVICES {
        let mut device = NewDevice::new(kind);
        serial.clone_into(&mut device.serial_number);
        blueprint.clone_into(&mut device.blueprint);
        let UnixMillis(now) = wall_clock();
        let quiet_ms = if blueprint == "Quiet" { QUIET_MS } else { 0 };
        device.last_check_in = Some(UnixMillis(now - quiet_ms));
        if blueprint == "Kiosk" {
            device.tags = vec!["kiosk".to_owned(), "lab".to_owned()];
        }
        world.add_device(device);
    }
    world
}

/// A host with profiles of two simulated tenants, the files that the examples name, and a run with a PIN.
fn host() -> ([Tenant; 2], Bench) {
    let tenant = Tenant::serving(fleet());
    let other = Tenant::serving(fleet());
    let bench = Bench::offline();
    bench.allow_many();
    for directory in ["jobs", "logs", "metrics", ".ssh", ".local/share/sortie"] {
        std::fs::create_dir_all(bench.path(directory)).expect("the bench can be written");
    }
    for (name, text) in FILES {
        private(&bench.write(name, text));
    }
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    for entry in std::fs::read_dir(jobs).expect("the jobs are there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        std::fs::copy(&path, bench.path(&format!("jobs/{name}"))).expect("the job is copied");
    }
    private(&bench.write("acme.token", &tenant.token()));
    private(&bench.write("channel.url", &format!("{}/channel", tenant.base_url())));
    let mut profile = format!(
        "default_profile = \"acme\"\n[profile.acme]\nbase_url = \"{}\"\ntoken_file = {:?}\n",
        tenant.base_url(),
        bench.path("acme.token"),
    );
    for channel in ["ops", "oncall"] {
        let place = bench.path("channel.url");
        let table = format!("[profile.acme.notify.{channel}]\non = [\"stopped\"]\n");
        profile.push_str(&format!("{table}webhook.url_file = {place:?}\n"));
    }
    private(&bench.write("globex.token", &other.token()));
    profile.push_str(&format!(
        "[profile.globex]\nbase_url = \"{}\"\ntoken_file = {:?}\n",
        other.base_url(),
        bench.path("globex.token"),
    ));
    private(&bench.write(".local/share/sortie/config.toml", &profile));
    // The newest run has one PIN, which is shown without a terminal.
    for device in ["C02XL0GYJGH5", "C02ZK0AALVDQ"] {
        let lock = format!("sortie send lock --serial {device} --confirm 1 --wait 10s");
        shell(&bench, &lock).expect(0);
    }
    ([tenant, other], bench)
}

fn private(path: &Path) {
    crate::fleet::set_mode(path, 0o600);
}

/// Runs a line in a shell, without standard input.
fn shell(bench: &Bench, line: &str) -> Ran {
    let line = IN_PLACE.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sortie"));
    let directory = program.parent().expect("it lies in a directory");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path));
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &line])
        .current_dir(bench.path("."))
        .env_clear()
        .env("PATH", std::env::join_paths(paths).expect("a path"))
        .env("HOME", bench.path("."))
        .env("SORTIE_STATE_DIR", bench.path("state"))
        // Nothing listens there.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .stdin(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ran::of(command.output().expect("a shell"))
}

/// Runs the examples of a topic. Returns what ended with a wrong code, and the rows of the tables that it used.
fn run_topic(topic: &str, blocks: &[Block], used: &Mutex<BTreeSet<String>>) -> Vec<String> {
    let use_row = |row: String| drop(used.lock().map(|mut used| used.insert(row)));
    let (_tenant, bench) = host();
    let mut wrong = Vec::new();
    let mut check = |line: &str, expected: i32| {
        let ran = shell(&bench, line);
        if ran.code != expected {
            let (out, err) = (ran.stdout, ran.stderr);
            wrong.push(format!("{topic}: {line}\n{} not {expected}\n{out}\n{err}", ran.code));
        }
    };
    for (number, block) in blocks.iter().enumerate() {
        let job = match &*block.language {
            "csv" => Some((format!("job-{number}.csv"), block.text.clone())),
            "yaml" => Some((format!("job-{number}.yaml"), block.text.clone())),
            "yaml fragment" => {
                Some((format!("job-{number}.yaml"), AROUND.to_owned() + &block.text))
            }
            _ => None,
        };
        if let Some((name, text)) = job {
            bench.write(&name, &text);
            if let Some(named) = text.lines().find_map(|line| line.strip_prefix("name: ")) {
                bench.write(&format!("{named}.yaml"), &text);
            }
            check(&format!("sortie check {name}"), 0);
            check(&format!("sortie run {name} --dry-run"), 0);
        }
        if block.language != "sh" {
            continue;
        }
        for line in block.text.lines() {
            let begins = |of: &str, begin: &str| of == topic && line.starts_with(begin);
            if let Some((_, begin, _)) = UNRUNNABLE.iter().find(|row| begins(row.0, row.1)) {
                use_row(format!("{topic}: {begin}"));
                continue;
            }
            let ending = ENDINGS.iter().find(|row| begins(row.0, row.1));
            if let Some((_, begin, ..)) = ending {
                use_row(format!("{topic}: {begin}"));
            }
            check(line, ending.map_or(0, |row| row.2));
        }
    }
    wrong
}

#[test]
fn every_example_of_the_topics_runs_as_it_stands() {
    let used = Mutex::new(BTreeSet::new());
    let wrong = Mutex::new(Vec::new());
    let topics = topics();
    let runnable = |block: &Block| block.language != "text" && block.language != "toml";
    let with_examples = topics.iter().filter(|(_, blocks)| blocks.iter().any(runnable));
    on_threads(with_examples, |(topic, blocks)| {
        let found = run_topic(topic, blocks, &used);
        drop(wrong.lock().map(|mut wrong| wrong.extend(found)));
    });
    let wrong = wrong.into_inner().expect("no thread panicked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
    let used = used.into_inner().expect("no thread panicked");
    let unrunnable = UNRUNNABLE.iter().map(|(topic, begin, why)| (topic, begin, why));
    let endings = ENDINGS.iter().map(|(topic, begin, _, why)| (topic, begin, why));
    for (topic, begin, why) in unrunnable.chain(endings) {
        assert!(used.contains(&format!("{topic}: {begin}")), "no line of {topic}: {begin}: {why}");
    }
}
