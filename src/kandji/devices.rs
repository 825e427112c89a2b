//! The device inventory: requests for it, and its rows as they really come.
//!
//! Owns the tolerance for the inventory's many spellings. Must never decide which device is meant: the
//! plan compares exactly, because the API's filters match parts.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::actions::LIST_BODY_BYTES_MAX;
use super::body::{is_own_not_found, json};
use super::device_rows::{Object, flag_word, read_usual};
use super::paging::LIST_ROWS_MAX;
use super::path::{device_path, query_value};
use crate::model::wire::{Method, Reply, Request};
use crate::model::{
    Device, DeviceFacts, DeviceGroup, DeviceId, DeviceMake, Platform, Repeat, SharedText,
    UnixMillis,
};

/// Why an answer is not a list of devices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The API said no.
    #[error("HTTP {status}: {text}")]
    Status {
        /// HTTP status.
        status: u16,
        /// The API's words.
        text: String,
    },
    /// Something answered that is not the API.
    #[error("{detail}")]
    Form {
        /// What is wrong with it, as a sentence.
        detail: String,
    },
}

/// One page of the whole inventory. The order is asked for, so that rows that move between two pages are
/// few; rows are still distinguished by id.
#[must_use]
pub fn devices_page(offset: u32) -> Request {
    get(format!("/api/v1/devices?limit={LIST_ROWS_MAX}&offset={offset}&ordering=device_id"))
}

/// One page of the whole inventory, with the devices in front that checked in last. A tenant that ignores the order
/// gives the same devices in another.
#[must_use]
pub fn devices_by_check_in(offset: u32) -> Request {
    get(format!("/api/v1/devices?limit={LIST_ROWS_MAX}&offset={offset}&ordering=-last_check_in"))
}

/// A list of one device, the cheapest read of a tenant.
#[must_use]
pub fn first_device() -> Request {
    get("/api/v1/devices?limit=1".to_owned())
}

/// One device by id. A 404 means that there is none.
#[must_use]
pub fn device_by_id(id: &DeviceId) -> Request {
    get(device_path(id, ""))
}

/// One page of the devices whose serial number *contains* the text.
#[must_use]
pub fn devices_by_serial(serial: &str, offset: u32) -> Request {
    let serial = query_value(serial);
    let Request { path_and_query, .. } = devices_page(offset);
    get(format!("{path_and_query}&serial_number={serial}"))
}

/// One page of the devices whose user's address *contains* the text. Not the filter for the exact address:
/// whether that one minds the case of letters is not documented.
#[must_use]
pub fn devices_by_email(email: &str, offset: u32) -> Request {
    let email = query_value(email);
    let Request { path_and_query, .. } = devices_page(offset);
    get(format!("{path_and_query}&user_email={email}"))
}

/// One page of the Macs whose FileVault is on or off. A tenant that does not know the filter answers with the whole fleet.
#[must_use]
pub fn devices_by_filevault(is_on: bool, offset: u32) -> Request {
    let Request { path_and_query, .. } = devices_page(offset);
    get(format!("{path_and_query}&filevault_enabled={is_on}"))
}

fn get(path_and_query: String) -> Request {
    Request {
        method: Method::Get,
        path_and_query,
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: LIST_BODY_BYTES_MAX,
    }
}

/// Reads a list of devices, or a single device, which one documented answer shows in its place.
///
/// # Errors
/// [`ListError`] for anything but a 200 with device rows.
pub fn read_devices(reply: &Reply) -> Result<Vec<Device>, ListError> {
    if reply.status != 200 {
        return Err(ListError::Status {
            status: reply.status,
            text: super::error_text(&reply.body),
        });
    }
    match read_usual(&reply.body) {
        Some(devices) => Ok(devices),
        None => read_patiently(reply),
    }
}

