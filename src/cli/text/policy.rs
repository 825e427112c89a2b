//! The policy, by name.
//!
//! Owns how people call it. Must never show its content.

use crate::app::policy_file::PolicyFile;

/// How people call the policy.
pub(crate) fn policy_name(policy: &PolicyFile) -> String {
    policy.path.as_ref().map_or_else(
        || "the built-in rules".to_owned(),
        |path| format!("the policy {}", path.display()),
    )
}
