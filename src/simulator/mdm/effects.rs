//! What an accepted action puts into a device's queue, and what it changes once it completes.
//!
//! Owns the commands of each action. Names of commands are written here a second time, apart from the
//! action table, so that a wrong name in the table shows. An action that this file does not know gets the
//! commands that the table expects. Must never change a device: the MDM service does.

use serde_json::json;

use super::command::{Effect, PlannedCommand};
use super::lost_mode::LostModeTexts;
use crate::kandji::{ActionSpec, EndSpec};
use crate::model::Os;
use crate::simulator::setup::device_kind::DeviceKind;
use crate::simulator::wire::fields::Fields;

/// First OS version of iPhones and iPads that knows Return to Service.
const RETURN_TO_SERVICE_OS: &str = "17";
/// What a check-in of an Apple device asks for.
const CHECK_IN_COMMANDS: [&str; 7] = [
    "AvailableOSUpdates",
    "DeviceInformation",
    "SecurityInfo",
    "UserList",
    "InstalledApplicationList",
    "ProfileList",
    "CertificateList",
];

/// The commands of an accepted action.
pub(crate) fn plan(
    action: &'static ActionSpec,
    fields: &Fields,
    kind: DeviceKind,
    os_version: &str,
) -> Vec<PlannedCommand> {
    let one = |request_type, command_type, effect| {
        vec![PlannedCommand { request_type, command_type, metadata: json!({}), effect }]
    };
    let user = || fields.text("UserName").unwrap_or_default().to_owned();
    match action.name {
        "blank-push" | "delete-device" | "cancel-lost-mode" => Vec::new(),
        "get-commands" | "get-location" => Vec::new(),
        "daily-checkin" | "update-inventory" => CHECK_IN_COMMANDS
            .into_iter()
            .map(|name| PlannedCommand {
                request_type: name,
                command_type: name,
                metadata: json!({}),
                effect: Effect::None,
            })
            .collect(),
        "lock" => one("DeviceLock", "LockDevice", Effect::Lock),
        "restart" => {
            let asks = fields.switch("NotifyUser") == Some(true);
            let effect = if asks { Effect::None } else { Effect::Restart };
            one("RestartDevice", "Restart", effect)
        }
        "shutdown" => one("ShutDownDevice", "Shutdown", Effect::ShutDown),
        "clear-passcode" => one("ClearPasscode", "ClearDevicePasscode", Effect::None),
        "unlock-account" => one("UnlockUserAccount", "UnlockAccount", Effect::UseUser(user())),
        "delete-user" => one("DeleteUser", "DeleteLocalUser", Effect::DeleteUser(user())),
        "renew-mdm-profile" => one("InstallProfile", "RenewMDMProfile", Effect::None),
        "reinstall-agent" => one("InstallEnterpriseApplication", "InstallAgent", Effect::None),
        "remote-desktop" => {
            let on = fields.switch("EnableRemoteDesktop") == Some(true);
            let name = if on { "EnableRemoteDesktop" } else { "DisableRemoteDesktop" };
            one(name, name, Effect::RemoteDesktop(on))
        }
        "enable-lost-mode" => {
            let text = |key| fields.text(key).unwrap_or_default().to_owned();
            let texts = LostModeTexts {
                message: text("Message"),
                phone_number: text("PhoneNumber"),
                footnote: text("Footnote"),
            };
            one("EnableLostMode", "EnableLostMode", Effect::EnableLostMode(texts))
        }
        "disable-lost-mode" => one("DisableLostMode", "DisableLostMode", Effect::DisableLostMode),
        "play-lost-mode-sound" => one("PlayLostModeSound", "PlayLostModeSound", Effect::PlaySound),
        "update-location" => one("DeviceLocation", "DeviceLocation", Effect::Locate),
        "refresh-esim" => one("RefreshCellularPlans", "RefreshCellularPlans", Effect::None),
        "data-roaming" => setting("DataRoaming", fields),
        "personal-hotspot" => setting("PersonalHotspot", fields),
        "set-name" => rename(fields.text("DeviceName").unwrap_or_default()),
        "erase" => {
            let returns = returns_to_service(fields, kind, os_version);
            one("EraseDevice", "EraseDevice", Effect::Erase { returns })
        }
        _ => from_table(action),
    }
}

/// Whether the device comes back by itself: the keys are ignored on Macs and before version 17.
fn returns_to_service(fields: &Fields, kind: DeviceKind, os_version: &str) -> bool {
    use DeviceKind::{IPad, IPadUnsupervised, IPhone, SharedIPad};
    let is_known = matches!(kind, IPhone | IPad | IPadUnsupervised | SharedIPad)
        && Os::parse(os_version) >= Os::parse(RETURN_TO_SERVICE_OS);
    is_known && fields.switch("ReturnToService.Enabled") == Some(true)
}

fn rename(name: &str) -> Vec<PlannedCommand> {
    vec![PlannedCommand {
        request_type: "Settings",
        command_type: "SetDeviceName",
        metadata: json!({ "items": ["DeviceName"], "SettingName": "DeviceName", "DeviceName": name }),
        effect: Effect::Rename(name.to_owned()),
    }]
}

