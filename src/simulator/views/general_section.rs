//! The section `general` of `/details`, as far as all platforms share it.
//!
//! Owns the shared keys. Must never change a device.

use serde_json::{Map, Value, json};

use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::wire::spelling::spell;

/// What the section `general` says of every platform.
pub(super) fn general(view: &DeviceView<'_>) -> Map<String, Value> {
    let facts = view.facts();
    let general = json!({
        "device_id": facts.device_id,
        "device_name": facts.name,
        "platform": view.platform().word(),
        "first_enrollment": spell(view.device.first_enrollment, 1),
        "last_enrollment": spell(facts.last_enrollment, 1),
        "asset_tag": facts.asset_tag,
        "blueprint_name": facts.blueprint,
        "blueprint_uuid": view.ids().blueprint(&facts.blueprint),
    });
    let mut fields = Map::new();
    extend(&mut fields, general);
    fields
}

/// Adds the fields of an object to a section.
pub(super) fn extend(fields: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
}
