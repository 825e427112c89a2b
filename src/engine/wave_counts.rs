//! What the devices and the tasks of a wave have come to, as numbers.
//!
//! Owns the counters. Must never judge them: `waves` does.

/// What the tasks of a device have come to. A first step that went well says nothing of the last one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DeviceCount {
    pub(super) planned: u16,
    /// Accepted by the API, with any outcome.
    pub(super) taken: u16,
    /// Ended well.
    pub(super) good: u16,
}

/// What the tasks of a wave have come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct WaveCount {
    pub(super) planned: u32,
    /// By action.
    pub(super) ready: Vec<u32>,
    /// A request or what follows from its answer is in progress.
    pub(super) in_flight: u32,
    /// The device's report is awaited, and the device can be reached.
    pub(super) awaited: u32,
    /// The same of devices that are asleep or answered Not Now.
    pub(super) asleep: u32,
    /// Devices of which the API has taken every task.
    pub(super) taken: u32,
    /// Devices of which every task has ended well.
    pub(super) good: u32,
    /// Failed, refused and in doubt.
    pub(super) errors: u32,
    pub(super) doubts: u32,
    /// Doubts that reading may still settle.
    pub(super) sought: u32,
    /// Errors before the run was last opened.
    pub(super) forgiven: u32,
}

impl WaveCount {
    /// Tasks that may still be sent: those of an action that was stopped may not.
    pub(super) fn sendable(&self, action_stopped: &[bool]) -> u32 {
        let by_action = self.ready.iter().zip(action_stopped);
        by_action.filter(|(_, stopped)| !**stopped).map(|(ready, _)| ready).sum()
    }
}
