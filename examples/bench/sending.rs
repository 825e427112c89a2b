//! A run at the pace of the API: 5,000 check-ins at 50 a second.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sortie::model::thousands;

use crate::Setup;
use crate::planning::{sortie, write_job};
use crate::process::run;
use crate::table::{median, print};
use crate::tenant::{Manner, Tenant};

const REQUESTS: u32 = 5_000;
const PER_SECOND: u32 = 50;
/// A fleet that is read in 18 requests.
const LATENCY: Duration = Duration::from_millis(20);

/// The time and CPU of the whole run, its plan included.
pub fn measure(setup: &Setup) {
    let (mut wall, mut cpu, mut peak, mut requests) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..setup.runs {
        let tenant = Tenant::start(Manner { devices: REQUESTS, latency: LATENCY });
        let directory = tempfile::tempdir().expect("a directory");
        write_job(&directory.path().join("job.csv"), REQUESTS);
        let mut command = sortie(setup, directory.path(), &tenant.url());
        command.args(["run", "job.csv", "--confirm", "5000"]);
        command.args(["--per-second", "50", "--per-hour", "10000"]);
        let cost = run(&mut command);
        requests = tenant.requests.load(Ordering::Relaxed);
        wall.push(cost.wall_s);
        cpu.push(cost.cpu_s * 1e3 / requests as f64);
        peak.push(cost.peak_mb);
    }
    let ideal_s = f64::from(REQUESTS) / f64::from(PER_SECOND);
    let wall_s = median(wall);
    let row = vec![
        thousands(requests),
        format!("{wall_s:.1}"),
        format!("{:.3}", wall_s / ideal_s),
        format!("{:.2}", median(cpu)),
        format!("{:.0}", median(peak)),
    ];
    let headers =
        ["requests", "wall, s", "times the ideal", "CPU a request, ms", "peak memory, MB"];
    print(&headers, &[row]);
}
