//! The way in: one function for every kind of job file.
//!
//! Owns the options of reading, the choice between the formats and the job's name and digest. Must never
//! open a file itself: bytes come from the caller, and so does the loader for a list of targets.

use std::fmt;

use sha2::{Digest, Sha256};

use super::cells::TargetField;
use super::column_options::ColumnOptions;
use super::decode::{Encoding, decode};
use super::diagnostics::{Diagnostic, Diagnostics, Flaw, quote};
use super::source::Source;
use super::steps::{Form, ProtectedValues, StepDraft, find_param, read_action, read_value};
use super::table::{Base, Duplicates, TableRules, read_table};
use super::{Exclusion, Job, JobSettings, sniff, yaml};
use crate::model::{composed, hexadecimal};

/// Longest name of a job, in characters: it becomes the name of a directory.
pub(super) const JOB_NAME_CHARS_MAX: usize = 64;

/// One job file that has been read into memory.
#[derive(Copy, Clone, Debug)]
pub struct Input<'a> {
    /// Name of the file for messages; `<stdin>` for standard input.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// What the command line says about reading a job.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// `--action`: the action for all rows of a table without an action column.
    pub action: Option<String>,
    /// `--param k=v`, together with `--action`.
    pub params: Vec<(String, String)>,
    /// `--map "Display Name=new_name"`: renames a column.
    pub map: Vec<(String, String)>,
    /// `--ignore-column`: passes a column over.
    pub ignore_columns: Vec<String>,
    /// `--identify-by`: limits identities to one, for actions that change nothing or harm nobody.
    pub identify_by: Option<IdentifyBy>,
    /// `--dedupe`: drops identical rows with a note instead of refusing them.
    pub dedupe: bool,
    /// `--delimiter`
    pub delimiter: Option<u8>,
    /// `--encoding`: of the tables that a job is or names.
    pub encoding: Option<Encoding>,
    /// `--allow-wipe-protected`
    pub allow_wipe_protected: bool,
}

impl fmt::Debug for ParseOptions {
    /// Values of `--param` may be PINs: only their names are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&String> = self.params.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("ParseOptions")
            .field("action", &self.action)
            .field("params", &params)
            .field("map", &self.map)
            .field("ignore_columns", &self.ignore_columns)
            .field("identify_by", &self.identify_by)
            .field("dedupe", &self.dedupe)
            .field("delimiter", &self.delimiter)
            .field("encoding", &self.encoding)
            .field("allow_wipe_protected", &self.allow_wipe_protected)
            .finish()
    }
}

/// The one identity that is used.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum IdentifyBy {
    /// `device_id`
    DeviceId,
    /// `serial_number`
    SerialNumber,
    /// `user_email`
    UserEmail,
}

impl IdentifyBy {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::DeviceId, Self::SerialNumber, Self::UserEmail];

    /// The word of the flag.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.field().word()
    }

    /// The field of a target.
    #[must_use]
    pub fn field(self) -> TargetField {
        match self {
            Self::DeviceId => TargetField::DeviceId,
            Self::SerialNumber => TargetField::SerialNumber,
            Self::UserEmail => TargetField::UserEmail,
        }
    }
}

impl ParseOptions {
    pub(super) fn protected_values(&self) -> ProtectedValues {
        if self.allow_wipe_protected { ProtectedValues::Allowed } else { ProtectedValues::Refused }
    }

    pub(super) fn duplicates(&self) -> Duplicates {
        if self.dedupe { Duplicates::Drop } else { Duplicates::Refuse }
    }

    pub(super) fn column_options(&self) -> ColumnOptions {
        ColumnOptions { map: self.map.clone(), ignore: self.ignore_columns.clone() }
    }
}

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
    // What is named as YAML is UTF-8: the flag speaks of the table that it names.
    let encoding = options.encoding.filter(|_| !sniff::is_named_as_yaml(input.name));
    let bytes = decode(input.name, input.bytes, encoding, problems, &mut notes)?;
    let mut source = Source::read(input.name, &bytes, problems)?;
    if source.text.trim().is_empty() {
        let flaw = Flaw::new("the file is empty: 0 jobs")
            .hint("a CSV file begins with a line such as 'serial_number,action'");
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
    };
    let rows = read_table(source, &rules, problems, &mut notes)?;
    Some(Job {
        name: name_from_file(input.name),
        reason: None,
        digest: digest(&[&source.without_secrets()]),
        rows,
        selection: None,
        exclude: Exclusion::default(),
        settings: JobSettings::default(),
        notes,
    })
}

