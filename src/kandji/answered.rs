//! Which device an answer is about.
//!
//! Owns the one comparison of the device that a request asked for with the device that its answer names. Every
//! answer to a request about one device passes it before anything is read from it: a cache or a proxy that mixes
//! answers up would have another device's command, PIN or record taken for this one's. Must never read lists.

use serde::Deserialize;
use serde_json::Value;

use super::body;
use crate::model::DeviceId;
use crate::model::wire::{Method, Reply, Request};

/// What comes before the id of a device in a path.
const DEVICES_PATH: &str = "/api/v1/devices/";

/// The device that a request asks about. The path of the request names it, so no kind of request can be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    id: DeviceId,
    serial_number: Option<String>,
    is_action: bool,
    is_record: bool,
}

impl Asked {
    /// Of a request; `None` for a list.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let rest = request.path_and_query.strip_prefix(DEVICES_PATH)?;
        let path = rest.split('?').next().unwrap_or_default();
        let (id, suffix) = path.split_once('/').unwrap_or((path, ""));
        Some(Self {
            id: DeviceId::parse(id).ok()?,
            serial_number: None,
            is_action: request.method != Method::Get,
            is_record: suffix.is_empty() && matches!(request.method, Method::Get | Method::Patch),
        })
    }

    /// With the serial number that the plan knows. A record is compared with the plan by what it shows: a main board
    /// that was replaced is no other device.
    #[must_use]
    pub fn with_serial(mut self, serial_number: &str) -> Self {
        let is_known = !serial_number.is_empty() && !self.is_record;
        self.serial_number = is_known.then(|| serial_number.to_owned());
        self
    }

    /// Why the answer is about another device, where it names one.
    #[must_use]
    pub fn mismatch(&self, reply: &Reply) -> Option<String> {
        let named = Names::read(&reply.body)?;
        let general = named.general.as_ref().map(|general| &general["device_id"]);
        // The answer to an action may carry the id of what it queued.
        let id = named.id.as_ref().filter(|_| !self.is_action);
        let ids = [named.device_id.as_ref(), general, id];
        let other =
            ids.into_iter().flatten().filter_map(Value::as_str).find(|id| self.is_other(id));
        if let Some(other) = other {
            let other = body::excerpt(other);
            return Some(format!(
                "asked for device {}, but the answer is about device {other}",
                self.id
            ));
        }
        let asked = self.serial_number.as_deref()?;
        let answered = named.serial_number.as_ref()?.as_str().filter(|text| !text.is_empty())?;
        (!answered.eq_ignore_ascii_case(asked)).then(|| {
            format!(
                "asked for device {} (serial number {asked}), but the answer is about serial number {}",
                self.id,
                body::excerpt(answered)
            )
        })
    }

    /// Whether a text names another device. Of a text that is no device id only a record says anything.
    fn is_other(&self, text: &str) -> bool {
        let is_name = !text.is_empty() && (self.is_record || DeviceId::parse(text).is_ok());
        is_name && !text.eq_ignore_ascii_case(self.id.as_str())
    }
}

/// The keys under which an answer names a device. A struct, so that the rest of a long history is skipped.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    device_id: Option<Value>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    serial_number: Option<Value>,
    /// Where the details of a device name it.
    #[serde(default)]
    general: Option<Value>,
}

impl Names {
    /// Of an object, or of the one object in an array.
    fn read(bytes: &[u8]) -> Option<Self> {
        match body::first_byte(bytes)? {
            b'{' => body::json(bytes).ok(),
            b'[' => {
                let mut rows: Vec<Self> = body::json(bytes).ok()?;
                if rows.len() == 1 { rows.pop() } else { None }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::{
        commands_request, details_request, device_by_id, devices_page, find_action, pin_request,
        secret_request,
    };
    use crate::model::{Params, SecretSource};

    const OURS: &str = "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f";
    const OTHER: &str = "11111111-2222-4333-8444-555555555555";

    fn reply(body: &str) -> Reply {
        Reply { status: 200, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    fn requests() -> Vec<Request> {
        let id = DeviceId::parse(OURS).expect("a UUID");
        let action = |name: &str| {
            let action = find_action(name).expect("an action");
            action.request(&id, &Params::new())
        };
        vec![
            device_by_id(&id),
            commands_request(&id, 0),
            details_request(&id),
            pin_request(&id),
            secret_request(&id, SecretSource::FilevaultKey),
            action("lock"),
            action("restart"),
            action("delete-device"),
            action("get-commands"),
        ]
    }

    #[test]
    fn every_answer_about_a_device_is_compared_with_its_request() {
        for request in requests() {
            let asked = Asked::of(&request).expect("about one device");
            let is_other = |body: String| asked.mismatch(&reply(&body)).is_some();
            assert!(is_other(format!(r#"{{"device_id":"{OTHER}"}}"#)), "{request:?}");
            assert!(
                is_other(format!(r#"{{"PIN":"012345","device_id":"{OTHER}"}}"#)),
                "{request:?}"
            );
            assert!(is_other(format!(r#"[{{"device_id":"{OTHER}"}}]"#)), "{request:?}");
            assert!(is_other(format!("\u{feff}{{\"device_id\":\"{OTHER}\"}}")), "{request:?}");
            let upper = OURS.to_uppercase();
            assert!(!is_other(format!(r#"{{"device_id":"{upper}"}}"#)), "{request:?}");
            let is_action = request.method != Method::Get;
            assert_eq!(is_other(format!(r#"{{"id":"{OTHER}"}}"#)), !is_action, "{request:?}");
            for body in ["", "{}", "[]", "null", "<html>", r#"{"device_id":null,"id":7}"#] {
                assert!(!is_other(body.to_owned()), "{request:?} {body}");
            }
        }
    }

    #[test]
    fn details_name_their_device_one_level_deeper() {
        let request = details_request(&DeviceId::parse(OURS).expect("a UUID"));
        let asked = Asked::of(&request).expect("about one device");
        let body = format!(r#"{{"general":{{"device_id":"{OTHER}"}}}}"#);
        assert!(asked.mismatch(&reply(&body)).is_some_and(|reason| reason.contains(OTHER)));
    }

    #[test]
    fn a_serial_number_is_compared_outside_of_records() {
        let id = DeviceId::parse(OURS).expect("a UUID");
        let body = format!(r#"{{"device_id":"{OURS}","serial_number":"C02B"}}"#);
        for (request, is_other) in [(pin_request(&id), true), (device_by_id(&id), false)] {
            let asked = Asked::of(&request).expect("about one device");
            assert_eq!(
                asked.clone().with_serial("C02A").mismatch(&reply(&body)).is_some(),
                is_other
            );
            for serial in ["c02b", ""] {
                assert_eq!(asked.clone().with_serial(serial).mismatch(&reply(&body)), None);
            }
        }
    }

    #[test]
    fn a_list_asks_about_no_device() {
        assert_eq!(Asked::of(&devices_page(0)), None);
    }
}
