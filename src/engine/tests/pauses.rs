//! Pauses and the ends of a run, case by case.
//!
//! Owns that no pause moves an end, and that nobody waits for a pause of hours.

use super::*;

const LONG_MS: u64 = 3_600_000;

/// A restart that is followed and one that is about to be sent, under rules that end soon.
fn two(policy: Policy) -> Engine {
    let mut engine = engine_with(vec![followed(), followed()], Policy { concurrency: 1, ..policy });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(sends(&mut engine, NOW), ["send 1.1"]);
    engine
}

/// The moment at which nothing more will happen, when nothing but the time goes by.
fn ends_at(engine: &mut Engine) -> (UnixMillis, Vec<String>) {
    let (mut now, mut told) = (NOW, Vec::new());
    for _ in 0..100 {
        let step = engine.decide(now).expect("it decides");
        told.extend(told_of(&step));
        if step.is_done {
            return (now, told);
        }
        for call in &step.calls {
            let Call::Look { task, .. } = call else { panic!("{call:?}") };
            engine.looked(now, *task, nothing()).expect("it was asked");
        }
        if step.calls.is_empty() {
            now = step.wake_at.expect("something will be due");
        }
    }
    panic!("it never ends")
}

#[test]
fn a_pause_does_not_move_the_end_of_sending_or_of_the_wait() {
    let short = Policy { wait_ms: 5_000, send_until: seconds(10), ..policy() };
    // Sending ends as soon as it is known that there is nothing to wait for.
    let mut engine = two(short.clone());
    answers(&mut engine, NOW, 1, 1, throttled(Some(1_800_000)));
    let (at, told) = ends_at(&mut engine);
    assert_eq!(told, ["stopped: Deadline"]);
    assert!(at.since(NOW) < 6_000, "{}", at.since(NOW));
    assert_eq!(engine.state().task(TaskIndex(1)).phase, Phase::Ready);
    // A pause that ends before is waited for.
    let mut engine = two(short);
    answers(&mut engine, NOW, 1, 1, throttled(Some(9_000)));
    assert_eq!(sends(&mut engine, seconds(8)), Vec::<String>::new());
    assert_eq!(sends(&mut engine, seconds(9)).first().map(String::as_str), Some("send 1.2"));
}

#[test]
fn the_wait_ends_under_a_pause_of_a_look() {
    let mut engine = engine_with(vec![followed()], Policy { wait_ms: 5_000, ..policy() });
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(sends(&mut engine, seconds(2)), ["look 0"]);
    let throttled = Sighting::Throttled { retry_after_ms: Some(1_800_000) };
    engine.looked(seconds(2), FIRST, throttled).expect("it was asked");
    let (at, told) = ends_at(&mut engine);
    assert!(told.is_empty() && at.since(NOW) <= 5_001, "{told:?} {}", at.since(NOW));
}

#[test]
fn a_pause_does_not_keep_reads_for_doubt_waiting_for_long() {
    let doubt = TaskFacts { trace: Trace::Command, ..facts(Repeat::Once) };
    for (pause_s, is_left) in [(200, false), (1_800, true)] {
        let mut engine = engine_of(vec![doubt.clone()]);
        let busy = Verdict::Unknown {
            reason: why(),
            ends_run: false,
            retry_after_ms: Some(pause_s * 1_000),
        };
        sends(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, busy);
        let step = engine.decide(seconds(1)).expect("it decides");
        // The wait is ten minutes, and a doubt is settled after two.
        assert_eq!(step.is_done, is_left, "{pause_s}");
        if !is_left {
            assert!(step.wake_at.is_some(), "{pause_s}");
        }
    }
}

#[test]
fn a_wait_of_hours_ends_the_run_and_a_resume_says_so() {
    for (wait_ms, is_stopped) in [(LONG_MS, false), (LONG_MS + 1_000, true)] {
        let mut engine = two(policy());
        let told = answers(&mut engine, NOW, 1, 1, throttled(Some(wait_ms)));
        let stopped = told.contains(&"stopped: Throttled".to_owned());
        assert_eq!(stopped, is_stopped, "{told:?}");
        assert_eq!(engine.decide(NOW).expect("it decides").is_done, is_stopped);
        let (until, because) = engine.state().pause(NOW).expect("it is paused");
        assert_eq!((until, because), (NOW.plus_ms(wait_ms), "why"));
        if is_stopped {
            let (_, told) = reopened(&engine, NOW);
            assert_eq!(told, ["opened", "stopped: Throttled"]);
            let (mut engine, told) = reopened(&engine, until);
            assert_eq!(told, ["opened"]);
            assert_eq!(engine.state().pause(until), None);
            assert!(sends(&mut engine, until).contains(&"send 1.2".to_owned()));
        }
    }
    // The same for an answer that is no refusal, and for a read.
    let mut engine = two(policy());
    let hours = Some(2 * LONG_MS);
    let busy = Verdict::Unknown { reason: why(), ends_run: false, retry_after_ms: hours };
    let told = answers(&mut engine, NOW, 1, 1, busy);
    assert!(told.contains(&"stopped: Throttled".to_owned()), "{told:?}");
    let mut engine = engine_of(vec![followed()]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(sends(&mut engine, seconds(2)), ["look 0"]);
    let throttled = Sighting::Throttled { retry_after_ms: hours };
    let entries = engine.looked(seconds(2), FIRST, throttled).expect("it was asked");
    assert_eq!(super::told(seconds(2), &entries), ["paused for 7200000", "stopped: Throttled"]);
    assert!(engine.decide(seconds(2)).expect("it decides").is_done);
}

#[test]
fn already_running_after_our_own_request_is_ours() {
    for (first, expected) in [
        (throttled(Some(1_000)), "why (possibly by an earlier request of this run)"),
        (not_sent(), "why"),
    ] {
        let mut engine = engine_of(vec![facts(Repeat::Once)]);
        sends(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, first);
        assert_eq!(sends(&mut engine, seconds(1)), ["send 0.2"]);
        let in_effect = Verdict::InEffect { reason: why() };
        let entries = engine.answered(seconds(1), FIRST, 2, None, in_effect).expect("it was asked");
        let Some(Event::Settled { outcome, reason, .. }) = entries.last().map(|it| &it.event)
        else {
            panic!("{entries:?}")
        };
        assert_eq!((*outcome, reason.as_str()), (Outcome::AlreadyInEffect, expected));
    }
}
