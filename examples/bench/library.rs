//! A durable run without a limit: every intent and every answer on disk, beside clients that keep nothing.
//!
//! Owns what is measured in processes of its own (`--part`), so that memory and processor time are theirs alone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::stream::{self, StreamExt};
use sortie::drive::{
    Clock, Control, FactsOfTasks, NoWatchdog, Quiet, Quota, RunParts, WallClock, run, system_pins,
};
use sortie::engine::{Engine, EngineState};
use sortie::journal::{Index, RequestCounts, RunJournal, StateDir, Writer};
use sortie::model::thousands;
use sortie::model::{Policy, Sealed};
use sortie::transport::{HttpSettings, HttpTransport};

use crate::Setup;
use crate::nginx::Answers;
use crate::process::{own_peak_mb, ticks};
use crate::records::{header, task};
use crate::table::{median, print};

/// The option that measures one part in this process.
pub const PART: &str = "--part";
const REQUESTS: usize = 100_000;
const AT_ONCE: usize = 64;
/// Tasks of the runs whose memory is measured.
const TASKS: [usize; 3] = [10_000, 50_000, 1_000_000];
const TOKEN: &str = "5f0c1d52-9a57-4c0e-8f6e-2f6f0d8f3a11";

/// What a part says of itself in one line: requests a second, microseconds of processor for each, megabytes.
struct Figures {
    per_second: f64,
    cpu_us: f64,
    peak_mb: f64,
}

/// The rates and costs side by side, then memory by number of tasks.
pub fn measure(setup: &Setup) {
    let answers = Answers::start();
    println!(
        "{} requests, {AT_ONCE} at once, against {}\n",
        thousands(REQUESTS as u64),
        answers.name()
    );
    let mut rows = Vec::new();
    for (name, part) in
        [("sortie as a library, durable", "durable"), ("reqwest, keeps nothing", "raw")]
    {
        let all: Vec<Figures> =
            (0..setup.runs).map(|_| of_part(part, REQUESTS, &answers.url())).collect();
        let middle = |of: fn(&Figures) -> f64| median(all.iter().map(of).collect());
        rows.push(vec![
            name.to_owned(),
            thousands(middle(|it| it.per_second) as u64),
            format!("{:.1}", middle(|it| it.cpu_us)),
            format!("{:.0}", middle(|it| it.peak_mb)),
        ]);
    }
    rows.extend(aiohttp(setup, &answers));
    rows.extend(wrk(&answers));
    print(&["client", "requests a second", "CPU a request, µs", "peak memory, MB"], &rows);
    println!("\nmemory of a durable run\n");
    let row = |tasks: usize| {
        let figures = of_part("durable", tasks, &answers.url());
        vec![
            thousands(tasks as u64),
            thousands(figures.per_second as u64),
            format!("{:.0}", figures.peak_mb),
        ]
    };
    print(&["tasks", "requests a second", "peak memory, MB"], &TASKS.map(row));
}

fn of_part(part: &str, requests: usize, url: &str) -> Figures {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own)
        .args([PART, part, &requests.to_string(), url])
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{part}: {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [per_second, cpu_us, peak_mb] = numbers[..] else { panic!("{part} says '{text}'") };
    Figures { per_second, cpu_us, peak_mb }
}

fn aiohttp(setup: &Setup, answers: &Answers) -> Option<Vec<String>> {
    let seconds: Vec<f64> = (0..setup.runs)
        .map_while(|_| {
            let output = Command::new("python3")
                .arg("examples/bench/ways/fan_out.py")
                .args([&answers.url(), &REQUESTS.to_string(), &AT_ONCE.to_string()])
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        })
        .collect();
    if seconds.is_empty() {
        println!("skipped: aiohttp, because it is not installed here");
        return None;
    }
    let rate = thousands((REQUESTS as f64 / median(seconds)) as u64);
    Some(vec!["aiohttp, keeps nothing".to_owned(), rate, String::new(), String::new()])
}

