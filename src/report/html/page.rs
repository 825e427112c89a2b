//! The page as a whole.
//!
//! Owns what its template gets, and its policy for content: nothing is loaded, and only our own style and script run. Must
//! never hold all rows at once: they are written one by one.

use std::collections::HashSet;
use std::io;
use std::ops::Range;

use askama::Template;

use super::attention::Attention;
use super::bar::OutcomeBar;
use super::columns::TaskColumns;
use super::curve::{Curve, DeviceKey};
use super::headline::Headline;
use super::requests::RequestTable;
use super::tenants::{TenantLine, tenants_of};
use super::waves::{WaveLine, gate_words, waves_of};
use super::words;
use crate::model::{PagePins, ReportOptions, TaskIndex};
use crate::report::{Report, ReportRow, Rows, RunFacts};

/// The style of the page, and what it is in the policy for content. A test compares both.
const STYLE: &str = include_str!("../templates/report.css");
const STYLE_HASH: &str = "sha256-unDGFicQ93Q4Gyvndj4RE1P1XYZt8rDBIxjTf2nLT+I=";
/// The script that searches and sorts. Without it everything is still there.
const SCRIPT: &str = include_str!("../templates/report.js");
const SCRIPT_HASH: &str = "sha256-kDinpBUJIvNYV46irZ7a25yLmzWSTnlTBvi6RaEHRlY=";

/// Rows of a part of the table of all tasks.
const CHUNK_ROWS: u32 = 100;

/// The report `report.html`: the run as one page, for people.
#[derive(Copy, Clone, Debug)]
pub struct ReportHtml<'a> {
    /// How it is written.
    pub options: &'a ReportOptions,
}

#[derive(Template)]
#[template(path = "report.html", config = "src/report/templates/askama.toml")]
struct Page<'a> {
    facts: &'a RunFacts,
    rows: Rows<'a>,
    pins: PagePins,
    headline: Headline,
    bar: OutcomeBar,
    curve: Option<Curve>,
    attention: Attention,
    tenants: Vec<TenantLine>,
    waves: Vec<WaveLine>,
    wave_gate: Option<&'static str>,
    requests: RequestTable,
    columns: TaskColumns,
    task_count: usize,
    device_count: usize,
    style: &'static str,
    style_hash: &'static str,
    script: &'static str,
    script_hash: &'static str,
    chunk_rows: u32,
}

impl Report for ReportHtml<'_> {
    fn file_name(&self) -> &str {
        "report.html"
    }

    fn write(&self, facts: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        Page::of(facts, *rows, self.options.pins).write_into(sink)
    }
}

impl<'a> Page<'a> {
    fn of(facts: &'a RunFacts, rows: Rows<'a>, pins: PagePins) -> Self {
        let counts = rows.outcomes();
        let keys = (0..).map(TaskIndex).zip(rows.iter());
        let devices: HashSet<DeviceKey> = keys.map(|(at, row)| DeviceKey::of(&row, at)).collect();
        Self {
            headline: Headline::of(facts, &counts),
            bar: OutcomeBar::of(&counts),
            curve: Curve::of(facts, &rows),
            attention: Attention::of(facts, &rows),
            tenants: tenants_of(facts),
            waves: waves_of(facts, &rows),
            wave_gate: facts.wave_gate.map(gate_words),
            requests: RequestTable::of(facts, &rows),
            columns: TaskColumns::of(&rows, pins),
            task_count: rows.tasks_count(),
            device_count: devices.len(),
            facts,
            rows,
            pins,
            style: STYLE,
            style_hash: STYLE_HASH,
            script: SCRIPT,
            script_hash: SCRIPT_HASH,
            chunk_rows: CHUNK_ROWS,
        }
    }

    /// The rows in parts that a browser lays out only when they come into view.
    fn chunks(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let rows = u32::try_from(self.task_count).unwrap_or(u32::MAX);
        let ends = move |first: u32| first..first.saturating_add(CHUNK_ROWS).min(rows);
        (0..rows).step_by(CHUNK_ROWS as usize).map(ends)
    }

