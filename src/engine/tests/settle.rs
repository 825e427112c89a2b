//! Doubt, PINs and secrets, case by case.
//!
//! Owns what each read leads to and when it is made.

use super::*;
use crate::model::{Sealed, Secret, SecretSource, Unreadable};

fn lock() -> TaskFacts {
    TaskFacts { has_custody: true, trace: Trace::Command, ..followed() }
}

fn once(trace: Trace) -> TaskFacts {
    TaskFacts { trace, ..followed() }
}

fn pin(text: &str) -> Option<Sealed> {
    Some(Sealed::clear(text.to_owned()))
}

fn locked_with(text: &str) -> Verdict {
    Verdict::Accepted(Answer { pin: pin(text), ..Answer::default() })
}

fn locked_without() -> Verdict {
    Verdict::Accepted(Answer { pin_missing: true, ..Answer::default() })
}

fn looked(engine: &mut Engine, now: UnixMillis, sighting: Sighting) -> Vec<String> {
    told(now, &engine.looked(now, FIRST, sighting).expect("it was asked"))
}

fn read(
    engine: &mut Engine,
    now: UnixMillis,
    result: Result<Option<Sealed>, Unreadable>,
) -> Vec<String> {
    told(now, &engine.pin_read(now, FIRST, result).expect("it was asked"))
}

fn reason(engine: &mut Engine, now: UnixMillis, pin: &str) -> (Outcome, String) {
    let entries = engine.pin_read(now, FIRST, Ok(self::pin(pin))).expect("it was asked");
    let Some(Event::Settled { outcome, reason, .. }) = entries.last().map(|entry| &entry.event)
    else {
        panic!("{entries:?}")
    };
    (*outcome, reason.clone())
}

/// A task in doubt since `NOW`.
fn in_doubt(facts: TaskFacts) -> Engine {
    let mut engine = engine_of(vec![facts]);
    assert_eq!(call(&mut engine, NOW), "send 0.1");
    assert_eq!(answers(&mut engine, NOW, 0, 1, unknown()), ["doubted"]);
    engine
}

/// The next moment from `now` on at which the engine calls something, and what.
fn next(engine: &mut Engine, now: UnixMillis) -> (UnixMillis, String) {
    let mut now = now;
    loop {
        let calls = engine.decide(now).expect("it decides");
        if let [call] = calls.calls.as_slice() {
            return (now, word(call));
        }
        assert!(calls.calls.is_empty(), "{calls:?}");
        now = calls.wake_at.expect("something will be due");
    }
}

#[test]
fn a_task_in_doubt_is_not_read_before_its_quarantine_ends() {
    let mut engine = in_doubt(once(Trace::Command));
    assert_eq!(call(&mut engine, seconds(119)), "");
    assert!(!engine.decide(seconds(119)).expect("it decides").is_done);
    assert_eq!(call(&mut engine, seconds(120)), "look 0");
}

#[test]
fn a_command_not_found_three_times_stays_in_doubt() {
    let mut engine = in_doubt(once(Trace::Command));
    let mut now = NOW;
    for _ in 0..3 {
        let (at, call) = next(&mut engine, now);
        assert_eq!(call, "look 0");
        assert_eq!(looked(&mut engine, at, nothing()), ["absent"]);
        now = at;
    }
    let step = engine.decide(now).expect("it decides");
    assert!(step.is_done && step.calls.is_empty(), "{step:?}");
    assert_eq!(engine.state().task(FIRST).phase, Phase::Doubt);
    // Who resumes later gets one more read: a request can be applied later than anybody expects.
    let (mut engine, _) = reopened(&engine, seconds(90_000));
    assert_eq!(call(&mut engine, seconds(90_000)), "look 0");
    assert_eq!(looked(&mut engine, seconds(90_000), nothing()), ["absent"]);
    assert!(engine.decide(seconds(90_000)).expect("it decides").is_done);
}

#[test]
fn what_is_found_is_adopted_and_followed() {
    for (sighting, expected) in [
        (seen(CommandStatus::Pending, 1), vec!["adopted", "seen pending"]),
        (seen(CommandStatus::NotNow, 1), vec!["adopted", "seen not_now"]),
        (seen(CommandStatus::Completed, 1), vec!["adopted", "seen completed", "completed"]),
        (seen(CommandStatus::Failed, 1), vec!["adopted", "seen failed", "failed"]),
        (Sighting::Proven { evidence: why() }, vec!["adopted", "completed"]),
    ] {
        let mut engine = in_doubt(once(Trace::Command));
        assert_eq!(engine.progress().errors, 1);
        assert_eq!(call(&mut engine, seconds(120)), "look 0");
        assert_eq!(looked(&mut engine, seconds(120), sighting.clone()), expected, "{sighting:?}");
        let errors = u32::from(expected.contains(&"failed"));
        assert_eq!(engine.progress().errors, errors, "{sighting:?}");
    }
}

