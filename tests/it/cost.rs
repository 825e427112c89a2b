//! What the program costs where a fleet is large, counted in allocations and bytes and never in time.
//!
//! Owns the limits: a change that costs more fails here, on every machine alike. A limit is the figure that was measured
//! when it was set, and a tenth more. Run with `--nocapture` to see the figures. Must never measure on more than one thread.

use std::fmt::Write;

use crate::determinism::header;
use allocation_counter::{AllocationInfo, measure};
use sortie::drive::facts_of;
use sortie::engine::{Engine, EngineState, TaskState};
use sortie::job::{Input, Job, ParseOptions, parse};
use sortie::journal::{RequestCounts, RunJournal, RunReader, StateDir};
use sortie::kandji::read_devices;
use sortie::model::wire::Reply;
use sortie::model::{
    Answer, Entry, Event, Outcome, PackedDeviceId, Policy, TaskFacts, TaskIndex, TaskRecord,
    TaskStanding, UnixMillis, Verdict,
};
use sortie::plan::{Inventory, Plan, PlanOptions, build};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const FEW: usize = 500;
const MANY: usize = 4_000;
/// What a row of many may cost more than a row of few, in percent: tables grow by doubling.
const GROWTH_PERCENT: u64 = 130;

/// What one of many rows costs.
#[derive(Debug)]
struct Cost {
    allocations_in_100: u64,
    bytes_held: u64,
}

impl Cost {
    fn of(info: AllocationInfo, rows: usize) -> Self {
        let rows = rows as u64;
        Self {
            allocations_in_100: info.count_total * 100 / rows,
            bytes_held: info.bytes_max / rows,
        }
    }
}

/// Measures the same work on few and on many rows, and holds it to its limits.
#[track_caller]
fn check(what: &str, most: &Cost, work: impl Fn(usize) -> AllocationInfo) {
    // The first one also pays for what is made once.
    work(FEW);
    let few = Cost::of(work(FEW), FEW);
    let many = Cost::of(work(MANY), MANY);
    let text = format!("{what}: {many:?} of at most {most:?}; with fewer rows {few:?}");
    println!("{text}");
    assert!(many.allocations_in_100 <= most.allocations_in_100, "{text}");
    assert!(many.bytes_held <= most.bytes_held, "{text}");
    assert!(many.allocations_in_100 * 100 <= few.allocations_in_100 * GROWTH_PERCENT, "{text}");
    assert!(many.bytes_held * 100 <= few.bytes_held * GROWTH_PERCENT, "{text}");
}

fn serial(number: usize) -> String {
    format!("C02{number:07}QD")
}

fn job_text(rows: usize) -> String {
    let mut text = String::from("serial_number,action,room\n");
    for number in 0..rows {
        let _ = writeln!(text, "{},restart,Room {}", serial(number), number % 40);
    }
    text
}

fn job(text: &str) -> Job {
    let input = Input { name: "job.csv", bytes: text.as_bytes() };
    parse(&input, &ParseOptions::default(), &|_| Err("no other file".to_owned())).expect("a job")
}

fn page(devices: std::ops::Range<usize>) -> Reply {
    let rows: Vec<String> = devices
        .map(|number| {
            let serial = serial(number);
            format!(
                r#"{{"device_id":"{number:08x}-0000-4000-8000-{number:012x}","device_name":"Mac {number}","model":"MacBook Air (M2, 2022)","serial_number":"{serial}","platform":"Mac","os_version":"15.1","last_check_in":"2026-11-27T09:00:00.000000Z","user":{{"email":"user{number}@example.com","name":"User {number}","id":"1","is_archived":false}},"asset_tag":"","blueprint_id":"1f5e9a1c-3f0c-4f3e-9d8a-2b1a52f6a001","mdm_enabled":true,"agent_installed":true,"is_missing":false,"is_removed":false,"agent_version":"4.5.2","first_enrollment":"2025-03-01 08:00:00.000000+00:00","last_enrollment":"2025-03-01 08:00:00.000000+00:00","blueprint_name":"Staff","lost_mode_status":"","tags":["staff"]}}"#
            )
        })
        .collect();
    Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        retry_after: None,
        date: None,
        remaining_hour: None,
        limit_hour: None,
        has_dropped_body: false,
        body: format!("[{}]", rows.join(",")).into_bytes(),
    }
}

fn inventory(devices: usize) -> Inventory {
    Inventory::of_tenant(read_devices(&page(0..devices)).expect("devices"))
}

fn plan(rows: usize) -> Plan {
    build(&job(&job_text(rows)), &inventory(rows), &PlanOptions::default(), NOW)
}

