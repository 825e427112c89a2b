//! The plan as one text.
//!
//! Owns the order of its sections: most important first, and what cannot be undone last, next to the prompt. Must never leave out a
//! section that has something to say.

use super::bounds::{caps_text, limits_text, stops_text, waves_text};
use super::devices::{devices_text, left_out_text};
use super::ending::{confirmation_text, irreversible_text};
use super::lines::{facts, labelled, shown};
use super::requests::{actions_text, parameters_text, renames_text};
use super::view::PlanView;
use super::warnings::warnings_text;
use super::work::WorkWords;
use crate::cli::text::screen::{Screen, Tone};

/// The whole plan as text.
pub(crate) fn plan_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let around = view.around;
    let mut rows =
        vec![("API", format!("{} ({})", shown(&view.file.base_url), shown(&around.reached_by)))];
    if let Some(proxy) = &around.proxy {
        rows.push(("Proxy", shown(proxy)));
    }
    if let Some(reason) = &view.file.reason {
        rows.push(("Reason", shown(reason)));
    }
    [title(view, screen), facts(&rows, screen), body(view, screen), end(view, screen)].concat()
}

/// The plan for its approver, with these facts of its file.
pub(crate) fn approval_parts(view: &PlanView<'_>, facts: &str, screen: &Screen) -> String {
    [&title(view, screen), facts, &body(view, screen), &end(view, screen)].concat()
}

/// The first line: which job, where, and what it does.
fn title(view: &PlanView<'_>, screen: &Screen) -> String {
    let job = screen.toned(Tone::Strong, &format!("Plan of {}", shown(&view.file.job)));
    let words = WorkWords::of(view.file).plain;
    labelled("", &format!("Plan of {}: {words}", shown(&view.file.job)), screen).replacen(
        &format!("Plan of {}", shown(&view.file.job)),
        &job,
        1,
    )
}

/// What is sent, to whom, and within which limits.
fn body(view: &PlanView<'_>, screen: &Screen) -> String {
    [
        actions_text(view, screen),
        parameters_text(view, screen),
        renames_text(view, screen),
        devices_text(view, screen),
        left_out_text(view, screen),
        limits_text(view, screen),
        caps_text(view, screen),
        waves_text(view, screen),
        stops_text(view, screen),
    ]
    .concat()
}

/// Warnings, what cannot be undone, and what it takes to confirm.
fn end(view: &PlanView<'_>, screen: &Screen) -> String {
    [warnings_text(view, screen), irreversible_text(view, screen), confirmation_text(view, screen)]
        .concat()
}
