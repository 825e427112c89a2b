//! `report.jsonl`: one JSON object per task, with exact values, for programs.
//!
//! Owns this one format. Must never neutralize, shorten or round a value.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::Report;
use super::columns::{TENANT_COLUMN, device_cell};
use super::row::{ReportRow, Rows, RunFacts};
use crate::model::{
    DeviceColumn, HeldPin, ParamValue, Params, ReportOptions, SharedText, UnixMillis,
};

/// The report `report.jsonl`: one JSON object for each task, with exact values.
#[derive(Copy, Clone, Debug)]
pub struct ReportJsonl<'a> {
    /// How it is written.
    pub options: &'a ReportOptions,
}

impl Report for ReportJsonl<'_> {
    fn file_name(&self) -> &str {
        "report.jsonl"
    }

    fn write(&self, _: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        for row in rows.iter() {
            serde_json::to_writer(&mut *sink, &Line(row, &self.options.columns))?;
            sink.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// One row, with its keys in the order of the columns.
struct Line<'a>(ReportRow<'a>, &'a [DeviceColumn]);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &self.0;
        let device = row.device();
        let mut line = serializer.serialize_map(None)?;
        if let Some(tenant) = row.tenant() {
            line.serialize_entry(TENANT_COLUMN, tenant)?;
        }
        line.serialize_entry("row", &row.row())?;
        line.serialize_entry("step", &row.step())?;
        line.serialize_entry("device_id", device.id.as_str())?;
        line.serialize_entry("serial_number", &device.serial_number)?;
        line.serialize_entry("device_name", &device.name)?;
        line.serialize_entry("platform", device.platform.word())?;
        line.serialize_entry("action", row.action())?;
        line.serialize_entry("outcome", row.outcome().word())?;
        line.serialize_entry("reason", &row.reason())?;
        line.serialize_entry("http_status", &row.http_status())?;
        line.serialize_entry("command_uuid", &row.command_uuid())?;
        line.serialize_entry("command_status", &row.command_status().map(|status| status.word()))?;
        line.serialize_entry("lock_pin", &row.lock_pin())?;
        line.serialize_entry("attempts", &row.attempts())?;
        line.serialize_entry("requested_at", &moment(row.requested_at()))?;
        line.serialize_entry("completed_at", &moment(row.completed_at()))?;
        for column in self.1 {
            line.serialize_entry(column.word(), &device_cell(device, *column))?;
        }
        line.serialize_entry("params", &ParamsAsGiven(row.params()))?;
        line.serialize_entry("carried", &CarriedInOrder(row.carried()))?;
        if !row.pins().is_empty() {
            line.serialize_entry("pins", &PinsNewestFirst(row.pins()))?;
        }
        if let Some(result) = row.result() {
            // What is not JSON is still what was answered.
            let parsed = serde_json::from_str(result);
            line.serialize_entry("result", &parsed.unwrap_or_else(|_| Value::from(result)))?;
        }
        line.end()
    }
}

fn moment(at: Option<UnixMillis>) -> Option<String> {
    at.map(|at| at.to_string())
}

struct PinsNewestFirst<'a>(&'a [HeldPin]);

impl Serialize for PinsNewestFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|held| {
            serde_json::json!({
                "origin": held.origin.word(),
                "at": held.at.to_string(),
                "verified": held.is_verified,
                "encrypted": held.pin.expose().is_none(),
                "pin": held.pin.expose(),
            })
        }))
    }
}

struct ParamsAsGiven<'a>(&'a Params);

impl Serialize for ParamsAsGiven<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| {
            let value = match value {
                ParamValue::Bool(value) => Value::from(*value),
                ParamValue::Number(value) => Value::from(*value),
                ParamValue::Text(_) | ParamValue::Secret(_) => Value::from(value.written()),
                ParamValue::List(texts) => Value::from(texts.as_slice()),
                ParamValue::Edit(edit) => Value::from(edit.texts.as_slice()),
                ParamValue::Clear => Value::Null,
                ParamValue::Named(named) => {
                    serde_json::json!({ "id": named.id, "name": named.name })
                }
            };
            (key, value)
        }))
    }
}

struct CarriedInOrder<'a>(&'a [(SharedText, SharedText)]);

impl Serialize for CarriedInOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(header, text)| (header, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::REPORT_COLUMNS;
    use super::super::testing::{carrying, facts, held_pin, record, task, text_of, with};
    use super::*;
    use crate::model::{Outcome, PinOrigin, Sealed};

    #[test]
    fn all_pins_are_listed_and_encrypted_ones_keep_their_text() {
        let lock = task(1, 1, "lock");
        let mut locked = record(&lock, Outcome::Completed, "");
        let closed = Sealed::encrypted("-----BEGIN".to_owned(), None);
        locked.pins = vec![
            HeldPin {
                pin: closed,
                origin: PinOrigin::Recovered,
                is_verified: true,
                ..held_pin("")
            },
            held_pin("012345"),
        ];
        let text = text_of(
            &ReportJsonl { options: &ReportOptions::default() },
            &facts(),
            &Rows::new(&[lock], &[locked]),
        );
        let value: Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(value["lock_pin"], "recovered");
        let [first, second] = [&value["pins"][0], &value["pins"][1]];
        assert_eq!((&first["origin"], &first["pin"]), (&"recovered".into(), &Value::Null));
        assert_eq!((&first["verified"], &first["encrypted"]), (&true.into(), &true.into()));
        assert_eq!((&second["origin"], &second["pin"]), (&"answer".into(), &"012345".into()));
        assert_eq!(second["at"], "1970-01-01T00:00:00.000Z");
        assert!(!text.contains("BEGIN"), "{text}");
    }

    #[test]
    fn values_are_exact_and_keys_are_in_column_order() {
        let mut erase = carrying(
            with(task(7, 2, "erase"), &[("PIN", "012345")]),
            &[("Zone", "=1"), ("Area", "'x")],
        );
        erase.params.insert("PreserveDataPlan".to_owned(), ParamValue::Bool(false));
        let mut read = record(&erase, Outcome::Completed, "");
        read.pins = vec![held_pin("004321")];
        read.result = Some(r#"{"commands": [1, {"n": 12345678901234567}]}"#.to_owned());
        let mut odd = record(&erase, Outcome::Completed, "");
        odd.result = Some("not json".to_owned());
        let (tasks, records) = ([erase.clone(), erase], [read, odd]);
        let text = text_of(
            &ReportJsonl { options: &ReportOptions::default() },
            &facts(),
            &Rows::new(&tasks, &records),
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let value: Value = serde_json::from_str(lines[0]).expect("an object");
        assert_eq!(value["lock_pin"], "004321");
        assert_eq!(value["http_status"], Value::Null);
        assert_eq!(value["params"]["PIN"], "012345");
        assert_eq!(value["params"]["PreserveDataPlan"], false);
        assert_eq!(value["carried"]["Zone"], "=1");
        assert_eq!(value["result"]["commands"][1]["n"], 12_345_678_901_234_567_u64);
        assert!(lines[1].ends_with(r#""carried":{"Zone":"=1","Area":"'x"},"result":"not json"}"#));
        let places: Vec<Option<usize>> =
            REPORT_COLUMNS.iter().map(|key| lines[0].find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted());
    }
}
