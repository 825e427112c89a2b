//! The library items of the tenant.
//!
//! Owns their names and the words of their states. Must never know which device reported one.

/// A library item that every blueprint has.
pub(super) struct LibraryItem {
    /// Its name, from which its id is made.
    pub(super) name: &'static str,
    /// Its type, in the API's words.
    pub(super) kind: &'static str,
    /// The status of success. Documented: profiles have their own words.
    pub(super) passed: &'static str,
    /// The status before the device has reported.
    pub(super) pending: &'static str,
}

/// The library items of the tenant.
pub(super) const LIBRARY: [LibraryItem; 4] = [
    LibraryItem { name: "Company Wi-Fi", kind: "profile", passed: "success", pending: "pending" },
    LibraryItem { name: "Passcode", kind: "profile", passed: "success", pending: "pending" },
    LibraryItem { name: "zoom", kind: "custom-app", passed: "PASS", pending: "PENDING" },
    LibraryItem { name: "Onboarding", kind: "custom-script", passed: "PASS", pending: "PENDING" },
];
