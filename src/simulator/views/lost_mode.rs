//! What the tenant tells of a device's Lost Mode.
//!
//! Owns the keys as they were published; empty values are empty texts. Must never change a device.

use serde_json::{Value, json};

use crate::model::UnixMillis;
use crate::simulator::draws::{Draw, draw};
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::mdm::lost_mode::LostMode;
use crate::simulator::wire::answers;
use crate::simulator::wire::exchange::SimReply;
use crate::simulator::wire::spelling::spell;

/// The status of a Lost Mode that is on. Documented for its report; inferred for the device list.
pub(super) const ENABLED: &str = "ENABLED";
/// Who turns Lost Mode on over the API: a token is no person.
const BY_TOKEN: &str = "API token";

/// Answers `/details/lostmode`.
pub(crate) fn lost_mode_report(view: &DeviceView<'_>) -> SimReply {
    let Some(shown) = view.device.lost_mode() else { return answers::not_in_lost_mode() };
    let device_id = &view.facts().device_id;
    let lost_mode = lost_mode(view, shown);
    answers::json(200, &json!({ "device_id": device_id, "lost_mode": lost_mode }))
}

/// The Lost Mode of a device. The values of the statuses of location and sound were never published.
pub(super) fn lost_mode(view: &DeviceView<'_>, shown: &LostMode) -> Value {
    let moment = |at: Option<UnixMillis>| at.map_or_else(String::new, |at| spell(at, 0));
    let status = |at: Option<UnixMillis>| if at.is_some() { "SUCCESS" } else { "" };
    json!({
        "lost_mode_status": ENABLED,
        "enabled_by": BY_TOKEN,
        "enable_status_at": spell(shown.enabled_at, 0),
        "lock_screen_message": shown.texts.message,
        "lock_screen_phone_number": shown.texts.phone_number,
        "lock_screen_footnote": shown.texts.footnote,
        "disable_status": "",
        "disabled_by": "",
        "disable_status_at": "",
        "last_location_status": status(shown.located_at),
        "last_location_status_at": moment(shown.located_at),
        "last_location": shown.located_at.map_or(json!(""), |_| location(view)),
        "last_location_at": moment(shown.located_at),
        "sound_status": status(shown.sounded_at),
        "sound_status_at": moment(shown.sounded_at),
    })
}

/// Where a device is: somewhere that its place in the tenant draws.
fn location(view: &DeviceView<'_>) -> Value {
    let mut random = draw(view.seed, Draw::Record, [view.place as u64, 0, 3]);
    let mut degrees = |whole: u64| {
        let (whole, parts) = (random.below(whole), random.below(1_000_000));
        format!("{whole}.{parts:06}")
    };
    json!({ "latitude": degrees(80), "longitude": degrees(180) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, LostModeCanceled, LostModeOff, NewDevice};

    fn report(bed: &mut Testbed) -> (u16, serde_json::Value) {
        let reply = bed.get(&format!("{}/details/lostmode", bed.path(0)));
        (reply.status, reply.json())
    }

    #[test]
    fn lost_mode_is_turned_on_found_heard_and_turned_off() {
        let mut bed = Testbed::of(&[DeviceKind::IPad]);
        let off = (400, json!(["Device is not in lost mode."]));
        assert_eq!(report(&mut bed), off);
        let body = r#"{"Message":"Lost","PhoneNumber":"+43 1","Footnote":"School"}"#;
        assert_eq!(bed.post(0, "enable-lost-mode", body).status, 200);
        assert_eq!(report(&mut bed), off, "the device has not taken it");
        bed.pass_ms(60_000);
        let (status, body) = report(&mut bed);
        let lost_mode = &body["lost_mode"];
        assert_eq!((status, &lost_mode["lost_mode_status"]), (200, &json!("ENABLED")));
        assert_eq!(lost_mode["lock_screen_message"], "Lost");
        assert_eq!(lost_mode["lock_screen_footnote"], "School");
        assert_eq!(lost_mode["last_location"], "");
        assert_eq!(bed.device(0)["lost_mode_status"], "ENABLED");
        assert_eq!(bed.get("/api/v1/devices").json()[0]["lost_mode_status"], "ENABLED");
        for action in ["play-lost-mode-sound", "update-location"] {
            assert_eq!(bed.post(0, action, "").status, 200);
        }
        bed.pass_ms(60_000);
        let (_, body) = report(&mut bed);
        assert!(body["lost_mode"]["last_location"]["latitude"].is_string(), "{body}");
        assert_ne!(body["lost_mode"]["sound_status_at"], "");
        let details = bed.get(&format!("{}/details", bed.path(0))).json();
        assert_eq!(details["lost_mode"], body["lost_mode"]);
        assert_eq!(bed.post(0, "disable-lost-mode", "").status, 200);
        let again = bed.post(0, "disable-lost-mode", "");
        assert_eq!(again.text(), "\"Disable lost mode is already pending for this device.\"");
        bed.pass_ms(60_000);
        assert_eq!(report(&mut bed), off);
        let names: Vec<String> = bed
            .commands(0)
            .iter()
            .map(|row| row["request_type"].as_str().unwrap_or_default().to_owned())
            .collect();
        let expected = ["EnableLostMode", "PlayLostModeSound", "DeviceLocation", "DisableLostMode"];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_needs_lost_mode_is_refused_without_it() {
        for (lost_mode_off, status) in [
            (LostModeOff::Refused, 400),
            (LostModeOff::NotAllowed, 400),
            (LostModeOff::Accepted, 200),
        ] {
            for action in ["disable-lost-mode", "play-lost-mode-sound", "update-location"] {
                let mut bed = Testbed::of(&[DeviceKind::IPhone]);
                bed.world.switches_mut().lost_mode_off = lost_mode_off;
                assert_eq!(bed.post(0, action, "").status, status, "{action} {lost_mode_off:?}");
                bed.pass_ms(60_000);
                let is_failed = status == 200 && action != "disable-lost-mode";
                let failed = bed.commands(0).iter().filter(|row| row["status"] == 4).count();
                assert_eq!(failed, usize::from(is_failed), "{action} {lost_mode_off:?}");
            }
        }
    }

    #[test]
    fn a_lost_mode_in_error_is_canceled_without_a_command() {
        for (canceled, status) in
            [(LostModeCanceled::NoContent, 204), (LostModeCanceled::Message, 200)]
        {
            let lost = NewDevice { is_in_lost_mode: true, ..NewDevice::new(DeviceKind::IPad) };
            let mut bed = Testbed::with(vec![lost]);
            bed.world.switches_mut().lost_mode_canceled = canceled;
            assert_eq!(bed.post(0, "cancel-lost-mode", "").status, status);
            assert_eq!(bed.post(0, "cancel-lost-mode", "").status, 400);
            assert_eq!((report(&mut bed).0, bed.commands(0).len()), (400, 0));
        }
    }
}
