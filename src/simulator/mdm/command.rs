//! One command of a device: what it is, its state, and what it changes.
//!
//! Owns the states of a command. Must never move one from state to state: the queues do.

use serde_json::Value;

use super::lost_mode::LostModeTexts;
use crate::model::UnixMillis;

/// The state of a command. Documented: the numbers are the API's.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueuedStatus {
    /// The device has not taken it.
    Pending = 1,
    /// The device has taken it and not reported its end.
    Running = 2,
    /// The device reported success.
    Completed = 3,
    /// The device reported an error.
    Failed = 4,
    /// The device put it off; it is pushed again.
    NotNow = 5,
}

/// A command that an accepted action queues.
pub(crate) struct PlannedCommand {
    /// Apple's name.
    pub(crate) request_type: &'static str,
    /// The vendor's name.
    pub(crate) command_type: &'static str,
    /// What the row shows of its parameters.
    pub(crate) metadata: Value,
    /// What it changes when it completes.
    pub(crate) effect: Effect,
}

/// What a completed command changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that the API shows.
    None,
    /// The device is offline for a while.
    Restart,
    /// The device is offline until a person turns it on.
    ShutDown,
    /// A Mac is locked; other platforms stay as they are.
    Lock,
    /// The device loses its data.
    Erase {
        /// Whether it enrolls again by itself (Return to Service).
        returns: bool,
    },
    /// The device has this name.
    Rename(String),
    /// Remote desktop is on or off.
    RemoteDesktop(bool),
    /// The device is in Lost Mode, with these texts.
    EnableLostMode(LostModeTexts),
    /// The device is no longer in Lost Mode.
    DisableLostMode,
    /// A device in Lost Mode has played its sound.
    PlaySound,
    /// A device in Lost Mode has told where it is.
    Locate,
    /// The local user is gone; an empty name means all local users.
    DeleteUser(String),
    /// Nothing, but the local user has to exist.
    UseUser(String),
}

/// A command in the queue or in the history of a device.
pub(crate) struct QueuedCommand {
    /// Its id.
    pub(crate) uuid: String,
    /// The action that it comes from; `None` for commands of others.
    pub(crate) action: Option<&'static str>,
    /// Apple's name.
    pub(crate) request_type: &'static str,
    /// The vendor's name.
    pub(crate) command_type: &'static str,
    /// What the row shows of its parameters.
    pub(crate) metadata: Value,
    /// What it changes when it completes.
    pub(crate) effect: Effect,
    /// Where it is.
    pub(crate) status: QueuedStatus,
    /// How many times the device took it.
    pub(crate) attempts: u32,
    /// When it was queued.
    pub(crate) requested: UnixMillis,
    /// When it was last pushed.
    pub(crate) pushed: Option<UnixMillis>,
    /// When the device reported its end.
    pub(crate) completed: Option<UnixMillis>,
    /// What the device reported as its error.
    pub(crate) error: Option<String>,
    /// Whether the device has already answered Not Now.
    pub(crate) has_waited: bool,
}

impl QueuedCommand {
    /// A pending command.
    pub(crate) fn new(
        uuid: String,
        action: Option<&'static str>,
        planned: PlannedCommand,
        requested: UnixMillis,
    ) -> Self {
        Self {
            uuid,
            action,
            request_type: planned.request_type,
            command_type: planned.command_type,
            metadata: planned.metadata,
            effect: planned.effect,
            status: QueuedStatus::Pending,
            attempts: 0,
            requested,
            pushed: None,
            completed: None,
            error: None,
            has_waited: false,
        }
    }

    /// Whether the device has not reported its end.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.status, QueuedStatus::Completed | QueuedStatus::Failed)
    }

    /// Whether the device has not taken it, or put it off.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.status, QueuedStatus::Pending | QueuedStatus::NotNow)
    }
}
