//! The action table against the published API.
//!
//! Owns a second, independent list of facts: methods, paths, bodies and platforms, typed in from the
//! vendor's documents and not derived from the table. The simulator shares the table with the client, so
//! without this list a wrong path would agree with itself.

use sortie::kandji::{
    ACTIONS, DeviceSection, NamedKind, ParamKind, ParamSpec, blueprints_page, devices_by_filevault,
    devices_page, find_action, named_by_id, users_page,
};
use sortie::model::wire::Method;
use sortie::model::{DeviceId, End, Params, Platform, Repeat, Risk};

struct Fact {
    name: &'static str,
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    /// The body of the table's example, as JSON; empty for none.
    body: &'static str,
    /// Mac, iPhone, iPad, Apple TV, Windows, Android.
    platforms: [bool; 6],
    risk: Risk,
    repeat: Repeat,
    /// Request types of the command on a Mac or, where it is not for Macs, on an iPad.
    commands: &'static [&'static str],
}

const YES: bool = true;
const NO: bool = false;

#[rustfmt::skip]
const FACTS: [Fact; 27] = [
    Fact { name: "get-commands", operation: "getDeviceCommands", method: "GET", path: "/commands?limit=300", body: "", platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Read, repeat: Repeat::Safe, commands: &[] },
    Fact { name: "get-location", operation: "getDeviceLostModeDetails", method: "GET", path: "/details/lostmode", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Read, repeat: Repeat::Safe, commands: &[] },
    Fact { name: "blank-push", operation: "sendBlankpush", method: "POST", path: "/action/blankpush", body: "", platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &[] },
    Fact { name: "daily-checkin", operation: "performDailyCheckin", method: "POST", path: "/action/dailycheckin", body: "", platforms: [YES, YES, YES, YES, YES, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["DeviceInformation"] },
    Fact { name: "update-inventory", operation: "updateInventory", method: "POST", path: "/action/updateinventory", body: "", platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["DeviceInformation"] },
    Fact { name: "renew-mdm-profile", operation: "renewMdmProfile", method: "POST", path: "/action/renewmdmprofile", body: "", platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["InstallProfile"] },
    Fact { name: "reinstall-agent", operation: "reinstallAgent", method: "POST", path: "/action/reinstallagent", body: "", platforms: [YES, NO, NO, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["InstallEnterpriseApplication", "InstallApplication"] },
    Fact { name: "remote-desktop", operation: "remoteDesktop", method: "POST", path: "/action/remotedesktop", body: r#"{"EnableRemoteDesktop":true}"#, platforms: [YES, NO, NO, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["EnableRemoteDesktop"] },
    Fact { name: "set-name", operation: "setName", method: "POST", path: "/action/setname", body: r#"{"DeviceName":"Test Mac Mini"}"#, platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["Settings"] },
    Fact { name: "unlock-account", operation: "unlockAccount", method: "POST", path: "/action/unlockaccount", body: r#"{"UserName":"LocalUserToUnlock"}"#, platforms: [YES, NO, NO, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["UnlockUserAccount"] },
    Fact { name: "play-lost-mode-sound", operation: "playLostModeSound", method: "POST", path: "/action/playlostmodesound", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["PlayLostModeSound"] },
    Fact { name: "update-location", operation: "updateLocation", method: "POST", path: "/action/updatelocation", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["DeviceLocation"] },
    Fact { name: "refresh-esim", operation: "refreshCellularPlans", method: "POST", path: "/action/refreshcellularplans", body: r#"{"eSIMServerURL":"https://esim.example.com"}"#, platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Benign, repeat: Repeat::Safe, commands: &["RefreshCellularPlans"] },
    Fact { name: "update-device", operation: "updateDevice", method: "PATCH", path: "", body: r#"{"asset_tag":"1040","tags":["lab"]}"#, platforms: [YES, YES, YES, YES, YES, YES], risk: Risk::Disruptive, repeat: Repeat::Safe, commands: &[] },
    Fact { name: "restart", operation: "restartDevice", method: "POST", path: "/action/restart", body: r#"{"RebuildKernelCache":false,"NotifyUser":false}"#, platforms: [YES, YES, YES, YES, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["RestartDevice"] },
    Fact { name: "shutdown", operation: "shutdown", method: "POST", path: "/action/shutdown", body: "", platforms: [YES, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["ShutDownDevice"] },
    Fact { name: "lock", operation: "lockDevice", method: "POST", path: "/action/lock", body: r#"{"Message":"This device is locked!","PhoneNumber":"1234567890"}"#, platforms: [YES, YES, YES, NO, NO, YES], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["DeviceLock"] },
    Fact { name: "clear-passcode", operation: "clearPasscode", method: "POST", path: "/action/clearpasscode", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["ClearPasscode"] },
    Fact { name: "reset-work-profile-passcode", operation: "resetWorkProfilePasscode", method: "POST", path: "/action/resetworkprofilepasscode", body: r#"{"resetPasswordFlags":["LOCK_NOW"]}"#, platforms: [NO, NO, NO, NO, NO, YES], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &[] },
    Fact { name: "data-roaming", operation: "toggleDataRoaming", method: "POST", path: "/action/toggledataroaming", body: r#"{"Enabled":false}"#, platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Safe, commands: &["Settings"] },
    Fact { name: "personal-hotspot", operation: "togglePersonalHotspot", method: "POST", path: "/action/togglepersonalhotspot", body: r#"{"Enabled":false}"#, platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Safe, commands: &["Settings"] },
    Fact { name: "enable-lost-mode", operation: "enableLostMode", method: "POST", path: "/action/enablelostmode", body: r#"{"Message":"This iPad is lost. Please call us.","PhoneNumber":"+43 1 2345678","Footnote":"Property of the school"}"#, platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["EnableLostMode"] },
    Fact { name: "disable-lost-mode", operation: "disableLostMode", method: "POST", path: "/action/disablelostmode", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &["DisableLostMode"] },
    Fact { name: "cancel-lost-mode", operation: "cancelLostMode", method: "DELETE", path: "/details/lostmode", body: "", platforms: [NO, YES, YES, NO, NO, NO], risk: Risk::Disruptive, repeat: Repeat::Once, commands: &[] },
    Fact { name: "erase", operation: "eraseDevice", method: "POST", path: "/action/erase", body: r#"{"PreserveDataPlan":true,"ReturnToService":{"Enabled":true,"ProfileId":"c0148e35-c734-4402-b2fb-1c61aab72550"}}"#, platforms: [YES, YES, YES, YES, YES, YES], risk: Risk::Irreversible, repeat: Repeat::Once, commands: &["EraseDevice"] },
    Fact { name: "delete-user", operation: "deleteUser", method: "POST", path: "/action/deleteuser", body: r#"{"UserName":"testuser"}"#, platforms: [YES, NO, YES, NO, NO, NO], risk: Risk::Irreversible, repeat: Repeat::Once, commands: &["DeleteUser"] },
    Fact { name: "delete-device", operation: "deleteDevice", method: "DELETE", path: "", body: "", platforms: [YES, YES, YES, YES, YES, YES], risk: Risk::Irreversible, repeat: Repeat::Once, commands: &[] },
];

/// The keys that each body may hold, in the API's exact case.
#[rustfmt::skip]
const BODY_KEYS: [(&str, &[&str]); 12] = [
    ("data-roaming", &["Enabled"]),
    ("enable-lost-mode", &["Message", "PhoneNumber", "Footnote"]),
    ("delete-user", &["DeleteAllUsers", "ForceDeletion", "UserName"]),
    ("erase", &["PIN", "PreserveDataPlan", "DisallowProximitySetup", "ReturnToService.Enabled", "ReturnToService.ProfileId", "erase_mode", "erase_flags"]),
    ("lock", &["Message", "PhoneNumber"]),
    ("personal-hotspot", &["Enabled"]),
    ("refresh-esim", &["eSIMServerURL"]),
    ("remote-desktop", &["EnableRemoteDesktop"]),
    // The API also documents newPassword, which sortie does not offer.
    ("reset-work-profile-passcode", &["resetPasswordFlags"]),
    ("restart", &["RebuildKernelCache", "NotifyUser"]),
    ("set-name", &["DeviceName"]),
    ("update-device", &["asset_tag", "blueprint_id", "tags", "user"]),
];

const ORDER: [Platform; 6] = [
    Platform::Mac,
    Platform::IPhone,
    Platform::IPad,
    Platform::AppleTv,
    Platform::Windows,
    Platform::Android,
];

fn example(name: &str) -> Params {
    let action = find_action(name).expect("an action");
    let value = |(key, text): &(&str, &str)| {
        let param = action.param(key).expect("a parameter");
        (param.key.to_owned(), param.read(text).expect("a value"))
    };
    action.example.iter().map(value).collect()
}

#[test]
fn every_action_is_sent_as_the_api_documents_it() {
    assert_eq!(ACTIONS.len(), FACTS.len());
    for fact in &FACTS {
        let action = find_action(fact.operation).expect("the vendor's name is an alias");
        assert_eq!(action.name, fact.name);
        let params = example(fact.name);
        assert_eq!(action.missing(&params), Vec::<String>::new(), "{}", fact.name);
        let request = action.request(&DeviceId::from_api("D"), &params);
        assert_eq!(request.method.word(), fact.method, "{}", fact.name);
        assert_eq!(request.path_and_query, format!("/api/v1/devices/D{}", fact.path));
        let body = request
            .body
            .map(|body| serde_json::from_str::<serde_json::Value>(&body).expect("JSON"));
        let expected = (!fact.body.is_empty())
            .then(|| serde_json::from_str::<serde_json::Value>(fact.body).expect("JSON"));
        assert_eq!(body, expected, "{}", fact.name);
        assert_eq!((action.risk, action.repeat), (fact.risk, fact.repeat), "{}", fact.name);
        assert!(action.method != Method::Get || action.repeat == Repeat::Safe);
    }
}

#[test]
fn every_action_is_offered_on_the_documented_platforms_only() {
    for fact in &FACTS {
        let action = find_action(fact.name).expect("an action");
        for (platform, documented) in ORDER.into_iter().zip(fact.platforms) {
            assert_eq!(action.supports(platform), documented, "{} on {platform}", fact.name);
        }
        assert!(!action.supports(Platform::Unknown), "{}", fact.name);
    }
}

#[test]
fn every_command_is_looked_for_by_apples_name() {
    for fact in &FACTS {
        let action = find_action(fact.name).expect("an action");
        let platform = if fact.platforms[0] { Platform::Mac } else { Platform::IPad };
        let commands = match action.end(platform, &example(fact.name)) {
            End::Command { request_types, .. } => request_types,
            _ => Vec::new(),
        };
        assert_eq!(commands, fact.commands, "{}", fact.name);
        if fact.platforms[4] && !fact.commands.is_empty() {
            let end = action.end(Platform::Windows, &example(fact.name));
            assert!(matches!(end, End::Acceptance { .. }), "{} on Windows", fact.name);
        }
    }
}

#[test]
fn bodies_hold_the_documented_keys_in_their_exact_case() {
    for (name, keys) in BODY_KEYS {
        let action = find_action(name).expect("an action");
        // What changes a list is sent as the whole list.
        let is_sent = |param: &&ParamSpec| {
            !matches!(param.kind, ParamKind::AddsTo(_) | ParamKind::RemovesFrom(_))
        };
        let known: Vec<&str> =
            action.params.iter().filter(is_sent).map(|param| param.key).collect();
        let mut sorted = (known.clone(), keys.to_vec());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{name}");
    }
    for fact in FACTS.iter().filter(|fact| BODY_KEYS.iter().all(|(name, _)| *name != fact.name)) {
        let action = find_action(fact.name).expect("an action");
        let has_body = action.method == Method::Post && !action.params.is_empty();
        assert!(!has_body || fact.name == "unlock-account", "{}", fact.name);
    }
}

#[test]
fn blueprints_and_users_are_looked_up_as_documented() {
    for (request, path) in [
        (blueprints_page("Lab", 0), "/api/v1/blueprints?limit=300&offset=0&name=Lab"),
        (blueprints_page("", 300), "/api/v1/blueprints?limit=300&offset=300"),
        (users_page("jo", None), "/api/v1/users?email=jo&sizePerPage=300"),
        (named_by_id(NamedKind::Blueprint, "7"), "/api/v1/blueprints/7"),
        (named_by_id(NamedKind::User, "7"), "/api/v1/users/7"),
    ] {
        assert_eq!((request.method, request.path_and_query.as_str()), (Method::Get, path));
        assert_eq!((request.body, request.repeat), (None, Repeat::Safe));
    }
}

#[test]
fn a_change_of_a_record_clears_with_null_and_replaces_lists() {
    let action = find_action("update-device").expect("an action");
    let value = |key: &str, text: &str| {
        let param = action.param(key).expect("a parameter");
        (param.key.to_owned(), param.read(text).expect("a value"))
    };
    let id = "97e4e175-1631-43f6-a02b-33fd1c748ab8";
    let params = [
        value("blueprint_name", id),
        value("asset_tag", "null"),
        value("user", "null"),
        value("tags", "[]"),
    ];
    let body = action.request(&DeviceId::from_api("D"), &params.into()).body.expect("a body");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&body).expect("JSON"),
        serde_json::json!({ "blueprint_id": id, "asset_tag": null, "user": null, "tags": [] })
    );
}

#[test]
fn a_work_profile_passcode_is_removed_and_never_set() {
    let action = find_action("reset-work-profile-passcode").expect("an action");
    let request = action.request(&DeviceId::from_api("D"), &Params::new());
    // Documented: without a new passcode the passcode is removed.
    assert_eq!(request.body, None);
    for name in ["newPassword", "new_password", "password", "passcode"] {
        assert!(action.param(name).is_none(), "{name}");
    }
    let param = action.param("resetPasswordFlags").expect("a parameter");
    assert!(param.read("LOCK_NOW").is_ok());
    for text in ["REQUIRE_ENTRY", "DO_NOT_ASK_CREDENTIALS_ON_BOOT", "LOCK_NOW,LOCK_NOW", "lock_now"]
    {
        assert!(param.read(text).is_err(), "{text}");
    }
    let end = action.end(Platform::Android, &Params::new());
    assert!(matches!(end, End::Acceptance { .. }), "Android has no list of commands");
}

#[test]
fn a_read_always_says_how_many_rows_it_wants() {
    let action = find_action("get-commands").expect("an action");
    let request = action.request(&DeviceId::from_api("D"), &Params::new());
    assert_eq!(request.path_and_query, "/api/v1/devices/D/commands?limit=300");
}

#[test]
fn only_a_lock_returns_a_pin() {
    let with_pin: Vec<&str> =
        ACTIONS.iter().filter(|action| action.gives_pin).map(|action| action.name).collect();
    assert_eq!(with_pin, ["lock"]);
}

#[test]
fn what_an_action_harms_besides_is_known() {
    let apple =
        [Platform::Mac, Platform::IPhone, Platform::IPad, Platform::AppleTv, Platform::Vision];
    for action in ACTIONS {
        let hazards = &action.hazards;
        let deactivates = (action.name == "lock").then_some("11.5");
        assert_eq!(hazards.deactivates_before, deactivates, "{}", action.name);
        assert_eq!(hazards.meets_activation_lock, action.name == "erase", "{}", action.name);
        let needed: &[Platform] = match action.name {
            "erase" => &[Platform::Mac],
            "delete-device" => &apple,
            _ => &[],
        };
        assert_eq!(hazards.secrets_needed_on, needed, "{}", action.name);
        assert_eq!(action.ends_secrets, !needed.is_empty(), "{}", action.name);
        for platform in ORDER.into_iter().chain([Platform::Vision, Platform::Unknown]) {
            let ended = action.secrets_ended(platform).len();
            let expected = match platform {
                _ if needed.is_empty() || !platform.is_apple() => 0,
                Platform::Mac => 3,
                _ => 1,
            };
            assert_eq!(ended, expected, "{} on {platform}", action.name);
        }
    }
}

#[test]
fn reads_of_a_device_and_of_filevault_are_as_documented() {
    let device = DeviceId::from_api("D");
    for (section, path) in [
        (DeviceSection::Details, "/api/v1/devices/D/details"),
        (DeviceSection::Status, "/api/v1/devices/D/status"),
        (DeviceSection::Apps, "/api/v1/devices/D/apps"),
    ] {
        let request = section.request(&device);
        assert_eq!((request.method, request.path_and_query.as_str()), (Method::Get, path));
        assert!(request.body.is_none() && request.repeat == Repeat::Safe, "{path}");
    }
    let list = devices_page(300).path_and_query;
    for (is_on, query) in [(true, "&filevault_enabled=true"), (false, "&filevault_enabled=false")] {
        let request = devices_by_filevault(is_on, 300);
        assert_eq!(request.path_and_query, format!("{list}{query}"));
        assert_eq!(request.method, Method::Get);
    }
}