    /// The rows of a part; their cells are made when they are written.
    fn lines(&self, chunk: &Range<u32>) -> impl Iterator<Item = ReportRow<'a>> {
        chunk.clone().filter_map(|at| self.rows.get(TaskIndex(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        HeldPin, Outcome, PinOrigin, RunVerdict, Sealed, Task, TaskRecord, UnixMillis,
    };
    use crate::report::testing::{facts, held_pin, one_of_each, record, task, text_of};

    fn page(facts: &RunFacts, tasks: &[Task], records: &[TaskRecord], pins: PagePins) -> String {
        let options = ReportOptions { pins, ..ReportOptions::default() };
        text_of(&ReportHtml { options: &options }, facts, &Rows::new(tasks, records))
    }

    /// The texts between tags, with references resolved.
    fn texts(page: &str) -> String {
        let body = page.split_once("<body>").map_or(page, |(_, body)| body);
        let body = body.split_once("<script>").map_or(body, |(body, _)| body);
        let mut text = String::new();
        for part in body.replace("<wbr>", "").split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
            text.push(' ');
        }
        text.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
    }

    #[test]
    fn the_policy_names_our_style_and_script_alone() {
        for (text, hash, what) in
            [(STYLE, STYLE_HASH, "STYLE_HASH"), (SCRIPT, SCRIPT_HASH, "SCRIPT_HASH")]
        {
            let digest = crate::model::sha256(text.as_bytes());
            assert_eq!(hash, format!("sha256-{}", in_base64(&digest)), "update {what}");
        }
        let (tasks, records) = one_of_each();
        let page = page(&facts(), &tasks, &records, PagePins::Hidden);
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains(&format!("<style>{STYLE}</style>")));
        assert!(page.contains(&format!("<script>{SCRIPT}</script>")));
        assert_eq!((page.matches("<style").count(), page.matches("<script").count()), (1, 1));
        for loaded in ["src=", "href=\"http", "url(", "@import", " style=", " onclick=", "<iframe"]
        {
            assert!(!page.contains(loaded), "{loaded}");
        }
    }

