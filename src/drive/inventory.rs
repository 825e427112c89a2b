//! Loading what a plan needs from the tenant.
//!
//! Owns paging to the end. Invariant: each page of a list joins the one before, so no device is lost
//! between two. Must never stop at the first page, and never take an answer that is not a list for an
//! empty one.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::reads::{ReadError, Reads};
use crate::kandji::{
    CommandsPage, LIST_ROWS_MAX, ListError, commands_request, device_by_id, devices_by_email,
    devices_by_serial, devices_page, error_text, read_devices,
};
use crate::model::wire::Request;
use crate::model::{Device, DeviceId};
use crate::plan::{Inventory, Lookup, Need};
use crate::transport::Transport;

/// Rows that a page shares with the one before. Devices come and go while a list is read: a page that
/// begins too late would lose some without a trace, one that begins with known rows cannot.
const OVERLAP_ROWS: u32 = 10;
/// How far to step back when a page does not join the one before.
const STEP_BACK_ROWS: u32 = LIST_ROWS_MAX / 2;
/// Limits of pages that servers choose for themselves are multiples of this.
const SHORT_PAGE_ROWS: usize = 50;
/// Most pages of one list: 600,000 devices. A server that repeats itself would otherwise never end.
const PAGES_MAX: u32 = 2_000;

/// Why the inventory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// A read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An answer is not what it should be.
    #[error("{0}")]
    List(#[from] ListError),
    /// The list does not come to an end.
    #[error("the list of devices does not end: page {0} brought no new device")]
    Endless(u32),
}

/// Loads what is needed.
///
/// # Errors
/// [`InventoryError`]; a device that does not exist is no error but missing from the result.
pub async fn read_inventory<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    need: &Need,
) -> Result<Inventory, InventoryError> {
    let mut devices = Vec::new();
    match need {
        Need::Everything => devices = read_list(reads, devices_page).await?,
        Need::Lookups(lookups) => {
            for lookup in lookups {
                devices.extend(match lookup {
                    Lookup::Id(id) => read_one(reads, id).await?,
                    Lookup::Serial(serial) => {
                        read_list(reads, |offset| devices_by_serial(serial, offset)).await?
                    }
                    Lookup::Email(email) => {
                        read_list(reads, |offset| devices_by_email(email, offset)).await?
                    }
                });
            }
        }
    }
    Ok(Inventory::of_tenant(devices))
}

async fn read_one<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    id: &DeviceId,
) -> Result<Vec<Device>, InventoryError> {
    let reply = reads.read(&device_by_id(id), "inventory").await?;
    if reply.status == 404 { Ok(Vec::new()) } else { Ok(read_devices(&reply)?) }
}

async fn read_list<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    page_at: impl Fn(u32) -> Request,
) -> Result<Vec<Device>, InventoryError> {
    let mut devices = Vec::new();
    let mut known = BTreeSet::new();
    let mut offset = 0;
    for page in 0..PAGES_MAX {
        let reply = reads.read(&page_at(offset), "inventory").await?;
        let rows = read_devices(&reply)?;
        if offset > 0 && !rows.iter().any(|device| known.contains(&device.id)) {
            offset = offset.saturating_sub(STEP_BACK_ROWS);
            continue;
        }
        let is_full = may_be_full(rows.len());
        let read = u32::try_from(rows.len()).unwrap_or(LIST_ROWS_MAX);
        let before = devices.len();
        devices.extend(rows.into_iter().filter(|device| known.insert(device.id.clone())));
        if !is_full {
            return Ok(devices);
        }
        if devices.len() == before {
            return Err(InventoryError::Endless(page + 1));
        }
        offset += read.saturating_sub(OVERLAP_ROWS).max(1);
    }
    Err(InventoryError::Endless(PAGES_MAX))
}

/// Whether a page of so many rows may have another after it. A server that gives fewer rows than it is
/// asked for gives a round number of them; then one more request is better than half a fleet.
fn may_be_full(rows: usize) -> bool {
    rows >= LIST_ROWS_MAX as usize || (rows > 0 && rows.is_multiple_of(SHORT_PAGE_ROWS))
}

/// Reads the whole command history of a device, oldest first.
///
/// # Errors
/// [`InventoryError`].
pub async fn read_commands<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    device: &DeviceId,
) -> Result<CommandsPage, InventoryError> {
    let mut whole: Option<CommandsPage> = None;
    for _ in 0..PAGES_MAX {
        let read = whole.as_ref().map_or(0, |page| page.rows.len());
        let offset = u32::try_from(read).unwrap_or(u32::MAX);
        let reply = reads.read(&commands_request(device, offset), "commands").await?;
        let Some(page) = CommandsPage::read(&reply) else {
            let text = error_text(&reply.body);
            return Err(ListError::Status { status: reply.status, text }.into());
        };
        let is_last = page.rows.is_empty() || read + page.rows.len() >= page.count as usize;
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => {
                whole.count = page.count;
                whole.rows.extend(page.rows);
                whole.raw.extend(page.raw);
            }
        }
        if is_last {
            break;
        }
    }
    whole.ok_or(InventoryError::Endless(PAGES_MAX))
}
