//! What the columns of a table mean.
//!
//! Owns the names of columns and the checks of a header. Must never read a data row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Row;
use super::cells::TargetField;
use super::column_options::{ColumnOptions, check_options, is_meant, renamed};
use super::diagnostics::{Diagnostics, Flaw, counted, quote};
use super::origin::{RUN_ENDED_NAME, RUN_NAME, RowOrigin, origin_of, shared_origin};
use super::scan::{Record, header_text};
use super::secrets::may_be_secret;
use super::source::Source;
use super::tenant_choice::{TENANT_NAME, is_tenant_column};
use crate::kandji::{ACTIONS, ParamKind, fold};
use crate::model::{first_steering, is_near};

/// Columns that our own reports add; folded.
const RESULTS: [&str; 13] = [
    "row",
    "platform",
    "outcome",
    "reason",
    "httpstatus",
    "commanduuid",
    "commandstatus",
    "lockpin",
    "attempts",
    "requestedat",
    "completedat",
    RUN_NAME,
    RUN_ENDED_NAME,
];
/// Names of real columns that only look like misspelt ones of ours.
const NOT_MISSPELT: [&str; 1] = ["udid"];
/// Names of the action column and of the step column; folded.
const ACTION_NAMES: [&str; 2] = ["action", "command"];
const STEP_NAME: &str = "step";
/// Most columns: an inventory export has about 60.
pub(super) const COLUMNS_MAX: usize = 512;
/// What a header may look like, for messages.
const EXPECTED_HEADER: &str = "serial_number,action";

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It names or checks the device.
    Target(TargetField),
    /// The action.
    Action,
    /// The tenant of the row.
    Tenant,
    /// The step number.
    Step,
    /// A parameter of one or several actions.
    Param,
    /// A result of an earlier report.
    Result,
    /// The operator asked to pass it over.
    Ignored,
    /// It goes into the report.
    Carried,
    /// It has no name, so no cell of it may say anything.
    Nameless,
}

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its name, as it is used: renamed, without spaces around it.
    pub name: String,
    /// The meaning of the column.
    pub meaning: Meaning,
    /// Its cells must not be shown.
    pub is_secret: bool,
}

impl Column {
    /// Whether it checks a device, and an action may change what it checks. Of names only a column of another name is the
    /// new one.
    pub fn is_label(&self) -> bool {
        self.meaning == Meaning::Target(TargetField::AssetTag)
    }

    /// Whether its cells may have several lines.
    pub fn takes_lines(&self) -> bool {
        let mut params = ACTIONS.iter().filter_map(|action| action.param(&self.name));
        self.meaning == Meaning::Param && params.any(|param| param.kind == ParamKind::Message)
    }
}

/// All columns, in the order of the file.
pub(super) struct TableHeader {
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Their names as they are in the file; folded.
    written: Vec<String>,
}

impl TableHeader {
    /// Whether a column with this meaning is there.
    pub fn has(&self, meaning: &Meaning) -> bool {
        self.columns.iter().any(|column| column.meaning == *meaning)
    }

    /// The run whose files a record comes from, if it does; shared with the row before where both are the same.
    pub fn origin(&self, record: &Record<'_>, before: Option<&Row>) -> Option<Arc<RowOrigin>> {
        let before = before.and_then(|row| row.origin.as_ref());
        origin_of(&self.written, record).map(|origin| shared_origin(origin, before))
    }

    /// The name of the column that says a device's name, if there is one.
    pub fn name_column(&self) -> Option<&str> {
        let meaning = Meaning::Target(TargetField::DeviceName);
        self.columns.iter().find(|column| column.meaning == meaning).map(|c| c.name.as_str())
    }
}

