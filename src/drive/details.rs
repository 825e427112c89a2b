//! Reading the details of single devices for a plan.
//!
//! Owns when asking is given up. Details sharpen a plan and are never its foundation: what cannot be read stays
//! unknown, with a note, and unknown counts against the device. Must never fail a plan for what one device does not tell.

use futures::StreamExt;

use super::clock::Clock;
use super::reads::{ReadError, Reads};
use crate::kandji::{details_request, read_details as read_answer};
use crate::model::{DeviceDetails, DeviceId};
use crate::transport::Transport;

/// After so many useless answers the rest is not asked for: each has been repeated for a while.
const USELESS_MAX: u32 = 3;

/// The details that were read, and a note about those that were not.
#[derive(Debug, Default)]
pub struct DetailsRead {
    /// Details by device.
    pub devices: Vec<(DeviceId, DeviceDetails)>,
    /// How many devices have no details, and why; `None` where all have.
    pub note: Option<String>,
}

/// Reads the details of these devices. One that is not found, may not be read or answers nonsense is left
/// out.
///
/// # Errors
/// [`ReadError`] when the tenant cannot be reached or the budget of requests is spent.
pub async fn read_details<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    devices: &[DeviceId],
) -> Result<DetailsRead, ReadError> {
    let mut answers = futures::stream::iter(devices)
        .map(|id| async move { (id, reads.read(&details_request(id), "details").await) })
        .buffered(reads.at_once());
    let mut read = DetailsRead::default();
    let mut reason = None;
    let mut useless = 0;
    while let Some((id, answer)) = answers.next().await {
        let error = match answer.map(|reply| read_answer(&reply)) {
            Ok(Ok(details)) => {
                read.devices.push((id.clone(), details));
                continue;
            }
            Ok(Err(error)) => error,
            // The inventory was read with this token: it lacks a permission, for every device.
            Err(error @ (ReadError::Forbidden(_) | ReadError::Unauthorized(_))) => {
                useless = USELESS_MAX;
                error.to_string()
            }
            Err(ReadError::Unusable(error)) => {
                useless += 1;
                error
            }
            Err(error) => return Err(error),
        };
        reason.get_or_insert(error);
        if useless >= USELESS_MAX {
            break;
        }
    }
    read.note = reason.map(|reason| {
        let missing = devices.len() - read.devices.len();
        format!("cannot read the details of {missing} of the devices ({reason})")
    });
    Ok(read)
}
