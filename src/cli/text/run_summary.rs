//! A run at a glance, in words: the end of a run, `sortie status` and `sortie report` show it.
//!
//! Owns the layout. Must never repeat a PIN, and never let a device's name or a server's words steer the terminal.

use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::outcomes::{outcome_table, tone};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::cli::text::wrap::{broken, hanging};
use crate::model::{Outcome, human_duration};
use crate::report::{
    Following, NamedTask, RunOverview, TaskGroup, UnknownPin, plain_reason, status_hint,
};

/// Groups of a section whose tasks are named; of the others only the counts.
const NAMED_GROUPS_MAX: usize = 5;
/// Groups of a section that are shown.
const GROUPS_MAX: usize = 10;
/// Longest reason, in characters: three lines of a narrow terminal.
const REASON_CHARS_MAX: usize = 240;

/// How much of a run is shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What wants attention.
    Usual,
    /// Also what it cost in requests.
    Verbose,
}

impl Detail {
    pub(crate) fn of(is_verbose: bool) -> Self {
        if is_verbose { Self::Verbose } else { Self::Usual }
    }
}

/// The end of a run: what it was, and how its tasks ended.
pub(crate) fn run_summary(overview: &RunOverview, detail: Detail, screen: &Screen) -> String {
    let mut text = format!("{}\n", hanging(&headline(overview), screen.width, 2));
    if let Some(reason) = &overview.facts.reason {
        let reason = format!("reason: {}", one_line(reason));
        text.push_str(&format!("{}\n", hanging(&reason, screen.width, 2)));
    }
    text.push_str(&run_tasks(overview, detail, screen));
    text
}

/// How the tasks of a run ended: counts, then what needs attention.
pub(crate) fn run_tasks(overview: &RunOverview, detail: Detail, screen: &Screen) -> String {
    let mut parts = vec![outcome_table(&overview.counts, screen)];
    for lock in [UnknownPin::Locked, UnknownPin::MayLock] {
        let groups: Vec<TaskGroup> = pinless(overview, lock).cloned().collect();
        parts.extend(titled(lock.title(), Tone::Bad, &groups, 0, screen));
    }
    let sections: [(&str, Tone, &[TaskGroup], &[Outcome]); 4] = [
        ("failed", Tone::Bad, &overview.failed, &[Outcome::Failed]),
        ("refused by the API", Tone::Bad, &overview.refused, &[Outcome::Refused]),
        ("in doubt", Tone::Bad, &overview.in_doubt, &[Outcome::InDoubt]),
        (
            "waiting for the device",
            Tone::Caution,
            &overview.pending,
            &[Outcome::Pending, Outcome::NotNow],
        ),
    ];
    for (title, tone, groups, outcomes) in sections {
        let above = outcomes.iter().map(|outcome| overview.pinless.of(*outcome)).sum();
        parts.extend(titled(title, tone, groups, above, screen));
    }
    parts.extend(skipped(overview, screen));
    parts.extend(blocked(overview, screen));
    parts.extend(pins(overview));
    if detail == Detail::Verbose {
        parts.extend(cost(overview));
    }
    parts.join("\n")
}

/// Locks without a known PIN for which this holds.
fn pinless(overview: &RunOverview, lock: UnknownPin) -> impl Iterator<Item = &TaskGroup> {
    let is = move |group: &&TaskGroup| {
        group.named.first().is_some_and(|task| UnknownPin::of(task.outcome) == lock)
    };
    overview.without_pin.iter().filter(is)
}

/// A section with its title, which counts the tasks that a section before it names.
fn titled(
    title: &str,
    tone: Tone,
    groups: &[TaskGroup],
    above: u32,
    screen: &Screen,
) -> Option<String> {
    let total: usize = groups.iter().map(|group| group.count).sum();
    let above = match above {
        0 => String::new(),
        tasks => format!(", and {} above without a known PIN", thousands(tasks)),
    };
    let title = format!("{title}: {}{above}", counted(total, "task"));
    (total > 0).then(|| format!("{}\n{}", screen.toned(tone, &title), section(groups, screen)))
}

fn headline(overview: &RunOverview) -> String {
    let facts = &overview.facts;
    let when = match facts.finished_at {
        Some(end) => format!("in {}", human_duration(end.remaining_ms(facts.started_at))),
        None => "so far".to_owned(),
    };
    format!(
        "run {}: {} on {}, {} {when}",
        one_line(&facts.run_id),
        one_line(&facts.job),
        one_line(&facts.tenant),
        counted(overview.tasks, "task")
    )
}

