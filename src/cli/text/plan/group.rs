//! The plans of several tenants in words.
//!
//! Owns the table of tenants, and what is said of each. Must never leave out a tenant of the job, and never a reason why one is left
//! out.

use serde_json::{Value, json};

use super::ending::irreversible_rows;
use super::json::plan_json;
use super::lines::{bullets, counted_texts, facts, heading, shown, shown_sentence};
use super::view::PlanView;
use super::warnings::warnings;
use super::work::WorkWords;
use crate::app::{GroupQuestion, LeftOutTenant, Needed};
use crate::cli::text::layout::{counted, thousands};
use crate::cli::text::refusals::consent::written;
use crate::cli::text::refusals::words;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::human_duration;

/// The plans of several tenants, and what they are shown with.
pub(crate) struct GroupView<'a> {
    /// Name of the job.
    pub job: &'a str,
    /// Each tenant with its plan.
    pub sections: Vec<(&'a str, PlanView<'a>)>,
    /// Tenants for which nothing is started.
    pub left_out: &'a [LeftOutTenant],
    /// What has to be confirmed.
    pub question: &'a GroupQuestion,
    /// The state directory whose caps and runs count.
    pub place: &'a str,
}

impl GroupView<'_> {
    /// How the tenants are called together.
    pub(crate) fn on(&self) -> String {
        match self.sections.as_slice() {
            [(only, _)] => (*only).to_owned(),
            several => counted(several.len(), "tenant"),
        }
    }

    /// What the plans do together.
    pub(crate) fn work(&self) -> WorkWords {
        WorkWords::of_group(self.sections.iter().map(|(_, view)| view.file), &self.on())
    }
}

/// The tenants with their devices, for the lines before the prompt.
pub(crate) fn tenants_line(question: &GroupQuestion) -> String {
    let tenants = question.tenants().iter();
    let each = tenants.map(|it| format!("{} {}", shown(&it.tenant), thousands(it.devices)));
    format!("Devices: {}", each.collect::<Vec<_>>().join(", "))
}

/// The plans as text.
pub(crate) fn group_text(view: &GroupView<'_>, screen: &Screen) -> String {
    let title = format!("Plan of {}: {}\n", shown(view.job), view.work().plain);
    let reason = view.sections.iter().find_map(|(_, it)| it.file.reason.as_deref());
    let mut rows = vec![("State", shown(view.place))];
    if let Some(reason) = reason {
        rows.push(("Reason", shown(reason)));
    }
    [
        screen.toned(Tone::Strong, title.trim_end()) + "\n",
        facts(&rows, screen),
        tenants_text(view, screen),
        left_out_text(view.left_out, screen),
        notes_text(view, screen),
        irreversible_text(view, screen),
        confirmation_text(view, screen),
    ]
    .concat()
}

fn tenants_text(view: &GroupView<'_>, screen: &Screen) -> String {
    let mut table = Table::new(&[
        TableColumn::text("TENANT").at_least(12),
        TableColumn::number("DEVICES"),
        TableColumn::number("TASKS"),
        TableColumn::number("SKIPPED"),
        TableColumn::number("REFUSED"),
        TableColumn::number("SENDING").optional(),
        TableColumn::text("API").optional(),
    ])
    .indented(2);
    for (tenant, plan) in &view.sections {
        let (file, overview) = (plan.file, &plan.overview);
        let to_do = file.plan.to_do().count();
        let refused = file.plan.refused.len();
        let tone = if refused > 0 { Tone::Bad } else { Tone::Plain };
        let seconds = overview.forecast.seconds.saturating_mul(1_000);
        table.row([
            TableCell::from(shown(tenant)),
            thousands(overview.devices.len()).into(),
            thousands(to_do).into(),
            thousands(file.plan.tasks.len() - to_do).into(),
            TableCell::toned(tone, thousands(refused)),
            human_duration(seconds).into(),
            shown(&file.base_url).into(),
        ]);
    }
    let all = view.sections.len() + view.left_out.len();
    let title = match view.left_out.len() {
        0 => format!("Tenants ({})", thousands(all)),
        _ => format!("Tenants ({} of {})", thousands(view.sections.len()), thousands(all)),
    };
    heading(&title, Tone::Strong, screen) + &table.render(screen)
}

