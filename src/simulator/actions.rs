//! What the tenant does with a request for an action.
//!
//! Owns the rules of acceptance and refusal, in the order in which the tenant looks at them. Must never
//! carry an action out: it queues commands, and `life` does the rest.

use serde_json::{Value, json};

use super::answers;
use super::commands::{Command, Status, others_command};
use super::device::StoredPin;
use super::draws::{Draw, draw};
use super::effects;
use super::exchange::{SimReply, SimRequest};
use super::fields::{self, Fields};
use super::ledger::Accepted;
use super::switches::{LockAgain, PinVisible, PinlessLock, SamePending, SuccessBody};
use super::world::World;
use crate::kandji::ActionSpec;
use crate::model::{Platform, Risk};

impl World {
    /// Answers a request for an action on the device at this place.
    pub(super) fn act(
        &mut self,
        place: usize,
        action: &'static ActionSpec,
        request: &SimRequest,
    ) -> SimReply {
        if action.risk == Risk::Read {
            return self.list_commands(place, request);
        }
        if action.name == "delete-device" {
            self.accept(place, action, request, None);
            self.drop_record(place);
            return answers::empty(204);
        }
        let fields = match fields::read(request, action, &self.switches) {
            Ok(fields) => fields,
            Err(reply) => return reply,
        };
        if let Some(refused) = self.refusal(place, action, &fields) {
            return refused;
        }
        let pin = self.issue_pin(place, action, &fields);
        self.accept(place, action, request, pin.clone());
        self.queue(place, action, &fields);
        self.success(place, action, pin)
    }

    /// Why the action is refused, if it is.
    fn refusal(&self, place: usize, action: &ActionSpec, fields: &Fields) -> Option<SimReply> {
        let switches = &self.switches;
        let device = &self.devices[place];
        if !device.is_managed() || !device.facts.kind.allows(action) {
            return Some(answers::refusal(switches, answers::NOT_ALLOWED));
        }
        if action.name == "lock" && (device.is_locked || device.has_open("lock")) {
            return match switches.lock_again {
                LockAgain::AlreadyLocked => {
                    Some(answers::json(400, &json!(answers::ALREADY_LOCKED)))
                }
                LockAgain::AlreadyRunning => {
                    Some(answers::refusal(switches, answers::ALREADY_RUNNING))
                }
                LockAgain::NewPin => None,
            };
        }
        if switches.same_pending == SamePending::Refused && device.has_open(action.name) {
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

    /// Makes the PIN of a lock, and of an erase where that answers with one.
    fn issue_pin(&mut self, place: usize, action: &ActionSpec, fields: &Fields) -> Option<String> {
        let is_erase = action.name == "erase" && self.switches.erase_returns_pin;
        let device = &mut self.devices[place];
        if !device.facts.kind.has_lock_pin() || !(action.name == "lock" || is_erase) {
            return None;
        }
        device.pins_issued += 1;
        let mut random = draw(self.seed, Draw::Pin, [place as u64, device.pins_issued, 0]);
        let drawn = format!("{:06}", random.below(1_000_000));
        let text = fields.text("PIN").map_or(drawn, str::to_owned);
        let visible_at = (self.switches.pin_visible == PinVisible::AtOnce).then_some(self.now);
        device.pin = Some(StoredPin { text: text.clone(), visible_at });
        Some(text)
    }

    fn accept(
        &mut self,
        place: usize,
        action: &ActionSpec,
        request: &SimRequest,
        pin: Option<String>,
    ) {
        self.ledger.accept(Accepted {
            device_id: self.devices[place].facts.device_id.clone(),
            action: action.name.to_owned(),
            at: self.now,
            body: String::from_utf8_lossy(&request.body).into_owned(),
            pin,
        });
    }

    fn queue(&mut self, place: usize, action: &'static ActionSpec, fields: &Fields) {
        let facts = &self.devices[place].facts;
        let planned = effects::plan(action, fields, facts.kind, &facts.os_version);
        if planned.is_empty() {
            self.nudge(place);
        }
        let number = self.devices[place].commands.len() as u64;
        let mut random = draw(self.seed, Draw::Command, [place as u64, number, 0]);
        for planned in planned {
            let command = Command {
                uuid: random.uuid(),
                action: Some(action.name),
                request_type: planned.request_type,
                command_type: planned.command_type,
                metadata: planned.metadata,
                effect: planned.effect,
                status: Status::Pending,
                attempts: 0,
                requested: self.now,
                pushed: None,
                completed: None,
                error: None,
                has_waited: false,
            };
            self.enqueue(place, command);
        }
        if random.percent(self.switches.background_percent) {
            let command = others_command(&mut random, self.now);
            self.enqueue(place, command);
        }
    }

    fn success(&self, place: usize, action: &ActionSpec, pin: Option<String>) -> SimReply {
        if let Some(pin) = pin {
            return answers::json(200, &json!({ "PIN": pin }));
        }
        let body = match (action.name, self.switches.pinless_lock, self.switches.success_body) {
            ("lock", PinlessLock::Empty, _) => None,
            ("lock", PinlessLock::EmptyObject, _) => Some(json!({})),
            ("lock", PinlessLock::NullPin, _) => Some(json!({ "PIN": Value::Null })),
            ("lock", PinlessLock::EmptyPin, _) => Some(json!({ "PIN": "" })),
            (_, _, SuccessBody::Empty) => None,
            (_, _, SuccessBody::Message) => {
                let name = &self.devices[place].facts.name;
                Some(json!({ "message": format!("Command sent to {name}") }))
            }
        };
        body.map_or_else(|| answers::empty(200), |body| answers::json(200, &body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::ACTIONS;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    #[test]
    fn every_action_is_taken_where_the_table_says_so_and_nowhere_else() {
        for action in ACTIONS.into_iter().filter(|action| action.risk != Risk::Read) {
            for platform in Platform::ALL {
                let kind = match (action.name, platform) {
                    ("delete-user", Platform::IPad) => DeviceKind::SharedIPad,
                    _ => DeviceKind::of_platform(platform),
                };
                let mut bed = Testbed::of(&[kind]);
                let body = match action.name {
                    "set-name" => r#"{"DeviceName":"x"}"#,
                    "remote-desktop" => r#"{"EnableRemoteDesktop":true}"#,
                    "delete-user" | "unlock-account" => r#"{"UserName":"x"}"#,
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
        bed.world.switches.same_pending = SamePending::Accepted;
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
        bed.world.switches.lock_again = LockAgain::AlreadyRunning;
        assert_eq!(bed.post(0, "lock", "").text(), "\"Command already running\"");
        bed.world.switches.lock_again = LockAgain::NewPin;
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
            bed.world.switches.pinless_lock = pinless_lock;
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
        bed.world.switches.erase_returns_pin = true;
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
        bed.world.switches.background_percent = 100.0;
        bed.world.switches.success_body = SuccessBody::Message;
        assert!(bed.post(0, "restart", "").json()["message"].is_string());
        assert_eq!(bed.commands(0).len(), 2);
    }
}
