//! What is sent: actions, parameters and new names.
//!
//! Owns these tables. Must never show a secret: the overview holds none.

use super::lines::{heading, labelled, rows_of, shown};
use super::view::{PlanExtent, PlanView};
use crate::cli::text::layout::thousands;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn, width_of};
use crate::model::{Gate, Risk};
use crate::plan::{ParameterSource, PlanOverview, PlannedAction, SentParameter, StartsAfter};

/// Values that are shown of a parameter which differs between devices.
const VALUES_SHOWN: usize = 3;
/// Longest of several values that is shown without `--full`, in characters.
const VALUE_CHARS_SHOWN: usize = 60;

/// The color of a risk.
fn tone_of(risk: Risk) -> Tone {
    match risk {
        Risk::Read | Risk::Benign => Tone::Plain,
        Risk::Disruptive => Tone::Caution,
        Risk::Irreversible => Tone::Bad,
    }
}

/// The actions in the order of their steps.
pub(super) fn actions_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let actions = &view.overview.actions;
    if actions.is_empty() {
        return String::new();
    }
    let has_steps = actions.iter().any(|it| it.step > 1);
    let is_waiting = actions.iter().any(|it| !it.starts_after.is_empty());
    let mut table = Table::new(&[
        TableColumn::number(if has_steps { "STEP" } else { "" }),
        TableColumn::text("ACTION").at_least(12),
        TableColumn::number("DEVICES"),
        TableColumn::text("PLATFORMS"),
        TableColumn::whole("RISK"),
        TableColumn::text(if is_waiting { "STARTS" } else { "" }),
    ])
    .indented(2);
    for it in actions {
        table.row([
            TableCell::from(if has_steps { it.step.to_string() } else { String::new() }),
            shown(&it.action).into(),
            thousands(it.devices).into(),
            platforms(it).into(),
            TableCell::toned(tone_of(it.risk), it.risk.word()),
            if is_waiting { starts(&it.starts_after) } else { String::new() }.into(),
        ]);
    }
    heading("Actions", Tone::Strong, screen) + &table.render(screen)
}

/// `Mac 3, iPad 2`; the name alone where there is one.
fn platforms(action: &PlannedAction) -> String {
    match action.platforms.len() {
        1 => action.platforms.keys().copied().collect(),
        _ => {
            let each = action.platforms.iter();
            each.map(|(word, devices)| format!("{word} {devices}")).collect::<Vec<_>>().join(", ")
        }
    }
}

fn starts(after: &[StartsAfter]) -> String {
    let gate = |it: &StartsAfter| match it.gate {
        Gate::Completed => format!("when step {} is completed", it.step),
        Gate::Accepted => format!("when step {} is accepted", it.step),
        Gate::GoodEnd => format!("when step {} succeeds", it.step),
    };
    match after {
        [] => "at once".to_owned(),
        _ => after.iter().map(gate).collect::<Vec<_>>().join(", "),
    }
}

/// The parameters by action: one line where all devices get the same value.
pub(super) fn parameters_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let PlanOverview { parameters, actions, .. } = &view.overview;
    let mut text = String::new();
    for action in actions {
        let own: Vec<&SentParameter> = parameters
            .iter()
            .filter(|it| it.step == action.step && it.action == action.action)
            .collect();
        if own.is_empty() {
            continue;
        }
        let has_steps = actions.iter().any(|it| it.step > 1);
        let step = if has_steps { format!(" (step {})", action.step) } else { String::new() };
        let title = format!("Parameters of {}{step}", shown(&action.action));
        text.push_str(&heading(&title, Tone::Strong, screen));
        let widest = own.iter().map(|it| width_of(&it.name)).max().unwrap_or(0);
        for it in own {
            let label =
                format!("  {}{}  ", shown(&it.name), " ".repeat(widest - width_of(&it.name)));
            for (number, line) in values(it, view.extent).iter().enumerate() {
                let label = if number == 0 { label.clone() } else { " ".repeat(width_of(&label)) };
                text.push_str(&labelled(&label, line, screen));
            }
        }
    }
    text
}

/// The values of a parameter, one line each.
fn values(parameter: &SentParameter, extent: PlanExtent) -> Vec<String> {
    let SentParameter { source, tasks, of_tasks, values, .. } = parameter;
    let share = match tasks < of_tasks {
        true => format!("; on {} of {} devices", thousands(*tasks), thousands(*of_tasks)),
        false => String::new(),
    };
    match (source, &values[..]) {
        (ParameterSource::Secret, _) => vec![format!("set (secret, not shown{share})")],
        (ParameterSource::Drawn, _) => {
            vec![format!("a random PIN for each Mac (not in the job{share})")]
        }
        (ParameterSource::Default, [one]) => {
            vec![format!("{} (default, not in the job{share})", line(&one.value))]
        }
        (_, [one]) if share.is_empty() => vec![line(&one.value)],
        (_, [one]) => vec![format!("{} ({})", line(&one.value), share.trim_start_matches("; "))],
        (_, many) => {
            let mut lines = vec![format!("{} different values{share}", thousands(many.len()))];
            let most = if extent == PlanExtent::Full { many.len() } else { VALUES_SHOWN };
            for it in many.iter().take(most) {
                let value = match extent {
                    PlanExtent::Full => line(&it.value),
                    PlanExtent::Short => short(&line(&it.value)),
                };
                lines.push(format!("{:>6} x \"{value}\"", it.tasks));
            }
            if many.len() > most {
                lines.push(format!("and {} more; --full shows all", thousands(many.len() - most)));
            }
            lines
        }
    }
}

/// A value on one line: its line breaks and tabs are shown as in JSON.
fn line(value: &str) -> String {
    value.replace("\r\n", "\\n").replace('\n', "\\n").replace('\t', "\\t")
}

fn short(value: &str) -> String {
    match value.chars().count() > VALUE_CHARS_SHOWN {
        true => value.chars().take(VALUE_CHARS_SHOWN - 1).chain(['…']).collect(),
        false => value.to_owned(),
    }
}

/// Old and new names.
pub(super) fn renames_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let renames = &view.overview.renames;
    if renames.is_empty() {
        return String::new();
    }
    let (title, rows) = rows_of("New names", renames, view.extent);
    let mut table = Table::new(&[
        TableColumn::text("SERIAL").at_least(12),
        TableColumn::text("OLD NAME").at_least(12),
        TableColumn::whole(""),
        TableColumn::text("NEW NAME").at_least(12),
    ])
    .indented(2);
    for it in rows {
        table.row([
            shown(&it.serial_number),
            shown(&it.old_name),
            "->".to_owned(),
            shown(&it.new_name),
        ]);
    }
    heading(&title, Tone::Strong, screen) + &table.render(screen)
}

/// Old and new values of records.
pub(super) fn record_changes_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let changes = &view.overview.record_changes;
    if changes.is_empty() {
        return String::new();
    }
    let (title, rows) = rows_of("New values", changes, view.extent);
    let mut table = Table::new(&[
        TableColumn::text("SERIAL").at_least(12),
        TableColumn::whole("FIELD"),
        TableColumn::text("OLD").at_least(12),
        TableColumn::whole(""),
        TableColumn::text("NEW").at_least(12),
    ])
    .indented(2);
    for it in rows {
        table.row([
            shown(&it.serial_number),
            it.field.to_owned(),
            shown(&it.old),
            "->".to_owned(),
            shown(if it.new.is_empty() { "(none)" } else { &it.new }),
        ]);
    }
    heading(&title, Tone::Strong, screen) + &table.render(screen)
}
