//! The devices of a YAML job: a file, a list, a filter or all.
//!
//! Owns `targets:` and `exclude:`. Must never let something that is missing or empty mean all devices.

use std::sync::Arc;

use super::cells::TargetField;
use super::clashes::{StepColumn, clash, identify_flaw};
use super::diagnostics::{Flaw, PlaceUnit, counted, quote};
use super::filter::{add_condition, add_exclusion};
use super::nodes::NodeReader;
use super::steps::{StepDraft, same_steps, step_flaws};
use super::tenant_choice::{TENANT_NAME, TENANTS, TenantNames};
use super::tenants::SeenByTenant;
use super::tree::{Content, MapEntry, Node};
use super::yaml_params::read_with;
use super::yaml_steps::StepNode;
use super::yaml_tenants::{names_tenant, read_tenant};
use super::{Exclusion, Filter, ParseOptions, Row, RowWork, Step, Target};
use crate::kandji::fold;
use crate::model::{Carried, Risk, is_near};

/// Most devices of a list in YAML, which is read as a tree in memory: the largest fleet is a fifth of it. A table has no
/// tree, and takes more rows.
const DEVICES_MAX: usize = 250_000;

/// The key of `exclude` by which its entries may fit no device.
pub(super) const ALLOW_IDLE: &str = "allow_unmatched";

/// The keys of `targets`, of which a job has one.
pub(super) const TARGET_KINDS: [&str; 4] = ["file", "devices", "filter", "all"];
/// The keys of `exclude` that list devices.
pub(super) const EXCLUDED_LISTS: [&str; 2] = ["device_ids", "serial_numbers"];

/// Where the devices come from.
pub(super) enum TargetsNode<'n> {
    /// A file of this name.
    File(&'n Node, &'n str),
    /// A list.
    Devices(&'n [Node]),
    /// What the filter picks; the empty one comes from `all: true` only.
    Filter(Box<Filter>),
}

/// Reads `targets:`.
pub(super) fn read_targets<'n>(
    reader: &mut NodeReader<'_, '_>,
    node: &'n Node,
) -> Option<TargetsNode<'n>> {
    if let Content::List(_) = node.content {
        let flaw = Flaw::new("targets must be a map")
            .hint("write 'targets: {devices: [...]}' with a map for each device");
        reader.refuse(&node.range, flaw);
        return None;
    }
    let known: Vec<&str> = TARGET_KINDS.into_iter().chain([TENANTS]).collect();
    let entries = reader.map(node, "targets", &known)?;
    let kinds: Vec<&MapEntry> = entries.iter().filter(|entry| entry.key != TENANTS).collect();
    let [MapEntry { key, value, .. }] = kinds.as_slice() else {
        let flaw = Flaw::new(format!("targets has {}", counted(kinds.len(), "key")))
            .hint("give exactly one of file, devices, filter and all");
        reader.refuse(&node.range, flaw);
        return None;
    };
    match key.as_str() {
        "file" => Some(TargetsNode::File(value, reader.text(value, "file")?)),
        "devices" => Some(TargetsNode::Devices(reader.list(value, "devices")?)),
        "filter" => read_filter(reader, value).map(|filter| TargetsNode::Filter(Box::new(filter))),
        "all" if reader.switch(value, "all")? => Some(TargetsNode::Filter(Box::default())),
        "all" => {
            let flaw =
                Flaw::new("'all: false' selects no devices").hint("list devices, or give a filter");
            reader.refuse(&value.range, flaw);
            None
        }
        _ => None,
    }
}

