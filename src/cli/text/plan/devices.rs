//! To whom it is sent, and who is left out.
//!
//! Owns these lists. A sample is spread over the plan, because the person who made it chooses what stands first. Must never hide how many
//! are not shown.

use super::lines::{counted_texts, heading, rows_of, shown, shown_sentence};
use super::view::PlanView;
use crate::cli::text::age::age;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableColumn};
use crate::model::DeviceFacts;
use crate::plan::LeftOut;
use std::sync::Arc;

/// The devices, all of them or a sample.
pub(super) fn devices_text(view: &PlanView<'_>, screen: &Screen) -> String {
    list("Devices", &view.overview.devices, Tone::Strong, view, screen)
}

/// A list of devices under a title; empty without any.
pub(super) fn list(
    what: &str,
    devices: &[Arc<DeviceFacts>],
    tone: Tone,
    view: &PlanView<'_>,
    screen: &Screen,
) -> String {
    if devices.is_empty() {
        return String::new();
    }
    let (title, rows) = rows_of(what, devices, view.extent);
    let mut table = Table::new(&[
        TableColumn::text("SERIAL").at_least(12),
        TableColumn::text("NAME").at_least(14),
        TableColumn::whole("PLATFORM"),
        TableColumn::text("USER").at_least(16),
        TableColumn::whole("LAST CHECK-IN"),
        TableColumn::whole("CHECK-IN TIME").optional(),
    ])
    .indented(2);
    for device in rows {
        let user =
            if device.user_email.is_empty() { "-".to_owned() } else { shown(&device.user_email) };
        table.row([
            shown(&device.serial_number),
            shown(&device.name),
            device.platform.word().to_owned(),
            user,
            age(device.last_check_in.get(), view.now),
            device.last_check_in.get().map(|at| screen.time(at)).unwrap_or_default(),
        ]);
    }
    heading(&title, tone, screen) + &table.render(screen)
}

/// Skipped rows and tasks that earlier runs have done, by reason.
pub(super) fn left_out_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let mut skipped: Vec<(u32, String)> = view.overview.skipped.iter().map(reason).collect();
    if view.file.plan.excluded > 0 {
        skipped.push((view.file.plan.excluded, "excluded by the job".to_owned()));
    }
    let mut text = String::new();
    if !skipped.is_empty() {
        text.push_str(&heading("Skipped", Tone::Strong, screen));
        text.push_str(&counted_texts(["DEVICES", "REASON"], &skipped, screen));
    }
    let done: Vec<(u32, String)> = view.overview.already_done.iter().map(reason).collect();
    if !done.is_empty() {
        text.push_str(&heading("Already done, not sent again", Tone::Strong, screen));
        text.push_str(&counted_texts(["TASKS", "REASON"], &done, screen));
    }
    text
}

/// The number and the reason, with some of the devices.
fn reason(group: &LeftOut) -> (u32, String) {
    let LeftOut { reason, count, examples } = group;
    let text = match examples.is_empty() {
        true => shown_sentence(reason),
        false => {
            let more = if (examples.len() as u64) < u64::from(*count) { ", ..." } else { "" };
            format!("{} ({}{more})", shown_sentence(reason), shown(&examples.join(", ")))
        }
    };
    (*count, text)
}
