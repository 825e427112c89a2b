//! Whole job files: what is accepted, what is refused and with which words.
//!
//! Owns the ways of asking. The questions are in the files below. Must never hold code of the product.

mod hostile;
mod require;
mod schema;
mod tables;
mod tenants;
mod yaml;

use super::*;

const ID: &str = "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f";

fn no_files(name: &str) -> Result<Vec<u8>, String> {
    Err(format!("no file {name}"))
}

fn read(name: &str, bytes: &[u8], options: &ParseOptions) -> Result<Job, Diagnostics> {
    parse(&Input { name, bytes }, options, &no_files)
}

/// All problems, as people see them, or `ok`.
fn said(name: &str, bytes: &[u8], options: &ParseOptions) -> String {
    match read(name, bytes, options) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

fn check(text: &str, expect: &str) {
    check_with(&ParseOptions::default(), text, expect);
}

fn check_with(options: &ParseOptions, text: &str, expect: &str) {
    let said = said("job.csv", text.as_bytes(), options);
    assert!(said.contains(expect), "{text}\n--- said:\n{said}\n--- should contain:\n{expect}");
    assert_eq!(said == "ok", expect == "ok");
}

fn check_yaml(text: &str, expect: &str) {
    let said = said("job.yaml", text.as_bytes(), &ParseOptions::default());
    assert!(said.contains(expect), "{text}\n--- said:\n{said}\n--- should contain:\n{expect}");
    assert_eq!(said == "ok", expect == "ok");
}

fn job(text: &str) -> Job {
    job_with(&ParseOptions::default(), text)
}

fn job_with(options: &ParseOptions, text: &str) -> Job {
    read("job.csv", text.as_bytes(), options)
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn yaml_job(text: &str) -> Job {
    read("job.yaml", text.as_bytes(), &ParseOptions::default())
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn action(name: &str) -> ParseOptions {
    ParseOptions { action: Some(name.to_owned()), ..ParseOptions::default() }
}

const LAB: &str = "\
version: 1
name: design-lab-restart
reason: CHG-1042
targets:
  devices:
    - serial_number: 0012345
      device_name: Lab 1
    - device_id: d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f
      with: { NotifyUser: false }
exclude: { platform: Windows, serial_numbers: [A9], user_email: boss@example.com }
steps:
  - action: blank-push
  - action: restart
    after: accepted
    with: { notify_user: true }
wait: 2h
send_until: 8h
limits: { concurrency: 16, per_second: 20, per_hour: 4000, max_devices: 200 }
retries: { count: 4, delay: 1s, max_delay: 60s, jitter: true }
stop: { max_errors: 5%, in_a_row: 5 }
rollout: { waves: [1, 20%], pause: 5m, gate: operator }
window: { days: [sat, sun], from: 22:00, to: \"06:00\", timezone: Europe/Berlin, outside: wait }
report: { dir: reports, formats: [csv, jsonl] }
skip_refused: [unsupported, not_found]
";
