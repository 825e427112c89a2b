//! The policy, by name.
//!
//! Owns how people call it. Must never show its content.

use std::path::Path;

/// How people call the policy at a path; `None` for the built-in rules.
pub(crate) fn policy_at(path: Option<&Path>) -> String {
    path.map_or_else(
        || "the built-in rules".to_owned(),
        |path| format!("the policy {}", path.display()),
    )
}
