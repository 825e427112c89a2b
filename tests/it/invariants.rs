//! What must hold whatever happens: the engine under random tasks, answers, pauses, stops and deaths.
//!
//! Owns the properties and their controls: a checker that never complains proves nothing, so each rule has
//! a harness that is broken on purpose and that the same checker must catch.

mod checker;
mod harness;
mod scenario;
mod server;

use checker::{Rule, RunChecker};
use harness::{Report, Sabotage, World};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use scenario::{START, Scenario, scenario};
use sortie::model::{
    Entry, Event, Outcome, Policy, Rollout, StopCause, Task, TaskIndex, Turn, UnixMillis, Verdict,
    WaveEnd, WaveGate, Window,
};

fn run(scenario: &Scenario, sabotage: Sabotage) -> Report {
    World::new(scenario, sabotage).run()
}

proptest! {
    #![proptest_config(Config { cases: 3_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_run_keeps_every_rule(scenario in scenario()) {
        let report = run(&scenario, Sabotage::None);
        prop_assert!(report.violations.is_empty(), "{:#?}", report.violations);
    }
}

/// Scenarios from a fixed seed, so that a control does not depend on luck.
fn fixed_scenarios(count: usize) -> impl Iterator<Item = Scenario> {
    let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(move |_| scenario().new_tree(&mut runner).expect("a scenario").current())
}

#[test]
fn the_scenarios_reach_what_they_are_meant_to_test() {
    let reports: Vec<Report> =
        fixed_scenarios(200).map(|scenario| run(&scenario, Sabotage::None)).collect();
    let restarts: u32 = reports.iter().map(|report| report.restarts).sum();
    let requests: usize = reports.iter().map(|report| report.requests).sum();
    assert!(restarts > 100, "only {restarts} restarts");
    assert!(requests > 800, "only {requests} requests");
    assert!(reports.iter().any(|report| report.most_applied > 1), "no repetition was applied");
    for what in [
        "wave_begun",
        "canary_added",
        "rechecked",
        "stopped: Canary",
        "stopped: Wave",
        "stopped: Window",
        "stopped: ErrorsInARow",
        "stopped: PinMissing",
    ] {
        let count: u32 = reports.iter().filter_map(|report| report.happened.get(what)).sum();
        assert!(count > 2, "only {count} times {what}");
    }
}

#[test]
fn the_checker_catches_every_broken_harness() {
    for (sabotage, rule) in [
        (Sabotage::EverythingIsSafe, Rule::Once),
        (Sabotage::ReleaseBeforeCommit, Rule::IntentFirst),
        (Sabotage::NoLedger, Rule::Hour),
        (Sabotage::GiveBackTooMuch, Rule::Hour),
        (Sabotage::SendTwice, Rule::IntentFirst),
        (Sabotage::SendTwice, Rule::Once),
        (Sabotage::SendTwice, Rule::Note),
        (Sabotage::ReleaseBeforeCommit, Rule::Note),
        (Sabotage::LoseEntries, Rule::Replay),
        (Sabotage::LoseEntries, Rule::Record),
        (Sabotage::LooserPolicy, Rule::Concurrency),
        (Sabotage::LooserPolicy, Rule::Second),
        (Sabotage::PausesAreOver, Rule::Pause),
        (Sabotage::SleepThrough, Rule::Finish),
        (Sabotage::ForgetAtRestart, Rule::Replay),
        (Sabotage::NoQuarantine, Rule::Quarantine),
        (Sabotage::AllAtOnce, Rule::Wave),
        (Sabotage::NoPause, Rule::Wave),
        (Sabotage::NoWindows, Rule::Window),
        (Sabotage::NoRecheck, Rule::Recheck),
        (Sabotage::NoSlowness, Rule::Minute),
        (Sabotage::NoRow, Rule::Row),
    ] {
        let is_caught = fixed_scenarios(60).any(|scenario| {
            run(&scenario, sabotage).violations.iter().any(|violation| violation.rule == rule)
        });
        assert!(is_caught, "{sabotage:?} breaks {rule:?}, and nobody noticed");
    }
}

