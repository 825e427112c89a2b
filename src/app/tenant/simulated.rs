//! The simulated tenant that replaces a real one.
//!
//! Owns which devices it has: those that the job names, so that each of its rows can be done. Must never be reachable from
//! another machine.

use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::model::Platform;
use crate::simulator::{Faults, FleetSpec, NamedDevice, Server, Switches, World, serve};

/// Devices of the simulated fleet besides those that the job names.
const SIMULATED_DEVICES: u32 = 60;
/// OS versions that simulated devices of a job get, recent enough for every option.
const SIMULATED_OS: [(Platform, &str); 2] = [(Platform::Mac, "14.5"), (Platform::Windows, "24H2")];
const SIMULATED_OS_OTHER: &str = "17.5";
/// Devices of a selection that the simulated fleet gets for sure.
const SIMULATED_SELECTED: u32 = 3;
/// Seed of the simulated fleet where none is given.
const SEED: u64 = 1;

/// Serves a tenant that has the devices of `job`, on a port of this machine.
pub(super) async fn serve_tenant(
    seed: Option<u64>,
    job: Option<&Job>,
) -> Result<Server, std::io::Error> {
    let fleet = FleetSpec {
        devices: SIMULATED_DEVICES,
        seed: seed.unwrap_or(SEED),
        naming: job.map(named_devices).unwrap_or_default(),
        ..FleetSpec::default()
    };
    let world = World::new(&fleet, Switches::default(), Faults::latency(), WallClock.now());
    serve(std::net::SocketAddr::from(([127, 0, 0, 1], 0)), world).await
}

/// The devices that a job names, each on a platform on which its steps can be done.
fn named_devices(job: &Job) -> Vec<NamedDevice> {
    let mut named: Vec<NamedDevice> = job
        .rows
        .iter()
        .map(|row| {
            let platform = fitting_platform(&row.steps);
            let target = &row.target;
            NamedDevice {
                device_id: target.device_id.as_ref().map(ToString::to_string),
                serial_number: target.serial_number.as_deref().map(str::to_owned),
                user_email: target.user_email.as_deref().map(str::to_owned),
                device_name: target.device_name.as_deref().map(str::to_owned),
                asset_tag: target.asset_tag.as_deref().map(str::to_owned),
                platform,
                os_version: platform.map(|platform| simulated_os(platform).to_owned()),
                ..NamedDevice::default()
            }
        })
        .collect();
    if let Some(selection) = &job.selection {
        let filter = &selection.filter;
        let platform =
            filter.platform.first().copied().or_else(|| fitting_platform(&selection.steps));
        for _ in 0..SIMULATED_SELECTED {
            named.push(NamedDevice {
                platform,
                os_version: platform.map(|platform| simulated_os(platform).to_owned()),
                blueprint: filter.blueprint.first().cloned(),
                tag: filter.tag.first().cloned(),
                ..NamedDevice::default()
            });
        }
    }
    named
}

fn simulated_os(platform: Platform) -> &'static str {
    SIMULATED_OS
        .iter()
        .find(|(on, _)| *on == platform)
        .map_or(SIMULATED_OS_OTHER, |(_, version)| version)
}

fn fitting_platform(steps: &[crate::job::Step]) -> Option<Platform> {
    Platform::ALL.into_iter().find(|platform| {
        let os = simulated_os(*platform);
        steps.iter().all(|step| step.action.objection(*platform, os, &step.params).is_none())
    })
}