/// The tenants for which nothing is started, each with its reason.
fn left_out_text(left_out: &[LeftOutTenant], screen: &Screen) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let title = format!("Left out: nothing is sent to {}", counted(left_out.len(), "tenant"));
    let line = |it: &LeftOutTenant| format!("{}: {}", shown(&it.tenant), why(it));
    let lines: Vec<String> = left_out.iter().map(line).collect();
    heading(&title, Tone::Bad, screen) + &bullets(&lines, screen)
}

/// Why a tenant is left out, in one sentence.
pub(crate) fn why(left_out: &LeftOutTenant) -> String {
    shown_sentence(words(&left_out.reason).what.lines().next().unwrap_or_default())
}

/// What is worth a note, tenant by tenant.
fn notes_text(view: &GroupView<'_>, screen: &Screen) -> String {
    let mut lines = Vec::new();
    for (tenant, plan) in &view.sections {
        let notes = warnings(plan, screen).into_iter();
        lines.extend(notes.map(|note| format!("{}: {note}", shown(tenant))));
    }
    if lines.is_empty() {
        return String::new();
    }
    heading("Warnings", Tone::Caution, screen) + &bullets(&lines, screen)
}

/// What can never be undone, over all tenants.
fn irreversible_text(view: &GroupView<'_>, screen: &Screen) -> String {
    let mut rows: Vec<(u32, String)> = Vec::new();
    for (_, plan) in &view.sections {
        for (devices, text) in irreversible_rows(&plan.file.plan) {
            match rows.iter_mut().find(|(_, known)| *known == text) {
                Some((count, _)) => *count = count.saturating_add(devices),
                None => rows.push((devices, text)),
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    heading("This cannot be undone", Tone::Bad, screen)
        + &counted_texts(["DEVICES", "ACTION"], &rows, screen)
}

/// What it takes to confirm.
fn confirmation_text(view: &GroupView<'_>, screen: &Screen) -> String {
    let question = view.question.question();
    if view.sections.iter().all(|(_, plan)| plan.overview.devices.is_empty()) {
        return heading("Nothing to send", Tone::Strong, screen);
    }
    if view.sections.iter().any(|(_, plan)| plan.is_refused) {
        return String::new();
    }
    let flag = match (question.needed(), written(question.needed())) {
        (Needed::Nothing, _) => return heading("No confirmation is needed", Tone::Strong, screen),
        (_, None) => "--yes".to_owned(),
        (_, Some(text)) => format!("--confirm {}", shown(&text)),
    };
    let title = heading("To confirm, answer the prompt or give", Tone::Strong, screen);
    let mut text = format!("{title}  {flag}\n");
    if matches!(question.needed(), Needed::Count(_)) && question.is_bounded() {
        text.push_str("  --yes (enough because the job sets max_devices and when it is sent)\n");
    }
    text
}

/// The plans for programs: `job`, `plan_set`, `devices`, `confirmation`, `tenants` (each `tenant` and its `plan`), `left_out` (each
/// `tenant` and `refusal`).
pub(crate) fn group_json(view: &GroupView<'_>) -> Value {
    let tenants = view
        .sections
        .iter()
        .map(|(tenant, plan)| json!({ "tenant": tenant, "plan": Value::Object(plan_json(plan)) }));
    let question = view.question.question();
    let devices: usize = view.question.tenants().iter().map(|it| it.devices).sum();
    json!({
        "job": view.job,
        "plan_set": view.question.digest(),
        "devices": devices,
        "confirmation": {
            "needed": question.needed(),
            "yes_is_enough": match question.needed() {
                Needed::Nothing | Needed::Yes => true,
                Needed::Count(_) => question.is_bounded(),
                Needed::Phrase(_) => false,
            },
        },
        "tenants": tenants.collect::<Value>(),
        "left_out": left_out_json(view.left_out),
    })
}

fn left_out_json(left_out: &[LeftOutTenant]) -> Value {
    left_out.iter().map(|it| json!({ "tenant": it.tenant, "refusal": it.reason })).collect()
}
