//! Loading what a plan needs from the tenant.
//!
//! Owns which lists are read, and that single look-ups are made side by side; where lists end is decided in one place
//! for all of them. Must never take an answer
//! that is not a list for an empty one.

use std::sync::{Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};

use super::clock::Clock;
use super::read_ahead::{ListPage, read_to_end};
use super::reads::{ReadError, Reads};
use crate::kandji::{
    CommandRow, CommandsPage, Endless, ListError, Paging, Remainder, commands_request,
    device_by_id, devices_by_email, devices_by_filevault, devices_by_serial, devices_page,
    read_devices, unusable,
};
use crate::model::wire::{Reply, Request};
use crate::model::{Device, DeviceId, KnownTexts};
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

/// Reads the devices that a plan needs from the tenant, several pages or look-ups side by side. `fleet` is how many
/// devices the tenant is believed to have: that only chooses which pages are read ahead.
///
/// # Errors
/// [`InventoryError`]; a device that does not exist is no error but missing from the result.
pub async fn read_inventory<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    need: &Need,
    fleet: Option<u32>,
) -> Result<Inventory, InventoryError> {
    match need {
        Need::Everything => Ok(Inventory::of_tenant(
            read_list(reads, Paging::expecting(fleet), devices_page).await?,
        )),
        Need::Lookups(lookups) => {
            let found: Vec<Vec<Device>> = stream::iter(lookups)
                .map(|lookup| look_up(reads, lookup))
                .buffered(reads.at_once())
                .try_collect()
                .await?;
            Ok(Inventory::of_tenant(found.into_iter().flatten()))
        }
    }
}

async fn look_up<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    lookup: &Lookup,
) -> Result<Vec<Device>, InventoryError> {
    let few = Paging::default();
    match lookup {
        Lookup::Id(id) => read_one(reads, id).await,
        Lookup::Serial(serial) => {
            read_list(reads, few, |offset| devices_by_serial(serial, offset)).await
        }
        Lookup::Email(email) => {
            read_list(reads, few, |offset| devices_by_email(email, offset)).await
        }
    }
}

/// The Macs that the tenant lists as having FileVault on and off.
#[derive(Clone, Debug, Default)]
pub struct FilevaultLists {
    /// Listed as on.
    pub on: Vec<Device>,
    /// Listed as off.
    pub off: Vec<Device>,
}

/// Reads which Macs have FileVault on and off, as the tenant filters them. Whether it does is for the plan to judge.
///
/// # Errors
/// [`InventoryError`].
pub async fn read_filevault<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
) -> Result<FilevaultLists, InventoryError> {
    let read = |is_on| {
        read_list(reads, Paging::default(), move |offset| devices_by_filevault(is_on, offset))
    };
    Ok(FilevaultLists { on: read(true).await?, off: read(false).await? })
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
    paging: Paging,
    page_at: impl Fn(u32) -> Request,
) -> Result<Vec<Device>, InventoryError> {
    let texts = Mutex::new(KnownTexts::default());
    let read_page = |reply: &Reply, _| {
        let mut rows = read_devices(reply)?;
        let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter_mut().for_each(|device| device.share_texts(&mut texts));
        Ok(ListPage { rows, remainder: Remainder::Unsaid, listed: None })
    };
    let key = |device: &Device| device.id.clone();
    read_to_end(reads, "inventory", paging, page_at, read_page, key).await
}

/// Reads the whole command history of a device, oldest first.
///
/// # Errors
/// [`InventoryError`].
pub async fn read_commands<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    device: &DeviceId,
) -> Result<CommandsPage, InventoryError> {
    let last = Mutex::new((0, None));
    let read_page = |reply: &Reply, offset| -> Result<_, InventoryError> {
        let Some(page) = CommandsPage::read(reply) else {
            let detail = unusable(reply, "a command history");
            return Err(ListError::Form { detail }.into());
        };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = (page.count, page.has_next);
        let (remainder, listed) = (page.remainder(offset), Some(page.count));
        let rows: Vec<_> = page.rows.into_iter().zip(page.raw).collect();
        Ok(ListPage { rows, remainder, listed })
    };
    let page_at = |offset| commands_request(device, offset);
    let rows =
        read_to_end(reads, "commands", Paging::default(), page_at, read_page, key_of).await?;
    let (count, has_next) = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (rows, raw) = rows.into_iter().unzip();
    Ok(CommandsPage { count, has_next, rows, raw })
}

/// What tells a command from the others: its uuid, or all of it where it has none.
fn key_of((row, raw): &(CommandRow, serde_json::Value)) -> String {
    if row.uuid.is_empty() { raw.to_string() } else { row.uuid.clone() }
}
