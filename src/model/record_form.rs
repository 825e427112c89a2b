//! How a record is written: as one object, wherever its parts are in memory.
//!
//! Owns the fields and their order. Histories of runs elsewhere hold this form: it must never change.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::record::{RecordDetails, TaskRecord};
use super::standing::TaskStage;
use super::{CommandSeen, HeldPin, Secret, SharedText, UnixMillis};

#[derive(Serialize)]
#[serde(rename = "TaskRecord")]
struct WrittenRecord<'a> {
    stage: TaskStage,
    reason: &'a SharedText,
    attempts: u16,
    http_status: Option<u16>,
    requested_at: Option<UnixMillis>,
    completed_at: Option<UnixMillis>,
    command: &'a Option<CommandSeen>,
    #[serde(skip_serializing_if = "<[HeldPin]>::is_empty")]
    pins: &'a [HeldPin],
    maybe_applied: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_drawn: bool,
    #[serde(skip_serializing_if = "<[Secret]>::is_empty")]
    secrets: &'a [Secret],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_in_effect: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: &'a Option<String>,
    result: &'a Option<String>,
}

#[derive(Deserialize)]
#[serde(rename = "TaskRecord")]
struct ReadRecord {
    stage: TaskStage,
    reason: SharedText,
    attempts: u16,
    http_status: Option<u16>,
    requested_at: Option<UnixMillis>,
    completed_at: Option<UnixMillis>,
    command: Option<CommandSeen>,
    #[serde(default)]
    pins: Vec<HeldPin>,
    #[serde(default)]
    maybe_applied: u16,
    #[serde(default)]
    has_drawn: bool,
    #[serde(default)]
    secrets: Vec<Secret>,
    #[serde(default)]
    is_in_effect: bool,
    #[serde(default)]
    note: Option<String>,
    result: Option<String>,
}

impl Serialize for TaskRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = WrittenRecord {
            stage: self.stage,
            reason: &self.reason,
            attempts: self.attempts,
            http_status: self.http_status,
            requested_at: self.requested_at,
            completed_at: self.completed_at,
            command: &self.command,
            pins: &self.pins,
            maybe_applied: self.maybe_applied,
            has_drawn: self.has_drawn,
            secrets: &self.secrets,
            is_in_effect: self.is_in_effect,
            note: &self.note,
            result: &self.result,
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TaskRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadRecord::deserialize(deserializer)?;
        let ReadRecord { command, pins, secrets, note, result, .. } = read;
        let mut record = Self::default();
        (record.stage, record.reason, record.attempts) = (read.stage, read.reason, read.attempts);
        record.http_status = read.http_status;
        (record.requested_at, record.completed_at) = (read.requested_at, read.completed_at);
        (record.maybe_applied, record.has_drawn) = (read.maybe_applied, read.has_drawn);
        record.is_in_effect = read.is_in_effect;
        let details = RecordDetails { command, pins, secrets, note, result };
        if details != RecordDetails::default() {
            *record = details;
        }
        Ok(record)
    }
}
