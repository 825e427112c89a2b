//! The test harness: the real program, a fresh state directory, and a simulated tenant.
//!
//! Owns the set-up that the tests share. Must never assert anything about the product.

use sortie::model::{Platform, UnixMillis};
use sortie::simulator::{
    CannedAnswer, DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, FleetSpec, Ledger,
    NewDevice, Oddities, ScriptedFault, Server, Switches, World, serve, wall_clock,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A simulated tenant that is served to other processes, on threads of its own.
pub struct Tenant {
    runtime: tokio::runtime::Runtime,
    server: Option<Server>,
}

impl Tenant {
    /// Serves a world on a free port of loopback.
    pub fn serving(world: World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let server = runtime.block_on(serve(address, world)).expect("a free port");
        Self { runtime, server: Some(server) }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it is only taken when the bench ends")
    }

    pub fn base_url(&self) -> String {
        self.server().base_url()
    }

    pub fn token(&self) -> String {
        self.server().token.clone()
    }

    pub fn ledger(&self) -> Ledger {
        self.server().ledger()
    }

    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.server().with_world(look)
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

/// An empty tenant whose devices answer within milliseconds and never fail.
pub fn prompt_world(faults: Faults) -> World {
    let switches = Switches { push_ms: 1..=5, run_ms: 1..=5, ..Switches::default() };
    world(switches, faults)
}

/// An empty tenant.
pub fn world(switches: Switches, faults: Faults) -> World {
    let fleet = FleetSpec { devices: 0, oddities: Oddities::None, ..FleetSpec::default() };
    World::new(&fleet, switches, faults, wall_clock())
}

/// Adds a device with a serial number; returns its id.
pub fn add(world: &mut World, kind: DeviceKind, serial: &str) -> String {
    let mut device = NewDevice::new(kind);
    device.serial_number = serial.to_owned();
    device.name = format!("{serial} of {}", kind.platform());
    world.add_device(device)
}

/// The `number`th of a series of serial numbers that look real and do not contain one another.
pub fn serial(number: usize) -> String {
    const LETTERS: &[u8] = b"CDFGHJKLMNPQRTVWXY";
    let mut tail = String::new();
    let mut rest = number;
    for _ in 0..4 {
        tail.push(char::from(LETTERS[rest % LETTERS.len()]));
        rest /= LETTERS.len();
    }
    format!("C02Z{tail}JGH5")
}

/// How long a request may take, and how long nothing is concluded from its absence: real time passes here, so
/// both are short.
pub const TIMEOUT: &str = "5s";
pub const QUARANTINE: &str = "10s";

/// A directory for one test, with the program in it.
pub struct Bench {
    directory: tempfile::TempDir,
    base_url: String,
    token: String,
}

impl Bench {
    /// A bench whose program talks to the tenant.
    pub fn at(tenant: &Tenant) -> Self {
        Self::new(&tenant.base_url(), &tenant.token())
    }

    /// A bench whose program talks to any address.
    pub fn new(base_url: &str, token: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { directory, base_url: base_url.to_owned(), token: token.to_owned() }
    }

    /// A file or directory of the bench.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file into the bench.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the bench can be written");
        path
    }

    /// The program, ready to be given arguments; its working directory is the bench.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sortie"));
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("SORTIE_STATE_DIR", self.path("state"))
            .env("SORTIE_TIMEOUT", TIMEOUT)
            .env("SORTIE_QUARANTINE", QUARANTINE)
            .stdin(Stdio::null());
        // In the background of whatever terminal the tests have: nobody is asked there.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if !self.base_url.is_empty() {
            command.env("SORTIE_BASE_URL", &self.base_url).env("SORTIE_TOKEN", &self.token);
        }
        command
    }

    /// Runs the program to its end.
    pub fn sortie(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments).output().expect("the program starts"))
    }

    /// The rows of the newest report, as maps from column to cell.
    pub fn report(&self) -> Vec<std::collections::BTreeMap<String, String>> {
        read_csv(&self.report_dir().join("report.csv"))
    }

    /// The directory of the newest report.
    pub fn report_dir(&self) -> PathBuf {
        let mut directories: Vec<PathBuf> = std::fs::read_dir(self.path("reports"))
            .expect("there are reports")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        // Names end in the run's id, which begins with its time.
        directories.sort_by_key(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let at = name.len().saturating_sub(21);
            name[at..].to_owned()
        });
        directories.pop().expect("there is a report")
    }
}

