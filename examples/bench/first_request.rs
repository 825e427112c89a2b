//! How long a person waits until the first request of a job.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Setup;
use crate::planning::{sortie, write_job};
use crate::process::run;
use crate::table::{median, print};
use crate::tenant::{Manner, Tenant};

/// Rows and devices of the large job.
const DEVICES: u32 = 10_000;
/// How long each page of the inventory takes.
const LATENCY: Duration = Duration::from_millis(300);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The first request of a large job, and the whole of the sample job.
pub fn measure(setup: &Setup) {
    let first: Vec<f64> = (0..setup.runs).map(|_| first_action_s(setup)).collect();
    let sample: Vec<f64> = (0..setup.runs).map(|_| sample_s(setup)).collect();
    let row =
        |what: &str, values: Vec<f64>| vec![what.to_owned(), format!("{:.2}", median(values))];
    let rows = [
        row("10,000 devices, 300 ms a page: until the first action", first),
        row("sortie run jobs/daily-checkin.csv --simulate", sample),
    ];
    print(&["what", "seconds"], &rows);
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn first_action_s(setup: &Setup) -> f64 {
    let tenant = Tenant::start(Manner { devices: DEVICES, latency: LATENCY });
    let directory = tempfile::tempdir().expect("a directory");
    write_job(&directory.path().join("job.csv"), DEVICES);
    let mut command = sortie(setup, directory.path(), &tenant.url());
    command.args([
        "run",
        "job.csv",
        "--confirm",
        "10000",
        "--per-second",
        "50",
        "--per-hour",
        "10000",
    ]);
    let began = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let first = loop {
        if let Some(first) = tenant.first_action() {
            break first;
        }
        let ended = child.try_wait().expect("it is our child");
        assert!(ended.is_none(), "the run ended without an action: {ended:?}");
        std::thread::sleep(LOOK_EVERY);
    };
    child.kill().expect("it is our child");
    child.wait().expect("it ends");
    first.duration_since(began).as_secs_f64()
}

fn sample_s(setup: &Setup) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let job =
        std::fs::canonicalize("jobs/daily-checkin.csv").expect("start this in the repository");
    let mut command = Command::new(&setup.program);
    command.current_dir(directory.path()).args(["--state-dir", "state", "run", "--simulate"]);
    command.arg(job).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    run(&mut command).wall_s
}
