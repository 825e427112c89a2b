//! One run that is killed again and again until nothing more happens by itself, and what must be true then.
//!
//! Owns the kills and the comparison of reports and journal with the tenant's ledger. Must never look into
//! the tenant before the run has ended.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;
use sortie::model::{PIN_MISSING, Random};
use sortie::simulator::DeviceKind;

use super::journal::{Journal, Recorded};
use crate::harness::{Bench, Tenant, add, read_csv, serial};

/// Devices of one run: enough that it is still sending when it is killed for the second or third time.
const DEVICES: usize = 24;
/// What they get, in turn.
const ACTIONS: [&str; 8] =
    ["lock", "restart", "lock", "erase", "lock", "restart", "lock", "delete-device"];
/// Shortest life of a process: less, and most die before they do anything.
const LIFE_MS_MIN: u64 = 60;
/// Lives differ by as much: some end in the middle of sending, some in the quarantine or the reads after it.
const LIVES_MS: u64 = 540;
/// Some live longer, or a run whose last reads take longer than a life would never settle.
const LONG_LIVES_PERCENT: f64 = 6.0;
/// As long as a run takes without any kill.
const LONG_LIFE_MS: u64 = 5_000;
/// Kills of one run; without a limit a run that does not settle would be killed for ever. A killed process keeps the
/// places of the minute that it took for its erases, so that a run may wait for a minute, which is 200 lives.
const KILLS_MAX: usize = 400;
/// Processes in a row that end by themselves before the run has settled: it stops over its errors, and a
/// resume goes on.
const STOPS_MAX: usize = 8;
/// Reads that show nothing before a task stays in doubt.
const ABSENCES_MIN: usize = 3;

/// How the life of a process ended.
pub enum Step {
    Killed,
    /// By itself, and the run has settled.
    Settled,
}

/// One run.
pub struct Round<'a> {
    devices: Vec<(String, &'static str)>,
    kills: usize,
    kills_in_settling: usize,
    bench: Bench,
    tenant: &'a Tenant,
    wait: &'static str,
}

/// How often what happened in a round.
pub type Seen = BTreeMap<&'static str, usize>;

pub const RUNS: &str = "runs";
pub const TASKS: &str = "tasks";
/// Everything was sent, and something still in doubt.
pub const KILLS_IN_SETTLING: &str = "kills while doubt was settled";
pub const UNDER_WAY: &str = "requests under way at a kill";
pub const ADOPTED: &str = "requests adopted";
/// The program had already given up waiting for the answer.
pub const ADOPTED_LATE: &str = "requests adopted that were applied after they came into doubt";
pub const IN_DOUBT: &str = "tasks left in doubt";
pub const RECOVERED: &str = "PINs recovered";
pub const WITHOUT_PIN: &str = "locks whose PIN is not to be had";

type Row = BTreeMap<String, String>;

impl<'a> Round<'a> {
    pub fn new(tenant: &'a Tenant, number: usize) -> Self {
        let bench = Bench::at(tenant);
        let mut devices = Vec::new();
        let mut rows = Vec::new();
        for at in 0..DEVICES {
            let action = ACTIONS[at % ACTIONS.len()];
            let name = serial(number * DEVICES + at);
            let id = tenant.with_world(|world| add(world, DeviceKind::MacAppleSilicon, &name));
            rows.push(format!("{id},{action}"));
            devices.push((id, action));
        }
        bench.job("job.csv", "device_id,action", &rows);
        bench.allow_many();
        // Every second run follows its commands and verifies its PINs.
        let wait = if number.is_multiple_of(2) { "0" } else { "30s" };
        Self { devices, kills: 0, kills_in_settling: 0, bench, tenant, wait }
    }

