//! Rows of the inventory in their usual forms, read straight from the bytes of an answer.
//!
//! Owns the quick way through a list of devices: no tree of values, and texts are copied once. It reads the forms that
//! tenants have been seen to send, and says `None` to any other, for which the patient reader is asked. Invariant: what
//! it reads, the patient reader reads alike. Must never guess.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::body::json;
use crate::model::{Device, DeviceFacts, DeviceId, KnownTexts, Platform, TextBlock, UnixMillis};

/// Rows whose long texts are kept together. A task keeps the texts of its neighbors with its own, so they are few.
const ROWS_OF_A_BLOCK: usize = 16;

/// The devices of a list whose rows all have a usual form; `None` for anything else.
pub(super) fn read_usual(body: &[u8]) -> Option<Vec<Device>> {
    let rows: Vec<Object<Row<'_>>> = json(body).ok()?;
    let mut known = KnownTexts::default();
    let mut devices = Vec::with_capacity(rows.len());
    for rows in rows.chunks(ROWS_OF_A_BLOCK) {
        let mut own = TextBlock::of(rows.iter().flat_map(|row| row.0.own_texts()));
        for row in rows {
            devices.push(row.0.device(&mut own, &mut known)?);
        }
    }
    Some(devices)
}

/// An object, and never the array of its values that serde takes for one.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    device_id: Text<'a>,
    #[serde(borrow, default)]
    serial_number: Text<'a>,
    #[serde(borrow, default)]
    device_name: Text<'a>,
    #[serde(borrow, default)]
    platform: Text<'a>,
    #[serde(borrow, default)]
    os_version: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(borrow, default)]
    user: User<'a>,
    #[serde(borrow, default)]
    blueprint_name: Text<'a>,
    #[serde(borrow, default)]
    blueprint_id: Text<'a>,
    #[serde(borrow, default)]
    asset_tag: Text<'a>,
    #[serde(borrow, default)]
    tags: Option<Vec<Tag<'a>>>,
    #[serde(borrow, default)]
    last_check_in: Text<'a>,
    #[serde(borrow, default)]
    last_enrollment: Text<'a>,
    #[serde(default)]
    agent_installed: StatedFlag,
    #[serde(default)]
    mdm_enabled: Flag,
    #[serde(default)]
    is_removed: Flag,
    #[serde(default)]
    is_missing: Flag,
}

impl Row<'_> {
    /// The texts that other devices have not, as a rule.
    fn own_texts(&self) -> [&str; 5] {
        let User { email, name, .. } = &self.user;
        let (device_name, serial) = (&self.device_name, &self.serial_number);
        [serial, device_name, email, name, &self.asset_tag].map(|text| &*text.0)
    }

    fn has_unread_tags(&self) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| tag.0.is_none()))
    }

    fn device(&self, own: &mut TextBlock, known: &mut KnownTexts) -> Option<Device> {
        let id = &self.device_id.0;
        if id.is_empty() {
            return None;
        }
        let [serial_number, name, user_email, user_name, asset_tag] =
            self.own_texts().map(|text| own.take(text));
        let names = self.tags.iter().flatten().filter_map(|tag| tag.0.as_ref());
        let platform = Platform::parse(&self.platform.0);
        let group = known.group(platform, &self.blueprint_name.0, names.map(|name| &*name.0));
        let facts = DeviceFacts {
            id: DeviceId::from_api(id),
            serial_number,
            name,
            user_email,
            user_name,
            group,
            last_check_in: UnixMillis::parse(&self.last_check_in.0).into(),
        };
        let make = known.make(&self.os_version.0, &self.model.0, &self.blueprint_id.0);
        Some(Device {
            facts: Arc::new(facts),
            make,
            asset_tag,
            last_enrollment: UnixMillis::parse(&self.last_enrollment.0).into(),
            agent_installed: self.agent_installed.0,
            filevault_enabled: None,
            mdm_enabled: self.mdm_enabled.0.unwrap_or(true),
            is_removed: self.is_removed.0.unwrap_or(false),
            is_missing: self.is_missing.0.unwrap_or(false),
            has_unread_tags: self.has_unread_tags(),
            is_user_archived: self.user.is_archived.0 == Some(true),
            details: None,
        })
    }
}

/// A text, or null for none.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or null")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }
}

/// A value of `true` or `false`, also as a word; `None` for null.
#[derive(Default)]
struct Flag(Option<bool>);

/// The same, for which other words say nothing.
#[derive(Default)]
struct StatedFlag(Option<bool>);

impl<'de> Deserialize<'de> for StatedFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatedFlagVisitor)
    }
}

struct StatedFlagVisitor;

/// The same, never as a word.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct StrictFlag(Option<bool>);

impl Visitor<'_> for StatedFlagVisitor {
    type Value = StatedFlag;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        FlagVisitor.expecting(formatter)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(StatedFlag(Some(value)))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(StatedFlag(flag_word(word)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(StatedFlag(None))
    }
}

/// What a word says as a flag, where it says anything.
pub(super) fn flag_word(word: &str) -> Option<bool> {
    let is = |expected: &str| word.trim().eq_ignore_ascii_case(expected);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true, false, a word or null")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Flag(Some(value)))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(Flag(Some(word.eq_ignore_ascii_case("true"))))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Flag(None))
    }
}

/// The assigned user: an object, or an empty text or null for no user.
#[derive(Default)]
struct User<'a> {
    email: Text<'a>,
    name: Text<'a>,
    is_archived: StrictFlag,
}

impl<'de: 'a, 'a> Deserialize<'de> for User<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UserVisitor)
    }
}

struct UserVisitor;

impl<'de> Visitor<'de> for UserVisitor {
    type Value = User<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a user, a text or null")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(User::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(User::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Self::Value, M::Error> {
        let mut user = User::default();
        while let Some(key) = fields.next_key::<Text<'de>>()? {
            match &*key.0 {
                "email" => user.email = fields.next_value()?,
                "name" => user.name = fields.next_value()?,
                "is_archived" => user.is_archived = fields.next_value()?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(user)
    }
}

/// A tag is a text or an object with a name; `None` for an object without.
struct Tag<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Tag<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagVisitor)
    }
}

struct TagVisitor;

impl<'de> Visitor<'de> for TagVisitor {
    type Value = Tag<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or an object with a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        TextVisitor.visit_borrowed_str(text).map(|text| Tag(Some(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        TextVisitor.visit_str(text).map(|text| Tag(Some(text)))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Self::Value, M::Error> {
        let mut name = None;
        while let Some(key) = fields.next_key::<Text<'de>>()? {
            match &*key.0 {
                "name" => name = fields.next_value::<Option<String>>()?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Tag(name.map(|name| Text(Cow::Owned(name)))))
    }
}
