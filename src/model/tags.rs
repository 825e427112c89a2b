//! The names of a device's tags.
//!
//! Owns how they are kept: once for all devices that have the same ones. Must never change their order.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

use super::SharedText;

/// Names of tags, in the order in which the tenant gives them. Read like a slice of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags(Option<Arc<Vec<SharedText>>>);

impl<const N: usize> PartialEq<[&str; N]> for Tags {
    fn eq(&self, other: &[&str; N]) -> bool {
        **self == other[..]
    }
}

impl Deref for Tags {
    type Target = [SharedText];

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&[], |names| names.as_slice())
    }
}

impl<T: Into<SharedText>> FromIterator<T> for Tags {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let names: Vec<SharedText> = names.into_iter().map(Into::into).collect();
        Self((!names.is_empty()).then(|| Arc::new(names)))
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<SharedText>::deserialize(deserializer)?.into_iter().collect())
    }
}