    /// Lets the program live for a while, or until the run has settled.
    pub fn step(&mut self, random: &mut Random) -> Step {
        let mut lives = life(random);
        for _ in 0..STOPS_MAX {
            let mut child = self.go_on();
            if !outlives(&mut child, &mut lives) {
                if self.has_settled() {
                    // There is nothing more to do, and a further resume does not find anything, either.
                    self.bench.sortie(&["resume", "-q"]);
                    return Step::Settled;
                }
                continue;
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
            self.kills += 1;
            assert!(self.kills <= KILLS_MAX, "the run does not settle: {:#?}", self.status());
            if let Some(status) = self.status() {
                let count = |outcome: &str| status["outcomes"][outcome].as_u64().unwrap_or(0);
                let is_settling = count("not_attempted") == 0 && count("in_doubt") > 0;
                self.kills_in_settling += usize::from(is_settling);
            }
            return Step::Killed;
        }
        panic!("the run does not settle: {:#?}", self.status());
    }

    /// Begins the run, or resumes it.
    fn go_on(&self) -> Child {
        let start = [
            "run",
            "job.csv",
            "--confirm",
            "ERASE 3 AND DELETE 3 AND RESTART 6 AND LOCK 12 ON 127.0.0.1",
            "--waves",
            "100%",
            "--secrets-elsewhere",
            "--timeout",
            "400ms",
            "--quarantine",
            "1200ms",
            "-q",
            "--wait",
            self.wait,
        ];
        let arguments = if self.status().is_some() { &["resume", "-q"][..] } else { &start };
        let mut command = self.bench.command();
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// What `sortie status` says; nothing while no run was written down.
    fn status(&self) -> Option<Value> {
        let ran = self.bench.sortie(&["status", "--format", "json"]);
        (ran.code == 0).then(|| serde_json::from_str(&ran.stdout).expect("JSON"))
    }

    /// The journal of the run that the program knows. A process that was killed before it had written its run
    /// down may have left that of another.
    pub fn journal(&self) -> Option<Journal> {
        let status = self.status()?;
        let run = status["run_id"].as_str().expect("an id");
        Some(Journal::open(&self.bench.path(&format!("state/runs/{run}.db"))))
    }

    fn report(&self) -> Vec<Row> {
        let status = self.status().expect("a run");
        let directory = status["report_dir"].as_str().expect("a directory");
        read_csv(&PathBuf::from(directory).join("report.csv"))
    }

    /// The entries of the run by device, oldest first.
    fn entries(&self) -> BTreeMap<String, Vec<Recorded>> {
        let mut by_device: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in self.journal().expect("a run").entries() {
            by_device.entry(entry.device_id.clone()).or_default().push(entry);
        }
        by_device
    }

    /// Whether nothing more happens by itself.
    fn has_settled(&self) -> bool {
        if self.status().is_none() {
            return false;
        }
        let entries = self.entries();
        self.report().iter().all(|row| match row["outcome"].as_str() {
            "not_attempted" | "pending" => false,
            "in_doubt" => absences(&entries[&row["device_id"]]) >= ABSENCES_MIN,
            _ => true,
        })
    }

    /// Harm: an operator who does not wait for the doubt to settle.
    pub fn send_again_what_is_absent(&self) {
        // What was under way when the process died is in doubt, though no report says so yet.
        let listed = self.bench.sortie(&["resolve", "--format", "json", "--no-input"]);
        let doubts: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap_or_default();
        let mut absent = Vec::new();
        for doubt in &doubts {
            let device_id = doubt["device_id"].as_str().expect("an id");
            let request_type = match doubt["action"].as_str() {
                Some("lock") => "DeviceLock",
                Some("restart") => "RestartDevice",
                _ => continue,
            };
            let history = self.bench.sortie(&["commands", device_id]).expect(0);
            if !history.stdout.contains(request_type) {
                absent.push(device_id);
            }
        }
        if !absent.is_empty() {
            let count = absent.len().to_string();
            let named = absent.into_iter().flat_map(|device_id| ["--device", device_id]);
            let again = ["resolve", "--as", "again", "--confirm", &count];
            let again: Vec<&str> = again.into_iter().chain(named).collect();
            self.bench.sortie(&again).expect(0);
        }
    }

    /// Everything that is wrong after the run.
    pub fn faults(&self) -> Vec<String> {
        let ledger = self.tenant.ledger();
        let (rows, entries, pins) = (self.report(), self.entries(), self.pins());
        let mut faults = Vec::new();
        if rows.len() != self.devices.len() {
            faults.push(format!("{} rows for {} devices", rows.len(), self.devices.len()));
        }
        for ((id, action), row) in self.devices.iter().zip(&rows) {
            let (outcome, reason) = (row["outcome"].as_str(), row["reason"].as_str());
            let mut fault = |what: String| faults.push(format!("{action} of {id} {what}"));
            let accepted = ledger.count(id, action);
            if accepted > 1 {
                fault(format!("was accepted {accepted} times"));
            }
            let is_unlisted = outcome == "failed" && reason.starts_with(PIN_MISSING);
            let is_told = matches!(outcome, "accepted" | "completed") || is_unlisted;
            // Nothing is applied later than the quarantine here, so three reads cannot have missed it.
            let is_unknown = outcome == "in_doubt" && !reason.is_empty();
            match accepted {
                0 if !is_unknown => fault(format!("was not accepted, the report says {outcome}")),
                1 if !is_told => {
                    fault(format!("was accepted, the report says {outcome} ({reason})"))
                }
                _ => {}
            }
            let entries = entries.get(id).map(Vec::as_slice).unwrap_or_default();
            if is_unknown && absences(entries) < ABSENCES_MIN {
                fault("was not looked for".to_owned());
            }
            let doubted = entries.iter().position(|entry| entry.kind == "doubted");
            if entries.iter().skip(doubted.unwrap_or(usize::MAX)).any(|it| it.kind == "intent") {
                fault("was sent again after it had come into doubt".to_owned());
            }
            let held = pins.get(id).map(Vec::as_slice).unwrap_or_default();
            for issued in ledger.pins(id) {
                if !is_unlisted && (row["lock_pin"] != issued || !held.contains(&issued)) {
                    fault(format!("issued a PIN that is missing or wrong ({outcome})"));
                }
            }
            for sent in
                ledger.accepted.iter().filter(|it| it.device_id == *id && it.action == "erase")
            {
                let body: Value = serde_json::from_str(&sent.body).unwrap_or_default();
                if !body["PIN"].as_str().is_some_and(|sent| held.iter().any(|pin| pin == sent)) {
                    fault("was sent a PIN that is missing".to_owned());
                }
            }
        }
        faults
    }

    /// All PINs that `sortie pins` shows, by device.
    fn pins(&self) -> BTreeMap<String, Vec<String>> {
        let shown = self.bench.sortie(&["pins", "--format", "json", "--all"]).expect(0);
        let shown: Vec<Value> = serde_json::from_str(&shown.stdout).expect("JSON");
        let mut by_device: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for found in &shown {
            let id = found["device_id"].as_str().expect("an id").to_owned();
            let pins = found["pins"].as_array().expect("a list").iter();
            let pins = pins.filter_map(|pin| pin["pin"].as_str().map(str::to_owned));
            by_device.entry(id).or_default().extend(pins);
        }
        by_device
    }

    /// What happened, for the numbers that are printed.
    pub fn seen(&self) -> Seen {
        let ledger = self.tenant.ledger();
        let entries = self.entries();
        let mut seen = Seen::from([(RUNS, 1), (TASKS, self.devices.len())]);
        let mut see = |what: &'static str, is_so: bool| {
            if is_so {
                *seen.entry(what).or_default() += 1;
            }
        };
        (0..self.kills_in_settling).for_each(|_| see(KILLS_IN_SETTLING, true));
        for row in self.report() {
            see(IN_DOUBT, row["outcome"] == "in_doubt");
            see(WITHOUT_PIN, row["reason"].starts_with(PIN_MISSING));
            let id = &row["device_id"];
            let entries = &entries[id];
            let is_cut_short =
                |pair: &[Recorded]| pair[0].kind == "intent" && pair[1].kind == "doubted";
            see(UNDER_WAY, entries.windows(2).any(is_cut_short));
            if entries.iter().any(|entry| entry.kind == "adopted") {
                see(ADOPTED, true);
                see(RECOVERED, !row["lock_pin"].is_empty());
                let doubted = entries.iter().find(|entry| entry.kind == "doubted");
                let applied = ledger.accepted.iter().find(|accepted| accepted.device_id == *id);
                let applied_at = applied.map(|accepted| accepted.at.0);
                see(ADOPTED_LATE, applied_at > doubted.map(|entry| entry.at_ms));
            }
        }
        seen
    }
}

/// How long a process lives.
fn life(random: &mut Random) -> Duration {
    if random.percent(LONG_LIVES_PERCENT) {
        return Duration::from_millis(LONG_LIFE_MS);
    }
    Duration::from_millis(LIFE_MS_MIN + random.below(LIVES_MS))
}

/// Reads that showed nothing.
fn absences(entries: &[Recorded]) -> usize {
    entries.iter().filter(|entry| entry.kind == "absent").count()
}

/// Whether the child is still there when its life is over; takes the time that it lived off the rest.
fn outlives(child: &mut Child, lives: &mut Duration) -> bool {
    let step = Duration::from_millis(4);
    while !lives.is_zero() {
        if child.try_wait().expect("it can be asked").is_some() {
            return false;
        }
        // The child is a real process: there is no virtual time to wait in.
        std::thread::sleep(step);
        *lives = lives.saturating_sub(step);
    }
    true
}
