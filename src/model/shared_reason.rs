//! How a reason that tasks share is written.
//!
//! Owns the form: the text alone. Must never write that it is shared.

use serde::{Deserialize, Deserializer, Serializer};
use std::sync::Arc;

/// Writes the text.
pub(super) fn serialize<S: Serializer>(
    reason: &Arc<str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason)
}

/// Reads the text. What is read is not shared yet.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<str>, D::Error> {
    Ok(String::deserialize(deserializer)?.into())
}
