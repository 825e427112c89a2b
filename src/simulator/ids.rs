//! The ids of everything in the tenant that is not a device.
//!
//! Owns the text that each id is made from. Invariant: an id depends on the seed and the name alone, so
//! nothing has to be stored. Must never draw at random.

use super::draws::uuid_of;

/// The ids of one tenant, worked out from its seed.
#[derive(Copy, Clone)]
pub(super) struct TenantIds {
    seed: u64,
}

impl TenantIds {
    /// The ids of the tenant with this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The id of the blueprint with this name.
    pub(super) fn blueprint(self, name: &str) -> String {
        uuid_of(self.seed, &format!("blueprint/{name}"))
    }

    /// The id of the tag with this name.
    pub(super) fn tag(self, name: &str) -> String {
        uuid_of(self.seed, &format!("tag/{name}"))
    }

    /// The id of the user with this address.
    pub(super) fn user(self, email: &str) -> String {
        uuid_of(self.seed, &format!("user/{email}"))
    }

    /// The id of the library item with this name.
    pub(super) fn library_item(self, name: &str) -> String {
        uuid_of(self.seed, &format!("library/{name}"))
    }

    /// The id of the integration that users come from.
    pub(super) fn integration(self) -> String {
        uuid_of(self.seed, "integration")
    }

    /// The id of the note that the request with this number creates. A deleted note's id never comes back.
    pub(super) fn note(self, request_number: u64) -> String {
        uuid_of(self.seed, &format!("note/{request_number}"))
    }

    /// The id that the gateway gives to the request with this number: 32 hexadecimal digits.
    pub(super) fn request(self, number: u64) -> String {
        uuid_of(self.seed, &number.to_string()).replace('-', "")
    }

    /// The id of a part of a device, such as `udid`, or of anything else by its full text.
    pub(super) fn of(self, text: &str) -> String {
        uuid_of(self.seed, text)
    }

    /// The first token of the tenant.
    pub(super) fn token(self) -> String {
        uuid_of(self.seed, "token")
    }
}