/// Two tasks of one device; the second waits for the first to be completed.
fn two_steps() -> (Vec<Task>, Policy) {
    let step = |after| scenario::TaskSpec {
        action: 0,
        is_irreversible: false,
        is_once: true,
        is_followed: true,
        is_read: false,
        is_skipped: false,
        special: scenario::Special::None,
        after,
        wave: 0,
        is_awake: true,
    };
    let policy = Policy { wait_ms: 60_000, ..Policy::default_at(START, 1) };
    let tasks = vec![step(None), step(Some(sortie::model::Gate::Completed))];
    (scenario::RunSpec { tasks, policy: policy.clone() }.tasks(), policy)
}

/// The rules that `events`, one a second, break.
fn broken_by(events: Vec<Event>) -> Vec<Rule> {
    let (tasks, policy) = two_steps();
    broken_of(tasks, policy, events)
}

fn broken_of(tasks: Vec<Task>, policy: Policy, events: Vec<Event>) -> Vec<Rule> {
    let mut checker = RunChecker::new(tasks, policy);
    for (second, event) in (0..).zip(events) {
        checker.commits(&Entry { at: START.plus_ms(second * 1_000), event });
    }
    checker.violations.iter().map(|violation| violation.rule).collect()
}

#[test]
fn the_checker_reads_the_journal() {
    let task = TaskIndex(0);
    let opened = || Event::Opened { program: "p".to_owned() };
    let reason = || "r".to_owned();
    let intent = |attempt| Event::Intent { task, attempt, pin: None, sends: None, lists: None };
    let answered = |attempt, verdict| Event::Answered { task, attempt, http_status: None, verdict };
    let lost = || Verdict::Unknown { reason: reason(), ends_run: false, retry_after_ms: None };
    let refused = || Verdict::NotSent { reason: reason(), ends_run: false };
    let settled = || Event::Settled { task, outcome: Outcome::Completed, reason: reason() };
    let stopped = || Event::Stopped { cause: StopCause::Errors, reason: reason() };
    for (events, expected) in [
        (vec![opened(), intent(1), answered(1, refused()), intent(2)], vec![]),
        (vec![opened(), intent(1), answered(1, lost()), intent(2)], vec![Rule::Once]),
        (vec![opened(), intent(1), opened(), intent(2)], vec![Rule::Once]),
        (vec![intent(1), settled(), settled()], vec![Rule::EndsOnce]),
        (vec![stopped(), intent(1)], vec![Rule::Stop]),
        (vec![stopped(), opened(), intent(1)], vec![]),
        (
            vec![
                Event::ActionStopped { action: "action-0".to_owned(), reason: reason() },
                intent(1),
            ],
            vec![Rule::Stop],
        ),
        (
            vec![Event::Paused { until: START.plus_ms(1_001), reason: reason() }, intent(1)],
            vec![Rule::Pause],
        ),
        (vec![intent(1), intent(1)], vec![Rule::IntentFirst]),
        (
            vec![Event::Intent {
                task: TaskIndex(1),
                attempt: 1,
                pin: None,
                sends: None,
                lists: None,
            }],
            vec![Rule::Gate],
        ),
        (
            vec![
                intent(1),
                settled(),
                Event::Intent {
                    task: TaskIndex(1),
                    attempt: 1,
                    pin: None,
                    sends: None,
                    lists: None,
                },
            ],
            vec![],
        ),
    ] {
        let told = format!("{events:?}");
        assert_eq!(broken_by(events), expected, "{told}");
    }
}

/// Three devices, each in a wave of its own, and a task for each that cannot be undone.
fn three_waves() -> (Vec<Task>, Policy) {
    let task = |wave| scenario::TaskSpec {
        action: 0,
        is_irreversible: true,
        is_once: true,
        is_followed: false,
        is_read: false,
        is_skipped: false,
        special: scenario::Special::None,
        after: None,
        wave,
        is_awake: true,
    };
    let rollout = Rollout {
        waves: vec![WaveEnd::Devices(1)],
        pause_ms: 2_000,
        gate: WaveGate::Settled,
        gate_timeout_ms: 1_000,
    };
    let policy = Policy {
        rollout: Some(rollout),
        errors_in_a_row: Some(1),
        irreversible_per_minute: Some(1),
        ..Policy::default_at(START, 1)
    };
    let tasks = vec![task(0), task(1), task(2)];
    (scenario::RunSpec { tasks, policy: policy.clone() }.tasks(), policy)
}

