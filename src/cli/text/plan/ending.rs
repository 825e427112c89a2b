//! What cannot be undone, and what it takes to confirm: the last lines before the prompt.
//!
//! Owns both. Must never say that less is enough than the application asks for.

use super::devices::list;
use super::lines::{counted_texts, heading, shown};
use super::view::PlanView;
use crate::app::Needed;
use crate::cli::text::refusals::consent::written;
use crate::cli::text::screen::{Screen, Tone};
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::Risk;
use crate::plan::{DeviceSet, Plan};

/// The end of a summary that the heading says already.
const SAID_BY_HEADING: &str = "; this cannot be undone";

/// What can never be undone, and on which devices where these are not all of the plan's.
pub(super) fn irreversible_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let plan = &view.file.plan;
    if plan.risk() < Risk::Irreversible {
        return String::new();
    }
    let rows = irreversible_rows(plan);
    let mut text = heading("This cannot be undone", Tone::Bad, screen);
    let lines = counted_texts(
        ["DEVICES", "ACTION"],
        &rows,
        &Screen { has_colors: false, ..screen.clone() },
    );
    for line in lines.lines() {
        text.push_str(&format!("{}\n", screen.toned(Tone::Bad, line)));
    }
    let devices = &view.overview.irreversible_devices;
    if devices.len() < view.overview.devices.len() {
        text.push_str(&list("Devices of these actions", devices, Tone::Bad, view, screen));
    }
    text
}

/// The actions of a plan that cannot be undone, each with its devices.
pub(super) fn irreversible_rows(plan: &Plan) -> Vec<(u32, String)> {
    let irreversible = ACTIONS.into_iter().filter(|action| action.risk == Risk::Irreversible);
    let row = |action: &ActionSpec| {
        let its = plan.to_do().filter(|task| task.action == action.name);
        let devices = its.map(|task| &task.device.id).collect::<DeviceSet<'_>>().count();
        let summary = action.summary.trim_end_matches(SAID_BY_HEADING);
        (devices > 0).then(|| (devices, format!("{}: {summary}", action.name)))
    };
    irreversible.filter_map(row).collect()
}

/// What it takes to confirm; for the approver, what the person who runs the plan has to type.
pub(super) fn confirmation_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let needed = Needed::of(&view.file.plan, &view.file.tenant);
    if view.is_refused || !view.file.plan.refused.is_empty() {
        return String::new();
    }
    if view.overview.devices.is_empty() {
        return heading("Nothing to send", Tone::Strong, screen);
    }
    let flag = match (&needed, written(&needed)) {
        (Needed::Nothing, _) => return heading("No confirmation is needed", Tone::Strong, screen),
        (_, None) => "--yes".to_owned(),
        (_, Some(text)) => format!("--confirm {}", shown(&text)),
    };
    let how = match view.is_approval() {
        true => "To run this plan, the operator answers the prompt or gives",
        false => "To confirm, answer the prompt or give",
    };
    // What a person copies stands on a line of its own, and is never broken.
    let mut text = format!("{}  {flag}\n", heading(how, Tone::Strong, screen));
    if matches!(needed, Needed::Count(_)) && view.file.wrapping.is_whole() {
        text.push_str("  --yes (enough because the job sets max_devices and when it is sent)\n");
    }
    text
}
