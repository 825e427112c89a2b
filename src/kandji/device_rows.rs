//! Rows of the inventory in their usual forms, read straight from the bytes of an answer.
//!
//! Owns the quick way through a list of devices: no tree of values, and texts are copied once. It reads the forms that
//! tenants have been seen to send, and says `None` to any other, for which the patient reader is asked. Invariant: what
//! it reads, the patient reader reads alike. Must never guess.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::body::json;
use crate::model::{Device, DeviceFacts, DeviceId, Platform, SharedText, UnixMillis};

/// The devices of a list whose rows all have a usual form; `None` for anything else.
pub(super) fn read_usual(body: &[u8]) -> Option<Vec<Device>> {
    let rows: Vec<Object<Row<'_>>> = json(body).ok()?;
    let mut repeated = RepeatedTexts::default();
    rows.into_iter().map(|row| row.0.into_device(&mut repeated)).collect()
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
    mdm_enabled: Flag,
    #[serde(default)]
    is_removed: Flag,
    #[serde(default)]
    is_missing: Flag,
}

impl Row<'_> {
    fn into_device(self, repeated: &mut RepeatedTexts) -> Option<Device> {
        let id = &self.device_id.0;
        let facts = (!id.is_empty()).then(|| DeviceFacts {
            id: DeviceId::from_api(id),
            serial_number: self.serial_number.shared(),
            name: self.device_name.shared(),
            user_email: self.user.email.shared(),
            user_name: self.user.name.shared(),
            platform: Platform::parse(&self.platform.0),
            blueprint: repeated.share(&self.blueprint_name),
            tags: self
                .tags
                .iter()
                .flatten()
                .filter_map(|tag| tag.0.as_ref().map(Text::shared))
                .collect(),
            last_check_in: UnixMillis::parse(&self.last_check_in.0),
        })?;
        Some(Device {
            facts: Arc::new(facts),
            os_version: self.os_version.shared(),
            model: repeated.share(&self.model),
            blueprint_id: repeated.share(&self.blueprint_id),
            asset_tag: self.asset_tag.shared(),
            last_enrollment: UnixMillis::parse(&self.last_enrollment.0),
            mdm_enabled: self.mdm_enabled.0.unwrap_or(true),
            is_removed: self.is_removed.0.unwrap_or(false),
            is_missing: self.is_missing.0.unwrap_or(false),
            details: None,
        })
    }
}

/// Texts that many rows of a page have, each kept once.
#[derive(Default)]
struct RepeatedTexts(HashSet<SharedText>);

impl RepeatedTexts {
    fn share(&mut self, text: &Text<'_>) -> SharedText {
        if let Some(known) = self.0.get(&*text.0) {
            return known.clone();
        }
        let new = text.shared();
        self.0.insert(new.clone());
        new
    }
}

/// A text, or null for none.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    fn shared(&self) -> SharedText {
        SharedText::from(&*self.0)
    }
}

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