#[test]
fn an_adopted_task_that_is_not_followed_is_accepted() {
    let mut engine = in_doubt(TaskFacts { followed: false, ..once(Trace::Command) });
    assert_eq!(call(&mut engine, seconds(120)), "look 0");
    let told = looked(&mut engine, seconds(120), seen(CommandStatus::Pending, 1));
    assert_eq!(told, ["adopted", "seen pending", "accepted"]);
}

#[test]
fn history_and_record_count_as_one_read() {
    let mut engine = in_doubt(once(Trace::CommandAndRecord));
    for expected in [vec![], vec!["absent"]] {
        let (at, _) = next(&mut engine, seconds(120));
        assert_eq!(looked(&mut engine, at, nothing()), expected);
    }
}

#[test]
fn doubt_without_a_trace_is_left_to_a_person_at_once() {
    let mut engine = in_doubt(once(Trace::None));
    assert!(engine.decide(NOW).expect("it decides").is_done);
}

#[test]
fn reads_that_fail_prove_nothing_and_end() {
    let mut engine = in_doubt(once(Trace::Command));
    let failed = || Sighting::Unreadable { reason: why(), is_forbidden: false };
    let mut now = NOW;
    for _ in 0..5 {
        let (at, _) = next(&mut engine, now);
        assert_eq!(looked(&mut engine, at, failed()), Vec::<String>::new());
        now = at;
    }
    let (at, _) = next(&mut engine, now);
    assert_eq!(looked(&mut engine, at, failed()), ["unseen"]);
    assert_eq!(engine.state().task(FIRST).absences, 0);
    assert!(engine.decide(at).expect("it decides").is_done);
}

#[test]
fn doubt_is_settled_in_spite_of_errors_and_not_for_who_leaves() {
    for (cause, is_read) in
        [(StopCause::Errors, true), (StopCause::Deadline, true), (StopCause::Operator, false)]
    {
        let mut engine = in_doubt(once(Trace::Command));
        engine.stop(NOW, cause, "why").expect("it stops");
        assert_eq!(!call(&mut engine, seconds(120)).is_empty(), is_read, "{cause:?}");
        let is_done = engine.decide(seconds(120)).expect("it decides").is_done;
        assert_eq!(is_done, !is_read, "{cause:?}");
    }
}

#[test]
fn the_answer_that_it_is_so_already_proves_our_own_request() {
    let mut engine = in_doubt(once(Trace::Command));
    let decision = crate::model::Decision::SendAgain;
    let event = Event::Resolved { task: FIRST, decision, by: "a test".to_owned() };
    engine.run.state.apply(&Entry { at: seconds(300), event }).expect("it can be resolved");
    let (mut engine, _) = reopened(&engine, seconds(300));
    assert_eq!(call(&mut engine, seconds(300)), "send 0.2");
    let verdict = Verdict::InEffect { reason: why() };
    assert_eq!(answers(&mut engine, seconds(300), 0, 2, verdict), Vec::<String>::new());
    let task = engine.state().task(FIRST);
    assert_eq!(task.phase, Phase::Following);
    assert_eq!(task.traced_from, NOW, "its command may be that of the first request");
}

#[test]
fn a_lock_is_completed_only_after_its_pin_was_looked_for() {
    let mut engine = engine_of(vec![lock()]);
    call(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, locked_with("012345"));
    assert_eq!(call(&mut engine, seconds(2)), "look 0");
    let told = looked(&mut engine, seconds(2), seen(CommandStatus::Completed, 1));
    assert_eq!(told, ["seen completed"]);
    // A crash at this moment loses nothing.
    let (mut engine, _) = reopened(&engine, seconds(3));
    assert_eq!(call(&mut engine, seconds(3)), "pin 0");
    assert_eq!(reason(&mut engine, seconds(3), "012345"), (Outcome::Completed, String::new()));
}

#[test]
fn what_the_tenant_shows_of_a_pin_is_recorded() {
    let forbidden = || Unreadable::Forbidden { reason: "HTTP 403".to_owned() };
    for (result, outcome, words) in [
        (Ok(None), Outcome::Completed, "PIN unverified: the tenant has none"),
        (Err(forbidden()), Outcome::Completed, "PIN unverified: HTTP 403"),
    ] {
        let mut engine = engine_of(vec![lock()]);
        call(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, locked_with("012345"));
        call(&mut engine, seconds(2));
        looked(&mut engine, seconds(2), seen(CommandStatus::Completed, 1));
        assert_eq!(call(&mut engine, seconds(2)), "pin 0");
        let entries = engine.pin_read(seconds(2), FIRST, result).expect("it was asked");
        let Some(Event::Settled { outcome: settled, reason, .. }) =
            entries.last().map(|entry| &entry.event)
        else {
            panic!("{entries:?}")
        };
        assert!(*settled == outcome && reason.contains(words), "{settled} {reason}");
    }
}

