//! What tests of runs on Temporal share: tenants, plans, workers in this process.
//!
//! Owns their set-up. Must never assert anything about the product.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sortie::app::settings::SecretKeys;
use sortie::app::tenant::{NamedAddress, NamedToken, TenantPlace, TenantRequest, TokenPlace};
use sortie::app::{Attended, Consent, Events, PrepareRequest, Recipients, RunSettings, Workspace};
use sortie::job::{Input, ParseOptions, parse};
use sortie::journal::RunHeader;
use sortie::model::settings::SettingValues;
use sortie::model::{Entry, Sealed, Task};
use sortie::plan::phrase_of;
use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, NewDevice, Server, Switches, World, serve, wall_clock,
};
use sortie_temporal::activities::{Calls, FindTenant, Moments};
use sortie_temporal::client::{self, Submitted};
use sortie_temporal::split::{Submission, split};
use sortie_temporal::wire::SectionResult;
use sortie_temporal::worker;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use tokio::sync::oneshot;

use crate::arrivals::{Arrivals, open_door};
use crate::server::DevServer;

/// The program's name in records.
pub const PROGRAM: &str = "sortie-temporal test";

/// A tenant that answers on loopback.
pub struct Tenant {
    pub server: Server,
    pub ids: Vec<String>,
    door: Option<(SocketAddr, Arrivals)>,
}

impl Tenant {
    /// So many Macs, whose commands end soon.
    pub async fn of_macs(count: usize, faults: Faults) -> Self {
        Self::with(count, faults, |_, _| {}).await
    }

    /// The same, each changed before it joins.
    pub async fn with(
        count: usize,
        faults: Faults,
        change: impl FnMut(usize, &mut NewDevice),
    ) -> Self {
        Self::build(count, faults, Switches::default(), change).await
    }

    /// So many Macs of a tenant that takes any number of requests.
    pub async fn without_limits(count: usize) -> Self {
        let switches = Switches {
            limit_per_second: 100_000,
            limit_per_hour: 1_000_000,
            ..Switches::default()
        };
        Self::build(count, Faults::default(), switches, |_, _| {}).await
    }

    async fn build(
        count: usize,
        faults: Faults,
        switches: Switches,
        mut change: impl FnMut(usize, &mut NewDevice),
    ) -> Self {
        let empty = FleetSpec { devices: 0, ..FleetSpec::default() };
        let mut world = World::new(&empty, switches, faults, wall_clock());
        let ids = (0..count)
            .map(|number| {
                let mut device = NewDevice::new(DeviceKind::MacIntel);
                device.serial_number = serial(number);
                change(number, &mut device);
                world.add_device(device)
            })
            .collect();
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = serve(address, world).await.expect("a free port");
        Self { server, ids, door: None }
    }

    /// The same tenant behind a door that notes when requests arrive.
    pub async fn with_door(self) -> Self {
        let door = Some(open_door(self.server.addr).await);
        Self { door, ..self }
    }

    /// The base URL under which clients know it.
    pub fn base_url(&self) -> String {
        match &self.door {
            Some((address, _)) => format!("http://{address}"),
            None => self.server.base_url(),
        }
    }

    /// When requests arrived so far, in microseconds since 1970. Only a tenant with a door knows.
    pub fn arrivals(&self) -> Vec<i64> {
        let (_, arrivals) = self.door.as_ref().expect("a door");
        arrivals.lock().expect("no thread failed").clone()
    }

    /// Forgets the requests that arrived so far.
    pub fn forget(&self) {
        let (_, arrivals) = self.door.as_ref().expect("a door");
        arrivals.lock().expect("no thread failed").clear();
    }

    pub fn request(&self) -> TenantRequest {
        request(&self.base_url(), &self.server.token)
    }
}

pub fn request(base_url: &str, token: &str) -> TenantRequest {
    let named_by = || "this test".to_owned();
    let given = TenantPlace {
        address: Some(NamedAddress { url: base_url.to_owned(), named_by: named_by() }),
        token: Some(NamedToken {
            place: TokenPlace::Text(Sealed::clear(token.to_owned())),
            named_by: named_by(),
        }),
        ..TenantPlace::default()
    };
    TenantRequest { given, ..TenantRequest::default() }
}

pub fn serial(number: usize) -> String {
    format!("C02{number:09}")
}

/// A job of one action on so many devices.
pub fn job_of(action: &str, devices: usize) -> String {
    let rows: String = (0..devices).map(|at| format!("{},{action}\n", serial(at))).collect();
    format!("serial_number,action\n{rows}")
}

/// Plans a job against a tenant and hands it over.
pub async fn hand_over(
    workspace: &Workspace,
    tenant: &Tenant,
    text: &str,
    values: SettingValues,
    confirm: &str,
) -> (RunHeader, Vec<Task>) {
    hand_over_with(workspace, tenant, text, values, &[], Some(confirm)).await
}

