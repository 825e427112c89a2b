//! What may surprise, in a block of its own.
//!
//! Owns which facts are warnings. Must never leave out a note of the plan.

use super::lines::{bullets, heading, shown, shown_sentence};
use super::view::{PlanExtent, PlanView};
use crate::cli::text::age::age;
use crate::cli::text::layout::{counted, thousands};
use crate::cli::text::notices::pins_note;
use crate::cli::text::screen::{Screen, Tone};
use crate::model::DeviceFacts;

/// Devices that one warning names.
const DEVICES_NAMED: usize = 10;

/// The warnings; empty without any.
pub(super) fn warnings_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let warnings = warnings(view, screen);
    if warnings.is_empty() {
        return String::new();
    }
    heading("Warnings", Tone::Caution, screen) + &bullets(&warnings, screen)
}

/// The warnings as sentences, the gravest first.
pub(super) fn warnings(view: &PlanView<'_>, screen: &Screen) -> Vec<String> {
    let plan = &view.file.plan;
    let mut warnings = Vec::new();
    if !plan.refused.is_empty() {
        let rows = plan.refused.len();
        let (noun, verb) = if rows == 1 { ("row", "fails") } else { ("rows", "fail") };
        warnings
            .push(format!("{rows} {noun} {verb} the checks, so nothing of this plan can be sent"));
    } else if view.overview.devices.is_empty() && view.overview.already_done.is_empty() {
        warnings.push("no device is left: nothing would be sent".to_owned());
    }
    let at_risk = plan.secrets_at_risk();
    if at_risk > 0 {
        warnings.push(format!(
            "{} would lose FileVault keys, bypass codes or recovery passwords that are not kept anywhere",
            counted(at_risk, "device")
        ));
    }
    if !plan.activation_locked.is_empty() {
        warnings.push(format!(
            "Activation Lock is on for {}, which will need the bypass code after the erase: {}",
            counted(plan.activation_locked.len(), "device"),
            named(&plan.activation_locked, view.extent)
        ));
    }
    if let Some(reason) = &view.file.break_glass {
        warnings.push(format!("the window is overridden: {}", shown(reason)));
    }
    for (name, number) in &view.overview.shared_names {
        warnings.push(format!(
            "{} get the same name '{}'",
            counted(*number, "device"),
            shown(name)
        ));
    }
    warnings.extend(not_seen(view, screen));
    if view.overview.devices_captured > 0 {
        let number = counted(view.overview.devices_captured, "device");
        warnings.push(format!("secrets of {number} are read and kept before they are lost"));
    }
    let form = (&view.file.report_formats, &view.file.report_options);
    warnings.extend(pins_note(form.0, form.1).map(str::to_owned));
    warnings.extend(plan.notes.iter().map(|note| shown_sentence(note)));
    warnings
}

fn not_seen(view: &PlanView<'_>, screen: &Screen) -> Option<String> {
    let not_seen = &view.overview.not_seen;
    if not_seen.devices == 0 {
        return None;
    }
    if not_seen.never == not_seen.devices {
        return Some(match not_seen.devices {
            1 => "1 device has never checked in; it acts when it first checks in".to_owned(),
            number => format!(
                "{} have never checked in; they act when they first check in",
                counted(number, "device")
            ),
        });
    }
    let (was, act) = match not_seen.devices {
        1 => ("1 device was".to_owned(), "it acts when it next checks in"),
        number => {
            (format!("{} were", counted(number, "device")), "they act when they next check in")
        }
    };
    let mut details = Vec::new();
    if let Some((serial, at)) = &not_seen.oldest {
        let (serial, age) = (shown(serial), age(Some(*at), view.now));
        details.push(format!("longest ago: {serial}, {age}, {}", screen.time(*at)));
    }
    if not_seen.never > 0 {
        details.push(format!("{} never checked in", thousands(not_seen.never)));
    }
    let details =
        if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    Some(format!("{was} last seen more than 48 hours ago; {act}{details}"))
}

fn named(locked: &[DeviceFacts], extent: PlanExtent) -> String {
    let most = match extent {
        PlanExtent::Short => DEVICES_NAMED,
        PlanExtent::Full => locked.len(),
    };
    let names: Vec<String> = locked
        .iter()
        .take(most)
        .map(|device| format!("{} '{}'", shown(&device.serial_number), shown(&device.name)))
        .collect();
    let more = match locked.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.join(", ") + &more
}
