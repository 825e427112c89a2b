//! What tests of runs on Temporal share: tenants, plans, workers in this process.
//!
//! Owns their set-up. Must never assert anything about the product.

use std::collections::BTreeMap;
use std::sync::Arc;

use sortie::app::tenant::{NamedAddress, NamedToken, TenantPlace, TenantRequest, TokenPlace};
use sortie::app::{Attended, Consent, Events, PrepareRequest, RunSettings, Workspace};
use sortie::job::{Input, ParseOptions, parse};
use sortie::journal::RunHeader;
use sortie::model::settings::SettingValues;
use sortie::model::{Entry, Sealed, Task};
use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, NewDevice, Server, Switches, World, serve, wall_clock,
};
use sortie_temporal::activities::{Calls, FindTenant};
use sortie_temporal::client::{self, Submitted};
use sortie_temporal::split::{Submission, split};
use sortie_temporal::wire::SectionResult;
use sortie_temporal::worker;
use temporalio_client::Client;
use tokio::sync::oneshot;

use crate::server::DevServer;

/// The program's name in records.
pub const PROGRAM: &str = "sortie-temporal test";

/// A tenant that answers on loopback.
pub struct Tenant {
    pub server: Server,
    pub ids: Vec<String>,
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
        mut change: impl FnMut(usize, &mut NewDevice),
    ) -> Self {
        let empty = FleetSpec { devices: 0, ..FleetSpec::default() };
        let mut world = World::new(&empty, Switches::default(), faults, wall_clock());
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
        Self { server, ids }
    }

    pub fn request(&self) -> TenantRequest {
        request(&self.server.base_url(), &self.server.token)
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
    let input = Input { name: "job.csv", bytes: text.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("no file".into())).expect("a job");
    let request = PrepareRequest {
        tenant: &tenant.request(),
        settings: &RunSettings::new(values, &job),
        recipients: None,
        is_named: true,
        attended: Attended::No,
        pending_ok: false,
    };
    let prepared = workspace.prepare(job, request).await.expect("a plan");
    let words = Some(confirm.to_owned());
    let consent = Consent::InAdvance { yes: false, words };
    let header = workspace.hand_over(&prepared, &consent).expect("handed over");
    (header, prepared.plan().plan.tasks.clone())
}

/// A state directory in `dir`.
pub fn workspace(dir: &std::path::Path) -> Workspace {
    Workspace::open(&dir.join("state"), Events::new()).expect("it is ours")
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

/// A worker in this process, until it is dropped.
pub struct InProcessWorker {
    _leave: oneshot::Sender<()>,
}

impl InProcessWorker {
    /// Starts a worker that knows these tenants.
    pub async fn start(server: &DevServer, tenants: &[&Tenant], dir: &std::path::Path) -> Self {
        let known: BTreeMap<String, TenantRequest> =
            tenants.iter().map(|tenant| (tenant.server.base_url(), tenant.request())).collect();
        let find: FindTenant = Arc::new(move |base_url| {
            known.get(base_url).cloned().ok_or_else(|| format!("no tenant at {base_url}"))
        });
        let (leave, left) = oneshot::channel();
        let client = server.client().await;
        let calls = Calls::new(find, dir.join("state"), None);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let leave = async move {
                let _ = left.await;
            };
            let ended = runtime.block_on(worker::run(client, worker::TASK_QUEUE, calls, leave));
            if let Err(error) = ended {
                eprintln!("the worker ended: {error}");
            }
        });
        Self { _leave: leave }
    }
}

/// Waits for the end of a run, and returns it with all its entries.
pub async fn finish(client: &Client, submission: &Submission) -> (SectionResult, Vec<Entry>) {
    let result = client::ended(client, &submission.section_id).await.expect("it ends");
    let mut entries = Vec::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let page = client::entries(client, &submission.section_id, at).await.expect("entries");
        entries.extend(page.entries);
        from = page.next;
    }
    (result, entries)
}
