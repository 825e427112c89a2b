//! What the tenant accepts and refuses, and what it answers to an accepted action.
//!
//! Owns the rules of refusal, in the order in which the tenant checks them. Must never carry an action out:
//! that is for the MDM service.

use serde_json::{Value, json};

use super::mdm::simulated_device::SimulatedDevice;
use super::setup::device_kind::DeviceKind;
use super::setup::switch_values::{
    LockAgain, LostModeAgain, LostModeCanceled, LostModeOff, PinlessLock, SamePending, SuccessBody,
};
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::SimReply;
use super::wire::fields::Fields;
use crate::kandji::ActionSpec;
use crate::model::Platform;

/// Why an action is refused; `None` if it is accepted. `has_open` says whether a command of the same action
/// has not come to its end. Texts are documented; the wrapper of two of them is not, so a switch says it.
pub(super) fn refusal(
    device: &SimulatedDevice,
    action: &ActionSpec,
    fields: &Fields,
    has_open: bool,
    switches: &Switches,
) -> Option<SimReply> {
    if !device.is_managed() || !device.facts.kind.allows(action) {
        return Some(answers::refusal(switches, answers::NOT_ALLOWED));
    }
    if action.name == "lock" && (device.is_locked() || has_open) {
        return match switches.lock_again {
            LockAgain::AlreadyLocked => Some(answers::json(400, &json!(answers::ALREADY_LOCKED))),
            LockAgain::AlreadyRunning => Some(answers::refusal(switches, answers::ALREADY_RUNNING)),
            LockAgain::NewPin => None,
        };
    }
    if let Some(refused) = lost_mode_refusal(device, action, has_open, switches) {
        return Some(refused);
    }
    if switches.same_pending == SamePending::Refused && has_open {
        return Some(answers::refusal(switches, answers::ALREADY_RUNNING));
    }
    let wanted = fields.switch("EnableRemoteDesktop");
    if action.name == "remote-desktop" && wanted == Some(device.facts.remote_desktop) {
        return Some(answers::refusal(switches, answers::NOT_ALLOWED));
    }
    let profile = fields.text("ReturnToService.ProfileId").unwrap_or_default();
    let is_wanted = fields.switch("ReturnToService.Enabled") == Some(true)
        && device.platform() != Platform::Mac;
    if is_wanted && switches.profiles_out_of_scope.iter().any(|id| id == profile) {
        return Some(answers::json(400, &json!(answers::NOT_IN_SCOPE)));
    }
    None
}

/// Why an action of Lost Mode is refused in the state that the device is in.
fn lost_mode_refusal(
    device: &SimulatedDevice,
    action: &ActionSpec,
    has_open: bool,
    switches: &Switches,
) -> Option<SimReply> {
    let is_on = device.lost_mode().is_some();
    match action.name {
        "enable-lost-mode" if is_on && switches.lost_mode_again == LostModeAgain::AlreadyOn => {
            Some(answers::json(400, &json!([answers::ALREADY_LOST])))
        }
        "disable-lost-mode" if has_open => {
            Some(answers::json(switches.disable_pending_status, &json!(answers::DISABLE_PENDING)))
        }
        "cancel-lost-mode" if !is_on => Some(answers::not_in_lost_mode()),
        "disable-lost-mode" | "play-lost-mode-sound" | "update-location" if !is_on => {
            match switches.lost_mode_off {
                LostModeOff::Refused => Some(answers::not_in_lost_mode()),
                LostModeOff::NotAllowed => Some(answers::refusal(switches, answers::NOT_ALLOWED)),
                LostModeOff::Accepted => None,
            }
        }
        _ => None,
    }
}

/// Whether an accepted action makes a PIN: a lock (documented), and an erase where a switch says so.
pub(super) fn makes_pin(kind: DeviceKind, action: &ActionSpec, switches: &Switches) -> bool {
    let is_erase = action.name == "erase" && switches.erase_returns_pin;
    kind.has_lock_pin() && (action.name == "lock" || is_erase)
}

