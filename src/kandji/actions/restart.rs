//! A restart.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The action `restart`.
pub static ACTION: ActionSpec = ActionSpec {
    name: "restart",
    aliases: &["restartDevice"],
    summary: "Restarts a device",
    remarks: &[
        "With NotifyUser the user can postpone it without limit: completed then means that the user was notified.",
    ],
    method: Method::Post,
    path_suffix: "/action/restart",
    params: &[
        ParamSpec {
            key: "RebuildKernelCache",
            aliases: &["rebuild_kernel_cache"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Mac],
            os_min: &[(Platform::Mac, "11")],
            refuse_where_ignored: false,
            summary: "Rebuild the kernel cache during the restart",
        },
        ParamSpec {
            key: "NotifyUser",
            aliases: &["notify_user"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Mac],
            os_min: &[(Platform::Mac, "11.3")],
            refuse_where_ignored: true,
            summary: "Ask the user to restart, instead of restarting now",
        },
    ],
    rules: &[],
    platforms: &[Platform::Mac, Platform::IPhone, Platform::IPad, Platform::AppleTv],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::Command(&["RestartDevice"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("RebuildKernelCache", "false"), ("NotifyUser", "false")],
    verb: Verb { plain: "restart", ing: "restarting" },
};
