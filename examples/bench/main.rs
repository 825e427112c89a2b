//! The speed of sortie: what planning, sending and reading records cost, beside the tools that people use today.
//!
//! Build the program, then measure:
//!
//! ```text
//! cargo build --release && cargo run --release --example bench
//! ```
//!
//! `--only plan,first` measures these sections; `--list` names them all. `--runs N` repeats each figure and prints the
//! median (default 5). `--program FILE` measures another build of sortie. Nothing leaves this machine: all requests go to a
//! tenant with fixed answers on 127.0.0.1. The long sections say how long they take.

#![allow(clippy::print_stdout, reason = "a measurement is for its reader")]
#![cfg(unix)]

mod first_request;
mod following;
mod library;
mod nginx;
mod planning;
mod process;
mod records;
mod sending;
mod table;
mod tenant;
mod tools;

use std::path::PathBuf;

/// Where the figures of a section come from, and how often each is measured.
pub struct Setup {
    /// The program that is measured.
    pub program: PathBuf,
    /// How often a figure is measured; the median counts.
    pub runs: usize,
}

/// A part of the measurement: its name, what it says, and its work.
struct Section {
    name: &'static str,
    says: &'static str,
    measure: fn(&Setup),
}

const SECTIONS: [Section; 8] = [
    section("plan", "CPU and memory of plans by number of rows", planning::plans),
    section("inventory", "CPU to read an inventory", planning::inventory),
    section("first", "time to the first request", first_request::measure),
    section("pace", "5,000 requests at 50 a second (2 minutes a run)", sending::measure),
    section(
        "fan-out",
        "durable requests without a limit, and memory by number of tasks",
        library::measure,
    ),
    section(
        "follow",
        "requests for each task that is followed, in virtual time",
        following::measure,
    ),
    section(
        "records",
        "audit, status, stats, resume and runs by size of the journal",
        records::measure,
    ),
    section(
        "tools",
        "300 restarts with the tools that people use today (15 minutes)",
        tools::measure,
    ),
];

const fn section(name: &'static str, says: &'static str, measure: fn(&Setup)) -> Section {
    Section { name, says, measure }
}

fn main() {
    let mut setup = Setup { program: "target/release/sortie".into(), runs: 5 };
    let mut only: Vec<String> = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--list" => {
                SECTIONS
                    .iter()
                    .for_each(|section| println!("{:<10} {}", section.name, section.says));
                return;
            }
            "--program" => setup.program = words.next().expect("--program FILE").into(),
            "--runs" => {
                let runs = words.next().and_then(|text| text.parse().ok());
                setup.runs = runs.filter(|runs| *runs > 0).expect("--runs N");
            }
            "--only" => {
                only = words.next().expect("--only NAMES").split(',').map(str::to_owned).collect();
            }
            // A part of a figure, in a process of its own.
            library::PART => return library::part(words),
            other => {
                panic!("'{other}' is not an option of this measurement; the file's head has all")
            }
        }
    }
    let known = |name: &String| SECTIONS.iter().any(|section| section.name == name);
    if let Some(stranger) = only.iter().find(|name| !known(name)) {
        panic!("there is no section '{stranger}'; --list names all");
    }
    setup.program =
        setup.program.canonicalize().expect("build the program first: cargo build --release");
    for section in &SECTIONS {
        if only.is_empty() || only.iter().any(|name| name == section.name) {
            println!("\n## {}: {}\n", section.name, section.says);
            (section.measure)(&setup);
        }
    }
}
