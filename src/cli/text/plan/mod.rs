//! A plan in words: for people before they confirm or approve it, and for programs.
//!
//! Owns the order of the sections: what is sent, to whom, within which limits, then warnings, and last what cannot be undone.
//! Must never show a parameter's secret, and never a text of the plan that could steer the terminal.

mod bounds;
mod devices;
mod ending;
mod group;
mod json;
mod lines;
mod requests;
mod view;
mod warnings;
mod whole;
mod work;

pub(crate) use group::{GroupView, group_json, group_text, tenants_line, why};
pub(crate) use json::plan_json;
pub(crate) use lines::{facts, shown};
pub(crate) use view::{Around, PlanExtent, PlanView};
pub(crate) use whole::{approval_parts, plan_text};
pub(crate) use work::WorkWords;