    fn in_base64(hexadecimal: &str) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let byte = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("a digit");
        let bytes: Vec<u8> = (0..hexadecimal.len()).step_by(2).map(byte).collect();
        let mut text = String::new();
        for three in bytes.chunks(3) {
            let number = three.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            let number = number << (8 * (3 - three.len()));
            for at in 0..4 {
                let letter = LETTERS[(number >> (18 - 6 * at) & 63) as usize];
                text.push(if at > three.len() { '=' } else { char::from(letter) });
            }
        }
        text
    }

    #[test]
    fn every_task_and_every_outcome_is_in_the_page() {
        let (tasks, records) = one_of_each();
        let mut run = facts();
        run.verdict = Some(RunVerdict::Doubt);
        run.finished_at = Some(run.started_at.plus_ms(90_000));
        let text = texts(&page(&run, &tasks, &records, PagePins::Hidden));
        for row in 1..=10 {
            for cell in [format!("Mac-{row}"), format!("SN{row}"), format!("user{row}@example.org")]
            {
                assert!(text.contains(&cell), "{cell}");
            }
        }
        for outcome in Outcome::ALL {
            assert!(text.contains(words::outcome(&outcome)), "{outcome}");
        }
        assert!(text.contains("Tasks in doubt") && text.contains("10 tasks on 10 devices"));
        assert!(text.contains("1 min 30 s"), "{text}");
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let evil = "</td><script>alert(1)</script>\"'&\u{202e}x\u{1b}[2J";
        let mut hostile = task(1, 1, "restart");
        let device = hostile.device_mut();
        for text in [
            &mut device.name,
            &mut device.serial_number,
            &mut device.user_name,
            &mut device.user_email,
        ] {
            *text = evil.into();
        }
        device.blueprint = evil.into();
        evil.clone_into(&mut hostile.action);
        let mut run = facts();
        for text in [&mut run.job, &mut run.tenant, &mut run.operator, &mut run.confirmation] {
            evil.clone_into(text);
        }
        (run.reason, run.approver) = (Some(evil.to_owned()), Some(evil.to_owned()));
        run.record.stopped_actions = vec![(evil.to_owned(), evil.to_owned())];
        run.requests.insert(evil.to_owned(), 1);
        for outcome in [Outcome::Failed, Outcome::Pending, Outcome::Skipped] {
            let records = [record(&hostile, outcome, evil)];
            let page = page(&run, std::slice::from_ref(&hostile), &records, PagePins::Shown);
            assert_eq!(page.matches("<script").count(), 1, "{outcome}");
            assert!(!page.contains(['\u{202e}', '\u{1b}']), "{outcome}");
            assert!(!page.contains("'&\u{fffd}") && page.contains("&#60;script&#62;alert(1)"));
        }
    }

    fn locks() -> (Vec<Task>, Vec<TaskRecord>) {
        let tasks: Vec<Task> = (1..=4).map(|row| task(row, 1, "lock")).collect();
        let mut records: Vec<TaskRecord> =
            tasks.iter().map(|task| record(task, Outcome::Completed, "")).collect();
        records[0].pins = vec![
            held_pin("012345"),
            HeldPin { origin: PinOrigin::Recovered, may_be_older: true, ..held_pin("987123") },
        ];
        records[1].pins =
            vec![HeldPin { pin: Sealed::encrypted("AGE-TEXT".to_owned(), None), ..held_pin("1") }];
        records[2].pins = vec![held_pin("")];
        (tasks, records)
    }

    #[test]
    fn no_pin_is_in_a_page_that_hides_them() {
        let (tasks, records) = locks();
        let page = page(&facts(), &tasks, &records, PagePins::Hidden);
        for secret in ["012345", "987123", "AGE-TEXT", "id=\"confidential\""] {
            assert!(!page.contains(secret), "{secret}");
        }
        let text = texts(&page);
        for state in ["captured", "pruned", "missing", "sortie pins"] {
            assert!(text.contains(state), "{state}");
        }
    }

    #[test]
    fn a_page_with_pins_is_marked() {
        let (tasks, records) = locks();
        let page = page(&facts(), &tasks, &records, PagePins::Shown);
        assert!(page.contains("id=\"confidential\"") && !page.contains("AGE-TEXT"));
        let text = texts(&page);
        for part in [
            "Confidential: contains PINs",
            "PIN (confidential)",
            "012345; other PINs: 987123 (possibly from an older lock)",
            "captured",
            "pruned",
            "missing",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn steps_are_tasks_and_devices_are_counted_once() {
        let tasks = [task(1, 1, "lock"), task(1, 2, "erase"), task(2, 1, "lock")];
        let records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
        let text = texts(&page(&facts(), &tasks, &records, PagePins::Hidden));
        assert!(text.contains("All tasks: 3 tasks on 2 devices"), "{text}");
        assert!(text.contains("Step"));
    }

    #[test]
    fn a_large_page_costs_few_bytes_for_each_row() {
        let tasks: Vec<Task> = (1..=2_000).map(|row| task(row, 1, "restart")).collect();
        let records: Vec<TaskRecord> =
            tasks.iter().map(|task| record(task, Outcome::Completed, "")).collect();
        let bytes = |count: usize| {
            page(&facts(), &tasks[..count], &records[..count], PagePins::Hidden).len()
        };
        let per_row = (bytes(2_000) - bytes(1_000)) / 1_000;
        assert!(per_row < 300, "{per_row} bytes");
    }

    #[test]
    fn the_page_of_an_empty_run_is_a_page() {
        let mut run = facts();
        run.record.last_at = UnixMillis(0);
        let page = page(&run, &[], &[], PagePins::Hidden);
        assert!(page.contains("No task was to be sent.") && page.ends_with("</html>"));
    }
}
