//! The facts about a device that a plan froze.
//!
//! Owns which facts these are. Must never hold what only the inventory needs: a plan, a run and its report keep them for
//! every device.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{
    DeviceGroup, DeviceId, PackedMoment, Platform, SharedText, Tags, TextBlock, UnixMillis,
};

/// The facts about a device that a plan froze. The tasks of a device share them. Small, so that the largest fleets fit.
///
/// What it shares with other devices is read like fields of its own; to change that gives this device a group of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceFacts {
    /// The API's id; empty for a skipped row whose device was not found.
    pub id: DeviceId,
    /// Serial number as the API writes it.
    pub serial_number: SharedText,
    /// Device name.
    pub name: SharedText,
    /// Address of the assigned user.
    pub user_email: SharedText,
    /// Name of the assigned user; empty where the inventory does not tell.
    pub user_name: SharedText,
    /// Platform, blueprint and tags.
    pub group: Arc<DeviceGroup>,
    /// Its last check-in before the plan, where known.
    pub last_check_in: PackedMoment,
}

impl Deref for DeviceFacts {
    type Target = DeviceGroup;

    fn deref(&self) -> &DeviceGroup {
        &self.group
    }
}

impl DerefMut for DeviceFacts {
    fn deref_mut(&mut self) -> &mut DeviceGroup {
        Arc::make_mut(&mut self.group)
    }
}

/// The facts as they are written, in this order.
#[derive(Serialize)]
#[serde(rename = "DeviceFacts")]
struct WrittenFacts<'a> {
    id: &'a DeviceId,
    serial_number: &'a str,
    name: &'a str,
    user_email: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_name: &'a str,
    platform: Platform,
    #[serde(skip_serializing_if = "str::is_empty")]
    blueprint: &'a str,
    #[serde(skip_serializing_if = "<[SharedText]>::is_empty")]
    tags: &'a [SharedText],
    #[serde(skip_serializing_if = "str::is_empty")]
    old_asset_tag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_check_in: Option<UnixMillis>,
}

impl Serialize for DeviceFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Every field, so that a new one is not forgotten.
        let Self { id, serial_number, name, user_email, user_name, group, last_check_in } = self;
        let DeviceGroup { platform, blueprint, tags, old_asset_tag } = &**group;
        let written = WrittenFacts {
            id,
            serial_number,
            name,
            user_email,
            user_name,
            platform: *platform,
            blueprint,
            tags,
            old_asset_tag,
            last_check_in: last_check_in.get(),
        };
        written.serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(rename = "DeviceFacts")]
struct ReadFacts<'a> {
    id: DeviceId,
    #[serde(borrow)]
    serial_number: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    user_email: Cow<'a, str>,
    #[serde(borrow, default)]
    user_name: Cow<'a, str>,
    platform: Platform,
    #[serde(borrow, default)]
    blueprint: Cow<'a, str>,
    #[serde(default)]
    tags: Tags,
    #[serde(borrow, default)]
    old_asset_tag: Cow<'a, str>,
    #[serde(default)]
    last_check_in: Option<UnixMillis>,
}

impl<'de> Deserialize<'de> for DeviceFacts {
    /// Keeps the texts of a device together.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadFacts::deserialize(deserializer)?;
        let ReadFacts { id, serial_number, name, user_email, user_name, blueprint, .. } = read;
        let old_asset_tag = read.old_asset_tag;
        let texts =
            [&*serial_number, &*name, &*user_email, &*user_name, &*blueprint, &*old_asset_tag];
        let mut block = TextBlock::of(texts);
        let [serial_number, name, user_email, user_name, blueprint, old_asset_tag] =
            texts.map(|text| block.take(text));
        let (platform, tags) = (read.platform, read.tags);
        let group = DeviceGroup { platform, blueprint, tags, old_asset_tag };
        Ok(Self {
            id,
            serial_number,
            name,
            user_email,
            user_name,
            group: Arc::new(group),
            last_check_in: read.last_check_in.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_small_and_written_as_older_versions_did() {
        assert!(size_of::<DeviceFacts>() <= 120);
        let group = DeviceGroup {
            platform: Platform::Mac,
            blueprint: "Staff".into(),
            tags: ["lab", "kiosk"].into_iter().collect(),
            old_asset_tag: "A-1".into(),
        };
        let facts = DeviceFacts {
            id: DeviceId::from_api("a"),
            serial_number: "C02".into(),
            name: "Ann".into(),
            user_email: "ann@example.com".into(),
            user_name: "Ann".into(),
            group: Arc::new(group),
            last_check_in: UnixMillis(-5).into(),
        };
        let written = serde_json::to_string(&facts).expect("texts");
        assert_eq!(
            written,
            r#"{"id":"a","serial_number":"C02","name":"Ann","user_email":"ann@example.com","user_name":"Ann","platform":"Mac","blueprint":"Staff","tags":["lab","kiosk"],"old_asset_tag":"A-1","last_check_in":-5}"#
        );
        assert_eq!(serde_json::from_str::<DeviceFacts>(&written).expect("as it was"), facts);
        let bare = serde_json::to_string(&DeviceFacts::default()).expect("texts");
        assert!(!bare.contains("user_name") && !bare.contains("tags") && !bare.contains("check"));
        assert_eq!(
            serde_json::from_str::<DeviceFacts>(&bare).expect("as it was"),
            DeviceFacts::default()
        );
    }
}
