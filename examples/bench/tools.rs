//! The same work with the tools that people use today: restart 300 Macs, and know how each ended.
//!
//! Owns the comparison. Each tool meets a fresh simulated tenant with the limits of the API, where every answer takes
//! 100 to 300 ms. Then the same once more, killed in the middle and started again as people do.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use sortie::model::thousands;
use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, NewDevice, Server, Switches, World, serve, wall_clock,
};

use crate::Setup;
use crate::planning::sortie as program;

const DEVICES: usize = 300;
const LATENCY_MS: std::ops::RangeInclusive<u64> = 100..=300;
/// A tool that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(600);
/// Caps that allow the work.
const POLICY: &str = "[caps.disruptive]\nper_run = 300\nper_day = 300\nshare = \"100%\"\n";
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Clone, Copy)]
enum Tool {
    OneByOne,
    Xargs,
    Parallel,
    Aiohttp,
    Sortie,
}

const TOOLS: [(Tool, &str); 5] = [
    (Tool::OneByOne, "one request after the other (Python)"),
    (Tool::Xargs, "xargs -P16 curl"),
    (Tool::Parallel, "GNU parallel -j16 curl"),
    (Tool::Aiohttp, "aiohttp, 16 at a time (Python)"),
    (Tool::Sortie, "sortie run"),
];

/// What one way came to.
struct Came {
    /// It ended well: it says that it knows how each restart ended.
    is_complete: bool,
    wall_s: f64,
    requests: u64,
    duplicates: u32,
}

/// Each tool without a fault, and killed in the middle.
pub fn measure(setup: &Setup) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    println!("| way | seconds | requests | repeated | requests with a kill | repeated then |");
    println!("|---|---|---|---|---|---|");
    for (tool, name) in TOOLS {
        if !is_there(tool) {
            println!("skipped: {name}, because it is not installed here");
            continue;
        }
        let whole = runtime.block_on(come(setup, tool, Kill::No));
        let killed = runtime.block_on(come(setup, tool, Kill::Once));
        let failed = |came: &Came| if came.is_complete { "" } else { " (gave up)" };
        let cells = [
            format!("{:.1}{}", whole.wall_s, failed(&whole)),
            thousands(whole.requests),
            whole.duplicates.to_string(),
            format!("{}{}", thousands(killed.requests), failed(&killed)),
            killed.duplicates.to_string(),
        ];
        // At once: the whole takes a quarter of an hour.
        println!("| {name} | {} |", cells.join(" | "));
    }
}

/// Whether the process is killed when half of the devices have their restart.
#[derive(Clone, Copy, PartialEq)]
enum Kill {
    No,
    Once,
}

fn is_there(tool: Tool) -> bool {
    let mut probe = match tool {
        Tool::OneByOne => Command::new("python3"),
        Tool::Xargs => Command::new("curl"),
        Tool::Parallel => Command::new("parallel"),
        Tool::Aiohttp => {
            let mut probe = Command::new("python3");
            probe.args(["-c", "import aiohttp"]);
            probe
        }
        Tool::Sortie => return true,
    };
    if !matches!(tool, Tool::Aiohttp) {
        probe.arg("--version");
    }
    let quiet = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

async fn tenant() -> Server {
    let empty = FleetSpec { devices: 0, ..FleetSpec::default() };
    let faults = Faults { latency_ms: LATENCY_MS, ..Faults::default() };
    let mut world = World::new(&empty, Switches::default(), faults, wall_clock());
    for number in 0..DEVICES {
        let mut device = NewDevice::new(DeviceKind::MacIntel);
        device.serial_number = serial(number);
        world.add_device(device);
    }
    serve("127.0.0.1:0".parse().expect("an address"), world).await.expect("a free port")
}

fn serial(number: usize) -> String {
    format!("C02{number:09}")
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn come(setup: &Setup, tool: Tool, kill: Kill) -> Came {
    let server = tenant().await;
    let directory = tempfile::tempdir().expect("a directory");
    let ids = server.with_world(|world| world.device_ids().map(str::to_owned).collect::<Vec<_>>());
    std::fs::write(directory.path().join("devices"), ids.join("\n") + "\n").expect("a file");
    let job: String = (0..DEVICES).map(|number| format!("{},restart\n", serial(number))).collect();
    std::fs::write(directory.path().join("job.csv"), format!("serial_number,action\n{job}"))
        .expect("a file");
    // The built-in caps allow 200 restarts, and a fifth of the fleet.
    std::fs::create_dir(directory.path().join("state")).expect("a directory");
    std::fs::write(directory.path().join("state/policy.toml"), POLICY).expect("a file");
    let began = Instant::now();
    let start = |again: bool| {
        let mut command = command(setup, tool, directory.path(), &server.base_url(), again);
        command.env("SORTIE_TOKEN", &server.token).env("SORTIE_BASE_URL", server.base_url());
        command.process_group(0).spawn().expect("it was there before")
    };
    let mut child = start(false);
    if kill == Kill::Once {
        while server.ledger().count_all("restart") < DEVICES as u32 / 2 {
            assert!(began.elapsed() < PATIENCE, "it does not get anywhere");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        kill_all(&child);
        child.wait().expect("it ends");
        child = start(true);
    }
    let is_complete = until_ended(&mut child, began).await;
    let wall_s = began.elapsed().as_secs_f64();
    let ledger = server.ledger();
    let requests = ledger.requests;
    let duplicates = ledger.count_all("restart").saturating_sub(DEVICES as u32);
    Came { is_complete, wall_s, requests, duplicates }
}

/// Kills a process and all that it started.
fn kill_all(child: &Child) {
    let pid =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
    kill_process_group(pid, Signal::KILL).expect("it is our child");
}

/// Waits for the end of a way, and says whether it ended well.
async fn until_ended(child: &mut Child, began: Instant) -> bool {
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status.success();
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// How a person starts the work, and starts it again after a crash.
fn command(setup: &Setup, tool: Tool, directory: &Path, url: &str, again: bool) -> Command {
    let ways = std::fs::canonicalize("examples/bench/ways").expect("start this in the repository");
    let script = |program: &str, file: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.arg(ways.join(PathBuf::from(file))).args(words).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    match tool {
        Tool::OneByOne => script("python3", "one_by_one.py", &["devices"]),
        Tool::Xargs => script("bash", "shell.sh", &["xargs", "devices"]),
        Tool::Parallel => script("bash", "shell.sh", &["parallel", "devices"]),
        Tool::Aiohttp => script("python3", "side_by_side.py", &["devices"]),
        Tool::Sortie => {
            let mut command = program(setup, directory, url);
            match again {
                true => command.args(["resume", "latest", "--no-input"]),
                false => command.args([
                    "run",
                    "job.csv",
                    "--yes",
                    "--confirm",
                    "300",
                    "--per-second",
                    "50",
                    // One wave, as the other ways: by default sortie reaches few devices first.
                    "--waves",
                    "100%",
                ]),
            };
            command
        }
    }
}
