//! Notes about devices, case by case.
//!
//! Owns when a note is due, what its answer leads to, and that a device gets no second one.

use super::*;
use crate::model::NoteResult;

fn noting(tasks: Vec<TaskFacts>) -> Engine {
    let mut engine = engine_of(tasks);
    engine.write_notes();
    engine
}

/// An engine begun again, which writes notes too.
fn noting_again(engine: &Engine, now: UnixMillis) -> (Engine, Vec<String>) {
    let mut next = Engine::new(engine.state().clone());
    next.write_notes();
    let entries = next.open(now, "test").expect("it opens again");
    next.grant(1_000, UnixMillis(i64::MAX));
    (next, told(now, &entries))
}

fn noted(engine: &mut Engine, now: UnixMillis, task: u32, result: NoteResult) -> Vec<String> {
    told(now, &engine.noted(now, TaskIndex(task), result).expect("it was asked"))
}

fn lost() -> NoteResult {
    NoteResult::Unknown { reason: why() }
}

fn forbidden() -> NoteResult {
    NoteResult::NotWritten { reason: why(), is_forbidden: true }
}

fn on_device(device: u32) -> TaskFacts {
    TaskFacts { device, ..facts(Repeat::Once) }
}

#[test]
fn a_note_follows_the_last_end_of_a_device_once() {
    let second = TaskFacts { after: Some((FIRST, Gate::Accepted)), ..facts(Repeat::Once) };
    let mut engine = noting(vec![facts(Repeat::Once), second]);
    assert_eq!(call(&mut engine, NOW), "send 0.1");
    assert_eq!(answers(&mut engine, NOW, 0, 1, accepted()), ["accepted"]);
    assert_eq!(call(&mut engine, NOW), "send 1.1", "its second step is still to come");
    assert_eq!(answers(&mut engine, NOW, 1, 1, accepted()), ["accepted"]);
    let step = engine.decide(NOW).expect("it decides");
    let action = engine.state().action_of(FIRST).to_owned();
    let ended = vec![(action.clone(), Outcome::Accepted), (action, Outcome::Accepted)];
    assert_eq!(step.calls, [Call::Note { task: TaskIndex(1), ended }]);
    assert_eq!(told(NOW, &step.entries), ["note_intended"]);
    assert!(!step.is_done);
    assert_eq!(noted(&mut engine, NOW, 1, NoteResult::Written), ["note_answered"]);
    let step = engine.decide(NOW).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done);
    assert_eq!(engine.progress().notes.written, 1);
}

#[test]
fn without_being_asked_no_note_is_written() {
    let mut engine = engine_of(vec![facts(Repeat::Once)]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    let step = engine.decide(NOW).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done);
}

#[test]
fn a_note_in_doubt_is_never_repeated() {
    for loses_process in [false, true] {
        let mut engine = noting(vec![facts(Repeat::Once)]);
        sends(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, accepted());
        assert_eq!(call(&mut engine, NOW), "note 0");
        if !loses_process {
            noted(&mut engine, NOW, 0, lost());
        }
        let (mut engine, told) = noting_again(&engine, NOW);
        assert_eq!(told.contains(&"note_answered".to_owned()), loses_process, "{told:?}");
        let step = engine.decide(NOW).expect("it decides");
        assert!(step.calls.is_empty() && step.is_done);
        assert_eq!(engine.progress().notes.unknown, 1);
        assert_eq!(engine.state().progress().errors, 0, "it is no error of the run");
    }
}

#[test]
fn a_note_that_a_stop_left_out_is_written_by_a_resume() {
    let mut engine = noting(vec![on_device(0), on_device(1)]);
    assert_eq!(sends(&mut engine, NOW).len(), 2);
    answers(&mut engine, NOW, 0, 1, accepted());
    engine.stop(NOW, StopCause::Operator, "left").expect("it stops");
    answers(&mut engine, NOW, 1, 1, unknown());
    let step = engine.decide(NOW).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done, "{step:?}");
    let (mut engine, _) = noting_again(&engine, NOW);
    assert_eq!(sends(&mut engine, NOW), ["note 0"], "the other device is in doubt");
}

#[test]
fn a_refusal_of_the_token_ends_all_notes() {
    let mut engine = noting(vec![on_device(0), on_device(1)]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(call(&mut engine, NOW), "note 0");
    noted(&mut engine, NOW, 0, forbidden());
    answers(&mut engine, NOW, 1, 1, accepted());
    let step = engine.decide(NOW).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done);
    assert_eq!((engine.progress().notes.failed, engine.progress().stop), (1, None));
}

#[test]
fn a_note_that_comes_too_soon_is_tried_again_a_few_times() {
    let later = |ms| NoteResult::Later { reason: why(), retry_after_ms: Some(ms) };
    let mut engine = noting(vec![facts(Repeat::Once)]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    let mut now = NOW;
    let mut requests = 0;
    while call(&mut engine, now) == "note 0" {
        requests += 1;
        noted(&mut engine, now, 0, later(7_000));
        assert_eq!(call(&mut engine, now), "", "it waits");
        now = now.plus_ms(7_000);
    }
    assert_eq!(requests, 5);
    assert!(engine.decide(now).expect("it decides").is_done);
    // An hour is not worth it.
    let mut engine = noting(vec![facts(Repeat::Once)]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(call(&mut engine, NOW), "note 0");
    noted(&mut engine, NOW, 0, later(3_600_000));
    assert!(engine.decide(NOW).expect("it decides").is_done);
}

#[test]
fn devices_without_a_request_or_a_record_get_no_note() {
    let skipped = TaskFacts { ended: Some(Outcome::Skipped), ..on_device(0) };
    let deleted = TaskFacts { trace: Trace::Record, ..on_device(1) };
    let mut engine = noting(vec![skipped, deleted]);
    assert_eq!(sends(&mut engine, NOW), ["send 1.1"]);
    answers(&mut engine, NOW, 1, 1, accepted());
    let step = engine.decide(NOW).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done, "{step:?}");
}

#[test]
fn a_step_that_never_begins_does_not_hold_up_the_note() {
    let second = TaskFacts { after: Some((FIRST, Gate::Completed)), ..facts(Repeat::Once) };
    let mut engine = noting(vec![facts(Repeat::Once), second]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, refused(ApiRefusal::Rejected));
    assert_eq!(call(&mut engine, NOW), "note 0");
}

#[test]
fn a_process_that_only_follows_writes_no_note() {
    let mut engine = noting(vec![followed()]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    engine.set_scope(Scope::Follow);
    engine.looked(NOW, FIRST, seen(CommandStatus::Completed, 1)).expect_err("no look is out");
    let later = NOW.plus_ms(2_000);
    assert_eq!(call(&mut engine, later), "look 0");
    engine.looked(later, FIRST, seen(CommandStatus::Completed, 1)).expect("it was asked");
    let step = engine.decide(later).expect("it decides");
    assert!(step.calls.is_empty() && step.is_done);
    engine.set_scope(Scope::Whole);
    assert_eq!(call(&mut engine, later), "note 0", "the control");
}
