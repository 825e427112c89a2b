//! What a record keeps of PINs that were sent with requests.

use super::*;
use crate::model::{ApiRefusal, TaskIndex};

const TASK: TaskIndex = TaskIndex(0);

fn erase_after(events: &[Event]) -> TaskRecord {
    let mut record = TaskRecord::default();
    for (at, event) in (0..).map(UnixMillis).zip(events) {
        record.apply(at, event);
    }
    record
}

fn intent(attempt: u16) -> Event {
    let pin = Some(Sealed::clear(format!("00000{attempt}")));
    Event::Intent { task: TASK, attempt, pin, sends: None, lists: None }
}

fn answered(attempt: u16, verdict: Verdict) -> Event {
    Event::Answered { task: TASK, attempt, http_status: Some(400), verdict }
}

fn unknown() -> Verdict {
    Verdict::Unknown { reason: "cut".to_owned(), ends_run: false, retry_after_ms: None }
}

fn pins(record: &TaskRecord) -> Vec<&str> {
    record.pins.iter().filter_map(|held| held.pin.expose()).collect()
}

#[test]
fn a_drawn_pin_of_a_request_not_applied_does_not_count() {
    let why = || "no".to_owned();
    for verdict in [
        Verdict::Refused { kind: ApiRefusal::Rejected, reason: why() },
        Verdict::InEffect { reason: why() },
        Verdict::Throttled { retry_after_ms: None, reason: why() },
        Verdict::NotSent { reason: why(), ends_run: false },
    ] {
        let record = erase_after(&[intent(1), answered(1, verdict.clone())]);
        assert_eq!((pins(&record), record.may_be_applied()), (vec![], false), "{verdict:?}");
    }
}

#[test]
fn a_drawn_pin_of_a_request_that_may_be_applied_is_kept() {
    for events in [
        vec![intent(1)],
        vec![intent(1), answered(1, unknown())],
        vec![intent(1), answered(1, Verdict::Accepted(super::super::Answer::default()))],
    ] {
        let record = erase_after(&events);
        assert_eq!((pins(&record), record.may_be_applied()), (vec!["000001"], true), "{events:?}");
    }
}

#[test]
fn a_refused_repeat_leaves_the_pin_of_the_request_in_doubt() {
    let refused = Verdict::Refused { kind: ApiRefusal::Rejected, reason: "no".to_owned() };
    let events = [intent(1), answered(1, unknown()), intent(2), answered(2, refused)];
    let record = erase_after(&events);
    assert_eq!((pins(&record), record.may_be_applied()), (vec!["000001"], true));
}
