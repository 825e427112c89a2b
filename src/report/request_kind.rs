//! The kinds of requests, in words.
//!
//! Owns these words. Must never count a request.

/// A kind of request for people, by the word that the journal counts it under; one of a newer program keeps its word.
#[must_use]
pub fn request_kind(word: &str) -> &str {
    match word {
        "action" => "actions sent",
        "look" => "checks of a device's commands",
        "list" => "pages of the device list",
        "pin" => "reads of a lock PIN",
        "secrets" => "reads of other secrets",
        "recheck" => "checks of a device before a request",
        "names" => "look-ups of blueprints and users for the plan",
        "inventory" => "reads of the inventory for the plan",
        other => other,
    }
}
