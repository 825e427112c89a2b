//! Loading what a plan needs from the tenant.
//!
//! Owns which lists are read; where they end is decided in one place for all of them. Must never take an answer
//! that is not a list for an empty one.

use super::clock::Clock;
use super::reads::{ReadError, Reads};
use crate::kandji::{
    CommandRow, CommandsPage, Endless, ListError, Paging, Remainder, commands_request,
    device_by_id, devices_by_email, devices_by_serial, devices_page, read_devices, unusable,
};
use crate::model::wire::Request;
use crate::model::{Device, DeviceId};
use crate::plan::{Inventory, Lookup, Need};
use crate::transport::Transport;

/// Why the inventory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// A read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An answer is not what it should be.
    #[error("{0}")]
    List(#[from] ListError),
    /// The list does not come to an end.
    #[error(transparent)]
    Endless(#[from] Endless),
}

/// Reads the devices that a plan needs from the tenant.
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
    let mut paging = Paging::default();
    while let Some(offset) = paging.next() {
        let reply = reads.read(&page_at(offset), "inventory").await?;
        let rows = read_devices(&reply)?;
        devices.extend(paging.take(rows, |device| device.id.to_string(), Remainder::Unsaid)?);
    }
    Ok(devices)
}

/// Reads the whole command history of a device, oldest first.
///
/// # Errors
/// [`InventoryError`].
pub async fn read_commands<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    device: &DeviceId,
) -> Result<CommandsPage, InventoryError> {
    let mut whole = CommandsPage::default();
    let mut paging = Paging::default();
    while let Some(offset) = paging.next() {
        let reply = reads.read(&commands_request(device, offset), "commands").await?;
        let Some(page) = CommandsPage::read(&reply) else {
            let detail = unusable(&reply, "a command history");
            return Err(ListError::Form { detail }.into());
        };
        let remainder = page.remainder(offset);
        (whole.count, whole.has_next) = (page.count, page.has_next);
        let rows: Vec<_> = page.rows.into_iter().zip(page.raw).collect();
        for (row, raw) in paging.take(rows, key_of, remainder)? {
            whole.rows.push(row);
            whole.raw.push(raw);
        }
    }
    Ok(whole)
}

/// What tells a command from the others: its uuid, or all of it where it has none.
fn key_of((row, raw): &(CommandRow, serde_json::Value)) -> String {
    if row.uuid.is_empty() { raw.to_string() } else { row.uuid.clone() }
}
