//! Reading lists side by side, against a list that answers in virtual time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::drive::{Quota, VirtualClock, read_inventory};
use crate::journal::{Index, StateDir};
use crate::kandji::list_requests;
use crate::model::wire::Fault;
use crate::model::{DeviceId, Retries, UnixMillis};
use crate::plan::{Inventory, Lookup, Need};

/// A tenant with so many devices, which answers after a while and counts.
struct Tenant {
    devices: u32,
    /// Statuses of the first answers.
    refusals: Mutex<Vec<u16>>,
    requests: AtomicU32,
    in_progress: AtomicU32,
    /// Most requests that were in progress at once.
    most: AtomicU32,
}

impl Tenant {
    fn of(devices: u32) -> Self {
        let refusals = Mutex::default();
        let (requests, in_progress, most) = Default::default();
        Self { devices, refusals, requests, in_progress, most }
    }

    fn body(&self, path: &str) -> String {
        let row = |number: u32| format!(r#"{{"device_id":"{}"}}"#, id(number));
        let given = |key: &str| {
            let rest = path.split_once(key)?.1;
            rest.split('&').next()?.parse::<u32>().ok()
        };
        match (given("/devices/"), given("serial_number="), given("offset=")) {
            (_, Some(serial), _) => format!("[{}]", row(serial)),
            (_, None, Some(offset)) => {
                let end = self.devices.min(offset + 300);
                let rows: Vec<String> = (offset..end).map(row).collect();
                format!("[{}]", rows.join(","))
            }
            _ => row(0),
        }
    }
}

fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

impl Transport for Tenant {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let at_once = 1 + self.in_progress.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(at_once, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.in_progress.fetch_sub(1, Ordering::Relaxed);
        let refusal = self.refusals.lock().expect("no panic").pop();
        let (status, retry_after) = match refusal {
            Some(status) => (status, Some("2".to_owned())),
            None => (200, None),
        };
        let body = self.body(&request.path_and_query).into_bytes();
        Ok(Reply { status, retry_after, body, ..Reply::default() })
    }
}

struct Read {
    inventory: Inventory,
    tenant: Arc<Tenant>,
    notices: usize,
}

/// Reads what is needed, with at most so many requests in progress.
async fn read(tenant: Tenant, need: Need, (fleet, concurrency): (Option<u32>, u32)) -> Read {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let state = StateDir::open(directory.path()).expect("a state directory");
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let clock = VirtualClock::starting_at(UnixMillis(1_800_000_000_000));
    let (tenant, notices) = (Arc::new(tenant), Arc::new(AtomicU32::new(0)));
    let quota = Quota::new(index, "tenant", 8_000);
    let count = Arc::clone(&notices);
    let reads = Reads::new(Arc::clone(&tenant), clock, quota, Retries::default(), 50)
        .at_most(concurrency)
        .telling(Arc::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        }));
    let inventory = read_inventory(&reads, &need, fleet).await.expect("an inventory");
    let counted = reads.finish().expect("it is counted").values().sum::<u64>();
    assert_eq!(counted, u64::from(tenant.requests.load(Ordering::Relaxed)), "all are counted");
    let notices = notices.load(Ordering::Relaxed) as usize;
    Read { inventory, tenant, notices }
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_known_size_is_read_side_by_side_without_waste() {
    let read = read(Tenant::of(3_000), Need::Everything, (Some(3_000), 16)).await;
    assert_eq!(read.inventory.devices().len(), 3_000);
    assert_eq!(read.tenant.requests.load(Ordering::Relaxed), list_requests(3_000));
    assert_eq!(read.tenant.most.load(Ordering::Relaxed), 8);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_unknown_size_costs_seven_requests_more_at_most() {
    let read = read(Tenant::of(3_000), Need::Everything, (None, 16)).await;
    let ids = read.inventory.devices().iter().map(|device| device.id.clone());
    assert!(ids.eq((0..3_000).map(|number| DeviceId::from_api(&id(number)))), "in order");
    let requests = read.tenant.requests.load(Ordering::Relaxed);
    assert!(requests <= list_requests(3_000) + 7, "{requests} requests");
    assert!(read.tenant.most.load(Ordering::Relaxed) > 4);
}

#[tokio::test(start_paused = true)]
async fn look_ups_are_made_side_by_side_within_the_concurrency() {
    for (concurrency, most) in [(1, 1), (3, 3), (16, 8)] {
        let lookups = (0..20).map(|number| Lookup::Serial(number.to_string())).collect();
        let read = read(Tenant::of(20), Need::Lookups(lookups), (None, concurrency)).await;
        assert_eq!(read.inventory.devices().len(), 20);
        assert_eq!(read.tenant.requests.load(Ordering::Relaxed), 20);
        assert_eq!(read.tenant.most.load(Ordering::Relaxed), most);
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_wait_side_by_side_are_reported_once() {
    let tenant = Tenant::of(20);
    *tenant.refusals.lock().expect("no panic") = vec![429; 8];
    let lookups = (0..20).map(|number| Lookup::Serial(number.to_string())).collect();
    let read = read(tenant, Need::Lookups(lookups), (None, 16)).await;
    assert_eq!(read.inventory.devices().len(), 20);
    assert_eq!(read.tenant.requests.load(Ordering::Relaxed), 28);
    assert_eq!(read.notices, 1);
}
