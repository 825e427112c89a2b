//! How far a group of runs is, in words and as JSON.
//!
//! Owns the layout. Must never leave out a tenant, nor let its name steer the terminal.

use serde_json::{Value, json};

use crate::app::{GroupStatus, RunStatus, TenantStatus};
use crate::cli::text::group_table::{add_tenant, group_table};
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::run_next::step;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::status::run_json;
use crate::cli::text::table::TableColumn;
use crate::journal::RunState;

/// The group, then a line for each tenant.
pub(crate) fn group_status_text(status: &GroupStatus, screen: &Screen) -> String {
    let group = &status.group;
    let mut table = group_table(TableColumn::text("STATE").at_least(8));
    for tenant in &status.tenants {
        let (tone, state) = state_of(tenant);
        let counts = tenant.run.as_ref().map(|run| &run.counts);
        let run = tenant.run.as_ref().map_or("", |run| run.row.id.as_str());
        add_tenant(&mut table, &tenant.tenant, (tone, &state), counts, run);
    }
    format!(
        "group {}: {} on {}\n  started    {}\n  reports    {}\n\n{}",
        group.id,
        one_line(&group.job),
        counted(status.tenants.len(), "tenant"),
        screen.time(group.started_at),
        group.report_dir.display(),
        table.render(screen)
    )
}

fn state_of(tenant: &TenantStatus) -> (Tone, String) {
    match (&tenant.run, &tenant.left_out) {
        (Some(run), _) if run.is_held => (Tone::Caution, "running now".to_owned()),
        (Some(run), _) => {
            let is_done = run.row.state == RunState::Finished;
            let tone = if is_done { Tone::Good } else { Tone::Caution };
            (tone, run.row.state.word().to_owned())
        }
        (None, Some(why)) => (Tone::Bad, format!("left out: {why}")),
        (None, None) => (Tone::Bad, "not started".to_owned()),
    }
}

/// What to do next; nothing while a process runs it, or where every run has ended.
pub(crate) fn group_status_next(status: &GroupStatus) -> Option<String> {
    let runs = || status.tenants.iter().filter_map(|tenant| tenant.run.as_ref());
    let is_left = |run: &&RunStatus| {
        !run.is_held && !matches!(run.row.state, RunState::Finished | RunState::Closed)
    };
    let left = runs().filter(is_left).count();
    let command = format!("sortie resume {}", status.group.id);
    (left > 0).then(|| step(&format!("resume the runs of {}", counted(left, "tenant")), &command))
}

/// The group for programs. Fields are only ever added.
pub(crate) fn group_status_json(status: &GroupStatus) -> Value {
    let tenant = |tenant: &TenantStatus| {
        json!({
            "tenant": tenant.tenant, "left_out": tenant.left_out,
            "run": tenant.run.as_ref().map(|run| run_json(run, None)),
        })
    };
    let tenants: Vec<Value> = status.tenants.iter().map(tenant).collect();
    json!({
        "group_id": status.group.id, "job": status.group.job,
        "started_at": status.group.started_at.to_string(), "report_dir": status.group.report_dir,
        "tenants": tenants,
    })
}