/// Reads any form of the list, by way of a tree of its values.
fn read_patiently(reply: &Reply) -> Result<Vec<Device>, ListError> {
    let value: Value = json(&reply.body)
        .map_err(|_| ListError::Form { detail: super::unusable(reply, "a list of devices") })?;
    let rows = match value {
        Value::Array(rows) => rows,
        object @ Value::Object(_) => vec![object],
        _ => return Err(ListError::Form { detail: super::unusable(reply, "a list of devices") }),
    };
    rows.iter().map(read_device).collect()
}

/// Reads the record of the one device that was asked for; `None` when it no longer exists. That it is that
/// device has been compared before.
///
/// # Errors
/// [`ListError`] for anything but a 200 with one device, or the API's own 404.
pub fn read_target(reply: &Reply) -> Result<Option<Device>, ListError> {
    if reply.status == 404 && is_own_not_found(reply) {
        return Ok(None);
    }
    let mut devices = read_devices(reply)?.into_iter();
    match (devices.next(), devices.next()) {
        (Some(device), None) => Ok(Some(device)),
        (first, _) => {
            let count = if first.is_some() { "several devices" } else { "no device" };
            Err(ListError::Form {
                detail: format!("asked for one device, but the answer has {count}"),
            })
        }
    }
}

/// A row of the inventory, as far as a check-in poll needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownDevice {
    /// Id of the device.
    pub id: DeviceId,
    /// Name of the device.
    pub name: String,
    /// Its last check-in, where one is shown.
    pub last_check_in: Option<UnixMillis>,
}

/// A row in its usual form. Anything else is left to the patient reader.
#[derive(Deserialize)]
struct PlainRow<'a> {
    #[serde(borrow)]
    device_id: Cow<'a, str>,
    #[serde(borrow, default)]
    device_name: Cow<'a, str>,
    #[serde(borrow, default)]
    last_check_in: Cow<'a, str>,
}

/// Reads a list of devices for a check-in poll: the same list as [`read_devices`], without what a poll does not need.
/// A poll reads the whole fleet every few minutes, so that this shows.
///
/// # Errors
/// [`ListError`] for anything but a 200 with device rows.
pub fn read_shown_devices(reply: &Reply) -> Result<Vec<ShownDevice>, ListError> {
    let plain = match reply.status {
        200 => json::<Vec<Object<PlainRow<'_>>>>(&reply.body).ok(),
        _ => None,
    };
    match plain.filter(|rows| rows.iter().all(|row| !row.0.device_id.is_empty())) {
        Some(rows) => Ok(rows
            .into_iter()
            .map(|Object(row)| ShownDevice {
                id: DeviceId::from_api(&row.device_id),
                name: row.device_name.into_owned(),
                last_check_in: UnixMillis::parse(&row.last_check_in),
            })
            .collect()),
        None => {
            let devices = read_devices(reply)?.into_iter();
            Ok(devices
                .map(|device| ShownDevice {
                    id: device.id.clone(),
                    name: device.name.to_string(),
                    last_check_in: device.last_check_in.get(),
                })
                .collect())
        }
    }
}

fn read_device(row: &Value) -> Result<Device, ListError> {
    let text = |key: &str| match &row[key] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let flag = |key: &str| match &row[key] {
        Value::Bool(value) => Some(*value),
        Value::String(word) => Some(word.eq_ignore_ascii_case("true")),
        _ => None,
    };
    let user = |key: &str| SharedText::from(row["user"][key].as_str().unwrap_or_default());
    let id = text("device_id");
    if id.is_empty() {
        return Err(ListError::Form { detail: "a row has no device_id".to_owned() });
    }
    let group = DeviceGroup {
        platform: Platform::parse(&text("platform")),
        blueprint: text("blueprint_name").into(),
        tags: row["tags"]
            .as_array()
            .map(|tags| tags.iter().filter_map(tag_name).collect())
            .unwrap_or_default(),
        old_asset_tag: SharedText::default(),
    };
    let facts = DeviceFacts {
        id: DeviceId::from_api(&id),
        serial_number: text("serial_number").into(),
        name: text("device_name").into(),
        user_email: user("email"),
        user_name: user("name"),
        group: Arc::new(group),
        last_check_in: UnixMillis::parse(&text("last_check_in")).into(),
    };
    Ok(Device {
        facts: Arc::new(facts),
        make: Arc::new(DeviceMake {
            os_version: text("os_version").into(),
            model: text("model").into(),
            blueprint_id: text("blueprint_id").into(),
        }),
        asset_tag: text("asset_tag").into(),
        last_enrollment: UnixMillis::parse(&text("last_enrollment")).into(),
        agent_installed: match &row["agent_installed"] {
            Value::String(word) => flag_word(word),
            value => value.as_bool(),
        },
        filevault_enabled: None,
        mdm_enabled: flag("mdm_enabled").unwrap_or(true),
        is_removed: flag("is_removed").unwrap_or(false),
        is_missing: flag("is_missing").unwrap_or(false),
        has_unread_tags: has_unread_tags(&row["tags"]),
        is_user_archived: row["user"]["is_archived"].as_bool() == Some(true),
        details: None,
    })
}

