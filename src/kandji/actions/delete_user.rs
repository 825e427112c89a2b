//! A deleted user account.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamRule, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A deleted user account.
pub static ACTION: ActionSpec = ActionSpec {
    name: "delete-user",
    aliases: &["deleteUser"],
    summary: "Deletes a local user of a Mac or a Shared iPad, with all their files",
    remarks: &["The device must be supervised through Automated Device Enrollment."],
    method: Method::Post,
    path_suffix: "/action/deleteuser",
    params: &[
        ParamSpec {
            key: "UserName",
            aliases: &["user_name"],
            kind: ParamKind::Name,
            required: Requirement::Unless("DeleteAllUsers"),
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Short name of the account",
        },
        ParamSpec {
            key: "DeleteAllUsers",
            aliases: &["delete_all_users"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::IPad],
            os_min: &[],
            refuse_where_ignored: true,
            summary: "Delete every user of a Shared iPad",
        },
        ParamSpec {
            key: "ForceDeletion",
            aliases: &["force_deletion"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::IPad],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Delete even if data has not synced yet (Shared iPad)",
        },
    ],
    rules: &[ParamRule::Excludes { switch: "DeleteAllUsers", param: "UserName" }],
    platforms: &[Platform::Mac, Platform::IPad],
    risk: Risk::Irreversible,
    repeat: Repeat::Once,
    end: EndSpec::Command(&["DeleteUser"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards { phrase: Some("DELETE-USER"), ..Hazards::NONE },
    example: &[("UserName", "testuser")],
    verb: Verb { plain: "delete users from", ing: "deleting users from" },
};