/// Reads a header. `None` when nothing below it can be understood.
pub(super) fn read_header(
    source: &Source<'_>,
    record: &Record<'_>,
    column_options: &ColumnOptions,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<TableHeader> {
    let count_before = problems.count();
    if record.cells.len() > COLUMNS_MAX {
        let flaw = format!("{} columns; at most {COLUMNS_MAX} are allowed", record.cells.len());
        problems.push(source.diagnostic(record.range.clone(), Flaw::new(flaw)));
        return None;
    }
    let names: Vec<&str> = record.cells.iter().map(|cell| header_text(cell.text())).collect();
    check_options(source, record, &names, column_options, problems, notes);
    if names.iter().all(|name| !is_known(renamed(name, column_options))) {
        problems.push(source.diagnostic(record.range.clone(), no_header(&names)));
        return None;
    }
    let is_understood = problems.count() == count_before;
    let mut columns = Vec::new();
    for (name, cell) in names.iter().zip(&record.cells) {
        let column = classify(name, column_options).unwrap_or_else(|flaw| {
            problems.push(source.diagnostic(cell.range.clone(), flaw));
            presumed(renamed(name, column_options), column_options)
        });
        columns.push(column);
    }
    let count_before = problems.count();
    check_doubles(source, record, &columns, problems);
    note_columns(&columns, notes);
    (is_understood && problems.count() == count_before).then(|| {
        let written = names.iter().map(|name| fold(name)).collect();
        TableHeader { columns, written }
    })
}

/// What a refused column is read as for the rest of the file, so that all problems are reported at once: as the
/// one that it resembles, else not at all. Its cells are never shown.
fn presumed(name: &str, column_options: &ColumnOptions) -> Column {
    let known = resembled(&fold(name)).and_then(|known| classify(known, column_options).ok());
    let meaning = known.as_ref().map_or(Meaning::Ignored, |known| known.meaning.clone());
    let name = known.map_or_else(|| name.to_owned(), |known| known.name);
    Column { name, meaning, is_secret: true }
}

/// Whether a name alone shows that a line is a header: it names the device or the action.
pub(super) fn is_telling(name: &str) -> bool {
    TargetField::find(name).is_some_and(TargetField::is_identity)
        || ACTION_NAMES.contains(&fold(name).as_str())
}

pub(super) fn is_known(name: &str) -> bool {
    let folded = fold(name);
    TargetField::find(name).is_some()
        || ACTION_NAMES.contains(&folded.as_str())
        || folded == STEP_NAME
        || folded == TENANT_NAME
        || RESULTS.contains(&folded.as_str())
        || is_param(name)
}

fn is_param(name: &str) -> bool {
    ACTIONS.iter().any(|action| action.param(name).is_some())
}

fn classify(written: &str, column_options: &ColumnOptions) -> Result<Column, Flaw> {
    let name = renamed(written, column_options);
    let folded = fold(name);
    let is_secret = may_be_secret(written) || may_be_secret(name);
    let column = |meaning| Ok(Column { name: name.to_owned(), meaning, is_secret });
    if column_options.ignore.iter().any(|ignored| is_meant(ignored, written)) {
        return column(Meaning::Ignored);
    }
    if name.contains(['\n', '\r']) {
        return Err(Flaw::new(format!("the column name {} has several lines", quote(name)))
            .hint("write it on one line"));
    }
    let stray = name.chars().find(|letter| letter.is_control());
    if let Some(letter) = stray.or(first_steering(name).map(|(_, letter)| letter)) {
        let code = u32::from(letter);
        return Err(Flaw::new(format!("the column name {} contains U+{code:04X}", quote(name)))
            .hint("type it again by hand; reports repeat the name"));
    }
    if folded.is_empty() {
        return column(Meaning::Nameless);
    }
    if let Some(field) = TargetField::find(name) {
        return column(Meaning::Target(field));
    }
    if ACTION_NAMES.contains(&folded.as_str()) {
        return column(Meaning::Action);
    }
    if folded == STEP_NAME {
        return column(Meaning::Step);
    }
    if is_tenant_column(name) && !column_options.carries_tenant {
        return column(Meaning::Tenant);
    }
    if RESULTS.contains(&folded.as_str()) {
        return column(Meaning::Result);
    }
    if is_param(name) {
        return column(Meaning::Param);
    }
    if is_secret {
        return Err(Flaw::new(format!("column {} contains secrets", quote(name))).hint(format!(
            "remove the column, or give --ignore-column \"{written}\"; the API token comes from SORTIE_TOKEN, --token-file or --token-command"
        )));
    }
    match resembled(&folded) {
        Some(known) => Err(Flaw::new(format!(
            "unknown column {} looks like a misspelling of '{known}'",
            quote(name)
        ))
        .hint(format!(
            "if you mean '{known}', write that or give --map \"{written}={known}\"; otherwise give --ignore-column \"{written}\""
        ))),
        None => column(Meaning::Carried),
    }
}

/// The known column that a folded name resembles.
fn resembled(folded: &str) -> Option<&'static str> {
    if NOT_MISSPELT.contains(&folded) || folded.chars().count() > 64 {
        return None;
    }
    for field in TargetField::ALL {
        if field.folded_names().iter().any(|name| is_near(folded, name)) {
            return Some(field.word());
        }
    }
    if ACTION_NAMES.iter().any(|name| is_near(folded, name)) {
        return Some("action");
    }
    let words = [STEP_NAME, TENANT_NAME];
    if let Some(near) = words.into_iter().find(|word| folded != *word && is_near(folded, word)) {
        return Some(near);
    }
    let mut params = ACTIONS.iter().flat_map(|action| action.params);
    let near = |known: &str| {
        let known = fold(known);
        // One letter more or less makes another word of three letters, but 'pins' is no other.
        is_near(folded, &known) || (known.len() == 3 && folded == format!("{known}s"))
    };
    params
        .find(|param| param.names().any(near))
        .map(|param| param.names().find(|name| near(name)).unwrap_or(param.key))
}

