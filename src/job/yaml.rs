//! A YAML job: its top level.
//!
//! Owns the keys at the top. Must never accept a key that it does not know: a
//! misspelt limit would be no limit.

use std::sync::Arc;

use super::command_line::refuse_params_without_action;
use super::definition::{Exclusion, Job, Row, Selection};
use super::diagnostics::{Diagnostics, Flaw};
use super::job_identity::{check_job_name, digest, name_from_file};
use super::nodes::NodeReader;
use super::parse_options::{Input, ParseOptions};
use super::secrets::mentions_secrets;
use super::settings::JobSettings;
use super::source::Source;
use super::tree::{Content, MapEntry, Node, find, read_tree};
use super::yaml_files::{ListOptions, load_file, read_file};
use super::yaml_require::read_require;
use super::yaml_setting_values::source_of;
use super::yaml_settings::{read_settings, setting_keys};
use super::yaml_spaces::refuse_odd_spaces;
use super::yaml_steps::{StepNode, read_steps};
use super::yaml_targets::{
    TargetsNode, check_complete, read_devices, read_exclusion, read_targets,
};
use super::yaml_tenants::read_tenants;
use crate::kandji::fold;
use crate::model::settings::{SettingValue, SettingValues, output, targets};
use crate::model::{composed, first_steering, is_near};

/// The version of the format.
const VERSION: &str = "1";
/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 1_000;
/// The keys at the top that are no settings.
pub(super) const JOB_KEYS: [&str; 9] =
    ["version", "name", "reason", "targets", "exclude", "steps", "action", "with", "columns"];

/// Reads a YAML job.
pub(super) fn read_yaml(
    input: &Input<'_>,
    source: &mut Source<'_>,
    options: &ParseOptions,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    (problems, mut notes): (&mut Diagnostics, Vec<String>),
) -> Option<Job> {
    // After a mistake in the structure the secret text cannot be identified.
    if mentions_secrets(source.text) {
        source.hide_lines();
    }
    if refuse_odd_spaces(source, problems) {
        return None;
    }
    let root = read_tree(source, problems)?;
    let mut reader = NodeReader { source, problems, secrets: Vec::new() };
    refuse_table_flags(&mut reader, options);
    let entries = reader.map(&root, "the job", &top_keys())?;
    check_version(&mut reader, &root, entries);
    let mut values = read_settings(&mut reader, entries);
    let required = find(entries, "require")
        .and_then(|entry| read_require(&mut reader, &entry.value, load, &mut notes));
    let name = find(entries, "name").and_then(|entry| read_name(&mut reader, entry));
    let reason = find(entries, "reason").and_then(|entry| read_reason(&mut reader, entry));
    let steps = match is_misspelled(entries, &["action", "steps"]) {
        true => None,
        false => read_steps(&mut reader, &root, entries, options.protected_values()),
    };
    let exclude = find(entries, "exclude")
        .map_or_else(Exclusion::default, |entry| read_exclusion(&mut reader, &entry.value));
    let targets = read_needed_targets(&mut reader, entries);
    let tenants = read_tenants(&mut reader, entries, options, &mut values);
    let map = read_columns(&mut reader, entries, targets.as_ref(), options);
    // Broken steps are reported; the devices are still read, so that all problems come at once.
    let steps = steps.unwrap_or_default();
    let list_options = ListOptions { map, tenants: tenants.as_ref(), options };
    let Targeted { rows, selection, mut named_files } =
        read_targeted(&mut reader, targets, steps, &list_options, load, &mut notes)?;
    note_values(&reader, entries, &mut values, (reason.as_deref(), &exclude));
    let require = required.map(|(required, export)| {
        required.note_in(&reader, entries, &mut values);
        named_files.push(export);
        required
    });
    let settings = JobSettings { values, require };
    let secrets = reader.secrets;
    secrets.into_iter().for_each(|range| source.add_secret(range));
    let own = source.without_secrets();
    let parts: Vec<&[u8]> = std::iter::once(&own).chain(&named_files).map(Vec::as_slice).collect();
    let digest = digest(&parts);
    let name = name.unwrap_or_else(|| name_from_file(input.name));
    let tenants = options.tenants.clone().or(tenants);
    Some(Job { name, reason, digest, rows, selection, exclude, tenants, settings, notes })
}

/// The devices of a job.
#[derive(Default)]
struct Targeted {
    rows: Vec<Row>,
    selection: Option<Selection>,
    /// The files that name them, without secrets.
    named_files: Vec<Vec<u8>>,
}

/// Reads the devices that the job names or selects.
fn read_targeted(
    reader: &mut NodeReader<'_, '_>,
    targets: Option<TargetsNode<'_>>,
    steps: Vec<StepNode<'_>>,
    list: &ListOptions<'_>,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    notes: &mut Vec<String>,
) -> Option<Targeted> {
    let mut targeted = Targeted::default();
    match targets {
        Some(TargetsNode::Filter(filter)) if check_complete(reader, &steps) => {
            let steps: Arc<[_]> = steps.into_iter().map(|step| step.draft.into_step()).collect();
            targeted.selection = Some(Selection { filter: *filter, steps });
        }
        Some(TargetsNode::Devices(devices)) => {
            let options = (list.options, list.options.tenant_names(list.tenants));
            targeted.rows = read_devices(reader, devices, &steps, options, notes);
        }
        Some(TargetsNode::File(node, file)) => {
            let loaded = load_file(reader, node, file, load)?;
            let read = read_file(reader.problems, file, &loaded, &steps, list, notes)?;
            targeted.rows = read.0;
            targeted.named_files.push(read.1);
        }
        _ => {}
    }
    Some(targeted)
}

