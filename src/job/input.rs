//! The way in: one function for every kind of job file.
//!
//! Owns the choice between the formats, and the order of problems. Must never open a file itself: bytes come from the
//! caller, and so does the loader for a list of targets.

use std::borrow::Cow;

use super::command_line::{action_step, refuse_params_without_action};
use super::definition::{Exclusion, Job};
use super::diagnostics::{Diagnostic, Diagnostics, Flaw};
use super::job_identity::{digest, name_from_file};
use super::parse_options::{Input, ParseOptions};
use super::settings::JobSettings;
use super::source::Source;
use super::table::read_table;
use super::table_file::{TableFile, TableWish, open_table};
use super::table_rules::{Base, TableRules};
use super::tenants::check_choice;
use super::{sniff, yaml};

/// Reads a job, or everything that is wrong with it.
///
/// `load` fetches the bytes of a file that a YAML job names in `targets: {file: ...}`.
///
/// ```
/// use sortie::job::{Input, ParseOptions, parse};
/// let input = Input { name: "lab.csv", bytes: b"Serial Number,Action\nC02XK1ABJG5J,restart\n" };
/// let job = parse(&input, &ParseOptions::default(), &|_| Err("none".into())).expect("a job");
/// assert_eq!(job.name, "lab");
/// assert_eq!(job.rows[0].steps[0].action.name, "restart");
/// assert_eq!(job.rows[0].line, 2);
/// ```
///
/// # Errors
/// All problems of the job, up to a limit.
pub fn parse(
    input: &Input<'_>,
    options: &ParseOptions,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Job, Diagnostics> {
    let mut problems = Diagnostics::default();
    let job = read(input, options, load, &mut problems);
    match job {
        Some(job) if problems.count() == 0 && has_steps(&job) => Ok(job),
        _ => {
            if problems.count() == 0 {
                problems.push_for_file(input.name, Flaw::new("the job cannot be read"));
            }
            // What many rows share is found last; people read a file from its top.
            let is_other = |item: &Diagnostic| item.file != input.name;
            problems.items.sort_by(|left, right| {
                let left = (is_other(left), &left.file, left.line, left.column);
                left.cmp(&(is_other(right), &right.file, right.line, right.column))
            });
            Err(problems)
        }
    }
}

/// Whether everything that is named or selected has something to be done on it.
fn has_steps(job: &Job) -> bool {
    job.rows.iter().all(|row| !row.steps.is_empty())
        && job.selection.as_ref().is_none_or(|selection| !selection.steps.is_empty())
}

fn read(
    input: &Input<'_>,
    options: &ParseOptions,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    problems: &mut Diagnostics,
) -> Option<Job> {
    let mut notes = Vec::new();
    check_choice(options.tenant_names(None), problems);
    // What is named as YAML is UTF-8 text: the flags are about the table that it names.
    let is_yaml = sniff::is_named_as_yaml(input.name);
    let wish = if is_yaml { TableWish::default() } else { TableWish::of(options) };
    let file = open_table(input.name, input.bytes, wish, problems, &mut notes)?;
    let mut source = file.source(input.name, problems)?;
    if let TableFile::Sheet(_) = file {
        if let Some(flaw) = sniff::misnamed_workbook(input.name) {
            problems.push_for_file(input.name, flaw);
            return None;
        }
        return read_plain_table(input, &mut source, options, (problems, notes));
    }
    if source.text.trim().is_empty() {
        let flaw = Flaw::new("the file is empty: 0 jobs")
            .hint("a CSV file begins with a header such as 'serial_number,action'");
        problems.push_for_file(input.name, flaw);
        return None;
    }
    match sniff::find_format(input.name, source.text) {
        Err(flaw) => {
            problems.push_for_file(input.name, flaw);
            None
        }
        Ok(sniff::JobFormat::Yaml) => {
            yaml::read_yaml(input, &mut source, options, load, (problems, notes))
        }
        Ok(sniff::JobFormat::Table) => {
            read_plain_table(input, &mut source, options, (problems, notes))
        }
    }
}

/// What of a table goes into the digest of its job: the bytes, or in place of a workbook with PINs its text without
/// them.
fn digested<'i>(input: &Input<'i>, source: &Source<'_>) -> Cow<'i, [u8]> {
    match source.sheet() {
        Some(_) if !source.has_secrets() => Cow::Borrowed(input.bytes),
        _ => Cow::Owned(source.without_secrets()),
    }
}

fn read_plain_table(
    input: &Input<'_>,
    source: &mut Source<'_>,
    options: &ParseOptions,
    (problems, mut notes): (&mut Diagnostics, Vec<String>),
) -> Option<Job> {
    let step = match &options.action {
        Some(action) => Some([action_step(action, options, problems)?]),
        None => {
            refuse_params_without_action(options, problems);
            None
        }
    };
    let rules = TableRules {
        column_options: options.column_options(),
        base: step.as_ref().map(|steps| Base { steps, origin: "--action" }),
        identify_by: options.identify_by,
        duplicates: options.duplicates(),
        protected_values: options.protected_values(),
        delimiter: options.delimiter,
        hidden: options.hidden,
        tenants: options.tenant_names(None),
    };
    let rows = read_table(source, &rules, problems, &mut notes)?;
    Some(Job {
        name: name_from_file(input.name),
        reason: None,
        digest: digest(&[&digested(input, source)]),
        rows,
        selection: None,
        exclude: Exclusion::default(),
        tenants: options.tenants.clone(),
        settings: JobSettings::default(),
        notes,
    })
}
