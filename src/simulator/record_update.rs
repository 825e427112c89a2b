//! The body of `PATCH /devices/{id}`.
//!
//! Owns the four fields that a record takes (documented): asset tag, blueprint, user, tags. Either all
//! fields of a request are good and count, or none does. Must never reach the device itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::directory::Directory;
use super::mdm::device_view::DeviceView;
use super::mdm::devices::RecordUpdate;
use super::setup::new_device::SimUser;
use super::setup::switch_values::{BlueprintTypes, UpdateAnswer};
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::{SimReply, SimRequest};
use super::wire::fields;
use crate::model::UnixMillis;

/// The documented refusal of a blueprint of another type.
const BLUEPRINT_TYPES_DIFFER: &str = "Blueprint type does not match the source blueprint type";

/// Rows that still show what they were before a change.
#[derive(Default)]
pub(super) struct LateRecords(BTreeMap<usize, (UnixMillis, Value)>);

impl LateRecords {
    /// Shows this row of the device at `place` for so long, or the one that it shows already.
    pub(super) fn keep(
        &mut self,
        place: usize,
        row: impl FnOnce() -> Value,
        now: UnixMillis,
        for_ms: u64,
    ) {
        if for_ms == 0 {
            return;
        }
        self.0.retain(|_, (until, _)| now < *until);
        let until = now.plus_ms(for_ms);
        self.0.entry(place).and_modify(|kept| kept.0 = until).or_insert_with(|| (until, row()));
    }

    /// Answers with the row of a device: the old one, or the true one.
    pub(super) fn answer(
        &self,
        place: usize,
        now: UnixMillis,
        row: impl FnOnce() -> Value,
    ) -> SimReply {
        match self.0.get(&place).filter(|(until, _)| now < *until) {
            Some((_, old)) => answers::json(200, old),
            None => answers::json(200, &row()),
        }
    }
}

/// The answer to a change, after which the device has this row.
pub(super) fn answer(row: &Value, switches: &Switches) -> SimReply {
    match switches.update_answer {
        UpdateAnswer::WholeDevice => answers::json(200, row),
        UpdateAnswer::Empty => answers::empty(200),
    }
}

/// Reads the fields of a request for this device; others are ignored.
///
/// # Errors
/// The answer that says what is wrong, by field.
pub(super) fn read(
    request: &SimRequest,
    directory: &Directory,
    view: &DeviceView<'_>,
    switches: &Switches,
) -> Result<RecordUpdate, SimReply> {
    let mut update = RecordUpdate::default();
    let mut complaints = Map::new();
    for (key, value) in &fields::parse(request)? {
        let read = match key.as_str() {
            "asset_tag" => read_asset_tag(value).map(|tag| update.asset_tag = Some(tag)),
            "blueprint_id" => {
                read_blueprint(value, directory).map(|name| update.blueprint = Some(name))
            }
            "user" => read_user(value, directory).map(|user| update.user = Some(user)),
            "tags" => read_tags(value).map(|tags| update.tags = Some(tags)),
            _ => Ok(()),
        };
        if let Err(complaint) = read {
            complaints.insert(key.clone(), json!([complaint]));
        }
    }
    if !complaints.is_empty() {
        return Err(answers::json(400, &Value::Object(complaints)));
    }
    let is_other = |name: &String| !directory.are_of_one_type(&view.facts().blueprint, name);
    if switches.blueprint_types == BlueprintTypes::MustMatch
        && update.blueprint.as_ref().is_some_and(is_other)
    {
        return Err(answers::json(400, &json!([BLUEPRINT_TYPES_DIFFER])));
    }
    Ok(update)
}

fn read_blueprint(value: &Value, directory: &Directory) -> Result<String, String> {
    let id = value.as_str().ok_or("Must be a valid UUID.")?;
    directory.blueprint_named(id).map(str::to_owned).ok_or_else(|| no_object(id))
}

fn read_user(value: &Value, directory: &Directory) -> Result<Option<SimUser>, String> {
    if value.is_null() {
        return Ok(None);
    }
    // Numbers were ids of users until January 2025.
    let id = value.as_str().ok_or("Must be a valid UUID.")?;
    directory.user_with_id(id).cloned().map(Some).ok_or_else(|| no_object(id))
}

