//! Workers as processes of their own, which can be killed.
//!
//! Owns how this test program starts itself again as a worker. Must never leave one running: a worker ends when the pipe from its
//! parent closes.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sortie::app::tenant::TenantRequest;
use sortie_temporal::activities::{Calls, FindTenant};
use sortie_temporal::worker;
use sortie_temporal::workflows::{SendAttempts, set_send_attempts};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};

use crate::rig::{Tenant, request};
use crate::server::DevServer;

/// Names the file with the settings of a worker.
const VARIABLE: &str = "SORTIE_TEST_WORKER";

/// What a worker needs to know.
#[derive(Clone, Serialize, Deserialize)]
pub struct WorkerSettings {
    server: String,
    /// Base URLs and tokens.
    tenants: Vec<(String, String)>,
    state_dir: PathBuf,
    identity: Option<PathBuf>,
    is_repeating: bool,
}

impl WorkerSettings {
    pub fn new(server: &DevServer, tenants: &[&Tenant], dir: &Path) -> Self {
        let known = tenants.iter().map(|it| (it.base_url(), it.server.token.clone())).collect();
        Self {
            server: server.address(),
            tenants: known,
            state_dir: dir.join("state"),
            identity: None,
            is_repeating: false,
        }
    }

    /// With the private key of the workers.
    pub fn with_identity(mut self, identity: PathBuf) -> Self {
        self.identity = Some(identity);
        self
    }

    /// For the control: requests are repeated as Temporal does by default.
    pub fn repeating(mut self) -> Self {
        self.is_repeating = true;
        self
    }
}

/// Workers that are started again as soon as they end.
pub struct Fleet {
    settings: PathBuf,
    log: PathBuf,
    workers: Vec<Child>,
}

impl Fleet {
    pub fn start(settings: &WorkerSettings, count: usize, dir: &Path) -> Self {
        let path = dir.join("worker.json");
        let text = serde_json::to_vec(settings).expect("plain data");
        std::fs::write(&path, text).expect("a file");
        let mut fleet = Self { settings: path, log: dir.join("workers.log"), workers: Vec::new() };
        fleet.workers = (0..count).map(|_| fleet.spawn()).collect();
        fleet
    }

    /// Kills a worker with SIGKILL, and starts another one in its place.
    pub fn kill(&mut self, place: usize) {
        let place = place % self.workers.len();
        let worker = &mut self.workers[place];
        worker.kill().expect("it is ours");
        worker.wait().expect("it is ours");
        self.workers[place] = self.spawn();
    }

    /// The ids of the processes.
    pub fn pids(&self) -> Vec<u32> {
        self.workers.iter().map(Child::id).collect()
    }

    fn spawn(&self) -> Child {
        let mut options = std::fs::OpenOptions::new();
        let log = options.create(true).append(true).open(&self.log).expect("a file");
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "processes::worker_process", "--ignored", "--nocapture"])
            .env(VARIABLE, &self.settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("this program starts")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

#[test]
#[ignore = "a worker, which other tests start as a process"]
fn worker_process() {
    let Some(path) = std::env::var_os(VARIABLE) else { return };
    let text = std::fs::read(path).expect("its settings");
    let settings: WorkerSettings = serde_json::from_slice(&text).expect("its settings");
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    if settings.is_repeating {
        set_send_attempts(SendAttempts::Repeated);
    }
    let known: BTreeMap<String, TenantRequest> =
        settings.tenants.iter().map(|(url, token)| (url.clone(), request(url, token))).collect();
    let find: FindTenant = Arc::new(move |base_url| {
        known.get(base_url).cloned().ok_or_else(|| format!("no tenant at {base_url}"))
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        loop {
            let client = connect(&settings.server).await;
            let identity = settings.identity.clone();
            let calls = Calls::new(Arc::clone(&find), settings.state_dir.clone(), identity);
            let ended =
                worker::run(client, worker::TASK_QUEUE, calls, std::future::pending()).await;
            // The server was away for long: a supervisor would start the worker again.
            println!("a worker ended: {ended:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
}

async fn connect(server: &str) -> Client {
    loop {
        let url = Url::parse(server).expect("an address");
        let identity = format!("worker {}", std::process::id());
        let options = ConnectionOptions::new(url).identity(identity).build();
        if let Ok(connection) = Connection::connect(options).await
            && let Ok(client) = Client::new(connection, ClientOptions::new("default").build())
        {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