/// A CSV file as maps from column to cell.
pub fn read_csv(path: &Path) -> Vec<std::collections::BTreeMap<String, String>> {
    csv::Reader::from_path(path)
        .expect("the file is there")
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

/// How the program ended, and what it wrote.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test, with everything that was written, unless the exit code is this.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A kind of device for each platform.
#[allow(dead_code, reason = "for the tests that go through all platforms")]
pub fn kind_of(platform: Platform) -> DeviceKind {
    DeviceKind::of_platform(platform)
}

/// A moment for worlds with virtual time.
#[allow(dead_code, reason = "for the tests in virtual time")]
pub const VIRTUAL_START: UnixMillis = UnixMillis(1_800_000_000_000);

/// The ten outcomes, as reports spell them.
pub const OUTCOMES: [&str; 10] = [
    "completed",
    "accepted",
    "pending",
    "not_now",
    "already_in_effect",
    "failed",
    "refused",
    "in_doubt",
    "skipped",
    "not_attempted",
];

/// How often a test asks for what must happen, and how long it rests in between: a minute in all.
const ASKED_MAX: u32 = 12_000;
const REST: std::time::Duration = std::time::Duration::from_millis(5);

/// Most items that are worked on at once: the program mostly waits, but not only.
const THREADS: usize = 8;

/// Does the same with every item, several at once.
pub fn on_threads<T: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
    let queue: std::collections::VecDeque<T> = items.into_iter().collect();
    let queue = std::sync::Mutex::new(queue);
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(item) = next() {
                        work(item);
                    }
                })
            })
            .collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Asks again and again until the answer is yes.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..ASKED_MAX {
        if is_so() {
            return;
        }
        std::thread::sleep(REST);
    }
    panic!("in vain: {what}");
}

/// An answer of the tenant with this status and body, as JSON.
pub fn canned(status: u16, body: &str, moment: FaultMoment) -> FaultKind {
    let json = vec![("Content-Type", "application/json".to_owned())];
    canned_with(status, json, body.as_bytes(), moment)
}

/// An answer of the tenant in full.
pub fn canned_with(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: &[u8],
    moment: FaultMoment,
) -> FaultKind {
    let body = body.to_vec();
    FaultKind::Canned(Box::new(CannedAnswer { status, headers, body, moment }))
}

/// Actions that change nothing.
const READS: [&str; 2] = ["get-commands", "get-location"];

/// Requests of the ledger that are not reads.
pub fn writes(ledger: &Ledger) -> u64 {
    // A rate limit turns requests away before they do anything, and which ones depends on the speed of the machine.
    if ledger.by_status.contains_key(&429) {
        let is_change =
            |done: &&sortie::simulator::Accepted| !READS.contains(&done.action.as_str());
        return ledger.accepted.iter().filter(is_change).count() as u64;
    }
    sortie::kandji::ACTIONS
        .iter()
        .filter(|action| !READS.contains(&action.name))
        .filter_map(|action| ledger.by_kind.get(action.name))
        .sum()
}

impl Tenant {
    /// Whatever happens to the next request that fits.
    pub fn script(&self, matcher: FaultMatcher, kind: FaultKind) {
        self.with_world(|world| {
            world.faults_mut().script.push(ScriptedFault { matcher, kind });
        });
    }

    /// Requests of a kind that arrived so far.
    pub fn seen(&self, kind: &str) -> u64 {
        self.with_world(|world| world.ledger().by_kind.get(kind).copied().unwrap_or(0))
    }
}

impl Bench {
    /// A bench whose program is told of no tenant and no token.
    pub fn offline() -> Self {
        Self::new("", "")
    }

    /// Writes a policy into the state directory, which need not be there yet.
    pub fn policy(&self, text: &str) {
        use std::io::Write;
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        let state = self.path("state");
        let mut private = std::fs::DirBuilder::new();
        private.recursive(true).mode(0o700).create(&state).expect("a state directory");
        let mut options = std::fs::File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(state.join("policy.toml")).expect("the policy can be written");
        file.write_all(text.as_bytes()).expect("the policy can be written");
    }

    /// Raises the caps beyond what any test comes to: for tests of large numbers that are not about caps.
    pub fn allow_many(&self) {
        let any = "per_run = 1000000\nper_day = 1000000\nshare = \"100%\"\n";
        self.policy(&format!("[caps.disruptive]\n{any}[caps.irreversible]\n{any}"));
    }

    /// The program with a text on its standard input, run to its end.
    pub fn sortie_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        use std::io::Write;
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("it is piped");
        // A program that refuses early does not read to the end.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        Ran::of(child.wait_with_output().expect("it ends"))
    }

    /// Writes a CSV job of rows and returns its name.
    pub fn job(&self, name: &str, header: &str, rows: &[String]) -> String {
        let text = format!("{header}\n{}\n", rows.join("\n"));
        self.write(name, &text);
        name.to_owned()
    }

    /// The id of the newest run.
    pub fn latest_run(&self) -> String {
        let runs = self.sortie(&["runs", "--format", "json"]).expect(0);
        let runs: serde_json::Value = serde_json::from_str(&runs.stdout).expect("JSON");
        runs[0]["id"].as_str().expect("there is a run").to_owned()
    }

    /// The newest report by serial number.
    pub fn outcomes(&self) -> std::collections::BTreeMap<String, String> {
        let rows = self.report();
        rows.into_iter().map(|row| (row["serial_number"].clone(), row["outcome"].clone())).collect()
    }
}
