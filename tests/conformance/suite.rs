//! Plays scenarios on an engine, several at once.
//!
//! Owns the order of one scenario: tenant, run, comparison. Must never repeat a scenario that failed.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::observed::Observed;
use super::scenario::Scenario;
use super::tenant::RunningTenant;
use super::{compare, recorded};

/// Scenarios at once: they mostly wait.
const THREADS: usize = 6;
/// The variable that picks scenarios by a part of their names.
const PICK: &str = "SORTIE_CONFORMANCE_PICK";
/// Set where an engine in real time also plays the scenarios that take longer than [`SLOW_S`].
const SLOW: &str = "SORTIE_CONFORMANCE_SLOW";
/// Scenarios that last longer than so many seconds are slow.
const SLOW_S: u64 = 60;

/// What runs a job.
pub trait Engine: Sync {
    /// Its name, as scenarios write it.
    fn name(&self) -> &'static str;
    /// Runs the job of a scenario to its end, with everything that its script says.
    fn run(&self, scenario: &Scenario, tenant: &RunningTenant) -> Observed;
}

/// Plays one scenario; returns in what the engine differs. Empty where it cannot run the scenario.
pub fn play(engine: &dyn Engine, scenario: &Scenario) -> Vec<String> {
    let Some(expected) = scenario.expected_of(engine.name()) else { return Vec::new() };
    let tenant = RunningTenant::open(&scenario.tenant);
    let observed = engine.run(scenario, &tenant);
    let mut found = compare::differences(scenario, expected, &observed, &tenant);
    let is_alike = !scenario.differs.contains_key(engine.name());
    if found.is_empty() && is_alike {
        let is_exact = !(scenario.loses_process() && scenario.counts_vary);
        if is_exact && recorded::is_recording() && engine.name() == "local" {
            recorded::record(scenario, &observed);
        }
        found = recorded::differences(scenario, &observed);
    }
    if !found.is_empty() {
        found.push(format!("{}: breaks for a user: {}", scenario.name, scenario.why));
        found.extend(observed.notes);
    }
    found
}

/// Plays scenarios; prints what was played, and fails with every difference.
pub fn play_all(engine: &dyn Engine, scenarios: Vec<Scenario>) {
    let pick = std::env::var(PICK).unwrap_or_default();
    let mut picked: VecDeque<Scenario> =
        scenarios.into_iter().filter(|scenario| scenario.name.contains(&pick)).collect();
    if engine.name() != "local" && std::env::var_os(SLOW).is_none() {
        picked.retain(|scenario| {
            let is_quick = scenario.lasts_s <= SLOW_S;
            if !is_quick {
                println!("{}: {}: left out; set {SLOW} to play it", engine.name(), scenario.name);
            }
            is_quick
        });
    }
    // The longest first, so that the others run beside them.
    picked.make_contiguous().sort_by_key(|scenario| std::cmp::Reverse(scenario.lasts_s));
    let count = picked.len();
    let (queue, found) = (Mutex::new(picked), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no thread has failed").pop_front();
                    let Some(scenario) = next else { break };
                    #[allow(clippy::disallowed_methods, reason = "only printed")]
                    let started = std::time::Instant::now();
                    let differences = play(engine, &scenario);
                    let (name, took) = (engine.name(), started.elapsed().as_secs_f32());
                    let word = if differences.is_empty() { "equal" } else { "DIFFERENT" };
                    match scenario.differs.get(name) {
                        None => println!("{name}: {}: {word} ({took:.1} s)", scenario.name),
                        Some(it) => {
                            println!("{name}: {}: {word}, marked: {}", scenario.name, it.why)
                        }
                    }
                    found.lock().expect("no thread has failed").extend(differences);
                }
            });
        }
    });
    let found = found.into_inner().expect("no thread has failed");
    println!("{}: {count} scenarios", engine.name());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