/// Whether none of these keys is there, and an unknown key, which is refused already, is near one of them.
fn is_misspelled(entries: &[MapEntry], keys: &[&str]) -> bool {
    let known = top_keys();
    keys.iter().all(|key| find(entries, key).is_none())
        && entries.iter().any(|entry| {
            let is_meant = |key: &&str| is_near(&fold(&entry.key), key);
            !known.contains(&entry.key.as_str()) && keys.iter().any(is_meant)
        })
}

/// The keys at the top of a job.
pub(super) fn top_keys() -> Vec<&'static str> {
    let settings = setting_keys().into_iter().filter(|key| !JOB_KEYS.contains(key));
    JOB_KEYS.into_iter().chain(settings).collect()
}

/// Reads the settings among the other parts of a job.
fn note_values(
    reader: &NodeReader<'_, '_>,
    entries: &[MapEntry],
    values: &mut SettingValues,
    (reason, exclude): (Option<&str>, &Exclusion),
) {
    if let (Some(entry), Some(reason)) = (find(entries, "reason"), reason) {
        let value = SettingValue::Text(reason.to_owned());
        values.set(&output::REASON, value, source_of(reader, entry));
    }
    if let (Some(entry), true) = (find(entries, "exclude"), exclude.is_idle_allowed) {
        let setting = &targets::ALLOW_UNMATCHED_EXCLUDE;
        values.set(setting, SettingValue::Switch(true), source_of(reader, entry));
    }
}

/// Flags about a table or an action, which this job has itself.
fn refuse_table_flags(reader: &mut NodeReader<'_, '_>, options: &ParseOptions) {
    if options.action.is_some() {
        let flaw = Flaw::new("--action cannot be used with a YAML job, which names its action")
            .hint("remove it, or change 'action:' in the file");
        reader.problems.push_for_file(reader.source.file, flaw);
    } else {
        refuse_params_without_action(options, reader.problems);
    }
}

fn check_version(reader: &mut NodeReader<'_, '_>, root: &Node, entries: &[MapEntry]) {
    let hint = "write 'version: 1' at the top";
    let Some(entry) = find(entries, "version") else {
        let start = root.range.start;
        reader.refuse(&(start..start), Flaw::new("the job has no version").hint(hint));
        return;
    };
    let is_known = matches!(&entry.value.content, Content::Scalar(text, _) if text == VERSION);
    if !is_known {
        let flaw = Flaw::new("this version of the job format is not supported").hint(hint);
        reader.refuse(&entry.value.range, flaw);
    }
}

fn read_name(reader: &mut NodeReader<'_, '_>, entry: &MapEntry) -> Option<String> {
    let name = reader.text(&entry.value, "name")?;
    let name = composed(name);
    let result = check_job_name(&name);
    reader.settle(&entry.value.range, result).map(|()| name.into_owned())
}

fn read_reason(reader: &mut NodeReader<'_, '_>, entry: &MapEntry) -> Option<String> {
    let reason = reader.text(&entry.value, "reason")?;
    let length = reason.chars().count();
    if length > REASON_CHARS_MAX {
        let flaw =
            format!("reason has {length} characters; at most {REASON_CHARS_MAX} are allowed");
        reader.refuse(&entry.value.range, Flaw::new(flaw));
    }
    if let Some((_, letter)) = first_steering(reason) {
        let code = u32::from(letter);
        let flaw = Flaw::new(format!("reason contains an invisible character (U+{code:04X})"))
            .hint("type it again by hand; approvers read it");
        reader.refuse(&entry.value.range, flaw);
    }
    Some(reason.trim().to_owned())
}

/// Renamed columns, which only a file of targets has.
fn read_columns(
    reader: &mut NodeReader<'_, '_>,
    entries: &[MapEntry],
    targets: Option<&TargetsNode<'_>>,
    options: &ParseOptions,
) -> Vec<(String, String)> {
    let has_file = !matches!(targets, Some(TargetsNode::Devices(_) | TargetsNode::Filter(_)));
    let has_flags = !options.map.is_empty()
        || !options.ignore_columns.is_empty()
        || options.delimiter.is_some()
        || options.encoding.is_some();
    if has_flags && !has_file {
        let flaw =
            Flaw::new("--map, --ignore-column, --delimiter and --encoding are for CSV files")
                .hint("this job names no file of targets");
        reader.problems.push_for_file(reader.source.file, flaw);
    }
    let Some(columns) = find(entries, "columns") else { return Vec::new() };
    if !has_file {
        let flaw = Flaw::new("columns has no effect without 'targets: {file: ...}'");
        reader.refuse(&columns.key_range, flaw);
    }
    let mut map = Vec::new();
    for entry in reader.any_map(&columns.value, "columns").unwrap_or_default() {
        if let Some(to) = reader.text(&entry.value, &entry.key) {
            map.push((entry.key.clone(), to.to_owned()));
        }
    }
    map
}

/// The targets, without which there is no job.
fn read_needed_targets<'n>(
    reader: &mut NodeReader<'_, '_>,
    entries: &'n [MapEntry],
) -> Option<TargetsNode<'n>> {
    match find(entries, "targets") {
        Some(entry) => read_targets(reader, &entry.value),
        // The misspelled key is refused already.
        None if is_misspelled(entries, &["targets"]) => None,
        None => {
            let flaw = Flaw::new("the job has no targets")
                .hint("add 'targets:' with file, devices or filter");
            reader.refuse(&(0..0), flaw);
            None
        }
    }
}