/// Whether a row shows no list of tags, or one with a tag that cannot be read.
fn has_unread_tags(tags: &Value) -> bool {
    tags.as_array().is_none_or(|tags| tags.iter().any(|tag| tag_name(tag).is_none()))
}

/// A tag is a text or an object with a name.
fn tag_name(tag: &Value) -> Option<SharedText> {
    tag.as_str().or_else(|| tag["name"].as_str()).map(SharedText::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    #[test]
    fn rows_are_read_in_all_the_forms_that_were_seen() {
        let body = r#"[
          {"device_id":"a","serial_number":"C02","device_name":"Ann","platform":"Mac","os_version":"14.5",
           "user":{"email":"ann@example.com","name":"Ann"},"mdm_enabled":true,"is_removed":false,
           "last_check_in":"2024-01-26 16:15:36.087016+00:00","tags":["lab",{"name":"kiosk"}],"new_key":[1]},
          {"device_id":"b","user":"","mdm_enabled":"False","last_check_in":"","tags":null}]"#;
        let devices = read_devices(&reply(200, body)).expect("devices");
        assert_eq!(devices[0].user_email, "ann@example.com");
        assert_eq!(devices[0].tags, ["lab", "kiosk"]);
        assert!(!devices[0].has_unread_tags && devices[1].has_unread_tags);
        assert!(devices[0].is_managed());
        assert_eq!(devices[1].user_email, "");
        assert!(!devices[1].is_managed());
        assert_eq!(devices[1].last_check_in.get(), None);
        assert_eq!(devices[1].platform, Platform::Unknown);
    }

    /// What single values of a row were seen to be, or may be.
    const ODD_VALUES: [&str; 16] = [
        "\"\"",
        "null",
        "true",
        "false",
        "\"True\"",
        "\"false\"",
        "7",
        "1.50",
        "[]",
        "{}",
        "[\"a\"]",
        "[null]",
        "[{\"name\":\"b\"},{\"name\":null},{\"id\":1}]",
        "[7]",
        "{\"email\":\"e@example.com\",\"name\":null,\"id\":1,\"is_archived\":false}",
        "\"a \\u00e9 \\\" 2024-06-17 11:32:35+00:00\"",
    ];

    #[test]
    fn the_quick_and_the_patient_reader_agree() {
        let usual =
            r#""device_id":"a","user":{"email":"e","name":"n"},"tags":["t"],"mdm_enabled":true"#;
        let keys = "device_id serial_number device_name platform os_version model user blueprint_name \
            blueprint_id asset_tag tags last_check_in last_enrollment agent_installed mdm_enabled is_removed \
            is_missing other";
        let mut bodies: Vec<String> =
            ["[]", "[{}]", "[[]]", "[[\"a\",\"b\"]]", "{}", "[null]", "[\"a\"]", "[{},", "7", ""]
                .map(str::to_owned)
                .into();
        bodies.push(format!("{{{usual}}}"));
        bodies.push(format!("\u{feff} [{{{usual}}} , {{{usual}}}]\n"));
        for key in keys.split_whitespace() {
            for value in ODD_VALUES {
                bodies.push(format!("[{{{usual},\"{key}\":{value}}}]"));
                bodies.push(format!("[{{\"{key}\":{value},\"device_id\":\"b\"}},{{{usual}}}]"));
                bodies.push(format!("[{{\"device_id\":\"b\"}},{{\"{key}\":{value}}}]"));
            }
        }
        let (mut quick, mut shown) = (0, 0);
        for body in bodies {
            let reply = reply(200, &body);
            let patient = read_patiently(&reply);
            if let Some(devices) = read_usual(&reply.body) {
                quick += 1;
                assert_eq!(Ok(devices), patient, "{body}");
            }
            assert_eq!(read_devices(&reply), patient, "{body}");
            let poll = read_shown_devices(&reply).map(|rows| rows.len());
            shown += usize::from(poll.is_ok());
            assert_eq!(poll, patient.map(|devices| devices.len()), "{body}");
        }
        assert!(quick > 150 && shown > quick, "{quick} read quickly, {shown} at all");
    }

    #[test]
    fn a_usual_page_takes_the_quick_way() {
        let row = r#"{"device_id":"d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f","device_name":"Ann’s Mac \"2\"",
            "model":"MacBook Pro (14-inch, 2023)","serial_number":"C02","platform":"Mac","os_version":"14.5",
            "supplemental_build_version":"23F79","supplemental_os_version_extra":"",
            "last_check_in":"2024-07-23T14:11:37.150080Z","user":"","asset_tag":null,
            "blueprint_id":"b","mdm_enabled":true,"agent_installed":true,"is_missing":false,"is_removed":false,
            "agent_version":"4.8","first_enrollment":"2024-01-26 16:15:36.087016+00:00",
            "last_enrollment":"2024-01-26 16:15:36.087016+00:00","blueprint_name":"Design",
            "lost_mode_status":"","tags":["lab",{"id":"1","name":"kiosk"}]}"#;
        let devices = read_usual(format!("[{row},{row}]").as_bytes()).expect("a usual page");
        assert_eq!((devices.len(), devices[0].tags.len()), (2, 2));
        assert!(devices[0].last_enrollment.get().is_some() && devices[0].is_managed());
    }

    #[test]
    fn a_check_in_poll_reads_the_same_rows_in_all_forms() {
        for (body, count) in [
            ("\u{feff}[{\"device_id\":\"a\"}]", 1),
            (
                r#"[{"device_id":"a","device_name":"A \u00e9","last_check_in":"2024-01-26 16:15:36+00:00","user":""}]"#,
                1,
            ),
            (r#"[{"device_id":"a"},{"device_id":7,"device_name":null,"last_check_in":null}]"#, 2),
            (r#"{"device_id":"a","last_check_in":""}"#, 1),
            ("[]", 0),
        ] {
            let devices = read_devices(&reply(200, body)).expect("devices").into_iter();
            let whole: Vec<_> = devices
                .map(|it| (it.id.clone(), it.name.to_string(), it.last_check_in.get()))
                .collect();
            let shown = read_shown_devices(&reply(200, body)).expect("devices").into_iter();
            let shown: Vec<_> = shown.map(|row| (row.id, row.name, row.last_check_in)).collect();
            assert_eq!((shown.len(), shown), (count, whole), "{body}");
        }
    }

    #[test]
    fn what_is_not_a_list_is_an_error_and_never_an_empty_fleet() {
        for (status, body) in [
            (200, "<html>Log in</html>"),
            (200, "null"),
            (200, "\"ok\""),
            (200, r#"[{"serial_number":"C02"}]"#),
            (200, ""),
            (401, r#"{"detail":"Invalid token."}"#),
            (204, ""),
        ] {
            assert!(read_devices(&reply(status, body)).is_err(), "{status} {body}");
            assert!(read_shown_devices(&reply(status, body)).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn identities_cannot_add_to_the_query() {
        let request = devices_by_serial("C02&platform=Mac #", 0);
        assert!(request.path_and_query.ends_with("serial_number=C02%26platform%3DMac%20%23"));
    }
}
