//! `devices.csv`: one line for each device, with its steps side by side.
//!
//! Owns this one format, and which task speaks for a device. Must never leave out a task.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use super::Report;
use super::columns::{TENANT_COLUMN, device_cell, moment_cell};
use super::csv_lines::CsvLines;
use super::row::{ReportRow, Rows, RunFacts};
use crate::model::{Outcome, PackedDeviceId, ReportOptions, TaskIndex};

/// Columns before those about the device that were asked for.
const DEVICE_COLUMNS: [&str; 5] = ["row", "device_id", "serial_number", "device_name", "platform"];
/// Columns after them.
const END_COLUMNS: [&str; 6] =
    ["outcome", "step", "reason", "lock_pin", "requested_at", "completed_at"];

/// The report `devices.csv`: one row for each device, and columns for each of its tasks in the order of their steps.
#[derive(Copy, Clone, Debug)]
pub struct DevicesCsv<'a> {
    /// How it is written.
    pub options: &'a ReportOptions,
}

impl Report for DevicesCsv<'_> {
    fn file_name(&self) -> &str {
        "devices.csv"
    }

    fn write(&self, _: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        let devices = devices_of(rows);
        let steps = devices.iter().map(Vec::len).max().unwrap_or_default();
        let mut lines = CsvLines::begin(sink, self.options.csv)?;
        let of_steps = (1..=steps).flat_map(|step| {
            ["action", "outcome", "reason"].map(|part| Cow::from(format!("step_{step}_{part}")))
        });
        let asked = self.options.columns.iter().map(|column| column.word());
        let tenant = rows.has_tenants().then_some(TENANT_COLUMN);
        let header = tenant.into_iter().chain(DEVICE_COLUMNS).chain(asked);
        let header = header.chain(END_COLUMNS).map(Cow::from);
        lines.write(header.chain(of_steps))?;
        for tasks in &devices {
            let tasks: Vec<ReportRow<'_>> =
                tasks.iter().filter_map(|index| rows.get(*index)).collect();
            let Some(first) = tasks.first() else { continue };
            let device = first.device();
            let row = tasks.iter().map(ReportRow::row).min().unwrap_or_default();
            let identity = [
                Cow::from(row.to_string()),
                device.id.as_str().into(),
                device.serial_number.as_str().into(),
                device.name.as_str().into(),
                device.platform.word().into(),
            ];
            let asked = self.options.columns.iter().map(|column| device_cell(device, *column));
            let of_steps = (0..steps).flat_map(|place| {
                tasks.get(place).map_or(["", "", ""].map(Cow::from), |row| {
                    [row.action().into(), row.outcome().word().into(), row.reason_with_pins()]
                })
            });
            let tenant = first.tenant().map(Cow::from);
            let cells = tenant.into_iter().chain(identity).chain(asked).chain(end_cells(&tasks));
            lines.write(cells.chain(of_steps))?;
        }
        lines.finish()
    }
}

/// The tasks of each device, in the order of their steps; the device first whose row comes first. Rows that name no device
/// of the tenant are kept apart.
fn devices_of<'a>(rows: &Rows<'a>) -> Vec<Vec<TaskIndex>> {
    let mut places: HashMap<(Option<&'a str>, PackedDeviceId, u32), usize> = HashMap::new();
    let mut devices: Vec<Vec<(u16, u32, TaskIndex)>> = Vec::new();
    for (at, row) in (0..).zip(rows.iter()) {
        let id = &row.device().id;
        let number = if id.as_str().is_empty() { row.row() } else { 0 };
        let key = (row.tenant(), PackedDeviceId::of(id), number);
        let place = *places.entry(key).or_insert(devices.len());
        if place == devices.len() {
            devices.push(Vec::new());
        }
        devices[place].push((row.step(), row.row(), TaskIndex(at)));
    }
    devices.iter_mut().for_each(|tasks| tasks.sort_unstable());
    // Several tenants stay one after the other.
    if !rows.has_tenants() {
        devices.sort_by_key(|tasks| tasks.iter().map(|(_, row, _)| *row).min());
    }
    let indexes =
        |tasks: Vec<(u16, u32, TaskIndex)>| tasks.into_iter().map(|(_, _, index)| index).collect();
    devices.into_iter().map(indexes).collect()
}

/// How the device ended: the first step that did not end well says it, else the last.
fn end_cells<'r>(tasks: &'r [ReportRow<'_>]) -> [Cow<'r, str>; END_COLUMNS.len()] {
    let is_well = |row: &&ReportRow<'_>| {
        matches!(row.outcome(), Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect)
    };
    let speaks = tasks.iter().find(|row| !is_well(row) || row.lacks_pin()).or(tasks.last());
    let Some(speaks) = speaks else { return [""; END_COLUMNS.len()].map(Cow::from) };
    [
        speaks.outcome().word().into(),
        speaks.step().to_string().into(),
        speaks.reason_with_pins(),
        tasks.iter().find_map(ReportRow::lock_pin).unwrap_or_default().into(),
        moment_cell(tasks.iter().filter_map(ReportRow::requested_at).min()),
        moment_cell(speaks.completed_at()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, held_pin, lines_of, record, task};
    use super::*;
    use crate::model::{CsvDialect, DeviceColumn, Gate, Task};

    #[test]
    fn a_device_with_steps_is_one_line_led_by_its_failure() {
        let mut tasks = vec![task(1, 1, "lock"), task(1, 2, "erase"), task(2, 1, "lock")];
        tasks[1].after = Some((TaskIndex(0), Gate::GoodEnd));
        // The second device has a row of the job for each step.
        tasks.push(Task { row: 3, ..task(2, 2, "erase") });
        tasks.swap(0, 1);
        tasks[0].after = Some((TaskIndex(1), Gate::GoodEnd));
        tasks[1].device_mut().user_name = "Ann Lee".into();
        tasks[0].device_mut().user_name = "Ann Lee".into();
        let mut records = vec![
            record(&tasks[0], Outcome::Failed, "no space"),
            record(&tasks[1], Outcome::Completed, ""),
            record(&tasks[2], Outcome::Pending, ""),
            record(&tasks[3], Outcome::NotAttempted, ""),
        ];
        records[1].pins = vec![held_pin("012345")];
        let options = ReportOptions {
            columns: vec![DeviceColumn::UserName],
            csv: CsvDialect::Excel,
            ..ReportOptions::default()
        };
        let report = DevicesCsv { options: &options };
        let lines = lines_of(&report, &facts(), &Rows::new(&tasks, &records));
        assert_eq!(lines.len(), 3, "a line each, and the header");
        let cell = |line: usize, name: &str| {
            let at = lines[0].iter().position(|header| header == name).expect("a column");
            lines[line][at].clone()
        };
        assert_eq!(cell(1, "user_name"), "Ann Lee");
        assert_eq!((cell(1, "outcome"), cell(1, "step")), ("failed".into(), "2".into()));
        assert_eq!(cell(1, "lock_pin"), "'012345", "Excel would drop the zero");
        assert_eq!(cell(1, "step_1_outcome"), "completed");
        assert_eq!(cell(1, "step_2_reason"), "no space");
        assert_eq!((cell(2, "outcome"), cell(2, "step")), ("pending".into(), "1".into()));
        assert_eq!(cell(2, "step_2_outcome"), "not_attempted");
    }
}
