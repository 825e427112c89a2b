//! Errors of the layers below as reasons.
//!
//! Owns the way from one to the other, so that the application can use `?`. Must never lose what a layer said.

use super::Reason;
use crate::app::outside::{DriveReason, JournalReason, ReadReason};
use crate::drive::{DriveError, GatherError, InventoryError, QuotaError, ReadError};
use crate::engine::Impossible;
use crate::journal::{Distrust, JournalError};

impl From<JournalError> for Reason {
    fn from(error: JournalError) -> Self {
        JournalReason::Failed(error).into()
    }
}

impl From<Distrust> for Reason {
    fn from(error: Distrust) -> Self {
        match error {
            Distrust::Journal(error) => error.into(),
            other => JournalReason::Distrusted(other).into(),
        }
    }
}

impl From<QuotaError> for Reason {
    fn from(error: QuotaError) -> Self {
        let QuotaError::Ledger(error) = error;
        error.into()
    }
}

impl From<ReadError> for Reason {
    fn from(error: ReadError) -> Self {
        ReadReason::Failed(error).into()
    }
}

impl From<InventoryError> for Reason {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Read(error) => error.into(),
            other => ReadReason::Inventory(other).into(),
        }
    }
}

impl From<GatherError> for Reason {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Read(error) => error.into(),
            other => ReadReason::Sections(other).into(),
        }
    }
}

impl From<DriveError> for Reason {
    fn from(error: DriveError) -> Self {
        DriveReason(error).into()
    }
}

impl From<Impossible> for Reason {
    fn from(error: Impossible) -> Self {
        DriveError::from(error).into()
    }
}
