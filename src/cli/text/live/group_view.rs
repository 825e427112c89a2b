//! The live view of a group on a terminal, and its line for logs.
//!
//! Owns the lines: totals over all tenants, then the tenants that need attention, then as many others as fit. Must never wrap, and
//! never show letters of others that steer the terminal.

use super::live_group::{LiveGroup, LiveTenant, TenantState};
use super::view::{bar, counts};
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn, shortened, width_of};
use crate::model::{StopCause, UnixMillis};

/// Tenants that are shown at most and at least, by the height of the terminal.
const TENANTS_MAX: usize = 12;
const TENANTS_MIN: usize = 3;
/// Lines of the view besides the tenants.
const OTHER_LINES: usize = 8;
/// The view of a terminal that does not say how wide or high it is.
const WIDTH: usize = 80;
const HEIGHT: usize = 24;
const INDENT: usize = 2;
/// Narrowest name of the job.
const JOB_MIN: usize = 8;

/// The view at this moment.
pub(crate) fn group_lines(group: &LiveGroup, now: UnixMillis, screen: &Screen) -> Vec<String> {
    // The last column stays free: a terminal may wrap when it is written to.
    let width = screen.width.unwrap_or(WIDTH).saturating_sub(1).max(1);
    let fitted = Screen { width: Some(width), ..screen.clone() };
    let total = group.total();
    let mut lines = vec![head(group, width, screen), bar(&total, width, screen)];
    lines.extend(counts(&total).render(&fitted).lines().map(str::to_owned));
    let height = screen.height.unwrap_or(HEIGHT);
    let room = height.saturating_sub(OTHER_LINES).clamp(TENANTS_MIN, TENANTS_MAX);
    let tenants = group.by_urgency(now);
    let shown = &tenants[..tenants.len().min(room)];
    lines.extend(table(shown, now).render(&fitted).lines().map(str::to_owned));
    if tenants.len() > shown.len() {
        let more = counted(tenants.len() - shown.len(), "more tenant");
        lines.push(screen.toned(Tone::Faint, &format!("{:INDENT$}and {more}", "")));
    }
    let text = format!("{:INDENT$}Ctrl-C  {}", "", ctrl_c(group));
    lines.push(screen.toned(Tone::Faint, &shortened(&text, width)));
    lines
}

/// Which group it is. Its id is never shortened.
fn head(group: &LiveGroup, width: usize, screen: &Screen) -> String {
    let id = format!("group {}", group.group);
    let what = format!("{} on {}", group.job, counted(group.tenants.len(), "tenant"));
    let room = width.saturating_sub(width_of(&id) + 2).max(JOB_MIN);
    let what = one_line(&what);
    let what = screen.toned(Tone::Strong, &shortened(&what, room));
    format!("{what}  {}", screen.toned(Tone::Faint, &id))
}

fn table(tenants: &[&LiveTenant], now: UnixMillis) -> Table {
    let mut table = Table::new(&[
        TableColumn::text("TENANT").at_least(JOB_MIN),
        TableColumn::whole("STATE"),
        TableColumn::number("SENT"),
        TableColumn::number("OK"),
        TableColumn::number("FAILED"),
        TableColumn::number("IN DOUBT"),
        TableColumn::number("PENDING"),
        TableColumn::number("NOT SENT").optional(),
    ])
    .indented(INDENT);
    let toned = |tone: Tone, count: u32| {
        TableCell::toned(if count > 0 { tone } else { Tone::Plain }, thousands(count))
    };
    for tenant in tenants {
        let state = tenant.state(now);
        let mut cells: Vec<TableCell> = vec![
            one_line(&tenant.name).into_owned().into(),
            TableCell::toned(tone_of(state), state.word()),
        ];
        match &tenant.run {
            None => cells.extend((0..6).map(|_| TableCell::from(""))),
            Some(run) => cells.extend([
                toned(Tone::Plain, run.sent()),
                toned(Tone::Good, run.good()),
                toned(Tone::Bad, run.failed()),
                toned(Tone::Bad, run.doubts()),
                toned(Tone::Caution, run.pending()),
                toned(Tone::Plain, run.planned() - run.sent()),
            ]),
        }
        table.row(cells);
    }
    table
}

