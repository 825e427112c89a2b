//! What the doctor found, as a list.
//!
//! Owns its layout, and its form for programs. Must never decide which finding is a problem.

use serde_json::json;
use std::fmt::Write;

use super::doctor_facts::{DoctorPlaces, Told, name_of, skipped, told};
use super::fields::object;
use super::layout::{counted, harmless};
use super::screen::{Screen, Tone};
use super::wrap::hanging;
use crate::app::doctor::{DoctorCheck, DoctorFact, DoctorFinding, DoctorResult};

/// Where results stand.
const INDENT: usize = 2;
/// Width of the results, that of the longest.
const RESULT_WIDTH: usize = 7;
/// Width of the names, that of the longest.
const NAME_WIDTH: usize = 15;
/// Where details stand.
const DETAIL_AT: usize = INDENT + RESULT_WIDTH + 2 + NAME_WIDTH + 2;
/// A terminal that leaves less for details gets longer lines instead.
const DETAIL_WIDTH_MIN: usize = 24;

/// The findings as lines that fit the screen.
pub(crate) fn text_of(
    findings: &[DoctorFinding],
    places: &DoctorPlaces<'_>,
    screen: &Screen,
) -> String {
    let mut text = String::new();
    for (heading, checks) in
        [("This host", &DoctorCheck::HOST[..]), ("Tenant", &DoctorCheck::TENANT[..])]
    {
        let part: Vec<&DoctorFinding> =
            findings.iter().filter(|finding| checks.contains(&finding.check)).collect();
        if part.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", screen.toned(Tone::Strong, heading));
        for group in part.chunk_by(|one, next| is_skipped_alike(one, next)) {
            let told = match group {
                [finding] => told(finding, places),
                several => skipped(several),
            };
            add(&mut text, group, &told, screen);
        }
    }
    text
}

/// Whether two findings are skipped after the same check: together they take one line.
fn is_skipped_alike(one: &DoctorFinding, other: &DoctorFinding) -> bool {
    match (&one.fact, &other.fact) {
        (DoctorFact::SkippedAfter(one), DoctorFact::SkippedAfter(other)) => one == other,
        _ => false,
    }
}

fn add(text: &mut String, group: &[&DoctorFinding], told: &Told, screen: &Screen) {
    let Some(first) = group.first() else { return };
    let name = match group.len() {
        1 => name_of(first.check).to_owned(),
        count => counted(count, "check"),
    };
    let result = first.result();
    let result = screen.toned(tone_of(result), &format!("{:<RESULT_WIDTH$}", word_of(result)));
    let _ = write!(text, "{:INDENT$}{result}  {name:<NAME_WIDTH$}  ", "");
    let next = match told.next.as_str() {
        "" => String::new(),
        next => format!("\nnext: {next}"),
    };
    let lines = format!("{}{next}", told.detail);
    let width = screen.width.map(|width| width.max(DETAIL_AT + DETAIL_WIDTH_MIN));
    let _ = writeln!(text, "{}", hanging(&harmless(&lines), width, DETAIL_AT));
}

/// How many findings of each kind there are.
pub(crate) fn summary_of(findings: &[DoctorFinding]) -> String {
    let count = |wanted| findings.iter().filter(|finding| finding.result() == wanted).count();
    let problems = match count(DoctorResult::Problem) {
        0 => "no problems".to_owned(),
        problems => counted(problems, "problem"),
    };
    match count(DoctorResult::Warning) {
        0 => problems,
        warnings => format!("{problems}, {}", counted(warnings, "warning")),
    }
}

/// The fields of a finding in JSON.
pub(crate) const FINDING_FIELDS: [&str; 4] = ["check", "result", "detail", "next"];

/// The findings for programs.
pub(crate) fn json_of(
    findings: &[DoctorFinding],
    places: &DoctorPlaces<'_>,
) -> Vec<serde_json::Value> {
    let row = |finding: &DoctorFinding| {
        let told = told(finding, places);
        let values =
            [json!(finding.check), json!(finding.result()), json!(told.detail), json!(told.next)];
        object(&FINDING_FIELDS, values)
    };
    findings.iter().map(row).collect()
}

fn word_of(result: DoctorResult) -> &'static str {
    match result {
        DoctorResult::Ok => "ok",
        DoctorResult::Warning => "warning",
        DoctorResult::Problem => "problem",
        DoctorResult::Skipped => "skipped",
    }
}

fn tone_of(result: DoctorResult) -> Tone {
    match result {
        DoctorResult::Ok => Tone::Good,
        DoctorResult::Warning => Tone::Caution,
        DoctorResult::Problem => Tone::Bad,
        DoctorResult::Skipped => Tone::Faint,
    }
}
