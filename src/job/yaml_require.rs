//! What a YAML job requires of another system, and that system's export.
//!
//! Owns the key `require` and the reading of the one column of the export that matters. The export is not ours: what
//! its other columns hold is nobody's business. Must never repeat a line of it, and must never take an export for
//! one that it is not.

use std::ops::Range;

use super::cells::{TargetField, is_left_open};
use super::column_options::ColumnOptions;
use super::columns::COLUMNS_MAX;
use super::delimiter::find_layout;
use super::diagnostics::{Diagnostics, Flaw, counted, quote};
use super::nodes::NodeReader;
use super::required_devices::RequiredDevices;
use super::scan::{Cell, CrLines, Record, Scanned, Scanner, header_text};
use super::source::Source;
use super::table_file::{TableWish, open_table};
use super::target::Target;
use super::tree::{MapEntry, Node};
use super::typed_cells::identity_flaw;
use super::yaml_files::load_file;
use super::yaml_setting_values::{keys_below, read_value, source_of};
use crate::kandji::fold;
use crate::model::settings::{SettingValue, SettingValues, targets};
use crate::model::{RequiredList, is_near};

/// Most rows of an export. It lists devices and no steps: the largest fleet is a fifth of it.
const ROWS_MAX: usize = 250_000;

/// What devices can be required by.
const FIELDS: [TargetField; 3] =
    [TargetField::SerialNumber, TargetField::DeviceId, TargetField::UserEmail];
/// A requirement as an example.
const EXAMPLE: &str = "for example require: {file: enrolled.csv, on: serial_number, max_age: 24h}";

/// What `require` says.
struct Wanted<'n> {
    file: &'n str,
    on: TargetField,
    max_age_ms: Option<u64>,
}

/// Reads `require` and the export that it names. Also returns the bytes of the export.
pub(super) fn read_require(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    notes: &mut Vec<String>,
) -> Option<(RequiredDevices, Vec<u8>)> {
    let (node, wanted) = read_wanted(reader, node)?;
    let bytes = load_file(reader, node, wanted.file, load)?;
    let requirement = read_export(&wanted, &bytes, reader.problems, notes)?;
    Some((requirement, bytes))
}

/// Reads an export again that a job required, as `kept` in its plan.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read_required(kept: &RequiredList, bytes: &[u8]) -> Result<RequiredDevices, Diagnostics> {
    let mut problems = Diagnostics::default();
    let on = FIELDS.into_iter().find(|field| field.word() == kept.on);
    if on.is_none() {
        let flaw = Flaw::new(format!("devices cannot be required by {}", quote(&kept.on)));
        problems.push_for_file(&kept.file, flaw);
    }
    let read = on.and_then(|on| {
        let wanted = Wanted { file: &kept.file, on, max_age_ms: kept.max_age_ms };
        read_export(&wanted, bytes, &mut problems, &mut Vec::new())
    });
    read.ok_or(problems)
}

fn read_wanted<'n>(
    reader: &mut NodeReader<'_, '_>,
    node: &'n Node,
) -> Option<(&'n Node, Wanted<'n>)> {
    let entries = reader.map(node, "require", &keys_below("require"))?;
    let count_before = reader.problems.count();
    let (mut file, mut on, mut max_age_ms) = (None, None, None);
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "file" => file = read_name(reader, value),
            "on" => on = read_on(reader, value),
            "max_age" => max_age_ms = read_age(reader, value, key),
            _ => {}
        }
    }
    for needed in ["file", "on"] {
        if !entries.iter().any(|entry| entry.key == needed) {
            let flaw = Flaw::new(format!("require has no {needed}")).hint(EXAMPLE);
            reader.refuse(&node.range, flaw);
        }
    }
    let (node, file) = file?;
    let wanted = Wanted { file, on: on?, max_age_ms };
    (reader.problems.count() == count_before).then_some((node, wanted))
}

/// The name of the export, which goes into reports.
fn read_name<'n>(reader: &mut NodeReader<'_, '_>, node: &'n Node) -> Option<(&'n Node, &'n str)> {
    let file = reader.text(node, "file")?;
    if file.chars().any(char::is_control) {
        reader.refuse(&node.range, Flaw::new("file contains a control character"));
        return None;
    }
    Some((node, file))
}

