//! Commands that have nothing to do with the client's actions.
//!
//! Owns what a device's history held before the tenant opened, drawn when it is read, so that 20,000
//! histories cost nothing. Must never put a command into a queue.

use serde_json::json;

use super::command::{Effect, PlannedCommand, QueuedCommand, QueuedStatus};
use crate::model::{Random, UnixMillis};
use crate::simulator::draws::{Draw, draw};

/// Distance of the commands that a device already had.
const BACKGROUND_STEP_MS: i64 = 7_000_000;
/// Commands of others, as the vendor's and Apple's name.
const BACKGROUND: [(&str, &str); 12] = [
    ("DeviceInformation", "DeviceInformation"),
    ("SecurityInfo", "SecurityInfo"),
    ("ProfileList", "ProfileList"),
    ("CertificateList", "CertificateList"),
    ("AvailableOSUpdates", "AvailableOSUpdates"),
    ("InstalledApplicationList", "InstalledApplicationList"),
    ("ManagedApplicationList", "ManagedApplicationList"),
    ("DeclarativeManagement", "DeclarativeManagement"),
    ("InstallVPPApplication", "InstallApplication"),
    ("SetDeviceNameLibraryItem", "Settings"),
    ("DeveloperCustomCommand", "Settings"),
    ("InstallProfile", "InstallProfile"),
];

/// A fresh command of others.
pub(crate) fn others_command(random: &mut Random, requested: UnixMillis) -> QueuedCommand {
    let place = usize::try_from(random.below(BACKGROUND.len() as u64)).unwrap_or(0);
    let (command_type, request_type) = BACKGROUND[place];
    let metadata = match command_type {
        "SetDeviceNameLibraryItem" => {
            json!({ "items": ["HostName"], "SettingName": "HostName", "host_name": "studio" })
        }
        "InstallVPPApplication" => json!({ "app_name": "Pages", "adam_id": 361_309_726.0 }),
        "DeviceInformation" => json!({ "Items": ["MDMOptions"] }),
        _ => json!({}),
    };
    let planned = PlannedCommand { request_type, command_type, metadata, effect: Effect::None };
    QueuedCommand::new(random.uuid(), None, planned, requested)
}

/// A finished command that the device at this place had before `started`: number `at` of `count`, oldest
/// first.
pub(crate) fn past_command(
    seed: u64,
    place: usize,
    at: usize,
    count: u32,
    started: UnixMillis,
) -> QueuedCommand {
    let mut random = draw(seed, Draw::Background, [place as u64, at as u64, 0]);
    let age_steps = i64::from(count) - at as i64;
    let jitter_ms = i64::try_from(random.below(600_000)).unwrap_or(0);
    let requested = UnixMillis(started.0 - age_steps * BACKGROUND_STEP_MS + jitter_ms);
    let mut command = others_command(&mut random, requested);
    let ended = requested.plus_ms(1_000 + random.below(30_000));
    command.pushed = Some(requested.plus_ms(400));
    command.completed = Some(ended);
    command.attempts = 1;
    command.status = QueuedStatus::Completed;
    if random.percent(2.0) {
        command.status = QueuedStatus::Failed;
        command.error = Some(format!("“{}” is not a valid request type.", command.request_type));
    }
    command
}
