//! The integration tests: the program as its users meet it, against simulated tenants on loopback.

#![allow(clippy::print_stdout, reason = "a test prints what it measured")]

mod accidents;
#[cfg(target_os = "linux")]
mod after_sending;
mod audit;
#[cfg(unix)]
mod browser;
mod bypass;
mod cli;
mod clock;
#[cfg(unix)]
mod close;
mod command_outcomes;
#[cfg(unix)]
mod conformance;
mod contract;
mod cost;
mod crash;
mod deploy;
mod determinism;
#[cfg(unix)]
mod doctor;
mod documents;
mod doubt;
mod faults;
mod filters;
mod fleet;
mod following;
mod gather;
#[cfg(unix)]
mod groups;
mod guards;
mod hand_over;
mod harness;
mod history;
mod identities;
mod invariants;
mod jobs;
#[cfg(unix)]
mod json;
mod language;
mod layers;
mod leftovers;
mod lost_mode;
mod manifest;
mod notes;
#[cfg(unix)]
mod notify;
#[cfg(unix)]
mod observe;
mod pins;
mod pins_handover;
#[cfg(unix)]
mod pseudo_terminal;
mod refusals;
#[cfg(unix)]
mod report_page;
mod rig;
#[cfg(unix)]
mod schedule;
#[cfg(unix)]
mod screens;
mod secrets;
mod settings;
#[cfg(unix)]
mod shells;
mod sleep;
#[cfg(unix)]
mod snapshots;
#[cfg(target_os = "linux")]
mod stats;
mod surroundings;
mod tenant;
mod tenants;
#[cfg(unix)]
mod terminal;
mod told;
#[cfg(unix)]
mod topic_examples;
#[cfg(unix)]
mod trust;
mod updates;
mod ways;
#[cfg(all(unix, feature = "xlsx"))]
mod workbooks;
mod workspace;