/// The answer to an accepted action.
pub(super) fn success(
    device_name: &str,
    action: &ActionSpec,
    pin: Option<String>,
    switches: &Switches,
) -> SimReply {
    if let Some(pin) = pin {
        return answers::json(200, &json!({ "PIN": pin }));
    }
    if action.name == "cancel-lost-mode"
        && switches.lost_mode_canceled == LostModeCanceled::NoContent
    {
        return answers::empty(204);
    }
    let body = match (action.name, switches.pinless_lock, switches.success_body) {
        ("cancel-lost-mode", ..) => Some(json!({ "message": "Canceled" })),
        ("lock", PinlessLock::Empty, _) => None,
        ("lock", PinlessLock::EmptyObject, _) => Some(json!({})),
        ("lock", PinlessLock::NullPin, _) => Some(json!({ "PIN": Value::Null })),
        ("lock", PinlessLock::EmptyPin, _) => Some(json!({ "PIN": "" })),
        (_, _, SuccessBody::Empty) => None,
        (_, _, SuccessBody::Message) => {
            Some(json!({ "message": format!("Command sent to {device_name}") }))
        }
    };
    body.map_or_else(|| answers::empty(200), |body| answers::json(200, &body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::ACTIONS;
    use crate::model::Risk;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    #[test]
    fn every_action_is_accepted_exactly_on_its_platforms() {
        for action in ACTIONS.into_iter().filter(|action| action.risk != Risk::Read) {
            for platform in Platform::ALL {
                let kind = match (action.name, platform) {
                    ("delete-user", Platform::IPad) => DeviceKind::SharedIPad,
                    _ => DeviceKind::of_platform(platform),
                };
                // Where the platform has no Lost Mode, the refusal comes first.
                let is_in_lost_mode = action.name.contains("lost-mode")
                    && action.name != "enable-lost-mode"
                    || action.name == "update-location";
                let device = NewDevice { is_in_lost_mode, ..NewDevice::new(kind) };
                let mut bed = Testbed::with(vec![device]);
                let body = match action.name {
                    "set-name" => r#"{"DeviceName":"x"}"#,
                    "remote-desktop" => r#"{"EnableRemoteDesktop":true}"#,
                    "delete-user" | "unlock-account" => r#"{"UserName":"x"}"#,
                    "refresh-esim" => r#"{"eSIMServerURL":"https://x.example.com"}"#,
                    "data-roaming" | "personal-hotspot" => r#"{"Enabled":true}"#,
                    _ => "",
                };
                let reply = bed.post(0, action.name, body);
                let supported = action.supports(platform);
                assert_eq!(reply.status < 300, supported, "{} on {platform}", action.name);
                assert_eq!(bed.world.ledger().count(&bed.id(0), action.name), u32::from(supported));
                if !supported {
                    assert_eq!(reply.text(), format!("{:?}", answers::NOT_ALLOWED));
                }
            }
        }
    }

    #[test]
    fn removed_and_unmanaged_devices_refuse() {
        let base = NewDevice::new(DeviceKind::MacIntel);
        let mut bed = Testbed::with(vec![
            NewDevice { is_removed: true, ..base.clone() },
            NewDevice { mdm_enabled: false, ..base },
        ]);
        for place in 0..2 {
            assert_eq!(bed.post(place, "restart", "").status, 400);
        }
    }

    #[test]
    fn the_same_action_is_refused_while_the_first_is_open() {
        let mut bed = Testbed::macs(1);
        assert_eq!(bed.post(0, "restart", "").status, 200);
        let refused = bed.post(0, "restart", "");
        assert_eq!((refused.status, refused.text().as_str()), (400, "\"Command already running\""));
        assert_eq!(bed.post(0, "renew-mdm-profile", "").status, 200);
        bed.pass_ms(600_000);
        assert_eq!(bed.post(0, "restart", "").status, 200);
        bed.world.switches_mut().same_pending = SamePending::Accepted;
        assert_eq!(bed.post(0, "restart", "").status, 200);
        assert_eq!(bed.world.ledger().count(&bed.id(0), "restart"), 3);
    }

    #[test]
    fn a_check_in_queues_seven_rows_and_a_blank_push_none() {
        let mut bed = Testbed::macs(2);
        bed.post(0, "daily-checkin", "");
        bed.post(1, "blank-push", "");
        assert_eq!(bed.commands(0).len(), 7);
        assert_eq!(bed.commands(1).len(), 0);
    }

    #[test]
    fn a_lock_answers_with_six_digits_and_is_refused_a_second_time() {
        let mut bed = Testbed::macs(40);
        let mut begins_with_zero = 0;
        for place in 0..40 {
            let reply = bed.post(place, "lock", r#"{"Message":"x"}"#);
            let pin = reply.json()["PIN"].as_str().expect("a text").to_owned();
            assert!(pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
            assert_eq!(bed.world.ledger().pins(&bed.id(place)), [pin.as_str()]);
            begins_with_zero += u32::from(pin.starts_with('0'));
        }
        assert!(begins_with_zero > 0);
        let again = bed.post(0, "lock", "");
        assert_eq!(again.text(), "\"This device is already locked.\"");
        bed.pass_ms(600_000);
        assert_eq!(bed.post(0, "lock", "").status, 400);
        bed.world.switches_mut().lock_again = LockAgain::AlreadyRunning;
        assert_eq!(bed.post(0, "lock", "").text(), "\"Command already running\"");
        bed.world.switches_mut().lock_again = LockAgain::NewPin;
        let first = bed.world.ledger().pins(&bed.id(0));
        let second = bed.post(0, "lock", "").json()["PIN"].clone();
        assert_ne!(second, first[0].as_str());
    }

    #[test]
    fn devices_without_pin_answer_in_four_ways() {
        for (pinless_lock, expected) in [
            (PinlessLock::Empty, ""),
            (PinlessLock::EmptyObject, "{}"),
            (PinlessLock::NullPin, r#"{"PIN":null}"#),
            (PinlessLock::EmptyPin, r#"{"PIN":""}"#),
        ] {
            let mut bed = Testbed::of(&[
                DeviceKind::IPhone,
                DeviceKind::Android,
                DeviceKind::MacAppleSiliconOld,
            ]);
            bed.world.switches_mut().pinless_lock = pinless_lock;
            for place in 0..3 {
                let reply = bed.post(place, "lock", "");
                assert_eq!((reply.status, reply.text().as_str()), (200, expected));
            }
        }
    }

    #[test]
    fn remote_desktop_refuses_the_state_it_has() {
        let mut bed = Testbed::macs(1);
        assert_eq!(bed.post(0, "remote-desktop", r#"{"EnableRemoteDesktop":false}"#).status, 400);
        assert_eq!(bed.post(0, "remote-desktop", r#"{"EnableRemoteDesktop":true}"#).status, 200);
        bed.pass_ms(60_000);
        assert_eq!(bed.post(0, "remote-desktop", r#"{"EnableRemoteDesktop":true}"#).status, 400);
        assert_eq!(bed.commands(0)[0]["request_type"], "EnableRemoteDesktop");
    }

    #[test]
    fn a_profile_out_of_scope_is_refused_except_on_macs() {
        let mut bed = Testbed::of(&[DeviceKind::IPad, DeviceKind::MacIntel]);
        let body = r#"{"ReturnToService":{"Enabled":true,"ProfileId":"8a9f88d9-e7f4-47e6-9326-fd4b39534c4e"}}"#;
        let reply = bed.post(0, "erase", body);
        assert_eq!(reply.text(), format!("{:?}", answers::NOT_IN_SCOPE));
        assert_eq!(bed.post(1, "erase", body).status, 200);
    }

    #[test]
    fn an_erase_may_answer_with_a_pin() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().erase_returns_pin = true;
        assert_eq!(bed.post(0, "erase", r#"{"PIN":"012345"}"#).json()["PIN"], "012345");
    }

    #[test]
    fn a_deleted_device_is_gone_at_once() {
        let mut bed = Testbed::macs(1);
        assert_eq!(bed.post(0, "delete-device", "").status, 204);
        assert_eq!(bed.get(&bed.path(0)).status, 404);
        assert_eq!(bed.get(&format!("{}/secrets/filevaultkey", bed.path(0))).status, 404);
        assert_eq!(bed.post(0, "delete-device", "").status, 404);
        assert_eq!(bed.get("/api/v1/devices").text(), "[]");
        assert_eq!(bed.world.ledger().count(&bed.id(0), "delete-device"), 1);
    }

    #[test]
    fn others_commands_mix_in_and_success_may_talk() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().background_percent = 100.0;
        bed.world.switches_mut().success_body = SuccessBody::Message;
        assert!(bed.post(0, "restart", "").json()["message"].is_string());
        assert_eq!(bed.commands(0).len(), 2);
    }
}