fn no_object(id: &str) -> String {
    format!("Invalid pk \"{id}\" - object does not exist.")
}

fn read_asset_tag(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(tag) => Ok(tag.clone()),
        _ => Err("Not a valid string.".to_owned()),
    }
}

fn read_tags(value: &Value) -> Result<Vec<String>, String> {
    let tags = value.as_array().ok_or("Expected a list of items.")?;
    let tags = tags.iter().map(|tag| tag.as_str().map(str::to_owned));
    tags.collect::<Option<_>>().ok_or_else(|| "Not a valid string.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::SimReply;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    fn bed() -> Testbed {
        let device = |blueprint: &str, email: &str| NewDevice {
            blueprint: blueprint.to_owned(),
            user: Some(SimUser { email: email.to_owned(), name: "Ada Byron".to_owned() }),
            asset_tag: "A1".to_owned(),
            tags: vec!["lab".to_owned(), "vip".to_owned()],
            ..NewDevice::new(DeviceKind::MacIntel)
        };
        Testbed::with(vec![device("Lab", "ada@example.com"), device("Sales", "eve@example.com")])
    }

    fn patch(bed: &mut Testbed, body: &Value) -> SimReply {
        let path = bed.path(0);
        bed.send("PATCH", &path, &body.to_string())
    }

    #[test]
    fn a_patch_changes_the_record_and_answers_the_whole_of_it() {
        let mut bed = bed();
        let other = bed.device(1);
        let body = json!({
            "asset_tag": "1040",
            "blueprint_id": other["blueprint_id"],
            "user": other["user"]["id"],
            "tags": ["tag1"],
        });
        let reply = patch(&mut bed, &body);
        assert_eq!(reply.status, 200);
        let row = reply.json();
        assert_eq!((&row["asset_tag"], &row["tags"]), (&json!("1040"), &json!(["tag1"])));
        assert_eq!(row["blueprint_name"], "Sales");
        assert_eq!(row["user"]["email"], "eve@example.com");
        assert_eq!(bed.device(0), row);
        assert_eq!(bed.get("/api/v1/devices").json()[0], row);
        let found = bed.get("/api/v1/devices?tag_name=tag1").json();
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        assert_eq!(bed.world.ledger().count(&bed.id(0), "update-device"), 1);
    }

    #[test]
    fn null_clears_and_tags_are_replaced() {
        let mut bed = bed();
        bed.get("/api/v1/devices");
        let body = json!({ "asset_tag": null, "user": null, "tags": [] });
        let row = patch(&mut bed, &body).json();
        assert_eq!((&row["asset_tag"], &row["user"]), (&json!(""), &json!("")));
        assert_eq!((&row["tags"], &row["blueprint_name"]), (&json!([]), &json!("Lab")));
        assert_eq!(bed.get("/api/v1/devices").json()[0], row);
        // Nobody has that user any more, and the tenant still knows it.
        let users = bed.get("/api/v1/users?email=ada@").json();
        assert_eq!(users["results"][0]["device_count"], 0);
    }

    #[test]
    fn a_field_that_is_wrong_changes_nothing() {
        let mut bed = bed();
        let before = bed.device(0);
        for (field, value) in [
            ("blueprint_id", json!("8a9f88d9-e7f4-47e6-9326-fd4b39534c4e")),
            ("blueprint_id", Value::Null),
            ("user", json!("8a9f88d9-e7f4-47e6-9326-fd4b39534c4e")),
            ("user", json!(7)),
            ("asset_tag", json!(1040)),
            ("tags", json!("lab")),
            ("tags", json!([1])),
        ] {
            let mut body = json!({ "asset_tag": "new" });
            body[field] = value.clone();
            let reply = patch(&mut bed, &body);
            assert_eq!(reply.status, 400, "{field} {value}");
            assert!(reply.json()[field][0].is_string(), "{}", reply.text());
            assert_eq!(bed.device(0), before, "{field} {value}");
        }
        assert_eq!(patch(&mut bed, &json!({ "unknown": 1 })).json(), before);
    }
}