fn read_filter(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<Filter> {
    if matches!(&node.content, Content::Map(entries) if entries.is_empty()) {
        let flaw = Flaw::new("the filter is empty and would select the whole fleet")
            .hint("give a condition; for the whole fleet, write 'targets: {all: true}'");
        reader.refuse(&node.range, flaw);
        return None;
    }
    let mut filter = Filter::default();
    for entry in reader.map(node, "filter", &Filter::KEYS)? {
        if !Filter::KEYS.contains(&entry.key.as_str()) {
            continue;
        }
        read_condition(reader, entry, |key, text| add_condition(&mut filter, key, text));
    }
    Some(filter)
}

/// Reads one condition: a switch, or a text or several.
fn read_condition(
    reader: &mut NodeReader<'_, '_>,
    MapEntry { key, value, .. }: &MapEntry,
    mut add: impl FnMut(&str, &str) -> Result<(), Flaw>,
) {
    if Filter::SWITCHES.contains(&key.as_str()) {
        if let Some(is_on) = reader.switch(value, key) {
            reader.settle(&value.range, add(key, if is_on { "true" } else { "false" }));
        }
        return;
    }
    for (item, text) in reader.texts(value, key) {
        reader.settle(&item.range, add(key, text));
    }
}

/// Reads `exclude:`.
pub(super) fn read_exclusion(reader: &mut NodeReader<'_, '_>, node: &Node) -> Exclusion {
    let mut exclusion = Exclusion::default();
    let known: Vec<&str> =
        Filter::KEYS.into_iter().chain(EXCLUDED_LISTS).chain([ALLOW_IDLE]).collect();
    for entry in reader.map(node, "exclude", &known).unwrap_or_default() {
        if !known.contains(&entry.key.as_str()) {
            continue;
        }
        if entry.key == ALLOW_IDLE {
            exclusion.is_idle_allowed = reader.switch(&entry.value, ALLOW_IDLE).unwrap_or(false);
            continue;
        }
        read_condition(reader, entry, |key, text| add_exclusion(&mut exclusion, key, text));
    }
    exclusion
}

/// Tells what steps lack that get no values from elsewhere.
pub(super) fn check_complete(reader: &mut NodeReader<'_, '_>, steps: &[StepNode<'_>]) -> bool {
    let count_before = reader.problems.count();
    for step in steps {
        for flaw in step_flaws(step.draft.action, &step.draft.params) {
            let hint = flaw.hint(None);
            reader.refuse(&step.node.range, Flaw::new(flaw.sentence).hint(hint));
        }
    }
    reader.problems.count() == count_before
}

/// Reads the list of devices into rows.
pub(super) fn read_devices(
    reader: &mut NodeReader<'_, '_>,
    devices: &[Node],
    steps: &[StepNode<'_>],
    (options, names): (&ParseOptions, TenantNames<'_>),
    notes: &mut Vec<String>,
) -> Vec<Row> {
    if devices.len() > DEVICES_MAX {
        if let Some(device) = devices.get(DEVICES_MAX) {
            let flaw = Flaw::new(format!("the list has more than {DEVICES_MAX} devices"))
                .hint("split the job into several files");
            reader.refuse(&device.range, flaw);
        }
        return Vec::new();
    }
    check_identify(reader, steps, options);
    let drafts: Vec<StepDraft> = steps.iter().map(|step| step.draft.clone()).collect();
    let gives_values = |device: &Node| match &device.content {
        Content::Map(entries) => entries.iter().any(|entry| entry.key == "with"),
        _ => false,
    };
    // Steps that some device completes are checked device by device.
    if !devices.iter().any(gives_values) && !check_complete(reader, steps) {
        return Vec::new();
    }
    let shared: Arc<[Step]> = drafts.iter().cloned().map(StepDraft::into_step).collect();
    let shared_work = RowWork::of(Arc::clone(&shared));
    let is_tenant_needed = names.are_several() || devices.iter().any(names_tenant);
    let mut list = DeviceList::default();
    for (at, device) in devices.iter().enumerate() {
        let Some((target, own)) = read_device(reader, device, &drafts, options) else { continue };
        let steps = match own {
            None if has_flaws(&drafts) => {
                refuse_flaws(reader, device, &drafts);
                continue;
            }
            None => Arc::clone(&shared),
            Some(own) if has_flaws(&own) => {
                refuse_flaws(reader, device, &own);
                continue;
            }
            Some(own) => own.into_iter().map(StepDraft::into_step).collect(),
        };
        let tenant = read_tenant(reader, device, names, is_tenant_needed);
        let (number, line) = (at as u32 + 1, reader.source.line_of(device.range.start));
        let is_shared = tenant.is_none() && Arc::ptr_eq(&steps, &shared);
        let work = match is_shared {
            true => Arc::clone(&shared_work),
            false => Arc::new(RowWork { tenant, steps, origin: None }),
        };
        let row = Row { number, line, target, work, carried: Carried::default() };
        list.keep(reader, device, row, options);
    }
    if !list.dropped.is_empty() {
        let count = counted(list.dropped.len(), "identical device");
        notes.push(format!("{count} dropped: {}", PlaceUnit::Line.named(&list.dropped)));
    }
    list.rows
}

fn check_identify(reader: &mut NodeReader<'_, '_>, steps: &[StepNode<'_>], options: &ParseOptions) {
    let Some(by) = options.identify_by else { return };
    for step in steps.iter().filter(|step| step.draft.action.risk > Risk::Benign) {
        let action = step.draft.action;
        reader.refuse(&step.node.range, identify_flaw(by.word(), action.name, action.risk));
    }
}

fn has_flaws(drafts: &[StepDraft]) -> bool {
    drafts.iter().any(|draft| !step_flaws(draft.action, &draft.params).is_empty())
}

fn refuse_flaws(reader: &mut NodeReader<'_, '_>, device: &Node, drafts: &[StepDraft]) {
    for draft in drafts {
        for flaw in step_flaws(draft.action, &draft.params) {
            let hint = flaw.hint(None);
            reader.refuse(&device.range, Flaw::new(flaw.sentence).hint(hint));
        }
    }
}

#[derive(Default)]
struct DeviceList {
    seen: SeenByTenant,
    rows: Vec<Row>,
    dropped: Vec<u32>,
}

impl DeviceList {
    fn keep(
        &mut self,
        reader: &mut NodeReader<'_, '_>,
        device: &Node,
        row: Row,
        options: &ParseOptions,
    ) {
        let earlier = self.seen.insert(&row, 1, self.rows.len()).same_step;
        let Some(first) = earlier.and_then(|earlier| self.rows.get(earlier)) else {
            self.rows.push(row);
            return;
        };
        let is_same = same_steps(&first.steps, &row.steps);
        if is_same && first.target == row.target && options.dedupe {
            self.dropped.push(row.line);
            return;
        }
        let mut flaw = clash((first, &row), PlaceUnit::Line, StepColumn::Absent, is_same);
        flaw.message = format!(
            "device {} is listed twice: lines {} and {}",
            row.target.shown(),
            first.line,
            row.line
        );
        if !is_same {
            flaw.hint =
                Some("remove one; to run several actions on a device, use steps".to_owned());
        }
        reader.refuse(&device.range, flaw);
    }
}

type Device = (Target, Option<Vec<StepDraft>>);

/// One device of the list, with steps of its own where it gives values.
fn read_device(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    drafts: &[StepDraft],
    options: &ParseOptions,
) -> Option<Device> {
    if let Content::Scalar(text, _) = &node.content {
        let field = guess_field(text);
        let flaw = Flaw::new("each device in the list must be a map that names the identity")
            .hint(format!("such as '- {field}: ...'"));
        reader.refuse(&node.range, flaw);
        return None;
    }
    let count_before = reader.problems.count();
    let mut target = Target::default();
    let mut given: Vec<TargetField> = Vec::new();
    let mut own = None;
    for entry in reader.any_map(node, "a device")? {
        if entry.key == "with" {
            let mut steps = drafts.to_vec();
            read_with(reader, &entry.value, &mut steps, options.protected_values());
            own = Some(steps);
            continue;
        }
        if entry.key == TENANT_NAME {
            continue;
        }
        let Some(field) = TargetField::find(&entry.key) else {
            refuse_device_key(reader, entry);
            continue;
        };
        if given.contains(&field) {
            let flaw = Flaw::new(format!("{} is given twice", field.word())).hint("remove one");
            reader.refuse(&entry.key_range, flaw);
        }
        given.push(field);
        let renames = drafts.iter().any(|draft| draft.action.renames());
        if field == TargetField::DeviceName && renames && !TargetField::is_current_name(&entry.key)
        {
            // The job itself changes it: run twice, it would disagree with itself.
            continue;
        }
        if let Some(text) = reader.text(&entry.value, field.word()) {
            let result = target.set_field(field, text.trim_matches([' ', '\t'])).map_err(whole);
            reader.settle(&entry.value.range, result);
        }
    }
    if let Some(by) = options.identify_by {
        target = target.only(by.field());
    }
    if reader.problems.count() == count_before && !target.has_identity() {
        let flaw = Flaw::new("the device has no device_id, serial_number or user_email")
            .hint("give one; a name or asset tag does not identify a device");
        reader.refuse(&node.range, flaw);
    }
    (reader.problems.count() == count_before).then_some((target, own))
}

/// The same problem for the whole value: escapes and quotation marks would shift its part.
fn whole(flaw: Flaw) -> Flaw {
    Flaw { part: None, ..flaw }
}

fn refuse_device_key(reader: &mut NodeReader<'_, '_>, entry: &MapEntry) {
    let folded = fold(&entry.key);
    let fields = TargetField::ALL;
    let near = fields.into_iter().find(|field| is_near(&folded, &fold(field.word())));
    let hint = match near {
        Some(near) => format!("did you mean '{}'?", near.word()),
        None => {
            "a device takes device_id, serial_number, user_email, device_name, asset_tag, tenant and with: {parameters}"
                .to_owned()
        }
    };
    let flaw = Flaw::new(format!("unknown device key {}", quote(&entry.key))).hint(hint);
    reader.refuse(&entry.key_range, flaw);
}

fn guess_field(text: &str) -> &'static str {
    let field = if text.contains('@') {
        TargetField::UserEmail
    } else if crate::model::DeviceId::parse(text).is_ok() {
        TargetField::DeviceId
    } else {
        TargetField::SerialNumber
    };
    field.word()
}