/// Tasks by reason, in one table whose columns are those that say something.
fn section(groups: &[TaskGroup], screen: &Screen) -> String {
    let named = || groups.iter().take(NAMED_GROUPS_MAX).flat_map(|group| &group.named);
    let has_steps = named().any(|task| task.step > 1);
    let has_users = named().any(|task| !task.device.user_email.is_empty());
    let is_waiting = named().any(|task| is_waiting(task.outcome));
    let mut columns = vec![TableColumn::number("ROW")];
    columns.extend(has_steps.then_some(TableColumn::number("STEP")));
    columns.extend([TableColumn::whole("SERIAL"), TableColumn::text("NAME")]);
    columns.extend(has_users.then_some(TableColumn::text("USER").optional()));
    columns.push(TableColumn::whole("ACTION"));
    if is_waiting {
        columns.push(TableColumn::whole("LAST CHECK-IN"));
        columns.push(TableColumn::whole("COMMAND").optional());
    }
    let mut table = Table::new(&columns).indented(2);
    for (at, group) in groups.iter().take(GROUPS_MAX).enumerate() {
        if !group.reason.is_empty() || !is_waiting {
            table.heading(reason_of(group));
        }
        if at >= NAMED_GROUPS_MAX {
            continue;
        }
        for task in &group.named {
            let mut cells = vec![task.row.to_string()];
            cells.extend(has_steps.then(|| task.step.to_string()));
            cells.extend([serial_of(task).to_owned(), task.device.name.to_string()]);
            cells.extend(has_users.then(|| task.device.user_email.to_string()));
            cells.push(task.action.clone());
            if is_waiting {
                cells.extend(waiting_cells(task, screen));
            }
            table.row(cells);
        }
        let more = group.count - group.named.len();
        if more > 0 {
            table.heading(format!("and {} more (report.csv)", thousands(more)));
        }
    }
    name_the_rest(&mut table, groups);
    table.render(screen)
}

/// Counts the reasons beyond those that a table shows.
fn name_the_rest(table: &mut Table, groups: &[TaskGroup]) {
    let more = groups.len().saturating_sub(GROUPS_MAX);
    if more > 0 {
        table.heading(format!("and {} (report.csv)", counted(more, "more reason")));
    }
}

fn is_waiting(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pending | Outcome::NotNow)
}

/// The serial number, else the id.
fn serial_of(task: &NamedTask) -> &str {
    match task.device.serial_number.as_str() {
        "" => task.device.id.as_str(),
        serial => serial,
    }
}

/// When the device was last seen before the plan, and how its command stands.
fn waiting_cells(task: &NamedTask, screen: &Screen) -> [String; 2] {
    let seen = task.device.last_check_in.get();
    let seen = seen.map_or_else(|| "unknown".to_owned(), |at| screen.time(at));
    let status = match (task.outcome, task.command_status) {
        (Outcome::NotNow, _) => "not_now",
        (_, Some(status)) => status.word(),
        (_, None) => "",
    };
    [seen, status.to_owned()]
}

fn reason_of(group: &TaskGroup) -> TableCell {
    let is_sent_well = group.named.first().is_some_and(|task| !task.outcome.is_error());
    let reason = match group.reason.as_str() {
        // Only a lock without PIN needs attention although it went well.
        "" if is_sent_well => "no PIN came with the answer",
        "" => "no reason given",
        reason => reason,
    };
    let mut short: String =
        one_line(&plain_reason(reason)).chars().take(REASON_CHARS_MAX).collect();
    if plain_reason(reason).chars().count() > REASON_CHARS_MAX {
        short.push('…');
    }
    let hint = hint(group).map(|hint| format!(": {hint}")).unwrap_or_default();
    TableCell::toned(Tone::Strong, format!("{short} ({}){hint}", thousands(group.count)))
}

/// What the status of an answer means for a person, where that helps.
fn hint(group: &TaskGroup) -> Option<&'static str> {
    let outcome = group.named.first()?.outcome;
    status_hint(outcome, group.http_status)
}

/// What a rule left out: reasons and counts.
fn skipped(overview: &RunOverview, screen: &Screen) -> Option<String> {
    let total: usize = overview.skipped.iter().map(|group| group.count).sum();
    if total == 0 {
        return None;
    }
    let title =
        screen.toned(tone(Outcome::Skipped), &format!("skipped: {}", counted(total, "task")));
    let mut table = Table::new(&[TableColumn::whole("")]).indented(2);
    overview.skipped.iter().take(GROUPS_MAX).for_each(|group| table.heading(reason_of(group)));
    name_the_rest(&mut table, &overview.skipped);
    Some(format!("{title}\n{}", table.render(screen)))
}

/// What no retry sends.
fn blocked(overview: &RunOverview, screen: &Screen) -> Option<String> {
    let count = overview.blocked as usize;
    let text = format!(
        "blocked: {}, because an earlier step has not ended as required",
        counted(count, "task")
    );
    (count > 0).then(|| format!("{}\n", broken(&text, screen.width).join("\n")))
}

/// PINs that are known, and how to see them.
fn pins(overview: &RunOverview) -> Option<String> {
    let count = overview.pins_kept as usize;
    let (pins, them) = (counted(count, "PIN"), if count == 1 { "it" } else { "them" });
    let run = one_line(&overview.facts.run_id);
    (count > 0).then(|| format!("{pins} saved; to show {them}:\n  sortie pins {run}\n"))
}

