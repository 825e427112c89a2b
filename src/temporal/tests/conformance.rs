//! The conformance suite on Temporal: a development server, real workers that are killed, and the commands of an operator.
//!
//! Owns how a scenario is run with `sortie-temporal`. This program is also `sortie`, which makes the plans: the tests of a package
//! cannot start the program of another. Must never judge what came of a scenario: the suite does.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test prints what it measured, in the real time of the server"
)]

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

#[path = "engine/server.rs"]
#[allow(dead_code, reason = "the suite needs only a part of it")]
mod server;
#[path = "../../../tests/conformance/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::module_inception,
    reason = "the local engine uses the other part"
)]
mod suite;

use server::DevServer;
use suite::{Act, Engine, Observed, Row, RunningTenant, Scenario, Script};
use suite::{play_all, scenarios_in, sent_to};

/// Set where this program is to be `sortie`.
const AS_SORTIE: &str = "SORTIE_CONFORMANCE_AS_SORTIE";
/// How long the runner rests between two looks at the tenant.
const REST: Duration = Duration::from_millis(5);
/// A published identity of the age test kit, and its public key.
const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
const WORKER_KEY: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";
/// Keys of those who may read PINs: the one above, and one whose identity nobody needs here.
const KEYS: [&str; 2] =
    [WORKER_KEY, "age1gde3ncmahlqd9gg50tanl99r960llztrhfapnmx853s4tjum03uqfssgdh"];

/// The words of exit codes: of a refusal, and of a run.
fn class_of(code: i32) -> String {
    let word = match code {
        0 => "well",
        2 => "usage",
        3 => "authentication",
        4 => "target",
        5 => "permission",
        6 => "quota",
        7 => "partly",
        8 => "policy",
        9 => "stopped",
        10 => "pending",
        11 => "doubt",
        13 => "busy",
        _ => return format!("exit code {code}"),
    };
    word.to_owned()
}

/// Runs on Temporal.
struct Temporal {
    address: String,
}

/// One scenario: a directory of its own, and a task queue of its own.
struct Bench<'a> {
    engine: &'a Temporal,
    directory: tempfile::TempDir,
    queue: String,
    tenant: &'a RunningTenant,
}

impl Bench<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the directory can be written");
    }

    /// A program with everything that it needs to find tenant, state and server.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("SORTIE_STATE_DIR", self.path("state"))
            .env("SORTIE_BASE_URL", self.tenant.base_url())
            .env("SORTIE_TOKEN", self.tenant.token())
            .env("SORTIE_TASK_QUEUE", &self.queue)
            .env("TEMPORAL_ADDRESS", &self.engine.address)
            .stdin(Stdio::null());
        command
    }

    fn engine_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_sortie-temporal")));
        command.args(arguments);
        command
    }

    fn sortie(&self, arguments: &[&str]) -> Output {
        let program = std::env::current_exe().expect("this program");
        let mut command = self.command(&program);
        command.env(AS_SORTIE, "1").args(arguments);
        command.output().expect("it starts")
    }

    fn engine(&self, arguments: &[&str]) -> Output {
        self.engine_command(arguments).output().expect("it starts")
    }

    /// A worker, whose words go to a file.
    fn worker(&self) -> Worker {
        let file = self.path("worker.log");
        let log = std::fs::File::options().create(true).append(true).open(file).expect("a log");
        let mut command = self.engine_command(&["worker", "--identity", "worker.age"]);
        command.stdout(Stdio::null()).stderr(log);
        Worker(command.spawn().expect("it starts"))
    }

    /// State directory, policy, keys and job.
    fn set_up(&self, scenario: &Scenario) -> &'static str {
        let mut private = std::fs::DirBuilder::new();
        private.mode(0o700).create(self.path("state")).expect("a state directory");
        let mode = |name: &str| {
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(self.path(name), mode).expect("it is ours");
        };
        self.write("state/policy.toml", &scenario.policy);
        mode("state/policy.toml");
        self.write("worker.age", &format!("{IDENTITY}\n"));
        mode("worker.age");
        let (name, text) = scenario.job_file(&KEYS.map(str::to_owned));
        self.write(name, &text);
        name
    }
}

/// A worker's process; it dies with its owner.
struct Worker(Child);

