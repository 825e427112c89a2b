//! What a device's record says of a task that changes it.
//!
//! Owns the way from a record to what the engine understands: before a request, in its answer, and afterwards. Must never
//! send anything.

use crate::kandji::{
    ActionSpec, RecordStanding, find_action, masked_error_text, read_target, record_standing,
    retry_after_ms,
};
use crate::model::wire::{Fault, Reply};
use crate::model::{
    Device, End, Recheck, RecordLists, Sighting, Task, Unreadable, Verdict, needs_lists,
};

/// Why nothing is added to the tags of a device, or removed: the request would replace them all.
const UNREAD_TAGS: &str = "its record does not show its tags in a form that sortie knows";

/// An answer with a body that is worth reading, or why there is none.
pub(super) fn usable(result: &Result<Reply, Fault>) -> Result<&Reply, Unreadable> {
    match result {
        Ok(reply) if reply.status == 429 => {
            Err(Unreadable::Throttled { retry_after_ms: retry_after_ms(reply) })
        }
        Ok(reply) if matches!(reply.status, 401 | 403) => {
            let text = masked_error_text(&reply.body);
            Err(Unreadable::Forbidden { reason: format!("HTTP {}: {text}", reply.status) })
        }
        Ok(reply) => Ok(reply),
        Err(Fault::NotSent { reason, .. }) => {
            Err(Unreadable::Unreachable { reason: reason.clone() })
        }
        Err(fault) => Err(Unreadable::Failed { reason: fault.to_string() }),
    }
}

/// The record of one device; `None` when it no longer exists.
pub(super) fn read_record(
    result: &Result<Reply, Fault>,
) -> Result<Option<Box<Device>>, Unreadable> {
    let reply = usable(result).map_err(|error| match (error, result) {
        (Unreadable::Forbidden { reason }, Ok(reply)) if reply.status == 401 => {
            Unreadable::Unauthorized { reason }
        }
        (error, _) => error,
    })?;
    let device = read_target(reply);
    device
        .map(|device| device.map(Box::new))
        .map_err(|error| Unreadable::Failed { reason: error.to_string() })
}

/// What a record that was read before a request says, where the target is as planned.
fn with_record_read(compared: Recheck, task: &Task, device: &Device) -> Recheck {
    let Ok(action) = find_action(&task.action) else { return compared };
    if compared != Recheck::Same || task.end != End::Recorded {
        return compared;
    }
    match record_standing(action, &task.params, None, device) {
        RecordStanding::Borne { evidence, .. } => Recheck::Borne { evidence },
        RecordStanding::Differs { .. } if needs_lists(&task.params) && device.has_unread_tags => {
            Recheck::Changed { reason: UNREAD_TAGS.to_owned() }
        }
        RecordStanding::Differs { .. } if needs_lists(&task.params) => {
            Recheck::Lists(action.record_lists(device))
        }
        RecordStanding::Differs { .. } => Recheck::Same,
    }
}

/// What the record of its device, read before a request, says of a task; `None` is a device that is gone. `compare` judges
/// whether the target is as planned.
pub(super) fn compared(
    task: &Task,
    device: Option<&Device>,
    compare: impl FnOnce(&Task, &Device) -> Recheck,
) -> Recheck {
    match device {
        Some(device) => with_record_read(compare(task, device), task, device),
        None => Recheck::Changed { reason: "the device no longer exists".to_owned() },
    }
}

/// The verdict with what the record in the answer shows.
pub(super) fn with_record(
    verdict: Verdict,
    action: &ActionSpec,
    task: &Task,
    lists: Option<&RecordLists>,
    result: &Result<Reply, Fault>,
) -> Verdict {
    let (Verdict::Accepted(mut answer), Ok(reply)) = (verdict.clone(), result) else {
        return verdict;
    };
    if task.end != End::Recorded {
        return verdict;
    }
    let Ok(Some(device)) = read_target(reply) else { return verdict };
    match record_standing(action, &task.params, lists, &device) {
        RecordStanding::Borne { evidence, drift } => {
            answer.proven = Some(evidence);
            answer.note = drift.or(answer.note);
        }
        // The record may show it late; a look tells.
        RecordStanding::Differs { .. } => {}
    }
    Verdict::Accepted(answer)
}

/// What a later read of the record shows of a task that changes it.
pub(super) fn recorded(
    task: &Task,
    lists: Option<&RecordLists>,
    result: &Result<Reply, Fault>,
) -> Sighting {
    let reply = match usable(result) {
        Ok(reply) => reply,
        Err(Unreadable::Throttled { retry_after_ms }) => {
            return Sighting::Throttled { retry_after_ms };
        }
        Err(Unreadable::Unreachable { reason }) => return Sighting::Unreachable { reason },
        Err(Unreadable::Forbidden { reason } | Unreadable::Unauthorized { reason }) => {
            return Sighting::Unreadable { reason, is_forbidden: true };
        }
        Err(Unreadable::Failed { reason } | Unreadable::OtherDevice { reason }) => {
            return Sighting::Unreadable { reason, is_forbidden: false };
        }
    };
    let action = match find_action(&task.action) {
        Ok(action) => action,
        Err(error) => {
            return Sighting::Unreadable { reason: error.to_string(), is_forbidden: false };
        }
    };
    match read_target(reply) {
        Ok(Some(device)) => match record_standing(action, &task.params, lists, &device) {
            RecordStanding::Borne { evidence, drift } => Sighting::Proven {
                evidence: drift.map_or(evidence.clone(), |drift| format!("{evidence}; {drift}")),
            },
            RecordStanding::Differs { evidence } => Sighting::Nothing { evidence },
        },
        Ok(None) => {
            let evidence = "the device is no longer in the tenant".to_owned();
            Sighting::Nothing { evidence }
        }
        Err(error) => Sighting::Unreadable { reason: error.to_string(), is_forbidden: false },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{ListChange, ListEdit, ParamValue, Params};
    use crate::plan::testing::plan;

    /// What a record with these tags says of a task that adds one.
    fn before_adding(tags: &str) -> Recheck {
        let mut task = plan(&[("update-device", "d0")]).tasks.remove(0);
        let (list, texts) = ("tags".to_owned(), vec!["moved".to_owned()]);
        let edit = ParamValue::Edit(ListEdit { list, change: ListChange::Add, texts });
        let work = Arc::make_mut(&mut task.work);
        (work.params, work.end) = (Params::from([("add_tags".to_owned(), edit)]), End::Recorded);
        let body = format!(r#"{{"device_id":"d0"{tags}}}"#);
        let reply = Reply { status: 200, body: body.into_bytes(), ..Reply::default() };
        let device = read_record(&Ok(reply)).expect("readable").expect("it is there");
        compared(&task, Some(&device), |_, _| Recheck::Same)
    }

    #[test]
    fn tags_that_cannot_be_read_are_never_replaced() {
        for known in [r#","tags":[]"#, r#","tags":["vip",{"name":"lab"}]"#] {
            assert!(matches!(before_adding(known), Recheck::Lists(_)), "{known}");
        }
        let unread = Recheck::Changed { reason: UNREAD_TAGS.to_owned() };
        for tags in ["", r#","tags":null"#, r#","tags":"vip""#, r#","tags":["vip",{"id":7}]"#] {
            assert_eq!(before_adding(tags), unread, "{tags}");
        }
    }
}
