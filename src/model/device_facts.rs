//! The facts about a device that a plan froze.
//!
//! Owns which facts these are. Must never hold what only the inventory needs: a plan, a run and its report keep them for
//! every device.

use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

use super::{DeviceId, Platform, SharedText, Tags, TextBlock, UnixMillis};

/// The facts about a device that a plan froze. The tasks of a device share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
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
    #[serde(default, skip_serializing_if = "SharedText::is_empty")]
    pub user_name: SharedText,
    /// Platform.
    pub platform: Platform,
    /// Name of its blueprint; empty where the inventory does not tell.
    #[serde(default, skip_serializing_if = "SharedText::is_empty")]
    pub blueprint: SharedText,
    /// Names of its tags.
    #[serde(default, skip_serializing_if = "<[SharedText]>::is_empty")]
    pub tags: Tags,
    /// Its asset tag, where the plan changes that.
    #[serde(default, skip_serializing_if = "SharedText::is_empty")]
    pub old_asset_tag: SharedText,
    /// Its last check-in before the plan, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check_in: Option<UnixMillis>,
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
        let (platform, tags, last_check_in) = (read.platform, read.tags, read.last_check_in);
        Ok(Self {
            id,
            serial_number,
            name,
            user_email,
            user_name,
            platform,
            blueprint,
            tags,
            old_asset_tag,
            last_check_in,
        })
    }
}
