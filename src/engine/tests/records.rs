//! Changes of records, case by case.
//!
//! Owns when a record is read before a request, and what follows from what it shows.

use super::*;
use crate::model::{Recheck, RecordLists, Unreadable};

/// A change that the record shows.
fn recorded() -> TaskFacts {
    TaskFacts { trace: Trace::Record, is_recorded: true, ..facts(Repeat::Safe) }
}

/// One that builds on lists of the record.
fn building() -> TaskFacts {
    TaskFacts { builds_on_lists: true, ..recorded() }
}

fn lists(tags: &[&str]) -> RecordLists {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    RecordLists([("tags".to_owned(), tags)].into())
}

fn rechecked(
    engine: &mut Engine,
    now: UnixMillis,
    result: Result<Recheck, Unreadable>,
) -> Vec<String> {
    told(now, &engine.rechecked(now, FIRST, result).expect("it was asked"))
}

fn proven() -> Verdict {
    let proven = Some("the record shows it".to_owned());
    Verdict::Accepted(Answer { proven, ..Answer::default() })
}

#[test]
fn a_request_with_lists_leaves_only_with_lists_just_read() {
    let mut engine = engine_of(vec![building()]);
    assert_eq!(call(&mut engine, NOW), "recheck 0");
    assert_eq!(rechecked(&mut engine, NOW, Ok(Recheck::Lists(lists(&["a"])))), ["rechecked"]);
    // Too old by now: they are read again.
    assert_eq!(call(&mut engine, seconds(4)), "recheck 0");
    rechecked(&mut engine, seconds(4), Ok(Recheck::Lists(lists(&["a", "b"]))));
    let step = engine.decide(seconds(5)).expect("it decides");
    let sent = Some(Box::new(lists(&["a", "b"])));
    assert_eq!(
        step.calls,
        [Call::Send { task: FIRST, attempt: 1, pin: None, lists: sent.clone() }]
    );
    let intents: Vec<_> = step
        .entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Intent { lists, .. } => Some(lists.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(intents, [sent]);
    assert_eq!(answers(&mut engine, seconds(5), 0, 1, proven()), ["completed"]);
}

#[test]
fn lists_that_an_earlier_process_read_are_read_again() {
    let mut engine = engine_of(vec![building()]);
    assert_eq!(call(&mut engine, NOW), "recheck 0");
    rechecked(&mut engine, NOW, Ok(Recheck::Lists(lists(&["a"]))));
    let (mut next, entries) = reopened(&engine, NOW);
    assert_eq!(entries, ["opened"]);
    assert_eq!(call(&mut next, NOW), "recheck 0");
    // An intent without lists is no entry of such a task.
    let mut state = engine.state().clone();
    let event = Event::Intent { task: FIRST, attempt: 1, pin: None, sends: None, lists: None };
    assert!(state.apply(&Entry { at: NOW, event }).is_err());
}

#[test]
fn each_attempt_with_lists_reads_them_anew() {
    let mut engine = engine_of(vec![building()]);
    call(&mut engine, NOW);
    rechecked(&mut engine, NOW, Ok(Recheck::Lists(lists(&["a"]))));
    assert_eq!(call(&mut engine, NOW), "send 0.1");
    assert_eq!(answers(&mut engine, NOW, 0, 1, throttled(Some(1_000))).len(), 2);
    assert_eq!(call(&mut engine, seconds(2)), "recheck 0");
}

#[test]
fn a_lost_answer_is_read_before_the_next_request() {
    for (facts, first) in [(recorded(), "send 0.1"), (building(), "recheck 0")] {
        let mut engine = engine_of(vec![facts]);
        assert_eq!(call(&mut engine, NOW), first);
        if first != "send 0.1" {
            rechecked(&mut engine, NOW, Ok(Recheck::Lists(lists(&["a"]))));
            assert_eq!(call(&mut engine, NOW), "send 0.1");
        }
        assert_eq!(answers(&mut engine, NOW, 0, 1, unknown()), ["postponed by 1000, counted"]);
        let (mut resumed, _) = reopened(&engine, seconds(2));
        for engine in [&mut engine, &mut resumed] {
            assert_eq!(call(engine, seconds(2)), "recheck 0");
            let borne = Recheck::Borne { evidence: why() };
            assert_eq!(rechecked(engine, seconds(2), Ok(borne)), ["completed"]);
        }
    }
}

#[test]
fn a_process_that_ended_before_the_answer_reads_the_record() {
    let mut engine = engine_of(vec![recorded()]);
    assert_eq!(call(&mut engine, NOW), "send 0.1");
    let (mut next, entries) = reopened(&engine, seconds(1));
    assert_eq!(entries, ["opened", "postponed by 0"]);
    assert_eq!(call(&mut next, seconds(1)), "recheck 0");
    assert_eq!(rechecked(&mut next, seconds(1), Ok(Recheck::Same)), ["rechecked"]);
    assert_eq!(call(&mut next, seconds(1)), "send 0.2");
}

#[test]
fn a_record_that_bears_everything_is_no_request_of_ours() {
    let mut engine = engine_of(vec![building()]);
    call(&mut engine, NOW);
    let borne = Recheck::Borne { evidence: why() };
    assert_eq!(rechecked(&mut engine, NOW, Ok(borne)), ["already_in_effect"]);
}

#[test]
fn an_answer_without_the_record_is_followed() {
    let mut engine = engine_of(vec![TaskFacts { followed: true, ..recorded() }]);
    assert_eq!(call(&mut engine, NOW), "send 0.1");
    assert_eq!(answers(&mut engine, NOW, 0, 1, accepted()), Vec::<String>::new());
    let looked = (0..600).map(seconds).find(|at| call(&mut engine, *at) == "look 0");
    let at = looked.expect("a read of the record");
    let shown = Sighting::Proven { evidence: why() };
    let entries = engine.looked(at, FIRST, shown).expect("it was asked");
    assert_eq!(told(at, &entries), ["completed"]);
    check(&recorded(), 0, accepted(), &["accepted"]);
}

#[test]
fn doubt_about_a_record_is_settled_by_reading_it() {
    let mut engine = engine_of(vec![recorded()]);
    let mut now = NOW;
    for attempt in 1..=3 {
        if attempt > 1 {
            assert_eq!(call(&mut engine, now), "recheck 0");
            rechecked(&mut engine, now, Ok(Recheck::Same));
        }
        assert_eq!(call(&mut engine, now), format!("send 0.{attempt}"));
        answers(&mut engine, now, 0, attempt, unknown());
        now = now.plus_ms(10_000);
    }
    assert_eq!(engine.state().task(FIRST).phase, crate::engine::Phase::Doubt);
    let looked = (0..600).map(|count| now.plus_ms(count * 1_000));
    let mut looked = looked.filter(|at| call(&mut engine, *at) == "look 0");
    let at = looked.next().expect("a read of the record");
    drop(looked);
    let shown = Sighting::Proven { evidence: why() };
    let entries = engine.looked(at, FIRST, shown).expect("it was asked");
    assert_eq!(told(at, &entries), ["adopted", "completed"]);
}

#[test]
fn a_record_that_cannot_be_read_sends_nothing() {
    let mut engine = engine_of(vec![building()]);
    call(&mut engine, NOW);
    let forbidden = Err(Unreadable::Forbidden { reason: why() });
    assert_eq!(rechecked(&mut engine, NOW, forbidden), ["refused"]);
}