fn read_on(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<TargetField> {
    let text = reader.text(node, "on")?;
    let found = FIELDS.into_iter().find(|field| field.word() == text);
    if found.is_none() {
        let words = FIELDS.map(TargetField::word).join(", ");
        let near = FIELDS.into_iter().find(|field| is_near(&fold(text), &fold(field.word())));
        let hint = near.map_or_else(
            || format!("on must be one of {words}"),
            |near| format!("did you mean '{}'?", near.word()),
        );
        let flaw = Flaw::new(format!("devices cannot be required by {}", quote(text))).hint(hint);
        reader.refuse(&node.range, flaw);
    }
    found
}

fn read_age(reader: &mut NodeReader<'_, '_>, node: &Node, what: &str) -> Option<u64> {
    match read_value(reader, node, &targets::REQUIRE_MAX_AGE, what)? {
        SettingValue::Duration(age_ms) => Some(age_ms),
        _ => None,
    }
}

impl RequiredDevices {
    /// Notes what a job says about the export among its settings.
    pub(super) fn note_in(
        &self,
        reader: &NodeReader<'_, '_>,
        entries: &[MapEntry],
        values: &mut SettingValues,
    ) {
        let Some(entry) = entries.iter().find(|entry| entry.key == "require") else { return };
        let source = source_of(reader, entry);
        values.set(&targets::REQUIRE_FILE, SettingValue::Path(self.file.clone().into()), source);
        values.set(&targets::REQUIRE_ON, SettingValue::Word(self.on.word()), source);
        if let Some(age_ms) = self.max_age_ms {
            values.set(&targets::REQUIRE_MAX_AGE, SettingValue::Duration(age_ms), source);
        }
    }
}

/// Reads the column that matters. Lines are never shown: the other columns may hold anything.
fn read_export(
    wanted: &Wanted<'_>,
    bytes: &[u8],
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<RequiredDevices> {
    let count_before = problems.count();
    let table = open_table(wanted.file, bytes, TableWish::default(), problems, notes)?;
    let mut source = table.source(wanted.file, problems)?;
    source.hide_lines();
    let cr_lines = if source.has_cr_lines { CrLines::Yes } else { CrLines::No };
    let layout = find_layout(&source, &ColumnOptions::default(), cr_lines).map_err(|flaw| {
        let cure = "export it again with only commas, semicolons or tabs as separators";
        problems.push_for_file(wanted.file, flaw.hint(cure));
    });
    let layout = layout.ok()?;
    let records = Scanner::laid_out(source.text, layout, cr_lines);
    let row_starts = source.sheet().map(|sheet| sheet.row_starts.as_slice());
    let mut records = records.counting_rows(row_starts);
    let mut export = Export {
        wanted,
        source: &source,
        delimiter: layout.delimiter,
        problems,
        column: None,
        counts: Counts::default(),
        targets: Vec::new(),
    };
    while let Some(item) = records.next() {
        match item {
            Scanned::Comment(..) => export.counts.comments += 1,
            Scanned::Broken(range, flaw) => export.refuse_broken(range, flaw)?,
            Scanned::Record(record) if record.is_blank() => {}
            Scanned::Record(record) => {
                if export.column.is_none() {
                    records.expect_cells(record.cells.len());
                }
                export.take(&record)?;
            }
        }
    }
    let Export { counts, targets, .. } = export;
    if problems.count() > count_before {
        return None;
    }
    let on = wanted.on.word();
    let requirement = RequiredDevices::new(wanted.file, wanted.on, wanted.max_age_ms, &targets);
    if requirement.is_none() {
        let flaw = Flaw::new(format!("the file lists no {on}, so no device would be left"))
            .hint("check the export; to run without the list, remove 'require'");
        problems.push_for_file(wanted.file, flaw);
    }
    let requirement = requirement?;
    counts.note(&requirement, notes);
    Some(requirement)
}

/// Lines of an export that name no device.
#[derive(Default)]
struct Counts {
    rows: usize,
    blank: usize,
    placeholders: usize,
    comments: usize,
}

impl Counts {
    fn note(&self, requirement: &RequiredDevices, notes: &mut Vec<String>) {
        let (file, on) = (quote(&requirement.file), requirement.on.word());
        let listed = requirement.listed_count();
        notes.push(format!("required by {on}: {file} lists {}", counted(listed, "device")));
        if self.blank > 0 {
            let rows = counted(self.blank, "row");
            notes.push(format!("{rows} of {file} without {on} ignored"));
        }
        if self.placeholders > 0 {
            let rows = counted(self.placeholders, "row");
            notes.push(format!("{rows} of {file} with a placeholder as {on} ignored"));
        }
        if self.comments > 0 {
            let lines = counted(self.comments, "line");
            notes.push(format!("{lines} of {file} starting with '#' ignored as comments"));
        }
    }
}

/// An export while it is read.
struct Export<'e, 'a> {
    wanted: &'e Wanted<'e>,
    source: &'e Source<'a>,
    delimiter: u8,
    problems: &'e mut Diagnostics,
    /// The column that matters and the number of columns, once the header has been read.
    column: Option<(usize, usize)>,
    counts: Counts,
    targets: Vec<Target>,
}

impl Export<'_, '_> {
    /// Takes one record in. `None` when nothing below it can be understood.
    fn take(&mut self, record: &Record<'_>) -> Option<()> {
        let Some((column, columns)) = self.column else {
            let found = self.find_column(record).map_err(|(at, flaw)| {
                let range = record.cells.get(at).map_or(&record.range, |cell| &cell.range);
                self.problems.push(self.source.diagnostic(range.clone(), flaw));
            });
            self.column = Some((found.ok()?, record.cells.len()));
            return Some(());
        };
        self.counts.rows += 1;
        if self.counts.rows > ROWS_MAX {
            let flaw = Flaw::new(format!("the file has more than {ROWS_MAX} rows"))
                .hint("export only the devices of this job");
            self.problems.push(self.source.diagnostic(record.range.clone(), flaw));
            return None;
        }
        match record.cells.get(column) {
            Some(cell) if record.cells.len() == columns => {
                match identity_flaw(self.source, record, column, self.wanted.on) {
                    Some(flaw) => {
                        self.problems.push(self.source.diagnostic(cell.range.clone(), flaw));
                    }
                    None => self.take_cell(cell),
                }
            }
            _ => {
                let found = counted(record.cells.len(), "cell");
                let flaw = Flaw::new(format!("the row has {found}, but the header has {columns}"))
                    .hint("put text that contains the separator in quotation marks");
                self.problems.push(self.source.diagnostic(record.range.clone(), flaw));
            }
        }
        Some(())
    }

    /// Notes a line that cannot be cut into cells. Before the header it makes the file unreadable.
    fn refuse_broken(&mut self, range: Range<usize>, flaw: Flaw) -> Option<()> {
        self.problems.push(self.source.diagnostic(range, flaw));
        self.column.map(|_| ())
    }

    fn take_cell(&mut self, cell: &Cell<'_>) {
        let text = cell.trimmed();
        if text.is_empty() {
            self.counts.blank += 1;
            return;
        }
        // A quotation mark in the wrong place merges other columns into this one, so the cell is not repeated.
        let breaks = ['\n', '\r', '"', char::from(self.delimiter)];
        if let Some(letter) = text.chars().find(|letter| breaks.contains(letter)) {
            let word = self.wanted.on.word();
            let flaw =
                Flaw::new(format!("the cell contains {letter:?}, which is not valid in a {word}"))
                    .hint("a misplaced quotation mark can be the cause");
            self.problems.push(self.source.diagnostic(cell.range.clone(), flaw));
            return;
        }
        if self.wanted.on == TargetField::SerialNumber && is_left_open(text) {
            self.counts.placeholders += 1;
            return;
        }
        let mut target = Target::default();
        match target.set_field(self.wanted.on, text) {
            Ok(()) => self.targets.push(target),
            Err(flaw) => {
                let range = cell.range_from(text, &flaw);
                self.problems.push(self.source.diagnostic(range, flaw));
            }
        }
    }

    /// The one column that says by what devices are required, or which column prevents it.
    fn find_column(&self, record: &Record<'_>) -> Result<usize, (usize, Flaw)> {
        let on = self.wanted.on;
        let nowhere = usize::MAX;
        if record.cells.len() > COLUMNS_MAX {
            let count = record.cells.len();
            let flaw = Flaw::new(format!("{count} columns; at most {COLUMNS_MAX} are allowed"));
            return Err((nowhere, flaw));
        }
        let names: Vec<&str> = record.cells.iter().map(|cell| header_text(&cell.value)).collect();
        let mut hits = (0..names.len()).filter(|at| TargetField::find(names[*at]) == Some(on));
        match (hits.next(), hits.next()) {
            (Some(column), None) => Ok(column),
            (Some(first), Some(second)) => {
                let (word, first) = (on.word(), first + 1);
                let flaw =
                    Flaw::new(format!("columns {first} and {} both mean {word}", second + 1))
                        .hint("remove one of them from the export");
                Err((second, flaw))
            }
            (None, _) => Err(self.no_column(&names)),
        }
    }

    /// The first line may be no header at all, so nothing of it is repeated that only may be one.
    fn no_column(&self, names: &[&str]) -> (usize, Flaw) {
        let word = self.wanted.on.word();
        let known = self.wanted.on.folded_names();
        let is_like = |name: &str| known.iter().any(|known| is_near(&fold(name), known));
        let flaw = Flaw::new(format!("the first line has no column {word}"));
        match names.iter().position(|name| is_like(name)) {
            Some(at) => {
                let near = quote(names[at]);
                (at, flaw.hint(format!("{near} looks like a misspelling; write '{word}'")))
            }
            None => {
                let hint = format!("the first line must name the columns; name one '{word}'");
                (usize::MAX, flaw.hint(hint))
            }
        }
    }
}