#[test]
fn a_row_of_a_job_costs_little() {
    check("row of a job", &Cost { allocations_in_100: 2016, bytes_held: 360 }, |rows| {
        let text = job_text(rows);
        measure(|| drop(job(&text)))
    });
}

#[test]
fn a_device_of_the_inventory_costs_little() {
    check("device", &Cost { allocations_in_100: 490, bytes_held: 271 }, |rows| {
        let pages: Vec<Reply> =
            (0..rows).step_by(250).map(|first| page(first..rows.min(first + 250))).collect();
        measure(|| {
            let devices = pages.iter().flat_map(|page| read_devices(page).expect("devices"));
            drop(Inventory::of_tenant(devices));
        })
    });
}

#[test]
fn a_task_of_a_plan_costs_little() {
    check("task of a plan", &Cost { allocations_in_100: 330, bytes_held: 110 }, |rows| {
        let (job, inventory) = (job(&job_text(rows)), inventory(rows));
        measure(|| {
            let plan = build(&job, &inventory, &PlanOptions::default(), NOW);
            assert_eq!(plan.tasks.len(), rows);
        })
    });
}

#[test]
fn a_task_of_a_run_takes_few_bytes() {
    let sizes = [
        ("facts", size_of::<TaskFacts>(), 32),
        ("state", size_of::<TaskState>(), 56),
        ("standing", size_of::<TaskStanding>(), 4),
        ("record", size_of::<TaskRecord>(), 88),
        ("device", size_of::<PackedDeviceId>(), 24),
    ];
    println!("{sizes:?}");
    for (what, bytes, most) in sizes {
        assert!(bytes <= most, "{what}: {bytes} bytes, of at most {most}");
    }
}

#[test]
fn the_machine_of_a_run_holds_little_of_each_task() {
    check("task of a run", &Cost { allocations_in_100: 100, bytes_held: 200 }, |rows| {
        let (plan, policy) = (plan(rows), Policy::default_at(NOW, 1));
        measure(|| {
            let (facts, actions) = facts_of(&plan.tasks, &policy);
            drop(Engine::new(EngineState::new(facts, actions, policy.clone())));
        })
    });
}

/// The life of some tasks, as a run records it.
fn entries(plan: &Plan) -> Vec<Entry> {
    let numbered = || (0..).map(TaskIndex).zip(&plan.tasks);
    let lives = numbered().flat_map(|(task, planned)| {
        let sends = Some(Box::new(planned.sends(None)));
        let verdict = Verdict::Accepted(Answer::default());
        [
            Event::Intent { task, attempt: 1, pin: None, sends, lists: None },
            Event::Answered { task, attempt: 1, http_status: Some(200), verdict },
            Event::Settled { task, outcome: Outcome::Accepted, reason: String::new() },
        ]
    });
    let opened = Event::Opened { program: "sortie".to_owned() };
    [opened].into_iter().chain(lives).map(|event| Entry { at: NOW, event }).collect()
}

/// A run of these tasks in a state directory of its own, with its whole life on disk.
fn recorded(rows: usize) -> (tempfile::TempDir, StateDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let state = StateDir::open(directory.path()).expect("a state directory");
    let (plan, policy) = (plan(rows), Policy::default_at(NOW, 1));
    let mut journal = RunJournal::create(&state, &header(&policy), &plan.tasks).expect("a journal");
    journal.append(&entries(&plan), &RequestCounts::new()).expect("written");
    (directory, state)
}

#[test]
fn three_entries_of_a_task_cost_little_to_write() {
    check("entries written", &Cost { allocations_in_100: 1265, bytes_held: 12 }, |rows| {
        let directory = tempfile::tempdir().expect("a directory");
        let state = StateDir::open(directory.path()).expect("a state directory");
        let (plan, policy) = (plan(rows), Policy::default_at(NOW, 1));
        let entries = entries(&plan);
        let mut journal =
            RunJournal::create(&state, &header(&policy), &plan.tasks).expect("a journal");
        measure(|| {
            for batch in entries.chunks(100) {
                journal.append(batch, &RequestCounts::new()).expect("written");
            }
        })
    });
}

#[test]
fn three_entries_of_a_task_cost_little_to_read() {
    check("entries read", &Cost { allocations_in_100: 1320, bytes_held: 2 }, |rows| {
        let (_directory, state) = recorded(rows);
        let reader = RunReader::open(&state, &header(&Policy::default_at(NOW, 1)).run.0)
            .expect("the journal is there");
        let mut count = 0;
        let info = measure(|| reader.for_each_entry(|_| count += 1).expect("readable"));
        assert_eq!(count, 3 * rows + 1);
        info
    });
}