/// A setting of the device that is on or off. Apple's name for the item; the vendor's own is not published.
fn setting(item: &'static str, fields: &Fields) -> Vec<PlannedCommand> {
    let enabled = fields.switch("Enabled");
    vec![PlannedCommand {
        request_type: "Settings",
        command_type: "Settings",
        metadata: json!({ "items": [item], "SettingName": item, "Enabled": enabled }),
        effect: Effect::None,
    }]
}

fn from_table(action: &'static ActionSpec) -> Vec<PlannedCommand> {
    let request_type = match &action.end {
        EndSpec::Command(names) => names.first().copied(),
        EndSpec::CommandBySwitch(_, [name, _])
        | EndSpec::CommandOrNamed(name, _)
        | EndSpec::CommandMarked(name, _)
        | EndSpec::CommandOrState(name, _)
        | EndSpec::CommandOrGone(name) => Some(*name),
        EndSpec::Answer(_)
        | EndSpec::Acceptance(_)
        | EndSpec::State(_)
        | EndSpec::Gone
        | EndSpec::Recorded(_) => None,
    };
    let planned = |name| PlannedCommand {
        request_type: name,
        command_type: name,
        metadata: json!({}),
        effect: Effect::None,
    };
    request_type.map(planned).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::{ACTIONS, find_action};
    use crate::simulator::setup::switches::Switches;
    use crate::simulator::wire::exchange::SimRequest;
    use crate::simulator::wire::fields;

    fn planned(action: &str, body: &str, kind: DeviceKind, os: &str) -> Vec<PlannedCommand> {
        let action = find_action(action).expect("an action");
        let request = SimRequest::post("/", "t", body);
        let fields = fields::read(&request, action, &Switches::default());
        let fields = fields.unwrap_or_else(|reply| panic!("refused: {}", reply.text()));
        plan(action, &fields, kind, os)
    }

    #[test]
    fn the_table_expects_commands_that_are_really_queued() {
        for action in ACTIONS {
            let expected: &[&str] = match &action.end {
                EndSpec::Command(names) => names,
                EndSpec::CommandOrNamed(name, _)
                | EndSpec::CommandMarked(name, _)
                | EndSpec::CommandOrState(name, _)
                | EndSpec::CommandOrGone(name) => &[*name],
                EndSpec::CommandBySwitch(_, names) => names,
                EndSpec::Answer(_)
                | EndSpec::Acceptance(_)
                | EndSpec::State(_)
                | EndSpec::Gone
                | EndSpec::Recorded(_) => {
                    continue;
                }
            };
            let body = match action.name {
                "set-name" => r#"{"DeviceName":"x"}"#,
                "remote-desktop" => r#"{"EnableRemoteDesktop":true}"#,
                "delete-user" | "unlock-account" => r#"{"UserName":"x"}"#,
                "refresh-esim" => r#"{"eSIMServerURL":"https://x.example.com"}"#,
                "data-roaming" | "personal-hotspot" => r#"{"Enabled":true}"#,
                _ => "",
            };
            let planned = planned(action.name, body, DeviceKind::MacIntel, "14.1");
            let hit = planned.iter().any(|planned| expected.contains(&planned.request_type));
            assert!(hit, "{}", action.name);
        }
    }

    #[test]
    fn a_new_action_gets_the_command_that_the_table_expects() {
        static NEW: ActionSpec = ActionSpec {
            name: "configure-device",
            aliases: &[],
            summary: "",
            remarks: &[],
            method: crate::model::wire::Method::Post,
            path_suffix: "/action/deviceconfigured",
            params: &[],
            rules: &[],
            platforms: &[],
            risk: crate::model::Risk::Disruptive,
            repeat: crate::model::Repeat::Once,
            end: EndSpec::Command(&["DeviceConfigured"]),
            takes_pin: None,
            ends_secrets: false,
            hazards: crate::kandji::Hazards::NONE,
            gives_pin: false,
            example: &[],
            verb: crate::kandji::Verb {
                plain: "release from Setup Assistant",
                ing: "releasing from Setup Assistant",
            },
        };
        let request = SimRequest::post("/", "t", "");
        let fields = fields::read(&request, &NEW, &Switches::default()).ok().expect("accepted");
        let planned = plan(&NEW, &fields, DeviceKind::IPad, "17.1");
        assert_eq!(planned.len(), 1);
        assert_eq!(planned[0].request_type, "DeviceConfigured");
    }

    #[test]
    fn only_new_mobile_devices_return_to_service() {
        let body = r#"{"ReturnToService":{"Enabled":true,"ProfileId":"p"}}"#;
        for (kind, os, returns) in [
            (DeviceKind::IPad, "17.6.1", true),
            (DeviceKind::SharedIPad, "18.1", true),
            (DeviceKind::IPadOld, "16.7.8", false),
            (DeviceKind::IPad, "16.7.8", false),
            (DeviceKind::MacAppleSilicon, "15.1", false),
        ] {
            let effect = planned("erase", body, kind, os).remove(0).effect;
            assert_eq!(effect, Effect::Erase { returns }, "{kind:?} {os}");
        }
    }

    #[test]
    fn a_restart_that_only_asks_does_not_restart() {
        let ask = planned("restart", r#"{"NotifyUser":true}"#, DeviceKind::MacIntel, "14.1");
        assert_eq!(ask[0].effect, Effect::None);
        let restart = planned("restart", "", DeviceKind::MacIntel, "14.1");
        assert_eq!(restart[0].effect, Effect::Restart);
    }
}