fn tone_of(state: TenantState) -> Tone {
    match state {
        TenantState::LeftOut => Tone::Bad,
        TenantState::Stopping | TenantState::Paused => Tone::Caution,
        TenantState::Sending | TenantState::Waiting | TenantState::Starting => Tone::Plain,
        TenantState::Ended => Tone::Faint,
    }
}

fn ctrl_c(group: &LiveGroup) -> &'static str {
    let is_stopped = |tenant: &LiveTenant| {
        let run = tenant.run.as_ref();
        run.is_some_and(|run| matches!(run.progress.stop, Some((StopCause::Operator, _))))
    };
    match group.tenants.iter().any(is_stopped) {
        true => "leave at once; sortie resume checks the answers that are lost",
        false => "stop sending on all tenants and wait for answers; twice: leave at once",
    }
}

/// How far the group is, in one line.
pub(crate) fn group_status_line(group: &LiveGroup) -> String {
    let total = group.total();
    let tenants = group.tenants.len();
    let mut parts = vec![
        format!("{}/{} tenants ended", thousands(group.over()), thousands(tenants)),
        format!("{}/{} sent", thousands(total.sent()), thousands(total.planned())),
    ];
    for (count, what) in [
        (total.good(), "ok"),
        (total.failed(), "failed"),
        (total.doubts(), "in doubt"),
        (total.pending(), "pending"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", thousands(count)));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{GroupBegins, RunBegins};
    use crate::model::{Outcome, OutcomeCounts};

    fn group(tenants: usize) -> LiveGroup {
        let names: Vec<String> = (0..tenants).map(|at| format!("tenant-{at:03}")).collect();
        let mut group = LiveGroup::new(&GroupBegins {
            group: "20270115-080000-ggggg".to_owned(),
            job: "restart-the-whole-fleet-of-every-customer".to_owned(),
            tenants: names.clone(),
            report_dir: "reports".into(),
        });
        for (at, tenant) in names.iter().enumerate().take(tenants.saturating_sub(1)) {
            let mut counts = OutcomeCounts::default();
            counts.add(Outcome::Completed);
            counts.add(if at == 1 { Outcome::Failed } else { Outcome::NotAttempted });
            group.begin(&RunBegins {
                run: format!("run-{at}"),
                job: "job".to_owned(),
                tenant: tenant.clone(),
                per_hour: 10_000,
                quarantine_ms: 0,
                has_waves: false,
                counts,
                metrics_file: None,
                failures: Vec::new(),
            });
        }
        group.leave_out(&names[tenants - 1]);
        group
    }

    #[test]
    fn tenants_that_need_attention_come_first_and_lines_fit() {
        let group = group(100);
        for width in [80, 120] {
            let screen = Screen { width: Some(width), height: Some(24), ..Screen::default() };
            let lines = group_lines(&group, UnixMillis(0), &screen);
            assert!(lines.len() <= OTHER_LINES + TENANTS_MAX, "{lines:#?}");
            assert!(lines.iter().all(|line| width_of(line) < width), "{lines:#?}");
            let at = |text: &str| lines.iter().position(|line| line.contains(text));
            let (left_out, failed) = (at("tenant-099"), at("tenant-001"));
            assert!(left_out.is_some() && left_out < failed && failed < at("tenant-000"));
            assert!(at("and 88 more tenants").is_some(), "{lines:#?}");
            assert!(at("20270115-080000-ggggg") == Some(0), "{lines:#?}");
        }
    }

    #[test]
    fn a_line_for_logs_has_totals_over_all_tenants() {
        assert_eq!(group_status_line(&group(3)), "1/3 tenants ended, 3/4 sent, 2 ok, 1 failed");
    }
}
