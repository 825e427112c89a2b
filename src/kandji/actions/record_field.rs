//! The fields of a device's record that actions can change.
//!
//! Owns their names. Must never read a record.

/// A field of a device's record that an action can change.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RecordField {
    /// Its blueprint.
    Blueprint,
    /// Its asset tag.
    AssetTag,
    /// The user who is assigned.
    User,
    /// Its tags.
    Tags,
}

impl RecordField {
    /// The field for people, such as `asset tag`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blueprint => "blueprint",
            Self::AssetTag => "asset tag",
            Self::User => "user",
            Self::Tags => "tags",
        }
    }
}
