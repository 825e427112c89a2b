//! Reading what filters have to know besides the rows of the device list.
//!
//! Owns the order: the lists that the tenant filters first, then the details of the devices that are left, within a limit
//! and after their cost was told. Must never let an answer that is missing select a device.

use super::reason::PlanningReason;
use crate::app::{AppEvent, Events, Reason};
use crate::drive::{Clock, Reads, WallClock, read_deciding_details, read_filevault};
use crate::plan::{FILTER_DETAILS_MAX, FilterFacts, Inventory};
use crate::transport::{HttpTransport, ReadOnly};

/// Adds what these filters have to know to the inventory, and returns notes about what stays unknown.
pub(crate) async fn read_filter_facts(
    reads: &Reads<ReadOnly<HttpTransport>, WallClock>,
    facts: FilterFacts<'_>,
    inventory: &mut Inventory,
    events: &Events,
    per_second: u32,
) -> Result<Vec<String>, Reason> {
    let now = WallClock.now();
    if facts.need_filevault() {
        let lists = read_filevault(reads).await?;
        inventory
            .add_filevault(&lists.on, &lists.off)
            .map_err(|error| PlanningReason::FilterIgnored { detail: error.to_string() })?;
    }
    let wanted = facts.details_wanted(inventory, now);
    let mut notes = Vec::new();
    if !wanted.is_empty() {
        let (devices, conditions) = (wanted.len(), facts.of_details());
        if devices > FILTER_DETAILS_MAX {
            let most = FILTER_DETAILS_MAX;
            return Err(PlanningReason::TooManyDetails { conditions, devices, most }.into());
        }
        let seconds = devices.div_ceil(per_second.max(1) as usize);
        events.tell(&AppEvent::FilterReadsDetails { conditions, devices, seconds });
        let read = read_deciding_details(reads, &wanted).await?;
        for (id, details) in read.devices {
            inventory.add_details(&id, details);
        }
        notes.extend(read.note);
    }
    notes.extend(facts.notes(inventory, now));
    Ok(notes)
}
