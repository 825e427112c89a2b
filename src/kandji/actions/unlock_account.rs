//! A Mac account that too many wrong passwords have locked.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A Mac account that too many wrong passwords have locked.
pub static ACTION: ActionSpec = ActionSpec {
    name: "unlock-account",
    aliases: &["unlockAccount"],
    summary: "Unlocks a local account after too many wrong passwords",
    remarks: &[],
    method: Method::Post,
    path_suffix: "/action/unlockaccount",
    params: &[ParamSpec {
        key: "UserName",
        aliases: &["user_name"],
        kind: ParamKind::Name,
        required: Requirement::Required,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "Short name of the account",
    }],
    rules: &[],
    platforms: &[Platform::Mac],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["UnlockUserAccount"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("UserName", "LocalUserToUnlock")],
    verb: Verb { plain: "unlock a user account on", ing: "unlocking a user account on" },
};