#[test]
fn a_lock_without_pin_reads_it_and_fails_if_there_is_none() {
    for (shows_at_last, expected) in [(true, "completed"), (false, "failed")] {
        // Not even a run that does not follow leaves a Mac without its PIN.
        let mut engine = engine_with(
            vec![TaskFacts { followed: false, ..lock() }],
            Policy { wait_ms: 0, ..policy() },
        );
        call(&mut engine, NOW);
        assert_eq!(answers(&mut engine, NOW, 0, 1, locked_without()), Vec::<String>::new());
        let (mut now, called) = next(&mut engine, NOW);
        assert_eq!(called, "look 0");
        looked(&mut engine, now, seen(CommandStatus::Completed, 1));
        let mut told = Vec::new();
        for number in 1.. {
            let called;
            (now, called) = next(&mut engine, now);
            assert_eq!(called, "pin 0");
            let found = if shows_at_last && number == 3 { pin("012345") } else { None };
            told = read(&mut engine, now, Ok(found));
            if !told.is_empty() {
                break;
            }
        }
        assert_eq!(told, ["pin_read", expected]);
        assert!(engine.decide(now).expect("it decides").is_done);
        assert!(now.remaining_ms(NOW) < 300_000, "somebody waits for it");
    }
}

#[test]
fn a_token_that_may_not_read_secrets_is_asked_once() {
    let mut engine = engine_of(vec![lock(), lock()]);
    sends(&mut engine, NOW);
    for task in 0..2 {
        answers(&mut engine, NOW, task, 1, locked_with("012345"));
    }
    assert_eq!(sends(&mut engine, seconds(2)), ["look 0", "look 1"]);
    looked(&mut engine, seconds(2), seen(CommandStatus::Completed, 1));
    assert_eq!(call(&mut engine, seconds(2)), "pin 0");
    let forbidden = Unreadable::Forbidden { reason: "HTTP 403".to_owned() };
    assert_eq!(read(&mut engine, seconds(2), Err(forbidden)), ["pin_read", "completed"]);
    let done = seen(CommandStatus::Completed, 1);
    let entries = engine.looked(seconds(2), TaskIndex(1), done).expect("it was asked");
    assert_eq!(told(NOW, &entries), ["seen completed", "completed"]);
    assert!(engine.decide(seconds(2)).expect("it decides").is_done);
}

#[test]
fn a_mac_that_was_locked_before_shows_its_pin() {
    let mut engine = engine_of(vec![lock()]);
    call(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, Verdict::InEffect { reason: why() });
    assert_eq!(call(&mut engine, NOW), "pin 0");
    let (outcome, reason) = reason(&mut engine, NOW, "012345");
    assert_eq!(outcome, Outcome::AlreadyInEffect);
    assert!(reason.contains("recovered"), "{reason}");
}

#[test]
fn a_lock_in_doubt_reads_its_pin_last_as_no_proof() {
    let mut engine = in_doubt(lock());
    let mut now = NOW;
    for _ in 0..3 {
        let (at, _) = next(&mut engine, now);
        looked(&mut engine, at, nothing());
        now = at;
    }
    assert_eq!(call(&mut engine, now), "pin 0");
    assert_eq!(read(&mut engine, now, Ok(pin("012345"))), ["pin_read"]);
    assert_eq!(engine.state().task(FIRST).phase, Phase::Doubt);
    assert!(engine.decide(now).expect("it decides").is_done);
    // It may be that of an older lock: found out later that this one was applied, its own is read.
    assert!(!engine.state().task(FIRST).has_pin);
    let (mut engine, _) = reopened(&engine, now);
    let (at, called) = next(&mut engine, now);
    assert_eq!(called, "look 0");
    looked(&mut engine, at, seen(CommandStatus::Completed, 1));
    assert_eq!(call(&mut engine, at), "pin 0");
    assert_eq!(read(&mut engine, at, Ok(None)), Vec::<String>::new(), "it is asked for again");
}

