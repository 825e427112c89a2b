//! Bulk job runner for device fleets behind the Kandji / Iru Endpoint REST API.
//!
//! A *job* (CSV, XLSX or YAML) names or selects devices and what to do on them. A *plan* is the frozen list of *tasks*, one
//! action on one device each. A *run* sends one request for each task under the tenant's quota, follows every command
//! to its end, and records all of it in a journal before it counts. *Reports* are made from the journal.
//!
//! A mistake in a tool like this wipes a fleet, so what may happen next is decided by code without clock, disk or network:
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | the nouns: ids, tasks, entries, outcomes, sealed secrets, time |
//! | [`kandji`] | the API as a pure codec: action table, requests, answers, devices, commands |
//! | [`pace`] | when a request may leave: per second, per rolling hour, after a failure |
//! | [`job`] | bytes to a job, or to all of its problems |
//! | [`plan`] | job and inventory to tasks, or to refusals |
//! | [`engine`] | the task machine and the run machine |
//! | [`journal`] | SQLite: entries, quota ledger, list of runs, audit chain |
//! | [`transport`] | one call is one request |
//! | [`report`] | folds over entries, written to files |
//! | [`simulator`] | a tenant as a program |
//! | [`drive`] | the loop that commits entries, releases calls and feeds replies back |
//! | [`app`] | what sortie can do, for any front end |
//! | [`cli`] | the command line |
//!
//! Reading a job needs no tenant. All problems of a file are found at once, each with its place:
//!
//! ```
//! use sortie::job::{Input, ParseOptions, parse};
//!
//! let read = |bytes: &[u8]| {
//!     let input = Input { name: "lab.csv", bytes };
//!     parse(&input, &ParseOptions::default(), &|_| Err("this job names no file".into()))
//! };
//! let job = read(b"serial_number,action\nC02XK1ABJG5J,restart\n").expect("a job");
//! assert_eq!(job.rows[0].steps[0].action.name, "restart");
//! assert!(read(b"serial_number,action\nC02XK1ABJG5J,wipe\n").is_err());
//! ```
//!
//! A program that embeds the library goes through [`app::Workspace`], with every guard on: it prepares a run, shows what has to be
//! confirmed, and starts it with a consent that the application verifies. `examples/embed_run.rs` does so in forty lines,
//! `examples/watch_run.rs` follows the events of a run.
//!
//! ```
//! use sortie::app::{Events, Workspace};
//!
//! let directory = tempfile::tempdir()?;
//! let workspace = Workspace::open(&directory.path().join("state"), Events::new())?;
//! assert!(workspace.runs()?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod app;
pub mod cli;
pub mod drive;
pub mod engine;
pub mod job;
pub mod journal;
pub mod kandji;
pub mod model;
pub mod pace;
pub mod plan;
pub mod report;
pub mod simulator;
pub mod transport;