/// The same with keys for secrets; `None` confirms what the plan asks for.
pub async fn hand_over_with(
    workspace: &Workspace,
    tenant: &Tenant,
    text: &str,
    values: SettingValues,
    encrypt_to: &[String],
    confirm: Option<&str>,
) -> (RunHeader, Vec<Task>) {
    let input = Input { name: "job.csv", bytes: text.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("no file".into())).expect("a job");
    let keys = SecretKeys { encrypt_to: Some(encrypt_to.to_vec()), single_key: true };
    let recipients = Recipients::of_configuration(&keys).expect("keys");
    let request = PrepareRequest {
        tenant: &tenant.request(),
        settings: &RunSettings::new(values, &job),
        recipients,
        is_named: true,
        attended: Attended::No,
        pending_ok: false,
    };
    let prepared = workspace.prepare(job, request).await.expect("a plan");
    let plan = &prepared.plan().plan;
    let asked = || phrase_of(plan.to_do(), &prepared.plan().tenant);
    let words = confirm.map(str::to_owned).or_else(asked);
    let words = words.unwrap_or_else(|| plan.devices().to_string());
    let consent = Consent::InAdvance { yes: false, words: Some(words) };
    let header = workspace.hand_over(&prepared, &consent).expect("handed over");
    (header, prepared.plan().plan.tasks.clone())
}

/// A state directory in `dir`, whose policy allows large runs.
pub fn workspace(dir: &std::path::Path) -> Workspace {
    let workspace = Workspace::open(&dir.join("state"), Events::new()).expect("it is ours");
    let caps = "per_run = 1000\nper_day = 1000\nshare = \"100%\"\n";
    let text = format!("[caps.disruptive]\n{caps}[caps.irreversible]\n{caps}");
    std::fs::write(dir.join("state/policy.toml"), text).expect("a file");
    workspace
}

/// Takes the waves out of a run.
pub fn all_at_once(header: &mut RunHeader, tasks: &mut [Task]) {
    header.policy.rollout = None;
    tasks.iter_mut().for_each(|task| task.wave = 0);
}

/// Submits a run.
pub async fn submit(
    client: &Client,
    header: &RunHeader,
    tasks: &[Task],
) -> (Submission, Submitted) {
    let submission = split(header, tasks, None, PROGRAM);
    let submitted =
        client::submit(client, worker::TASK_QUEUE, &submission).await.expect("submitted");
    (submission, submitted)
}

/// Submits a run whose workers hold the private key of `worker_key`. Returns the id of its section.
pub async fn submit_to(
    client: &Client,
    header: &RunHeader,
    tasks: &[Task],
    worker_key: Option<&str>,
) -> String {
    let submission = split(header, tasks, worker_key, PROGRAM);
    client::submit(client, worker::TASK_QUEUE, &submission).await.expect("submitted");
    submission.section_id
}

/// How often a result is asked for while the server is down or no worker answers.
const RESULT_TRIES: u32 = 2_000;

/// The result of a section, no matter how often the server dies meanwhile.
pub async fn outlast(server: &str, section: &str) -> SectionResult {
    let mut last = String::new();
    for _ in 0..RESULT_TRIES {
        let url = Url::parse(server).expect("an address");
        let options = ConnectionOptions::new(url).identity("test".to_owned()).build();
        let connection = Connection::connect(options).await;
        let Ok(client) = connection.map_err(|error| error.to_string()).and_then(|connection| {
            let options = ClientOptions::new("default").build();
            Client::new(connection, options).map_err(|error| error.to_string())
        }) else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        match client::ended(&client, section).await {
            Ok(result) => return result,
            Err(error) => last = error.to_string(),
        }
        assert!(!last.contains("failed"), "{section}: {last}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{section} does not end: {last}")
}

/// A worker in this process, until it is dropped.
pub struct InProcessWorker {
    _leave: oneshot::Sender<()>,
}

impl InProcessWorker {
    /// Starts a worker that knows these tenants.
    pub async fn start(server: &DevServer, tenants: &[&Tenant], dir: &std::path::Path) -> Self {
        Self::build(server, tenants, dir, "test").await
    }

    /// Starts a worker of a program with this build id.
    pub async fn build(
        server: &DevServer,
        tenants: &[&Tenant],
        dir: &std::path::Path,
        build_id: &str,
    ) -> Self {
        Self::with(server.client().await, tenants, dir, build_id, Moments::OfRun)
    }

    /// Starts a worker with a client of its own.
    pub fn with(
        client: Client,
        tenants: &[&Tenant],
        dir: &std::path::Path,
        build_id: &str,
        moments: Moments,
    ) -> Self {
        let known: BTreeMap<String, TenantRequest> =
            tenants.iter().map(|tenant| (tenant.base_url(), tenant.request())).collect();
        let find: FindTenant = Arc::new(move |base_url| {
            known.get(base_url).cloned().ok_or_else(|| format!("no tenant at {base_url}"))
        });
        let (leave, left) = oneshot::channel();
        let calls = Calls::new(find, dir.join("state"), None).with_moments(moments);
        let build_id = build_id.to_owned();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let leave = async move {
                let _ = left.await;
            };
            let queue = worker::TASK_QUEUE;
            let running = worker::run_build(client, queue, calls, &build_id, leave);
            let ended = runtime.block_on(running);
            if let Err(error) = ended {
                println!("the worker ended: {error}");
            }
        });
        Self { _leave: leave }
    }
}

/// Waits for the end of a run, and returns it with all its entries.
pub async fn finish(client: &Client, submission: &Submission) -> (SectionResult, Vec<Entry>) {
    let result = client::ended(client, &submission.section_id).await.expect("it ends");
    (result, entries(client, &submission.section_id).await)
}

/// How many tasks of a section have ended. A worker has to be there to answer.
pub async fn settled(client: &Client, section: &str) -> u32 {
    client::progress(client, section).await.map_or(0, |progress| progress.settled)
}

/// All entries of a section. A worker has to be there to answer.
pub async fn entries(client: &Client, section: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let page = client::entries(client, section, at).await.expect("entries");
        entries.extend(page.entries);
        from = page.next;
    }
    entries
}
