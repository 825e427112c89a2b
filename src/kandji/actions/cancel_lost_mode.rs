//! A Lost Mode in error, canceled in the tenant.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::disable_lost_mode::STATE_OFF;
use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A Lost Mode in error, canceled in the tenant.
pub static ACTION: ActionSpec = ActionSpec {
    name: "cancel-lost-mode",
    aliases: &["cancelLostMode"],
    summary: "Cancels a Lost Mode that is in an error state; the device may stay locked",
    remarks: &[
        "It changes what the tenant knows and queues no command: use 'disable-lost-mode' where that works.",
        "A device that is not in Lost Mode counts as already in effect.",
    ],
    method: Method::Delete,
    path_suffix: "/details/lostmode",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::State(STATE_OFF),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "cancel the Lost Mode of", ing: "canceling the Lost Mode of" },
};
