//! Commands, as a device's history shows them.
//!
//! Owns the five statuses and what is remembered of a command. Must never know how the API spells them, except for the
//! numbers, which the oldest journals contain.

use serde::{Deserialize, Serialize};

use super::UnixMillis;

/// A command as the device's history shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSeen {
    /// The command's uuid; where several fit that of the least advanced, the newest of these.
    pub uuid: String,
    /// Status of the command.
    pub status: CommandStatus,
    /// When it was completed, where known.
    pub completed_at: Option<UnixMillis>,
    /// The device's own reason, where it failed.
    pub reason: String,
    /// How many commands fit by type and time.
    pub candidates: u16,
}

/// Status of a command, by the numbers 1 to 5 of the API's command history.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandStatus {
    /// 1: waits for the device.
    Pending,
    /// 2: the device has it.
    Running,
    /// 3: done.
    Completed,
    /// 4: the device failed it.
    Failed,
    /// 5: the device answered Not Now.
    NotNow,
}

impl CommandStatus {
    /// The status that the API writes as this number, from 1 to 5; `None` for any other number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Pending),
            2 => Some(Self::Running),
            3 => Some(Self::Completed),
            4 => Some(Self::Failed),
            5 => Some(Self::NotNow),
            _ => None,
        }
    }

    /// The status in the report column `command_status`, in lower case with underscores.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::NotNow => "not_now",
        }
    }
}
