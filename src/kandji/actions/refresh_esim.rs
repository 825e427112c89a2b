//! The cellular plans of an eSIM, asked for again.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The cellular plans of an eSIM, asked for again.
pub static ACTION: ActionSpec = ActionSpec {
    name: "refresh-esim",
    aliases: &["refreshCellularPlans", "refresh_esim"],
    summary: "Asks the carrier's server for the eSIM plans of an iPhone or a cellular iPad",
    remarks: &[
        "The carrier names the address of its server. An iPad without cellular hardware refuses it.",
        "The API's documents do not name its command. sortie looks for RefreshCellularPlans of Apple's protocol, and reports the task as pending where the history has none.",
    ],
    method: Method::Post,
    path_suffix: "/action/refreshcellularplans",
    params: &[ParamSpec {
        key: "eSIMServerURL",
        aliases: &["esim_server_url", "server_url"],
        kind: ParamKind::HttpsUrl,
        required: Requirement::Required,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "Address of the carrier's eSIM server, beginning with https://",
    }],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["RefreshCellularPlans"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("eSIMServerURL", "https://esim.example.com")],
    verb: Verb { plain: "refresh the eSIM plans of", ing: "refreshing the eSIM plans of" },
};