impl Worker {
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn code_of(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Engine for Temporal {
    fn name(&self) -> &'static str {
        "temporal"
    }

    fn run(&self, scenario: &Scenario, tenant: &RunningTenant) -> Observed {
        let directory = tempfile::tempdir().expect("a directory");
        let bench = Bench { engine: self, directory, queue: scenario.name.clone(), tenant };
        let job = bench.set_up(scenario);
        let options = scenario.plan_options();
        let mut plan = vec!["plan", job, "--out", "job.plan"];
        plan.extend(options.iter().map(String::as_str));
        let planned = bench.sortie(&plan);
        if code_of(&planned) != 0 {
            return Observed::refused(&class_of(code_of(&planned)), tenant, said(&planned));
        }
        let submit = ["submit", "job.plan", "--confirm", &scenario.confirm];
        let more = ["--worker-key", WORKER_KEY, "--no-input", "--format", "json"];
        let submitted = bench.engine(&[&submit[..], &more].concat());
        if code_of(&submitted) != 0 {
            return Observed::refused(&class_of(code_of(&submitted)), tenant, said(&submitted));
        }
        let answer: Value = serde_json::from_slice(&submitted.stdout).expect("JSON");
        let run = answer["run"].as_str().expect("a run").to_owned();
        let mut worker = bench.worker();
        let mut script = Script::new(&scenario.script);
        let ended = drive(&bench, &run, &mut worker, &mut script);
        let mut observed = observe(&bench, &run, &ended);
        observed.faults.extend(script.left());
        observed
    }
}

/// Waits for the end of a run, while its script happens.
fn drive(bench: &Bench<'_>, run: &str, worker: &mut Worker, script: &mut Script) -> Output {
    let mut report = bench.engine_command(&["report", run, "--wait", "--out", "reports"]);
    report.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut report = report.spawn().expect("it starts");
    loop {
        if report.try_wait().expect("it can be asked").is_some() {
            return report.wait_with_output().expect("it has ended");
        }
        match script.due(bench.tenant) {
            Some(Act::LoseProcess) => {
                worker.kill();
                *worker = bench.worker();
            }
            Some(Act::Cancel) => {
                let cancelled = bench.engine(&["cancel", run]);
                assert_eq!(code_of(&cancelled), 0, "{}", said(&cancelled));
            }
            Some(Act::WriteStopFile) => bench.write("state/STOP", ""),
            _ => std::thread::sleep(REST),
        }
    }
}

/// What the run left behind.
fn observe(bench: &Bench<'_>, run: &str, ended: &Output) -> Observed {
    let log = std::fs::read_to_string(bench.path("worker.log")).unwrap_or_default();
    let mut observed = Observed {
        verdict: class_of(code_of(ended)),
        sent: sent_to(bench.tenant),
        notes: vec![said(ended), log],
        ..Observed::default()
    };
    let report = std::fs::read_to_string(bench.path("reports/report.jsonl"));
    let summary = std::fs::read_to_string(bench.path("reports/summary.json"));
    let (Ok(report), Ok(summary)) = (report, summary) else {
        observed.faults.push("there is no report".to_owned());
        return observed;
    };
    observed.rows = Row::of_text(&report);
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    let counts = summary["outcomes"].as_object().expect("a map").values();
    let sum: u64 = counts.filter_map(Value::as_u64).sum();
    let rows = observed.rows.len() as u64;
    if (sum, Some(sum)) != (rows, summary["tasks"].as_u64()) {
        observed.faults.push(format!("outcomes do not add up: {sum} of {rows} rows"));
    }
    let status = bench.engine(&["status", run, "--format", "json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
    observed.stop = status[0]["stop"]["cause"].as_str().map(str::to_owned);
    observed
}

/// Whether the program can be told what to do at all.
fn has_commands() -> bool {
    let mut help = Command::new(env!("CARGO_BIN_EXE_sortie-temporal"));
    let help = help.arg("--help").output().expect("it starts");
    String::from_utf8_lossy(&help.stdout).contains("submit")
}

fn main() -> ExitCode {
    if std::env::var_os(AS_SORTIE).is_some() {
        return sortie::cli::main();
    }
    // As `cargo test NAME` picks tests by their names.
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    if named.next().is_some_and(|name| !"conformance".contains(&name)) {
        return ExitCode::SUCCESS;
    }
    if !has_commands() {
        println!("skipped: this build of sortie-temporal has no command submit");
        return ExitCode::SUCCESS;
    }
    let Some(server) = DevServer::start() else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(server.client());
    let engine = Temporal { address: format!("127.0.0.1:{}", server.port) };
    play_all(&engine, scenarios_in("scenarios"));
    ExitCode::SUCCESS
}
