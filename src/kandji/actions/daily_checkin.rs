//! The daily MDM commands of Apple devices, or a full CSP sync of Windows devices.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The daily MDM commands of Apple devices, or a full CSP sync of Windows devices.
pub static ACTION: ActionSpec = ActionSpec {
    name: "daily-checkin",
    aliases: &["performDailyCheckin", "check-in"],
    summary: "Runs daily MDM commands (Windows: full sync)",
    remarks: &[],
    method: Method::Post,
    path_suffix: "/action/dailycheckin",
    params: &[],
    rules: &[],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Vision,
        Platform::Windows,
    ],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["DeviceInformation"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "run the daily check-in of", ing: "running the daily check-in of" },
};