fn wrk(answers: &Answers) -> Option<Vec<String>> {
    let at_once = format!("-c{AT_ONCE}");
    let output =
        Command::new("wrk").args(["-t1", &at_once, "-d5s", &answers.url()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate: f64 = text.split("Requests/sec:").nth(1)?.split_whitespace().next()?.parse().ok()?;
    Some(vec![
        "wrk, a load generator".to_owned(),
        thousands(rate as u64),
        String::new(),
        String::new(),
    ])
}

/// Measures one part in this process.
pub fn part(mut words: impl Iterator<Item = String>) {
    let part = words.next().expect("which part");
    let requests: usize =
        words.next().and_then(|text| text.parse().ok()).expect("how many requests");
    let url = words.next().expect("a URL");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let (seconds, cpu_s) = match part.as_str() {
        "durable" => runtime.block_on(durable(directory.path(), &url, requests)),
        "raw" => runtime.block_on(raw(&url, requests)),
        other => panic!("there is no part '{other}'"),
    };
    let (rate, cpu_us) = (requests as f64 / seconds, cpu_s * 1e6 / requests as f64);
    println!("{rate} {cpu_us} {}", own_peak_mb());
}

fn own_cpu_s() -> f64 {
    let (user_s, system_s) = ticks("self");
    user_s + system_s
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn durable(directory: &Path, url: &str, requests: usize) -> (f64, f64) {
    let state = StateDir::open(directory).expect("a state directory");
    let policy = Policy {
        concurrency: AT_ONCE as u32,
        per_second: 10_000_000,
        per_hour: u32::MAX / 2,
        ..Policy::default_at(WallClock.now(), 1)
    };
    let mut known = FactsOfTasks::new(&policy, requests);
    let tasks = (0..requests).map(task).inspect(|task| known.add(task));
    let journal =
        RunJournal::create(&state, &header("20270115-000000-aaaaa"), tasks).expect("a journal");
    let (facts, actions) = known.finish();
    let tasks = journal.tasks().expect("a database");
    let transport = HttpTransport::new(&HttpSettings {
        base_url: url.to_owned(),
        token: Sealed::clear(TOKEN.to_owned()),
        timeout_ms: 60_000,
        ca_file: None,
        user_agent: "sortie".to_owned(),
    });
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let parts = RunParts {
        transport: Arc::new(transport.expect("an address")),
        clock: WallClock,
        journal: Writer::start(journal).expect("a thread"),
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks,
        requests: RequestCounts::new(),
        program: "sortie".to_owned(),
        renew_token: None,
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let (began, cpu_s) = (Instant::now(), own_cpu_s());
    let ended = run(parts, &mut control, &mut Quiet).await.expect("it runs");
    assert_eq!(ended.progress.settled as usize, requests, "{:?}", ended.progress);
    (began.elapsed().as_secs_f64(), own_cpu_s() - cpu_s)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn raw(url: &str, requests: usize) -> (f64, f64) {
    let client = reqwest::Client::builder().http1_only().no_proxy().tls_certs_only([]).build();
    let client = client.expect("a client");
    let (began, cpu_s) = (Instant::now(), own_cpu_s());
    let sent = stream::iter(0..requests).map(|at| {
        let path = format!("/api/v1/devices/0b1b7c5e-3b0c-4a92-9ad2-{at:012x}/action/blankpush");
        let request = client.post(format!("{url}{path}")).header("authorization", TOKEN);
        async move {
            let reply = request.send().await.expect("an answer");
            let is_well = reply.status().is_success();
            reply.bytes().await.expect("a body");
            is_well
        }
    });
    let well =
        sent.buffer_unordered(AT_ONCE).filter(|is_well| std::future::ready(*is_well)).count();
    assert_eq!(well.await, requests);
    (began.elapsed().as_secs_f64(), own_cpu_s() - cpu_s)
}