#[test]
fn an_unreachable_tenant_pauses_the_run_and_settles_nothing() {
    let reason = || "no route".to_owned();
    let mut engine = engine_of(vec![lock()]);
    call(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, locked_without());
    let (at, _) = next(&mut engine, NOW);
    looked(&mut engine, at, seen(CommandStatus::Completed, 1));
    assert_eq!(call(&mut engine, at), "pin 0");
    let told = read(&mut engine, at, Err(Unreadable::Unreachable { reason: reason() }));
    assert_eq!(told, ["paused for 1000"]);
    assert_eq!(engine.state().task(FIRST).phase, Phase::Custody(Outcome::Completed));
    let (_, called) = next(&mut engine, at);
    assert_eq!(called, "pin 0");

    let mut engine = in_doubt(once(Trace::Command));
    assert_eq!(call(&mut engine, seconds(120)), "look 0");
    let told = looked(&mut engine, seconds(120), Sighting::Unreachable { reason: reason() });
    assert_eq!(told, ["paused for 1000"]);
    assert_eq!(engine.state().task(FIRST).absences, 0);

    let captures = TaskFacts { captures: 1, ..facts(Repeat::Once) };
    let mut engine = engine_of(vec![captures]);
    assert_eq!(call(&mut engine, NOW), "secrets 0.0");
    let failed = Err(Unreadable::Unreachable { reason: reason() });
    let entries =
        engine.secrets_read(NOW, FIRST, SecretSource::FilevaultKey, failed).expect("it was asked");
    assert_eq!(super::told(NOW, &entries), ["paused for 1000"]);
    assert_eq!(engine.state().task(FIRST).phase, Phase::Ready);
}

#[test]
fn a_safe_request_already_running_matches_the_first_attempt() {
    let safe = TaskFacts { followed: true, trace: Trace::Command, ..facts(Repeat::Safe) };
    let mut engine = engine_of(vec![safe]);
    call(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, unknown());
    assert_eq!(call(&mut engine, seconds(60)), "send 0.2");
    answers(&mut engine, seconds(60), 0, 2, Verdict::InEffect { reason: why() });
    assert_eq!(engine.state().task(FIRST).phase, Phase::Following);
    assert_eq!(engine.state().task(FIRST).traced_from, NOW);
}

#[test]
fn secrets_are_kept_before_the_request_that_takes_them_away() {
    let facts = TaskFacts { captures: 2, ..facts(Repeat::Once) };
    let sources = [SecretSource::FilevaultKey, SecretSource::BypassCode];
    let mut engine = engine_of(vec![facts]);
    for (place, source) in sources.into_iter().enumerate() {
        assert_eq!(call(&mut engine, NOW), format!("secrets 0.{place}"));
        assert_eq!(call(&mut engine, NOW), "", "one after the other");
        let value = Sealed::clear("KEY".to_owned());
        let secrets = vec![Secret { name: "key".to_owned(), value }];
        engine.secrets_read(NOW, FIRST, source, Ok(secrets)).expect("it was asked");
    }
    assert_eq!(call(&mut engine, NOW), "send 0.1");
}

#[test]
fn nothing_is_sent_when_its_secrets_cannot_be_kept() {
    let facts = TaskFacts { captures: 1, ..facts(Repeat::Once) };
    let source = SecretSource::FilevaultKey;
    let mut engine = engine_of(vec![facts.clone()]);
    assert_eq!(call(&mut engine, NOW), "secrets 0.0");
    let forbidden = Err(Unreadable::Forbidden { reason: why() });
    let entries = engine.secrets_read(NOW, FIRST, source, forbidden).expect("it was asked");
    assert_eq!(told(NOW, &entries), ["refused"]);
    assert!(engine.decide(NOW).expect("it decides").is_done);
    let mut engine = engine_of(vec![facts]);
    let mut now = NOW;
    let mut told = call(&mut engine, now);
    for _ in 0..6 {
        assert_eq!(told, "secrets 0.0");
        let failed = Err(Unreadable::Failed { reason: why() });
        let entries = engine.secrets_read(now, FIRST, source, failed).expect("it was asked");
        if !entries.is_empty() {
            assert_eq!(super::told(now, &entries), ["refused"]);
            return;
        }
        (now, told) = next(&mut engine, now);
    }
    panic!("it is asked for ever");
}

#[test]
fn each_request_that_takes_a_pin_has_its_own_in_its_intent() {
    let facts = TaskFacts { draws_pin: true, ..facts(Repeat::Once) };
    let mut engine = engine_of(vec![facts]);
    let mut number = 0;
    engine.set_pin_source(Box::new(move || {
        number += 1;
        let sealed = |text: String| Sealed::clear(text);
        DrawnPin { clear: sealed(format!("{number}")), kept: sealed(format!("kept {number}")) }
    }));
    for (attempt, clear) in [(1_u16, "1"), (2, "2")] {
        let now = seconds(u64::from(attempt) * 100);
        let step = engine.decide(now).expect("it decides");
        let [Call::Send { pin: Some(sent), .. }] = step.calls.as_slice() else {
            panic!("{step:?}")
        };
        assert_eq!(sent.expose(), Some(clear));
        let kept = step.entries.iter().find_map(|entry| match &entry.event {
            Event::Intent { pin, .. } => pin.as_ref()?.expose().map(str::to_owned),
            _ => None,
        });
        assert_eq!(kept, Some(format!("kept {attempt}")));
        answers(&mut engine, now, 0, attempt, throttled(Some(1_000)));
    }
}
