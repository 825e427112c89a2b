//! The text of a task in a plan file.
//!
//! Owns the fast way to it: what tasks share is written once. Invariant: it gives the same bytes as the tree of the task's
//! values, with keys in order and two spaces, would. Must never write a secret where it is to be blanked.

use std::io;

use serde::Serialize;
use serde_json::Value;

use crate::model::{DeviceFacts, DeviceGroup, Params, Task, TaskWork, Turn};

/// Before a field of a task, and before a field of its device.
const TASK_FIELD: &str = "\n        ";
const DEVICE_FIELD: &str = "\n          ";
/// Works whose text is kept: the steps of most jobs. Where each row has values of its own, keeping them would not help.
const WORKS_KEPT_MAX: usize = 16;

/// What becomes of PINs in parameters.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Secrets {
    /// They are written.
    Kept,
    /// A word replaces each: a hash of six digits could be turned back.
    Blanked,
}

/// Writes tasks, one after the other.
pub(super) struct TaskWriter<'a> {
    secrets: Secrets,
    works: Vec<(&'a TaskWork, WorkText)>,
}

/// The fields of a task that its work gives, by their places among the others.
struct WorkText {
    action: String,
    /// With its key and a comma; empty where nothing is read before.
    capture: String,
    end: String,
    /// Parameters, repeat and risk stand side by side.
    params_to_risk: String,
}

impl<'a> TaskWriter<'a> {
    /// Starts with no work.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, works: Vec::new() }
    }

    /// Writes one task.
    pub fn write(&mut self, task: &'a Task, sink: &mut impl io::Write) -> io::Result<()> {
        let work = self.text_of(&task.work)?;
        write!(sink, "{{{TASK_FIELD}\"action\": {},", work.action)?;
        write!(sink, "{TASK_FIELD}\"after\": {},", part(&task.after)?)?;
        write!(sink, "{}", work.capture)?;
        match task.carried.is_empty() {
            true => write!(sink, "{TASK_FIELD}\"carried\": [],")?,
            false => write!(sink, "{TASK_FIELD}\"carried\": {},", part(&task.carried)?)?,
        }
        write_device(&task.device, sink)?;
        write!(sink, "{TASK_FIELD}\"end\": {},{TASK_FIELD}\"id\": \"{}\",", work.end, task.id)?;
        write!(sink, "{},", work.params_to_risk)?;
        write!(sink, "{TASK_FIELD}\"row\": {},{TASK_FIELD}\"step\": {},", task.row, task.step)?;
        match &task.turn {
            Turn::Do => write!(sink, "{TASK_FIELD}\"turn\": \"do\"")?,
            turn => write!(sink, "{TASK_FIELD}\"turn\": {}", part(turn)?)?,
        }
        if task.wave > 0 {
            write!(sink, ",{TASK_FIELD}\"wave\": {}", task.wave)?;
        }
        sink.write_all(b"\n      }")
    }

    fn text_of(&mut self, work: &'a TaskWork) -> io::Result<&WorkText> {
        let known = self.works.iter().position(|(known, _)| std::ptr::eq(*known, work));
        let at = match known {
            Some(at) => at,
            None => {
                if self.works.len() == WORKS_KEPT_MAX {
                    self.works.clear();
                }
                self.works.push((work, WorkText::of(work, self.secrets)?));
                self.works.len() - 1
            }
        };
        Ok(&self.works[at].1)
    }
}

impl WorkText {
    fn of(work: &TaskWork, secrets: Secrets) -> io::Result<Self> {
        let capture = match work.capture.is_empty() {
            true => String::new(),
            false => format!("{TASK_FIELD}\"capture\": {},", part(&work.capture)?),
        };
        let (params, repeat, risk) =
            (params(&work.params, secrets)?, part(&work.repeat)?, part(&work.risk)?);
        let params_to_risk = format!(
            "{TASK_FIELD}\"params\": {params},{TASK_FIELD}\"repeat\": {repeat},{TASK_FIELD}\"risk\": {risk}"
        );
        Ok(Self { action: part(&work.action)?, capture, end: part(&work.end)?, params_to_risk })
    }
}

/// Parameters. A PIN is one word where it is blanked.
fn params(params: &Params, secrets: Secrets) -> io::Result<String> {
    let mut value = serde_json::to_value(params)?;
    if let (Secrets::Blanked, Value::Object(params)) = (secrets, &mut value) {
        for param in params.values_mut().filter(|param| param.get("secret").is_some()) {
            *param = Value::String("secret".to_owned());
        }
    }
    part(&value)
}

/// A field of a task by way of its tree of values: keys in order.
fn part(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(&serde_json::to_value(value)?)?;
    Ok(text.replace('\n', TASK_FIELD))
}

fn write_device(device: &DeviceFacts, sink: &mut impl io::Write) -> io::Result<()> {
    // Every field, so that a new one is not forgotten.
    let DeviceFacts { id, serial_number, name, user_email, user_name, group, last_check_in } =
        device;
    let DeviceGroup { platform, blueprint, tags, old_asset_tag } = &**group;
    write!(sink, "{TASK_FIELD}\"device\": {{")?;
    if !blueprint.is_empty() {
        write_field("blueprint", blueprint, ",", sink)?;
    }
    write_field("id", id, ",", sink)?;
    if let Some(at) = last_check_in.get() {
        write_field("last_check_in", &at, ",", sink)?;
    }
    write_field("name", name, ",", sink)?;
    if !old_asset_tag.is_empty() {
        write_field("old_asset_tag", old_asset_tag, ",", sink)?;
    }
    write_field("platform", platform, ",", sink)?;
    write_field("serial_number", serial_number, ",", sink)?;
    if !tags.is_empty() {
        let tags = serde_json::to_string_pretty(tags)?.replace('\n', DEVICE_FIELD);
        write!(sink, "{DEVICE_FIELD}\"tags\": {tags},")?;
    }
    match user_name.is_empty() {
        true => write_field("user_email", user_email, "", sink)?,
        false => {
            write_field("user_email", user_email, ",", sink)?;
            write_field("user_name", user_name, "", sink)?;
        }
    }
    write!(sink, "{TASK_FIELD}}},")
}

/// A field of a device that is a text or a number.
fn write_field(
    key: &str,
    value: &impl Serialize,
    end: &str,
    sink: &mut impl io::Write,
) -> io::Result<()> {
    write!(sink, "{DEVICE_FIELD}\"{key}\": ")?;
    serde_json::to_writer(&mut *sink, value)?;
    sink.write_all(end.as_bytes())
}
