//! A change of a device's record.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{
    ActionSpec, EndSpec, Hazards, NamedKind, ParamKind, ParamRule, ParamSpec, RecordField,
    Requirement, Verb,
};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// Longest asset tag, in characters. The API documents no limit.
const ASSET_TAG_CHARS_MAX: u16 = 255;

/// The action `update-device`.
pub static ACTION: ActionSpec = ActionSpec {
    name: "update-device",
    aliases: &["updateDevice"],
    summary: "Changes blueprint, asset tag, user and tags in a device's record",
    remarks: &[
        "Another blueprint changes the profiles, apps and settings of the device.",
        "Give blueprints by exact name or id, users by e-mail address or id; both are looked up for the plan.",
        "An empty cell leaves a value alone; null clears asset tag, user or tags.",
        "tags replaces all tags. add_tags and remove_tags read the tags just before each request.",
        "A tag that another client adds between that read and the request is lost.",
        "The column asset_tag is the new value here; device_id, serial_number or user_email names the device.",
    ],
    method: Method::Patch,
    path_suffix: "",
    params: &[
        ParamSpec {
            key: "blueprint_id",
            aliases: &["blueprint", "blueprint_name"],
            kind: ParamKind::Named(NamedKind::Blueprint),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "The new blueprint",
        },
        ParamSpec {
            key: "asset_tag",
            aliases: &[],
            kind: ParamKind::Clearable(&ParamKind::Label(ASSET_TAG_CHARS_MAX)),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "The new asset tag, up to 255 characters",
        },
        ParamSpec {
            key: "user",
            aliases: &["new_user", "new_user_email", "user_email_new"],
            kind: ParamKind::Clearable(&ParamKind::Named(NamedKind::User)),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "The user to assign",
        },
        ParamSpec {
            key: "tags",
            aliases: &["new_tags"],
            kind: ParamKind::Clearable(&ParamKind::Texts),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "The tags that replace all others",
        },
        ParamSpec {
            key: "add_tags",
            aliases: &["add_tag"],
            kind: ParamKind::AddsTo("tags"),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Tags to add to those of the device",
        },
        ParamSpec {
            key: "remove_tags",
            aliases: &["remove_tag"],
            kind: ParamKind::RemovesFrom("tags"),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Tags to remove from those of the device",
        },
    ],
    rules: &[
        ParamRule::AnyOf(&["blueprint_id", "asset_tag", "user", "tags", "add_tags", "remove_tags"]),
        ParamRule::NotBoth { first: "tags", second: "add_tags" },
        ParamRule::NotBoth { first: "tags", second: "remove_tags" },
        ParamRule::NothingInCommon { first: "add_tags", second: "remove_tags" },
    ],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Vision,
        Platform::Windows,
        Platform::Android,
    ],
    risk: Risk::Disruptive,
    repeat: Repeat::Safe,
    end: EndSpec::Recorded(&[
        ("blueprint_id", RecordField::Blueprint),
        ("asset_tag", RecordField::AssetTag),
        ("user", RecordField::User),
        ("tags", RecordField::Tags),
    ]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards { disruptive_with: Some(&["blueprint_id"]), ..Hazards::NONE },
    example: &[("asset_tag", "1040"), ("tags", "lab")],
    verb: Verb { plain: "update", ing: "updating" },
};