fn no_header(names: &[&str]) -> Flaw {
    let first = names.first().copied().unwrap_or_default();
    let flaw = if names.len() > 1 || !first.contains(['|', '\t', ';']) {
        Flaw::new(format!("the first line has no known column ({} ...)", quote(first)))
    } else {
        Flaw::new(format!("the first line has one column, {}", quote(first)))
    };
    flaw.hint(format!(
        "the first line must name the columns, for example {EXPECTED_HEADER}; for another separator give --delimiter"
    ))
}

/// Two columns that mean the same would make the reader choose; it does not.
fn check_doubles(
    source: &Source<'_>,
    record: &Record<'_>,
    columns: &[Column],
    problems: &mut Diagnostics,
) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, column) in columns.iter().enumerate() {
        for key in identity_keys(column) {
            let Some(first) = seen.insert(key, at) else { continue };
            if first == at {
                continue;
            }
            let flaw = Flaw::new(format!(
                "columns {} and {} ({} and {}) have the same meaning",
                first + 1,
                at + 1,
                quote(&columns[first].name),
                quote(&column.name)
            ))
            .hint(format!("remove one, or give --ignore-column \"{}\"", column.name));
            problems.push(source.diagnostic(record.cells[at].range.clone(), flaw));
            break;
        }
    }
}

/// What a column means, as texts of which no two columns may share one.
fn identity_keys(column: &Column) -> Vec<String> {
    match &column.meaning {
        Meaning::Target(field) => vec![format!("target {}", field.word())],
        Meaning::Action => vec!["action".to_owned()],
        Meaning::Step => vec!["step".to_owned()],
        Meaning::Tenant => vec!["tenant".to_owned()],
        Meaning::Param => ACTIONS
            .iter()
            .filter_map(|action| {
                let param = action.param(&column.name)?;
                Some(format!("param {} {}", action.name, param.key))
            })
            .collect(),
        Meaning::Carried => vec![format!("carried {}", fold(&column.name))],
        Meaning::Result | Meaning::Ignored | Meaning::Nameless => Vec::new(),
    }
}

fn note_columns(columns: &[Column], notes: &mut Vec<String>) {
    let named = |wanted: &Meaning| {
        let hits = columns.iter().filter(|column| column.meaning == *wanted);
        let names: Vec<String> = hits.map(|column| quote(&column.name)).collect();
        names
    };
    let results = named(&Meaning::Result);
    if !results.is_empty() {
        let (count, names) = (counted(results.len(), "column"), results.join(", "));
        notes.push(format!("{count} from an earlier report or export ignored: {names}"));
    }
    for tenant in named(&Meaning::Tenant) {
        notes.push(format!("column {tenant} names the tenant of each row"));
    }
    let carried = named(&Meaning::Carried);
    if !carried.is_empty() {
        let count = counted(carried.len(), "column");
        notes.push(format!("{count} copied to the report: {}", carried.join(", ")));
    }
    let read: Vec<String> = columns
        .iter()
        .filter_map(|column| match column.meaning {
            Meaning::Target(field) if field.word() != column.name => {
                Some(format!("{} as {}", quote(&column.name), field.word()))
            }
            Meaning::Action if column.name != "action" => {
                Some(format!("{} as action", quote(&column.name)))
            }
            _ => None,
        })
        .collect();
    if !read.is_empty() {
        notes.push(format!("columns read: {}", read.join(", ")));
    }
}
