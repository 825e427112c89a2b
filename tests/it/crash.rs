//! The program is killed at random moments, and nothing is sent twice and no PIN is lost.
//!
//! Owns the crash test and its control. Kills are SIGKILL; the simulated tenant lives on in this process
//! and keeps the ledger of what it really accepted. The seed is printed; `SORTIE_TEST_SEED` gives another.

use std::process::Stdio;
use std::time::Duration;

use sortie::model::Random;
use sortie::simulator::{DeviceKind, Faults, Ledger};

use crate::bench::{Bench, Tenant, add, prompt_world, read_csv, serial};

/// Kills of the whole test.
const KILLS: usize = 200;
/// Kills after which the control must have found a duplicate; it finds the first within ten.
const CONTROL_KILLS_MAX: usize = 100;
/// Devices of one run: enough that it is still sending when it is killed for the second or third time.
const DEVICES: usize = 24;

fn seed() -> u64 {
    let seed = std::env::var("SORTIE_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_260_311);
    println!("SORTIE_TEST_SEED={seed}");
    seed
}

/// Answers take up to 40 ms, some never come although the request was applied, some are errors.
fn rough() -> Faults {
    Faults {
        latency_ms: 1..=40,
        close_after_percent: 4.0,
        close_before_percent: 2.0,
        error_after_percent: 2.0,
        unavailable_percent: 0.0,
        scope: sortie::simulator::FaultScope::ActionsOnly,
        ..Faults::default()
    }
}

/// One run that is killed again and again until it ends by itself.
struct Round {
    bench: Bench,
    devices: Vec<(String, String)>,
    kills: usize,
}

impl Round {
    fn new(tenant: &Tenant, number: usize) -> Self {
        let bench = Bench::at(tenant);
        let mut job = String::from("device_id,action\n");
        let mut devices = Vec::new();
        for at in 0..DEVICES {
            let id = tenant.with_world(|world| {
                add(world, DeviceKind::MacAppleSilicon, &serial(number * DEVICES + at))
            });
            let action = if at % 2 == 0 { "lock" } else { "restart" };
            job.push_str(&format!("{id},{action}\n"));
            devices.push((id, action.to_owned()));
        }
        bench.write("job.csv", &job);
        Self { bench, devices, kills: 0 }
    }

    /// Runs until the end, with kills; before each resume `between` may do harm.
    fn run(&mut self, random: &mut Random, between: impl Fn(&Bench)) {
        let start = ["run", "job.csv", "--yes", "--wait", "0", "--per-second", "50", "-q"];
        let resume = ["resume", "-q"];
        let mut arguments: &[&str] = &start;
        loop {
            let mut child = self
                .bench
                .command()
                .args(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            let lives = Duration::from_millis(40 + random.below(420));
            if wait(&mut child, lives) {
                // With answers lost this often a run stops over its errors now and then; a resume goes on.
                if self.report().iter().all(|row| row["outcome"] != "not_attempted") {
                    break;
                }
                arguments = &resume;
                continue;
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
            self.kills += 1;
            between(&self.bench);
            let has_begun = self.bench.sortie(&["status", "-q"]).code == 0;
            arguments = if has_begun { &resume } else { &start };
        }
    }

    /// The report of the run that the journal knows: a process that was killed before it had written its run
    /// down may have left the first report of another.
    fn report(&self) -> Vec<std::collections::BTreeMap<String, String>> {
        let ran = self.bench.sortie(&["status", "--format", "json"]).expect(0);
        let status: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let directory = status["report_dir"].as_str().expect("a directory");
        read_csv(&std::path::Path::new(directory).join("report.csv"))
    }

    /// Everything that is wrong after the run.
    fn faults(&self, ledger: &Ledger) -> Vec<String> {
        let mut faults = Vec::new();
        let rows = self.report();
        if rows.len() != self.devices.len() {
            faults.push(format!("{} rows for {} devices", rows.len(), self.devices.len()));
        }
        for ((id, action), row) in self.devices.iter().zip(&rows) {
            let accepted = ledger.count(id, action);
            if accepted > 1 {
                faults.push(format!("{action} of {id} was accepted {accepted} times"));
            }
            let (outcome, pin) = (row["outcome"].as_str(), row["lock_pin"].as_str());
            if accepted == 1 && !["accepted", "in_doubt"].contains(&outcome) {
                faults.push(format!("{action} of {id} was accepted, the report says {outcome}"));
            }
            if accepted == 0 && outcome == "accepted" {
                faults.push(format!("{action} of {id} was not accepted, the report says so"));
            }
            let issued = ledger.pins(id);
            if outcome != "in_doubt" && issued.iter().any(|issued| issued != pin) {
                faults.push(format!("the PIN of {id} is missing or wrong ({outcome})"));
            }
        }
        faults
    }
}

/// Whether the child ended by itself within the time.
fn wait(child: &mut std::process::Child, limit: Duration) -> bool {
    let step = Duration::from_millis(4);
    let mut waited = Duration::ZERO;
    while waited < limit {
        if child.try_wait().expect("it can be asked").is_some() {
            return true;
        }
        // The child is a real process: there is no virtual time to wait in.
        std::thread::sleep(step);
        waited += step;
    }
    false
}

#[test]
fn two_hundred_kills_send_nothing_twice_and_lose_no_pin() {
    let mut random = Random::new(seed());
    let tenant = Tenant::serving(prompt_world(rough()));
    let (mut kills, mut rounds, mut in_doubt) = (0, 0, 0);
    while kills < KILLS {
        let mut round = Round::new(&tenant, rounds);
        round.run(&mut random, |_| {});
        let faults = round.faults(&tenant.ledger());
        assert!(faults.is_empty(), "after {kills} kills, in round {rounds}: {faults:#?}");
        in_doubt += round.report().iter().filter(|row| row["outcome"] == "in_doubt").count();
        kills += round.kills;
        rounds += 1;
    }
    println!("{kills} kills in {rounds} runs of {DEVICES} devices; {in_doubt} tasks in doubt");
    assert!(in_doubt > 0, "no request was under way at any kill, so nothing was tested");
}

/// The control: a journal that forgets the intents whose answer is not known, as if they had not been
/// committed before the request left.
#[test]
fn without_committed_intents_the_same_test_finds_duplicates() {
    let mut random = Random::new(seed() + 1);
    let tenant = Tenant::serving(prompt_world(rough()));
    let (mut kills, mut rounds) = (0, 0);
    while kills < CONTROL_KILLS_MAX {
        let mut round = Round::new(&tenant, rounds);
        round.run(&mut random, forget_open_intents);
        kills += round.kills;
        rounds += 1;
        let faults = round.faults(&tenant.ledger());
        if faults.iter().any(|fault| fault.contains("was accepted 2 times")) {
            println!("the first duplicate came within {kills} kills");
            return;
        }
    }
    panic!("the crash test cannot see a duplicate: none in {kills} kills");
}

fn forget_open_intents(bench: &Bench) {
    let Ok(entries) = std::fs::read_dir(bench.path("state/runs")) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "db") {
            let journal = rusqlite::Connection::open(path).expect("the journal opens");
            let forget = "DELETE FROM entries AS open WHERE kind = 'intent' AND NOT EXISTS (
                SELECT 1 FROM entries AS later WHERE later.task = open.task AND later.seq > open.seq)";
            // A process that was killed before it made its tables has nothing to forget.
            let _ = journal.execute(forget, []);
        }
    }
}