/// What the run cost in requests.
fn cost(overview: &RunOverview) -> Option<String> {
    let requests = &overview.facts.requests;
    if requests.is_empty() {
        return None;
    }
    let kinds: Vec<String> =
        requests.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let total: u64 = requests.values().sum();
    let mut text = format!("requests: {total} ({})\n", kinds.join(", "));
    if let Some(Following { requests, settled, requests_per_settled }) = overview.following {
        text.push_str(&format!(
            "following: {requests} requests for {settled} settled ({requests_per_settled} each)\n"
        ));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::text::table::width_of;
    use crate::model::{DeviceFacts, DeviceId, OutcomeCounts};

    fn named(row: u32, outcome: Outcome) -> NamedTask {
        let device = DeviceFacts {
            id: DeviceId::from_api(&format!("d{row}")),
            serial_number: format!("SN{row}").into(),
            name: format!("Mac-{row}").into(),
            ..DeviceFacts::default()
        };
        let action = "restart".to_owned();
        NamedTask { row, step: 1, device: device.into(), action, outcome, command_status: None }
    }

    fn group(reason: &str, count: usize, outcome: Outcome) -> TaskGroup {
        let named = (1..=count.min(10)).map(|row| named(row as u32, outcome)).collect();
        TaskGroup { reason: reason.to_owned(), http_status: None, count, named }
    }

    fn overview(failed: Vec<TaskGroup>) -> RunOverview {
        let mut counts = OutcomeCounts::default();
        let tasks = failed.iter().map(|group| group.count).sum();
        (0..tasks).for_each(|_| counts.add(Outcome::Failed));
        RunOverview { tasks, counts, failed, ..RunOverview::default() }
    }

    #[test]
    fn a_group_names_its_first_tasks_and_counts_the_rest() {
        let overview = overview(vec![group("the device said no", 29, Outcome::Failed)]);
        let text = run_tasks(&overview, Detail::Usual, &Screen::plain());
        let expected = "  OUTCOME  TASKS  MEANING
  failed      29  the device reported failure, or no PIN came

failed: 29 tasks
  ROW  SERIAL  NAME    ACTION
  the device said no (29)
    1  SN1     Mac-1   restart
";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("\n   10  SN10    Mac-10  restart\n  and 19 more (report.csv)\n"),
            "{text}"
        );
    }

    #[test]
    fn many_reasons_are_counted_and_not_listed() {
        let groups = (0..30).map(|at| group(&format!("reason {at}"), 1, Outcome::Failed));
        let text = run_tasks(&overview(groups.collect()), Detail::Usual, &Screen::plain());
        assert_eq!(text.matches("  reason ").count(), GROUPS_MAX);
        assert_eq!(text.matches(" SN1 ").count(), NAMED_GROUPS_MAX);
        assert!(text.contains("and 20 more reasons (report.csv)"), "{text}");
    }

    #[test]
    fn names_and_reasons_steer_no_terminal_and_fit_it() {
        let mut evil = group("no\u{1b}[2J\nerror: all is lost", 1, Outcome::Failed);
        let device = DeviceFacts {
            name: "evil\u{1b}[2J\nname that is far too long for a terminal of 60".into(),
            ..(*evil.named[0].device).clone()
        };
        evil.named[0].device = device.into();
        evil.reason.push_str(&" and so on".repeat(100));
        let mut overview = overview(vec![evil]);
        overview.facts.job = "job\u{1b}[31m".to_owned();
        overview.facts.reason = Some("INC-1\nINC-2".to_owned());
        let screen = Screen { width: Some(60), ..Screen::plain() };
        let text = run_summary(&overview, Detail::Verbose, &screen);
        assert!(!text.contains('\u{1b}') && !text.contains("\nerror") && !text.contains("\nINC"));
        assert!(text.lines().all(|line| width_of(line) <= 60), "{text}");
    }

    #[test]
    fn the_status_of_a_refusal_is_explained() {
        let mut refused = group("HTTP 403", 1, Outcome::Refused);
        refused.http_status = Some(403);
        let shown = run_tasks(
            &RunOverview { refused: vec![refused], ..RunOverview::default() },
            Detail::Usual,
            &Screen::plain(),
        );
        assert!(shown.contains("HTTP 403 (1): the token lacks the permission"), "{shown}");
    }

    #[test]
    fn requests_are_shown_only_where_details_are_asked_for() {
        let mut overview = overview(vec![group("x", 1, Outcome::Failed)]);
        overview.facts.requests = [("send".to_owned(), 8), ("follow".to_owned(), 4)].into();
        let usual = run_tasks(&overview, Detail::Usual, &Screen::plain());
        let verbose = run_tasks(&overview, Detail::Verbose, &Screen::plain());
        assert_eq!(verbose, format!("{usual}\nrequests: 12 (follow 4, send 8)\n"));
    }

    #[test]
    fn skipped_blocked_and_pins_have_their_lines() {
        let overview = RunOverview {
            skipped: vec![group("protected by the policy", 3, Outcome::Skipped)],
            blocked: 2,
            pins_kept: 1,
            ..RunOverview::default()
        };
        let text = run_tasks(&overview, Detail::Usual, &Screen::plain());
        for line in [
            "skipped: 3 tasks\n  protected by the policy (3)\n",
            "\nblocked: 2 tasks, because an earlier step has not ended as required\n",
            "\n1 PIN saved; to show it:\n  sortie pins ",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
