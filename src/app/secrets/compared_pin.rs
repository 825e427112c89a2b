//! What a comparison of PINs with the tenant showed.
//!
//! Owns the facts. Must never hold a PIN.

use serde::Serialize;
use std::sync::Arc;

use super::pins_found::WhyClosed;
use super::reason::SecretsReason;
use crate::model::{DeviceFacts, UnixMillis};

/// The PINs of these devices, compared with those that the tenant shows.
#[derive(Debug)]
pub struct PinsCompared {
    /// The devices, in the order of the listing.
    pub devices: Vec<ComparedPin>,
    /// Number of devices whose PIN the tenant was asked for.
    pub asked: usize,
    /// Why the tenant could not be asked for the others.
    pub stopped: Option<SecretsReason>,
}

/// A device whose PINs were compared.
#[derive(Clone, Debug)]
pub struct ComparedPin {
    /// The device, as the newest of its runs planned it.
    pub device: Arc<DeviceFacts>,
    /// Id of the run that has the PIN to try first, or lacks it.
    pub run: String,
    /// What the comparison showed.
    pub comparison: PinComparison,
}

/// What the comparison of a device's PINs showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum PinComparison {
    /// The tenant shows the PIN to try first.
    Same,
    /// The tenant shows another PIN that is saved.
    SameAsOther {
        /// Id of the run that has this one.
        run: String,
        /// When it was saved.
        saved_at: Option<UnixMillis>,
    },
    /// The tenant shows a PIN that is not saved: the Mac was locked again, by another tool or in the console.
    LockedAgain,
    /// The tenant shows a PIN that is not saved, and the Mac has not confirmed the lock yet: it may be that of an older lock.
    MayBeOlder,
    /// The tenant shows something that cannot be a PIN.
    Odd {
        /// What is wrong with it.
        flaw: String,
    },
    /// The tenant shows no PIN.
    NotShown,
    /// The tenant no longer has the device.
    DeviceGone,
    /// The token may not read PINs.
    Forbidden,
    /// The answer cannot be used.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// The tenant could not be asked.
    NotAsked,
    /// No PIN of the newest lock is saved. The tenant was not asked.
    NotSaved,
    /// The saved PIN was removed. The tenant was not asked.
    Pruned,
    /// The saved PIN cannot be read. The tenant was not asked.
    Closed {
        /// Why.
        why: WhyClosed,
    },
}

impl PinsCompared {
    /// How many devices have the PIN that the tenant shows.
    #[must_use]
    pub fn same(&self) -> usize {
        self.devices.iter().filter(|compared| compared.comparison == PinComparison::Same).count()
    }
}