#[test]
fn the_checker_reads_waves_targets_windows_and_rows() {
    let [one, two, three] = [0, 1, 2].map(TaskIndex);
    let reason = || "r".to_owned();
    let read = |task| Event::Rechecked { task };
    let intent = |task| Event::Intent { task, attempt: 1, pin: None, sends: None, lists: None };
    let begun = |wave| Event::WaveBegun { wave, not_before: START, reason: reason() };
    let canary = |device| Event::CanaryAdded { device, reason: reason() };
    let wait = || Event::Paused { until: START, reason: reason() };
    let settled = |task, outcome| Event::Settled { task, outcome, reason: reason() };
    for (events, expected) in [
        (vec![read(one), intent(one)], vec![]),
        (vec![intent(one)], vec![Rule::Recheck]),
        (vec![read(two), intent(one)], vec![Rule::Recheck]),
        (vec![read(two), intent(two)], vec![Rule::Wave]),
        (vec![read(two), begun(1), wait(), intent(two)], vec![]),
        (vec![read(two), begun(1), intent(two)], vec![Rule::Wave]),
        (vec![read(three), begun(1), wait(), intent(three)], vec![Rule::Wave]),
        (vec![read(three), canary(2), intent(three)], vec![]),
        (vec![read(three), canary(1), intent(three)], vec![Rule::Wave]),
        (vec![read(one), intent(one), read(three), canary(2), intent(three)], vec![Rule::Minute]),
        (vec![settled(two, Outcome::Failed), read(one), intent(one)], vec![Rule::Row]),
        (vec![settled(two, Outcome::Skipped), read(one), intent(one)], vec![]),
        (
            vec![
                settled(two, Outcome::Failed),
                settled(three, Outcome::Completed),
                read(one),
                intent(one),
            ],
            vec![],
        ),
    ] {
        let (tasks, policy) = three_waves();
        let told = format!("{events:?}");
        assert_eq!(broken_of(tasks, policy, events), expected, "{told}");
    }
    for (from, to, expected) in [
        ("07:59", "08:01", vec![]),
        ("08:00", "08:01", vec![]),
        ("08:01", "09:00", vec![Rule::Window]),
        ("07:00", "08:00", vec![Rule::Window]),
    ] {
        let (tasks, policy) = three_waves();
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let window = Window::new(&days, from, to, "UTC").expect("a window");
        let policy = Policy { windows: vec![window], ..policy };
        let events = vec![read(one), intent(one)];
        assert_eq!(broken_of(tasks, policy, events), expected, "{from}-{to}");
    }
    // What was read too long ago.
    let (tasks, policy) = three_waves();
    let mut checker = RunChecker::new(tasks, policy);
    checker.commits(&Entry { at: START, event: read(one) });
    checker.commits(&Entry { at: START.plus_ms(60_001), event: intent(one) });
    assert!(checker.violations.iter().any(|violation| violation.rule == Rule::Recheck));
}

#[test]
fn the_checker_counts_tasks_and_hours() {
    let (tasks, policy) = two_steps();
    let (facts, actions) = sortie::drive::facts_of(&tasks, &policy);
    let state = sortie::engine::EngineState::new(facts, actions, policy.clone());
    // A checker that was told of a task that the engine does not have.
    let mut more = tasks.clone();
    more.push(Task { turn: Turn::Do, after: None, ..tasks[0].clone() });
    let mut checker = RunChecker::new(tasks, policy);
    checker.compares(&state, &state);
    assert!(checker.violations.is_empty(), "{:?}", checker.violations);
    let mut moments = vec![START, START.plus_ms(3_599_999)];
    let mut spread: Vec<UnixMillis> = vec![START, START.plus_ms(3_600_000)];
    assert!(checker::check_hour(&mut moments.clone(), &mut [], 0, 1).is_some());
    assert!(checker::check_hour(&mut [], &mut moments, 0, 1).is_some());
    assert!(checker::check_hour(&mut spread, &mut [], 0, 1).is_none());
}
