//! The end of a run, for people.
//!
//! Owns the text that says how a run ended and what wants attention. Must never repeat a PIN, or let a
//! device's name or a server's words steer the terminal.

use std::collections::HashMap;

use super::Rerun;
use super::row::{Following, ReportRow, Rows, RunFacts};
use crate::model::{Outcome, TaskIndex, human_duration};

/// Rows that are named one by one in each section; more would push the counts off the screen.
const ROWS_SHOWN_MAX: usize = 10;

/// Longest reason or name, in characters: one line of a wide terminal.
const TEXT_CHARS_MAX: usize = 120;

/// How the run ended: counts, then the Macs that are locked without a known PIN, then what failed or was
/// refused, by reason, then what is in doubt.
#[must_use]
pub fn summary_text(facts: &RunFacts, rows: &Rows<'_>) -> String {
    let mut lines = vec![headline(facts, rows)];
    lines.extend(facts.reason.as_ref().map(|reason| format!("reason: {}", plain(reason))));
    let counts = rows.outcomes();
    lines.extend(counts.iter().map(|(outcome, n)| format!("  {:<18}{n:>8}", outcome.word())));
    lines.extend(section(rows, "locked without PIN", |row| row.lacks_pin()));
    if rows.iter().any(|row| row.lacks_pin()) {
        lines.push(format!("  look for them with: sortie pins {} --recover", plain(&facts.run_id)));
    }
    for outcome in [Outcome::Failed, Outcome::Refused, Outcome::InDoubt] {
        lines.extend(section(rows, outcome.word(), |row| {
            row.outcome() == outcome && !row.lacks_pin()
        }));
    }
    lines.extend(left_out(facts, rows));
    if !facts.requests.is_empty() {
        let kinds: Vec<String> =
            facts.requests.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let total: u64 = facts.requests.values().sum();
        lines.push(format!("requests: {total} ({})", kinds.join(", ")));
    }
    if let Some(Following { requests, settled, requests_per_settled }) = Following::of(facts, rows)
    {
        lines.push(format!(
            "following: {requests} requests for {settled} settled ({requests_per_settled} each)"
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn headline(facts: &RunFacts, rows: &Rows<'_>) -> String {
    let tasks = match rows.tasks_count() {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    let when = match facts.finished_at {
        Some(end) => format!("in {}", human_duration(end.remaining_ms(facts.started_at))),
        None => "so far".to_owned(),
    };
    let (run, job, tenant) = (plain(&facts.run_id), plain(&facts.job), plain(&facts.tenant));
    format!("run {run}: {job} on {tenant}, {tasks} {when}")
}

/// Rows that share a reason.
struct Group<'a> {
    reason: String,
    count: usize,
    /// The first rows of it; no more than a section can show.
    first: Vec<ReportRow<'a>>,
}

fn section(rows: &Rows<'_>, title: &str, belongs: impl Fn(&ReportRow<'_>) -> bool) -> Vec<String> {
    let groups = groups_of(rows, belongs);
    let total: usize = groups.iter().map(|group| group.count).sum();
    if total == 0 {
        return Vec::new();
    }
    let mut lines = vec![format!("{title}:")];
    let mut shown = 0;
    for group in &groups {
        let room = ROWS_SHOWN_MAX - shown;
        if room == 0 {
            break;
        }
        lines.push(format!("  {} ({})", group.reason, group.count));
        lines.extend(group.first.iter().take(room).map(row_line));
        shown += group.first.len().min(room);
    }
    if total > shown {
        lines.push(format!("  and {} more, see report.csv", total - shown));
    }
    lines
}

fn groups_of<'a>(rows: &Rows<'a>, belongs: impl Fn(&ReportRow<'_>) -> bool) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut by_reason: HashMap<String, usize> = HashMap::new();
    for row in rows.iter().filter(belongs) {
        let reason = match plain(&row.reason()) {
            empty if empty.is_empty() => "no reason given".to_owned(),
            reason => reason,
        };
        let at = *by_reason.entry(reason.clone()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group { reason, count: 0, first: Vec::new() });
        }
        let group = &mut groups[at];
        group.count += 1;
        if group.first.len() < ROWS_SHOWN_MAX {
            group.first.push(row);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

fn row_line(row: &ReportRow<'_>) -> String {
    let device = row.device();
    let step = if row.step() > 1 { format!(" step {}", row.step()) } else { String::new() };
    let serial = plain(&device.serial_number);
    format!("    row {}{step}  {serial}  {}  {}", row.row(), plain(&device.name), row.action())
}

/// What stands in no file for a new run, so that nobody waits for it there.
fn left_out(facts: &RunFacts, rows: &Rows<'_>) -> Vec<String> {
    let is_left_out = |at: &u32| Rerun::of(rows, TaskIndex(*at)).is_none();
    let count = u32::try_from(rows.tasks_count()).unwrap_or(u32::MAX);
    let (mut waiting, mut locked) = (0_u32, 0_u32);
    for row in (0..count).filter(is_left_out).filter_map(|at| rows.get(TaskIndex(at))) {
        waiting += u32::from(row.outcome() == Outcome::NotAttempted);
        locked += u32::from(row.is_pin_missing());
    }
    let run = plain(&facts.run_id);
    let mut lines = Vec::new();
    if locked > 0 {
        lines.push(format!(
            "not in failed.csv, because a second lock does not help: {locked} locked without PIN; \
             sortie pins {run} --recover looks for it"
        ));
    }
    if waiting > 0 {
        lines.push(format!(
            "not in unprocessed.csv, because the step before did not end as it must: {waiting}; \
             sortie resume {run} goes on where that is still open"
        ));
    }
    lines
}

/// One line of limited length without control characters.
fn plain(text: &str) -> String {
    let mut letters =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).peekable();
    let mut short: String = letters.by_ref().take(TEXT_CHARS_MAX).collect();
    if letters.peek().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, held_pin, one_of_each, record, task};
    use super::*;
    use crate::model::{Gate, Task, TaskRecord};

    #[test]
    fn counts_stand_first_and_what_hurts_after_them() {
        let (tasks, records) = one_of_each();
        let mut facts = facts();
        facts.finished_at = Some(facts.started_at.plus_ms(250_000));
        facts.reason = Some("CHG-1042".to_owned());
        let text = summary_text(&facts, &Rows::new(&tasks, &records));
        let expected = "\
run 20260102-030400-abcde: lab on acme, 10 tasks in 4 min 10 s
reason: CHG-1042
  completed                1
  accepted                 1
  pending                  1
  not_now                  1
  already_in_effect        1
  failed                   1
  refused                  1
  in_doubt                 1
  skipped                  1
  not_attempted            1
failed:
  for a reason (1)
    row 6  SN6  Mac-6  restart
refused:
  for a reason (1)
    row 7  SN7  Mac-7  restart
in_doubt:
  for a reason (1)
    row 8  SN8  Mac-8  restart
requests: 12 (follow 4, send 8)
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_missing_pin_comes_first_and_the_list_is_short() {
        let mut tasks: Vec<Task> = (1..=30).map(|row| task(row, 1, "lock")).collect();
        tasks[29].device.name = "evil\u{1b}[2J\nname".to_owned();
        let mut records: Vec<TaskRecord> =
            tasks.iter().map(|task| record(task, Outcome::Failed, "the device said no")).collect();
        records[29] = record(&tasks[29], Outcome::Failed, "pin_missing: none came");
        records[0].pins = vec![held_pin("987123")];
        let text = summary_text(&facts(), &Rows::new(&tasks, &records));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "run 20260102-030400-abcde: lab on acme, 30 tasks so far");
        assert_eq!(lines[2..4], ["locked without PIN:", "  pin_missing: none came (1)"]);
        assert_eq!(lines[4], "    row 30  SN30  evil [2J name  lock");
        let cure = "sortie pins 20260102-030400-abcde --recover";
        assert_eq!(lines[5], format!("  look for them with: {cure}"));
        assert_eq!(lines[6..8], ["failed:", "  the device said no (29)"]);
        assert_eq!(lines.iter().filter(|line| line.starts_with("    row ")).count(), 11);
        assert!(lines.contains(&"  and 19 more, see report.csv"));
        assert!(text.contains(&format!("1 locked without PIN; {cure} looks for it")));
        assert!(!text.contains("987123"));
    }

    #[test]
    fn steps_in_no_file_are_told() {
        let mut tasks = [task(1, 1, "lock"), task(1, 2, "erase")];
        tasks[1].after = Some((TaskIndex(0), Gate::GoodEnd));
        let records = [record(&tasks[0], Outcome::InDoubt, ""), TaskRecord::new(&tasks[1])];
        let text = summary_text(&facts(), &Rows::new(&tasks, &records));
        assert!(text.contains("the step before did not end as it must: 1; sortie resume"));
        assert!(text.contains("  no reason given (1)"));
    }
}