/// Where problems of flags are said to be.
pub(super) const COMMAND_LINE: &str = "<command line>";

pub(super) fn refuse_params_without_action(options: &ParseOptions, problems: &mut Diagnostics) {
    if options.params.is_empty() {
        return;
    }
    let flaw = Flaw::new("--param is given without --action")
        .hint("a file that names actions gives their parameters itself");
    problems.push_for_file(COMMAND_LINE, flaw);
}

/// The one step of `--action` and `--param`.
pub(super) fn action_step(
    action: &str,
    options: &ParseOptions,
    problems: &mut Diagnostics,
) -> Option<StepDraft> {
    let count_before = problems.count();
    let action = match read_action(action.trim()) {
        Ok(action) => action,
        Err(flaw) => {
            problems.push_for_file(COMMAND_LINE, flaw);
            return None;
        }
    };
    let mut step = StepDraft::new(1, action);
    for (name, text) in &options.params {
        let value = find_param(action, name).and_then(|param| {
            let value = read_value(param, text, Form::Text, options.protected_values())?;
            if step.params.contains_key(param.key) {
                return Err(Flaw::new(format!("{} is given twice", param.key)));
            }
            Ok((param, value))
        });
        match value {
            Ok((param, value)) => {
                step.params.insert(param.key.to_owned(), value);
            }
            Err(flaw) => problems.push_for_file(COMMAND_LINE, flaw),
        }
    }
    (problems.count() == count_before).then_some(step)
}

/// The job's name for a file that has none of its own.
pub(super) fn name_from_file(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = match base.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => base,
    };
    let name: String = composed(stem)
        .chars()
        .map(|letter| if is_name_letter(letter) { letter } else { '-' })
        .take(JOB_NAME_CHARS_MAX)
        .collect();
    let name = name.trim_matches(['-', '.', ' ']);
    if name.is_empty() { "job".to_owned() } else { name.to_owned() }
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | ' ')
}

/// Checks a name that the operator chose: it becomes part of a path.
pub(super) fn check_job_name(name: &str) -> Result<(), Flaw> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > JOB_NAME_CHARS_MAX {
        return Err(Flaw::new(format!(
            "name has {length} characters, 1 to {JOB_NAME_CHARS_MAX} are allowed"
        )));
    }
    let is_safe = name.chars().all(is_name_letter) && !name.starts_with(['.', '-', ' ']);
    if is_safe {
        return Ok(());
    }
    Err(Flaw::new(format!("name {} cannot be part of a path", quote(name)))
        .hint("use letters, digits, '-', '_' and '.', and begin with a letter or digit"))
}

/// SHA-256 in hexadecimal digits. One part hashes as `sha256sum` does; several are set apart by their
/// lengths, so that a byte cannot move from one file to the other unseen.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        if parts.len() > 1 {
            hash.update((part.len() as u64).to_be_bytes());
        }
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_names_of_jobs() {
        for (file, expect) in [
            ("lab.csv", "lab"),
            ("/srv/jobs/design lab.2024.yaml", "design lab.2024"),
            ("<stdin>", "stdin"),
            (".csv", "csv"),
            ("..", "job"),
            ("a\u{1b}b.csv", "a-b"),
            ("Ge\u{301}nie.csv", "Génie"),
        ] {
            assert_eq!(name_from_file(file), expect, "{file}");
            assert!(check_job_name(&name_from_file(file)).is_ok(), "{file}");
        }
        for name in ["", "../x", "a/b", ".hidden", "-rf", &"x".repeat(65)] {
            assert!(check_job_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn digests_set_files_apart() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&[b"abc"]), abc);
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
