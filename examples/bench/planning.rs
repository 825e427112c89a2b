//! What a plan costs: `sortie plan` on jobs of 1,000 to 1,000,000 rows.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sortie::model::thousands;

use crate::Setup;
use crate::process::{Cost, run};
use crate::table::{median, print};
use crate::tenant::{Manner, Tenant, serial};

/// Devices of the largest fleet. Jobs with more rows have several steps for each device, because no tenant has more.
const FLEET_MAX: u32 = 250_000;
/// Devices of the inventory that is read for itself.
const INVENTORY: u32 = 50_000;
const ROWS: [u32; 5] = [1_000, 10_000, 50_000, 250_000, 1_000_000];

/// A job of a million requests is sent for days.
const PLAN: [&str; 4] = ["plan", "job.csv", "--send-until", "30d"];

/// A job with a check-in in each of its rows.
pub fn write_job(path: &Path, rows: u32) {
    let devices = rows.min(FLEET_MAX);
    let mut text = String::from("serial_number,step,action\n");
    for step in 1..=rows / devices {
        for device in 0..devices {
            let _ = writeln!(text, "{},{step},daily-checkin", serial(device));
        }
    }
    std::fs::write(path, text).expect("a job file");
}

/// The program with a state directory of its own and this tenant.
pub fn sortie(setup: &Setup, directory: &Path, url: &str) -> Command {
    let mut command = Command::new(&setup.program);
    command.env("SORTIE_BASE_URL", url).env("SORTIE_TOKEN", "5f0c1d52-9a57-4c0e-8f6e-2f6f0d8f3a11");
    command.current_dir(directory).args(["--state-dir", "state"]).stdin(Stdio::null());
    let said = File::create(directory.join("stderr")).expect("a file");
    command.stdout(Stdio::null()).stderr(said);
    command
}

fn fleet(devices: u32) -> Tenant {
    Tenant::start(Manner { devices, latency: Duration::ZERO })
}

fn medians(costs: &[Cost], part: impl Fn(&Cost) -> f64) -> f64 {
    median(costs.iter().map(part).collect())
}

/// CPU and memory of plans by number of rows.
pub fn plans(setup: &Setup) {
    let mut rows = Vec::new();
    for count in ROWS {
        let tenant = fleet(count.min(FLEET_MAX));
        let costs: Vec<Cost> = (0..setup.runs)
            .map(|_| {
                let directory = tempfile::tempdir().expect("a directory");
                write_job(&directory.path().join("job.csv"), count);
                run(sortie(setup, directory.path(), &tenant.url()).args(PLAN))
            })
            .collect();
        rows.push(vec![
            thousands(u64::from(count)),
            format!("{:.2}", medians(&costs, |cost| cost.user_s)),
            format!("{:.1}", medians(&costs, |cost| cost.user_s) * 1e6 / f64::from(count)),
            format!("{:.0}", medians(&costs, |cost| cost.peak_mb)),
            format!("{:.2}", medians(&costs, |cost| cost.wall_s)),
        ]);
    }
    let headers = ["rows", "user CPU, s", "µs a row", "peak memory, MB", "wall, s"];
    print(&headers, &rows);
}

/// CPU to read an inventory of 50,000 devices, of which the job selects one.
pub fn inventory(setup: &Setup) {
    let cost_of = |devices: u32| {
        let tenant = fleet(devices);
        let costs: Vec<Cost> = (0..setup.runs)
            .map(|_| {
                let directory = tempfile::tempdir().expect("a directory");
                let job =
                    "version: 1\ntargets:\n  filter:\n    tag: [first]\naction: daily-checkin\n";
                std::fs::write(directory.path().join("job.yaml"), job).expect("a job file");
                run(sortie(setup, directory.path(), &tenant.url()).args(["plan", "job.yaml"]))
            })
            .collect();
        (medians(&costs, |cost| cost.cpu_s), medians(&costs, |cost| cost.peak_mb))
    };
    let (small, large) = (cost_of(300), cost_of(INVENTORY));
    let devices = f64::from(INVENTORY - 300);
    let row = vec![
        thousands(u64::from(INVENTORY)),
        format!("{:.1}", (large.0 - small.0) * 1e6 / devices),
        format!("{:.0}", large.1),
    ];
    print(&["devices", "CPU a device, µs", "peak memory, MB"], &[row]);
}
