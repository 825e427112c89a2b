//! What bounds a plan: its share of the fleet, quota, caps, waves, and when it stops.
//!
//! Owns these tables. Must never promise a bound that the run does not hold to.

use super::lines::{facts, heading, shown, shown_sentence};
use super::view::PlanView;
use crate::app::charging::Used;
use crate::cli::text::layout::{counted, thousands};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::{MaxErrors, OutsideWindow, Risk, Rollout, WaveGate, human_duration};
use crate::plan::PlannedWave;

/// Fleet, requests, quota and time.
pub(super) fn limits_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let mut rows = vec![("Quota", quota(view)), ("Requests", requests(view)), ("Time", time(view))];
    if let Some(fleet) = fleet(view) {
        rows.insert(0, ("Fleet", fleet));
    }
    if let Some(note) = &view.file.rules.note {
        rows.push(("Note", shown_sentence(note)));
    }
    if !view.is_approval() && view.file.plan.risk() > Risk::Benign {
        rows.push(("Policy", view.around.policy.clone()));
        rows.push(("State", view.around.place.clone()));
    }
    heading("Limits", Tone::Strong, screen) + &facts(&rows, screen)
}

/// The share of the fleet; `None` where it does not matter and is not known.
fn fleet(view: &PlanView<'_>) -> Option<String> {
    let (number, tenant) = (view.overview.devices.len(), shown(&view.file.tenant));
    match view.file.fleet.filter(|fleet| *fleet > 0) {
        Some(fleet) => Some(format!(
            "{} of {} on {tenant} ({:.1} %)",
            thousands(number),
            counted(fleet, "device"),
            number as f64 * 100.0 / f64::from(fleet)
        )),
        None if view.file.plan.risk() > Risk::Benign => {
            Some(format!("{}; the size of {tenant} is unknown", counted(number, "device")))
        }
        None => None,
    }
}

fn quota(view: &PlanView<'_>) -> String {
    let reads = view.around.reads;
    let used = thousands(u64::from(view.file.forecast.spent) + reads);
    let limit = thousands(view.file.rules.per_hour);
    match reads {
        0 => format!("{used} of {limit} requests used in the hour before the plan"),
        _ => {
            format!("{used} of {limit} requests used this hour ({} by this plan)", thousands(reads))
        }
    }
}

fn requests(view: &PlanView<'_>) -> String {
    let cost = &view.overview.forecast;
    let mut parts = vec![format!("{} to send", thousands(cost.sends))];
    if cost.captures > 0 {
        parts.push(format!("{} to read secrets", thousands(cost.captures)));
    }
    if cost.rechecks > 0 {
        parts.push(format!("{} to check each device again", thousands(cost.rechecks)));
    }
    if cost.looks > 0 {
        parts.push(format!("about {} to follow commands", thousands(cost.looks)));
    }
    if cost.notes > 0 {
        parts.push(format!("{} to add notes", thousands(cost.notes)));
    }
    parts.join(", ")
}

fn time(view: &PlanView<'_>) -> String {
    let sending = human_duration(view.overview.forecast.seconds.max(1) * 1_000);
    let rules = &view.file.rules;
    let follow = match view.file.plan.risk() > Risk::Read && rules.wait_ms > 0 {
        true => format!("; commands are followed for {} after that", human_duration(rules.wait_ms)),
        false => String::new(),
    };
    format!("sending takes about {sending}{follow}")
}

/// What is used of the caps of the day.
pub(super) fn caps_text(view: &PlanView<'_>, screen: &Screen) -> String {
    if view.around.used.is_empty() || view.file.plan.risk() <= Risk::Benign {
        return String::new();
    }
    let mut table = Table::new(&[
        TableColumn::text("ACTION").at_least(12),
        TableColumn::number("USED"),
        TableColumn::number("THIS PLAN"),
        TableColumn::number("LIMIT"),
    ])
    .indented(2);
    for Used { action, used, limit, planned } in &view.around.used {
        let is_over = u64::from(*used) + u64::from(*planned) > u64::from(*limit);
        table.row([
            TableCell::from(shown(action)),
            thousands(*used).into(),
            thousands(*planned).into(),
            TableCell::toned(if is_over { Tone::Bad } else { Tone::Plain }, thousands(*limit)),
        ]);
    }
    heading("Device caps over 24 hours", Tone::Strong, screen) + &table.render(screen)
}

/// The waves, and what leads from each to the next.
pub(super) fn waves_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let waves = &view.overview.waves;
    let Some(rollout) = view.file.rules.rollout.as_ref().filter(|_| !waves.is_empty()) else {
        return String::new();
    };
    let mut table = Table::new(&[
        TableColumn::number("WAVE"),
        TableColumn::number("DEVICES"),
        TableColumn::text("NEXT WAVE STARTS"),
        TableColumn::whole("PAUSE"),
    ])
    .indented(2);
    for PlannedWave { wave, devices, gate, pause_ms } in waves {
        table.row([
            wave.to_string(),
            thousands(*devices),
            gate.map_or("-", |_| gate_text(rollout)).to_owned(),
            pause_ms.map_or_else(|| "-".to_owned(), human_duration),
        ]);
    }
    heading("Waves", Tone::Strong, screen) + &table.render(screen)
}

fn gate_text(rollout: &Rollout) -> &'static str {
    match rollout.gate {
        WaveGate::Settled => "when every reachable device has finished",
        WaveGate::Accepted => "when the API has accepted every request",
        WaveGate::Operator => "when you confirm it at the prompt",
    }
}

/// When the run stops sending, and when it may no longer start.
pub(super) fn stops_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let file = view.file;
    if file.plan.risk() <= Risk::Benign {
        return String::new();
    }
    let rules = &file.rules;
    let mut rows = vec![("Errors", errors(view))];
    for window in &rules.windows {
        let outside = match rules.outside_window {
            OutsideWindow::Refuse => "outside it the run does not start, and stops",
            OutsideWindow::Wait => "outside it the run waits",
        };
        rows.push(("Window", format!("{}; {outside}", window.shown())));
    }
    rows.push((
        "Sending",
        match file.send_for_ms {
            Some(send_for_ms) => format!("ends {} after the start", human_duration(send_for_ms)),
            None => format!("ends {}", screen.time(rules.send_until)),
        },
    ));
    if !view.is_approval() {
        rows.push(("Start", format!("no later than {}", screen.time(file.start_until))));
    }
    heading("Stop rules and deadlines", Tone::Strong, screen) + &facts(&rows, screen)
}

fn errors(view: &PlanView<'_>) -> String {
    let rules = &view.file.rules;
    let tasks = u32::try_from(view.file.plan.to_do().count()).unwrap_or(u32::MAX);
    let tolerated = thousands(rules.max_errors.tolerated(tasks));
    let share = match rules.max_errors {
        MaxErrors::Count(_) => String::new(),
        MaxErrors::Percent(_) if view.overview.waves.is_empty() => String::new(),
        MaxErrors::Percent(percent) => format!(", or more than {percent} % of a wave"),
    };
    let in_a_row = match rules.errors_in_a_row {
        Some(errors) => format!(", or {errors} in a row"),
        None => String::new(),
    };
    let count = match tolerated.as_str() {
        "0" => "after the first failed task".to_owned(),
        _ => format!("after more than {tolerated} failed tasks"),
    };
    format!("{count}{share}{in_a_row}")
}
