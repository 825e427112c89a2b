//! What a tenant knows by an id.
//!
//! Owns the kinds of these things. Must never look one up.

/// What a tenant knows by an id.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedKind {
    /// A blueprint, by its name.
    Blueprint,
    /// A user, by the address.
    User,
}

impl NamedKind {
    /// The word for one, such as `blueprint`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blueprint => "blueprint",
            Self::User => "user",
        }
    }
}
