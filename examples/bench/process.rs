//! A program, run to its end, and what it cost.
//!
//! Owns the reading of `/proc` (Linux). Must never count what another process did.

use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Ticks of the processor's clock in a second (Linux).
const TICKS_PER_SECOND: f64 = 100.0;
/// How often the memory of a program is read while it runs.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// What a program cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From its start to its end, in seconds.
    pub wall_s: f64,
    /// Processor time in the program, in seconds.
    pub user_s: f64,
    /// Processor time in the program and in the kernel for it, in seconds.
    pub cpu_s: f64,
    /// Its highest resident memory, in megabytes (10^6 bytes).
    pub peak_mb: f64,
}

/// Runs `command` to its end. It has to succeed.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn run(command: &mut Command) -> Cost {
    let began = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (user_s, cpu_s, peak_mb) = watch(&child);
    let wall_s = began.elapsed().as_secs_f64();
    let status = child.wait().expect("it has ended");
    let directory = command.get_current_dir().unwrap_or(Path::new("."));
    let said = std::fs::read_to_string(directory.join("stderr")).unwrap_or_default();
    assert!(status.success(), "{command:?}: {status}\n{said}");
    Cost { wall_s, user_s, cpu_s, peak_mb }
}

/// Waits for the end of a child, and leaves it to be collected.
fn watch(child: &Child) -> (f64, f64, f64) {
    let pid =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
    let mut peak_kb = 0;
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let ended = waitid(WaitId::Pid(pid), options).expect("it is our child");
        peak_kb = peak_kb.max(kilobytes(child.id(), "VmHWM:").unwrap_or(0));
        if ended.is_some() {
            break;
        }
        sleep(LOOK_EVERY);
    }
    let (user_s, system_s) = ticks(&child.id().to_string());
    (user_s, user_s + system_s, peak_kb as f64 * 1_024.0 / 1_000_000.0)
}

/// A line of a process's status in kilobytes (of 1,024 bytes).
fn kilobytes(pid: u32, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let rest = status.lines().find_map(|text| text.strip_prefix(line))?;
    rest.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// Processor time of a process in itself and in the kernel, in seconds.
pub fn ticks(pid: &str) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    // The name in brackets may hold blanks.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let seconds = |at: usize| {
        let ticks = fields.get(at).and_then(|text| text.parse::<f64>().ok());
        ticks.expect("Linux numbers these fields") / TICKS_PER_SECOND
    };
    (seconds(11), seconds(12))
}

/// The highest resident memory of this process so far, in megabytes.
pub fn own_peak_mb() -> f64 {
    kilobytes(std::process::id(), "VmHWM:").unwrap_or(0) as f64 * 1_024.0 / 1_000_000.0
}
