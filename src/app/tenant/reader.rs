//! Reading a tenant: its devices, and the commands of one device.
//!
//! Owns the reads that belong to no run. Must never contain anything that could write, and never exceed the hourly limit.

use super::connection::Connection;
use super::device_reason::DeviceReason;
use crate::app::Workspace;
use crate::app::planning::filter_reads::read_filter_facts;
use crate::app::planning::make::reads_of;
use crate::app::refusal::Reason;
use crate::drive::{Clock, Reads, WallClock, read_commands, read_inventory};
use crate::job::{Filter, Target, TargetField};
use crate::kandji::CommandsPage;
use crate::model::{Device, DeviceId, Policy};
use crate::plan::{FilterFacts, Inventory, Lookup, Need, fit_filter, is_selected};
use crate::transport::{HttpTransport, ReadOnly, tenant_key};

/// How fast a tenant may be read; the defaults of a run where nothing is said.
#[derive(Copy, Clone, Debug, Default)]
pub struct ReadPace {
    /// Highest number of requests per second; `None` for the default.
    pub per_second: Option<u32>,
    /// Requests an hour, over all processes of this host.
    pub per_hour: Option<u32>,
}

/// A tenant that is read from, charged to its hour.
pub struct TenantReader {
    reads: Reads<ReadOnly<HttpTransport>, WallClock>,
    /// How many devices the tenant had when a plan last read them all.
    fleet: Option<u32>,
    pub(in crate::app) workspace: Workspace,
    pub(in crate::app) per_second: u32,
    pub(in crate::app) per_hour: u32,
    /// A simulated tenant lives as long as this.
    pub(in crate::app) connection: Connection,
}

/// Which devices are listed.
#[derive(Clone, Debug)]
pub struct DevicesRequest {
    /// What they have in common; all where it is empty.
    pub filter: Filter,
    /// Include devices that were removed or have left MDM.
    pub with_unmanaged: bool,
}

/// The devices of a tenant.
#[derive(Debug)]
pub struct DevicesFound {
    /// Those that were asked for, in the order of the tenant.
    pub selected: Vec<Device>,
    /// The complete device list.
    pub inventory: Inventory,
    /// Entries of the filter that match no device, with the names that were probably meant.
    pub notes: Vec<String>,
}

/// A device as a person names it: by its id or its serial number.
#[derive(Clone, Debug)]
pub struct DeviceName {
    target: Target,
    lookup: Lookup,
}

impl DeviceName {
    /// Reads an id or a serial number.
    ///
    /// # Errors
    /// [`DeviceReason::Malformed`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, DeviceReason> {
        let mut target = Target::default();
        let lookup = match DeviceId::parse(text) {
            Ok(id) => {
                target.device_id = Some(id.clone());
                Lookup::Id(id)
            }
            Err(_) => {
                target.read_field(TargetField::SerialNumber, text).map_err(|error| {
                    let (given, detail) = (text.to_owned(), error.to_string());
                    DeviceReason::Malformed { given, detail }
                })?;
                Lookup::Serial(text.to_uppercase())
            }
        };
        Ok(Self { target, lookup })
    }
}

impl Workspace {
    /// A reader of the tenant of a connection. Call it within a Tokio runtime.
    #[must_use]
    pub fn tenant_reader(&self, connection: Connection, pace: ReadPace) -> TenantReader {
        let policy = Policy::default_at(WallClock.now(), 0);
        let per_hour = pace.per_hour.unwrap_or(policy.per_hour);
        let quota = self.quota(&connection.base_url, per_hour);
        let per_second = pace.per_second.unwrap_or(policy.per_second);
        let reads = reads_of(&connection, &quota, per_second, &self.events);
        // That only chooses which pages are read ahead.
        let fleet = self.index().fleet_size(&tenant_key(&connection.base_url)).ok().flatten();
        let workspace = self.clone();
        TenantReader { reads, fleet, workspace, per_second, per_hour, connection }
    }
}

impl TenantReader {
    /// Reads the whole inventory and selects from it.
    ///
    /// # Errors
    /// The tenant cannot be read.
    pub async fn devices(&self, request: &DevicesRequest) -> Result<DevicesFound, Reason> {
        let mut inventory = read_inventory(&self.reads, &Need::Everything, self.fleet).await?;
        let (facts, events) = (FilterFacts::of_filter(&request.filter), &self.workspace.events);
        let unknown =
            read_filter_facts(&self.reads, facts, &mut inventory, events, self.per_second).await?;
        let now = WallClock.now();
        let is_asked = |device: &&Device| {
            (request.with_unmanaged || device.is_managed())
                && is_selected(&request.filter, device, now)
        };
        let selected = inventory.devices().iter().filter(is_asked).cloned().collect();
        let mut notes = fit_filter(&request.filter, &inventory);
        notes.extend(unknown);
        Ok(DevicesFound { selected, inventory, notes })
    }

    /// Reads the newest page of a device's command history.
    ///
    /// # Errors
    /// The tenant cannot be read, or has no device of this name, or several.
    pub async fn commands(&self, name: &DeviceName) -> Result<CommandsPage, Reason> {
        let need = Need::Lookups(vec![name.lookup.clone()]);
        let inventory = read_inventory(&self.reads, &need, self.fleet).await?;
        let found = inventory
            .resolve(&name.target)
            .map_err(|objection| DeviceReason::Unresolved { detail: objection.reason })?;
        Ok(read_commands(&self.reads, &found.id).await?)
    }
}
