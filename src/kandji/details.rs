//! The details of one device: what its row in the inventory does not tell.
//!
//! Owns their path and keys. Must never take a missing key for a no.

use serde_json::Value;

use super::actions::LIST_BODY_BYTES_MAX;
use super::body::{complaint, json};
use super::path::device_path;
use crate::model::wire::{Method, Reply, Request};
use crate::model::{DeviceDetails, DeviceId, Repeat};

/// Flags of which any says that Activation Lock is on: by the user's account, by the organization.
const ACTIVATION_LOCK_FLAGS: [&str; 2] =
    ["user_activation_lock_enabled", "device_activation_lock_enabled"];

/// The details of a device. They list every profile and volume, so they may be long.
#[must_use]
pub fn details_request(device: &DeviceId) -> Request {
    Request {
        method: Method::Get,
        path_and_query: device_path(device, "/details"),
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: LIST_BODY_BYTES_MAX,
    }
}

/// Reads the details of a device. What is missing or has another type is not known.
///
/// # Errors
/// What the answer is instead, for anything but a 200 with an object.
pub fn read_details(reply: &Reply) -> Result<DeviceDetails, String> {
    let said = || super::unusable(reply, "the details of a device");
    if reply.status != 200 {
        return Err(said());
    }
    let body = match json(&reply.body) {
        Ok(body @ Value::Object(_)) if complaint(&reply.body).is_none() => body,
        _ => return Err(said()),
    };
    Ok(details_in(&body))
}

/// What a plan has to know of details that were read.
#[must_use]
pub fn details_in(body: &Value) -> DeviceDetails {
    let processor = body["hardware_overview"]["processor_name"].as_str().unwrap_or_default();
    let lock = &body["activation_lock"];
    let flags = ACTIVATION_LOCK_FLAGS.iter().filter_map(|key| flag_of(&lock[*key]));
    DeviceDetails {
        processor_name: processor.trim().to_owned(),
        is_activation_locked: flags.reduce(|one, other| one || other),
        is_supervised: flag_of(&body["mdm"]["supervised"]),
    }
}

/// A flag is a truth value, a text or a number, by the age of the API's answer.
pub(super) fn flag_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<DeviceDetails, String> {
        read_details(&Reply { status: 200, body: body.as_bytes().to_vec(), ..Reply::default() })
    }

    #[test]
    fn activation_lock_is_on_by_any_flag_and_unknown_without_flags() {
        for (lock, locked) in [
            (
                r#"{"user_activation_lock_enabled":true,"device_activation_lock_enabled":false}"#,
                Some(true),
            ),
            (
                r#"{"user_activation_lock_enabled":false,"device_activation_lock_enabled":"True"}"#,
                Some(true),
            ),
            (
                r#"{"user_activation_lock_enabled":"False","device_activation_lock_enabled":0}"#,
                Some(false),
            ),
            (r#"{"user_activation_lock_enabled":1}"#, Some(true)),
            (r#"{"user_activation_lock_enabled":null}"#, None),
            (r#"{"activation_lock_supported":true,"bypass_code_failed":true}"#, None),
            ("{}", None),
            ("[]", None),
        ] {
            let details = read(&format!(r#"{{"activation_lock":{lock}}}"#)).expect("details");
            assert_eq!(details.is_activation_locked, locked, "{lock}");
        }
        assert_eq!(read("{}").expect("details"), DeviceDetails::default());
    }

    #[test]
    fn the_processor_is_read_and_an_invalid_answer_says_nothing() {
        let details = read(r#"{"hardware_overview":{"processor_name":" Apple M1"}}"#);
        assert_eq!(details.expect("details").processor_name, "Apple M1");
        for (mdm, is_supervised) in [
            (r#"{"supervised":"True"}"#, Some(true)),
            (r#"{"supervised":"False"}"#, Some(false)),
            (r#"{"supervised":true}"#, Some(true)),
            (r#"{"supervised":""}"#, None),
            (r#"{"supervised":null}"#, None),
            ("{}", None),
        ] {
            let details = read(&format!(r#"{{"mdm":{mdm}}}"#)).expect("details");
            assert_eq!(details.is_supervised, is_supervised, "{mdm}");
        }
        for (status, body) in [
            (404, "{}"),
            (403, "{}"),
            (200, "<html>"),
            (200, "[]"),
            (200, ""),
            (200, r#"{"detail":"Not found."}"#),
        ] {
            let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() };
            let error = read_details(&reply).expect_err(body);
            assert!(error.contains(&status.to_string()), "{error}");
        }
    }
}
