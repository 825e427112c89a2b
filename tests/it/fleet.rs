//! A small fleet with a bench beside it, for the tests of guards.
//!
//! Owns the set-up that they share: devices of one kind, jobs that name them, a policy, what is typed for them.
//! Must never assert anything about the product.

use sortie::simulator::{DeviceKind, Faults, NewDevice, World};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::harness::{Bench, Ran, Tenant, prompt_world, serial, writes};

/// What the program calls a tenant on loopback.
pub const TENANT: &str = "127.0.0.1";

/// A tenant with devices of one kind, and a bench that talks to it.
pub struct Fleet {
    pub tenant: Tenant,
    pub bench: Bench,
    /// Ids in the order of their serial numbers.
    pub ids: Vec<String>,
}

impl Fleet {
    /// So many devices with the serial numbers of [`serial`], from 0 on.
    pub fn of(kind: DeviceKind, count: usize) -> Self {
        Self::with(kind, count, |_, _| {})
    }

    /// The same, each changed before it joins.
    pub fn with(kind: DeviceKind, count: usize, change: impl FnMut(usize, &mut NewDevice)) -> Self {
        Self::in_world(prompt_world(Faults::default()), kind, count, change)
    }

    /// The same in a world that stands already.
    pub fn in_world(
        mut world: World,
        kind: DeviceKind,
        count: usize,
        mut change: impl FnMut(usize, &mut NewDevice),
    ) -> Self {
        let ids = (0..count).map(|number| {
            let mut device = NewDevice::new(kind);
            device.serial_number = serial(number);
            change(number, &mut device);
            world.add_device(device)
        });
        let ids = ids.collect();
        let tenant = Tenant::serving(world);
        let bench = Bench::at(&tenant);
        Self { tenant, bench, ids }
    }

    /// A CSV of these devices and one action; its name.
    pub fn job(&self, action: &str, devices: Range<usize>) -> String {
        let rows: Vec<String> =
            devices.map(|number| format!("{},{action}", serial(number))).collect();
        let name = format!("{action}-{}.csv", rows.len());
        self.bench.job(&name, "serial_number,action", &rows)
    }

    /// Puts a policy into the state directory, as its owner would.
    pub fn policy(&self, text: &str) -> PathBuf {
        write_policy(&self.bench, text)
    }

    /// Makes a plan of a job in `name`.
    #[track_caller]
    pub fn plan(&self, job: &str, name: &str) -> String {
        self.bench.sortie(&["plan", job, "--out", name, "--wait", "0"]).expect(0);
        name.to_owned()
    }

    /// Runs a job with this agreement and follows nothing.
    pub fn run(&self, job: &str, confirm: &str, more: &[&str]) -> Ran {
        let run = ["run", job, "--confirm", confirm, "--wait", "0"];
        self.bench.sortie(&[&run[..], more].concat())
    }

    /// Runs a plan with this agreement. What it waits for stands in it.
    pub fn run_plan(&self, plan: &str, confirm: &str, more: &[&str]) -> Ran {
        self.bench.sortie(&[&["run", plan, "--confirm", confirm], more].concat())
    }

    /// Starts the program and does not wait for it.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        spawn(&self.bench, arguments)
    }

    /// Requests that were to change something.
    pub fn writes(&self) -> u64 {
        writes(&self.tenant.ledger())
    }

    /// How often each device was reached by an action, in the order of the devices.
    pub fn reached(&self, action: &str) -> Vec<u32> {
        let ledger = self.tenant.ledger();
        self.ids.iter().map(|id| ledger.count(id, action)).collect()
    }
}

/// Starts the program and does not wait for it.
pub fn spawn(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = bench.command();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// Waits for a program that was started.
pub fn end_of(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("it ends"))
}

/// Writes the policy of a bench's state directory whole, so that nobody reads half of it.
pub fn write_policy(bench: &Bench, text: &str) -> PathBuf {
    let directory = bench.path("state");
    if !directory.exists() {
        std::fs::create_dir(&directory).expect("the bench can be written");
        set_mode(&directory, 0o700);
    }
    let (fresh, path) = (directory.join("policy.fresh"), directory.join("policy.toml"));
    std::fs::write(&fresh, text).expect("the state directory can be written");
    set_mode(&fresh, 0o644);
    std::fs::rename(&fresh, &path).expect("it is in the same directory");
    path
}

#[cfg(unix)]
pub fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("it is ours");
}

#[cfg(not(unix))]
pub fn set_mode(_: &std::path::Path, _: u32) {}

/// What is typed for an erase of so many devices.
pub fn erase_of(count: usize) -> String {
    format!("ERASE {count} ON {TENANT}")
}

/// Fails unless all words stand in what was written.
#[track_caller]
pub fn says(ran: &Ran, words: &[&str]) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(all.contains(word), "'{word}' is missing:\n{all}");
    }
}

/// Ctrl-C.
#[cfg(unix)]
pub fn interrupt(child: &Child) {
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("it starts").success());
}
