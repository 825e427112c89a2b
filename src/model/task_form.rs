//! How a task is written: as one object, with everything that it shares with other tasks in memory.
//!
//! Owns the fields and their order. Journals and plan files hold this form: it must never change.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

use super::{
    Carried, DeviceFacts, End, Gate, Params, Repeat, Risk, SecretSource, Task, TaskId, TaskIndex,
    TaskWork, Turn,
};

#[derive(Serialize)]
#[serde(rename = "Task")]
struct WrittenTask<'a> {
    id: TaskId,
    row: u32,
    step: u16,
    device: &'a DeviceFacts,
    action: &'a str,
    params: &'a Params,
    risk: Risk,
    repeat: Repeat,
    end: &'a End,
    after: Option<(TaskIndex, Gate)>,
    turn: &'a Turn,
    carried: &'a Carried,
    #[serde(skip_serializing_if = "<[SecretSource]>::is_empty")]
    capture: &'a [SecretSource],
    #[serde(skip_serializing_if = "is_first")]
    wave: u16,
}

#[derive(Deserialize)]
#[serde(rename = "Task")]
struct ReadTask {
    id: TaskId,
    row: u32,
    step: u16,
    device: DeviceFacts,
    action: String,
    params: Params,
    risk: Risk,
    repeat: Repeat,
    end: End,
    after: Option<(TaskIndex, Gate)>,
    turn: Turn,
    carried: Carried,
    #[serde(default)]
    capture: Vec<SecretSource>,
    #[serde(default)]
    wave: u16,
}

fn is_first(wave: &u16) -> bool {
    *wave == 0
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let TaskWork { action, params, risk, repeat, end, capture } = &*self.work;
        let written = WrittenTask {
            id: self.id,
            row: self.row,
            step: self.step,
            device: &self.device,
            action,
            params,
            risk: *risk,
            repeat: *repeat,
            end,
            after: self.after,
            turn: &self.turn,
            carried: &self.carried,
            capture,
            wave: self.wave,
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadTask::deserialize(deserializer)?;
        let ReadTask { id, row, step, device, action, params, risk, repeat, end, .. } = read;
        let ReadTask { after, turn, carried, capture, wave, .. } = read;
        let (device, work) =
            (Arc::new(device), Arc::new(TaskWork { action, params, risk, repeat, end, capture }));
        Ok(Self { id, row, step, wave, device, work, after, turn, carried })
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a task id has 16 hexadecimal digits"))
    }
}
