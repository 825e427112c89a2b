//! The machines, case by case.
//!
//! Owns the tables of what follows from a verdict or a sighting, and one test for each stop, pause and wait
//! rule. What must hold in every case is checked by the integration test `invariants`.

mod check_in_poll;
mod notes;
mod oversight;
mod pauses;
mod pins;
mod rate;
mod records;
mod settle;
mod stops;

use super::*;
use crate::model::{
    Answer, ApiRefusal, CommandSeen, CommandStatus, Entry, Event, Gate, MaxErrors, Outcome, Policy,
    Repeat, Retries, Sighting, StopCause, TaskFacts, TaskIndex, Trace, UnixMillis, Verdict,
};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const FIRST: TaskIndex = TaskIndex(0);

fn policy() -> Policy {
    Policy {
        retries: Retries { count: 2, delay_ms: 1_000, delay_ms_max: 60_000, jitter: false },
        wait_ms: 600_000,
        max_errors: MaxErrors::Count(100),
        per_second: 1_000,
        ..Policy::default_at(NOW, 1)
    }
}

fn facts(repeat: Repeat) -> TaskFacts {
    TaskFacts {
        action: 0,
        repeat,
        followed: false,
        after: None,
        ends_with_answer: false,
        ended: None,
        has_custody: false,
        draws_pin: false,
        captures: 0,
        trace: Trace::None,
        wave: 0,
        device: 0,
        is_awake: true,
        is_irreversible: false,
        is_rechecked: false,
        builds_on_lists: false,
        is_recorded: false,
    }
}

fn followed() -> TaskFacts {
    TaskFacts { followed: true, ..facts(Repeat::Once) }
}

fn engine_with(tasks: Vec<TaskFacts>, policy: Policy) -> Engine {
    let actions = ["lock".to_owned(), "restart".to_owned()];
    let mut engine = Engine::new(EngineState::new(tasks.into(), actions.into(), policy));
    engine.open(NOW, "test").expect("a new run opens");
    engine.grant(1_000, UnixMillis(i64::MAX));
    engine
}

fn engine_of(tasks: Vec<TaskFacts>) -> Engine {
    engine_with(tasks, policy())
}

fn seconds(count: u64) -> UnixMillis {
    NOW.plus_ms(count * 1_000)
}

/// An engine begun again from everything that another one recorded.
fn reopened(engine: &Engine, now: UnixMillis) -> (Engine, Vec<String>) {
    let mut next = Engine::new(engine.state().clone());
    let entries = next.open(now, "test").expect("it opens again");
    next.grant(1_000, UnixMillis(i64::MAX));
    (next, told(now, &entries))
}

/// Entries in short words.
fn told(now: UnixMillis, entries: &[Entry]) -> Vec<String> {
    let word = |entry: &Entry| match &entry.event {
        Event::Postponed { until, counted, .. } => {
            let counted = if *counted { ", counted" } else { "" };
            format!("postponed by {}{counted}", until.since(now))
        }
        Event::Settled { outcome, .. } => outcome.to_string(),
        Event::Absent { .. }
        | Event::Adopted { .. }
        | Event::Resolved { .. }
        | Event::PinRead { .. }
        | Event::SecretsRead { .. }
        | Event::Rechecked { .. }
        | Event::WaveBegun { .. }
        | Event::CanaryAdded { .. }
        | Event::Woke { .. }
        | Event::NoteIntended { .. }
        | Event::NoteAnswered { .. } => entry.event.word().to_owned(),
        Event::Doubted { .. } => "doubted".to_owned(),
        Event::Stopped { cause, .. } => format!("stopped: {cause:?}"),
        Event::ActionStopped { action, .. } => format!("{action} stopped"),
        Event::Paused { until, .. } => format!("paused for {}", until.since(now)),
        Event::Observed { command, .. } => format!("seen {}", command.status.word()),
        Event::Unseen { .. } => "unseen".to_owned(),
        Event::Opened { .. } => "opened".to_owned(),
        Event::Intent { task, attempt, .. } => format!("intent {}.{attempt}", task.0),
        Event::Answered { .. } => "answered".to_owned(),
        Event::Closed => "closed".to_owned(),
        Event::Ended { .. } => "ended".to_owned(),
    };
    entries.iter().map(word).collect()
}

/// Sends what is due; says the calls.
fn sends(engine: &mut Engine, now: UnixMillis) -> Vec<String> {
    let step = engine.decide(now).expect("it decides");
    step.calls.iter().map(word).collect()
}

fn word(call: &Call) -> String {
    match call {
        Call::Send { task, attempt, .. } => format!("send {}.{attempt}", task.0),
        Call::Look { task, .. } => format!("look {}", task.0),
        Call::Pin { task } => format!("pin {}", task.0),
        Call::Secrets { task, place } => format!("secrets {}.{place}", task.0),
        Call::Recheck { task } => format!("recheck {}", task.0),
        Call::Note { task, .. } => format!("note {}", task.0),
        Call::List { offset } => format!("list {offset}"),
    }
}

/// Sends everything that is due at `now`, one call at a time, and fails on more than one.
fn call(engine: &mut Engine, now: UnixMillis) -> String {
    let calls = sends(engine, now);
    assert!(calls.len() <= 1, "{calls:?}");
    calls.into_iter().next().unwrap_or_default()
}

fn answers(
    engine: &mut Engine,
    now: UnixMillis,
    task: u32,
    attempt: u16,
    verdict: Verdict,
) -> Vec<String> {
    let entries = engine.answered(now, TaskIndex(task), attempt, None, verdict);
    told(now, &entries.expect("it was asked"))[1..].to_vec()
}

fn why() -> String {
    "why".to_owned()
}

fn accepted() -> Verdict {
    Verdict::Accepted(Answer::default())
}

fn refused(kind: ApiRefusal) -> Verdict {
    Verdict::Refused { kind, reason: why() }
}

fn throttled(retry_after_ms: Option<u64>) -> Verdict {
    Verdict::Throttled { retry_after_ms, reason: why() }
}

fn not_sent() -> Verdict {
    Verdict::NotSent { reason: why(), ends_run: false }
}

fn unknown() -> Verdict {
    Verdict::Unknown { reason: why(), ends_run: false, retry_after_ms: None }
}

/// What follows from a verdict on the request after `retries` counted retries.
#[track_caller]
fn check(facts: &TaskFacts, retries: u16, verdict: Verdict, expected: &[&str]) {
    let mut engine = engine_of(vec![facts.clone()]);
    let mut now = NOW;
    for attempt in 1..=retries {
        assert_eq!(sends(&mut engine, now), [format!("send 0.{attempt}")]);
        answers(&mut engine, now, 0, attempt, unknown());
        now = now.plus_ms(120_000);
    }
    let attempt = retries + 1;
    assert_eq!(sends(&mut engine, now), [format!("send 0.{attempt}")]);
    let told = answers(&mut engine, now, 0, attempt, verdict.clone());
    assert_eq!(told, expected, "{facts:?} {verdict:?}");
}

fn nothing() -> Sighting {
    Sighting::Nothing { evidence: why() }
}

#[test]
fn every_verdict_has_its_consequence() {
    let (safe, once) = (facts(Repeat::Safe), facts(Repeat::Once));
    let read = TaskFacts { ends_with_answer: true, ..safe.clone() };
    let no_pin = Verdict::Accepted(Answer { pin_missing: true, ..Answer::default() });
    let in_effect = Verdict::InEffect { reason: why() };
    let never = Verdict::NotSent { reason: why(), ends_run: true };
    let login_page = Verdict::Unknown { reason: why(), ends_run: true, retry_after_ms: None };
    let busy = Verdict::Unknown { reason: why(), ends_run: false, retry_after_ms: Some(30_000) };
    for facts in [&safe, &once] {
        check(facts, 0, accepted(), &["accepted"]);
        check(facts, 0, in_effect.clone(), &["already_in_effect"]);
        check(facts, 0, refused(ApiRefusal::NotFound), &["refused"]);
        check(facts, 0, refused(ApiRefusal::Rejected), &["refused"]);
        check(facts, 0, refused(ApiRefusal::Forbidden), &["refused", "lock stopped"]);
        let expected = ["stopped: Unauthorized", "postponed by 0"];
        check(facts, 0, refused(ApiRefusal::Unauthorized), &expected);
        check(facts, 0, throttled(Some(7_000)), &["paused for 7000", "postponed by 0"]);
        check(facts, 0, throttled(None), &["paused for 60000", "postponed by 0"]);
        check(facts, 0, not_sent(), &["paused for 1000", "postponed by 0"]);
        check(facts, 0, never.clone(), &["stopped: Unreachable", "postponed by 0"]);
    }
    check(&read, 0, accepted(), &["completed"]);
    check(&followed(), 0, accepted(), &[]);
    let locked = TaskFacts { has_custody: true, ..once.clone() };
    check(&locked, 0, no_pin, &[]);
    check(&locked, 0, in_effect.clone(), &[]);
    check(&once, 0, unknown(), &["doubted"]);
    let other_device = Verdict::OtherDevice { reason: why() };
    for facts in [&safe, &once] {
        check(facts, 0, login_page.clone(), &["doubted", "stopped: NotTheApi"]);
        check(facts, 0, other_device.clone(), &["doubted", "stopped: WrongDevice"]);
    }
    check(&once, 0, busy.clone(), &["doubted", "paused for 30000"]);
    check(&safe, 0, unknown(), &["postponed by 1000, counted"]);
    check(&safe, 1, unknown(), &["postponed by 2000, counted"]);
    check(&safe, 2, unknown(), &["doubted"]);
    check(&safe, 0, busy, &["postponed by 30000, counted", "paused for 30000"]);
    // An earlier request of this run without an answer is what did it.
    check(&safe, 1, in_effect, &["accepted"]);
    check(&safe, 2, throttled(Some(7_000)), &["paused for 7000", "postponed by 0"]);
}

fn seen(status: CommandStatus, candidates: u16) -> Sighting {
    Sighting::Command(CommandSeen {
        uuid: "u".to_owned(),
        status,
        completed_at: None,
        reason: why(),
        candidates,
    })
}

#[test]
fn every_sighting_has_its_consequence() {
    for (sighting, expected) in [
        (seen(CommandStatus::Completed, 1), vec!["seen completed", "completed"]),
        (seen(CommandStatus::Completed, 2), vec!["seen completed", "completed"]),
        (seen(CommandStatus::Failed, 1), vec!["seen failed", "failed"]),
        (seen(CommandStatus::Pending, 1), vec!["seen pending"]),
        (seen(CommandStatus::Running, 1), vec!["seen running"]),
        (seen(CommandStatus::NotNow, 1), vec!["seen not_now"]),
        (Sighting::Proven { evidence: why() }, vec!["completed"]),
        (nothing(), vec![]),
        (Sighting::Elsewhere { offset: 300 }, vec![]),
        (Sighting::Unreadable { reason: why(), is_forbidden: false }, vec!["unseen"]),
        (Sighting::Throttled { retry_after_ms: Some(5_000) }, vec!["paused for 5000"]),
        (Sighting::Throttled { retry_after_ms: None }, vec!["paused for 60000"]),
    ] {
        let mut engine = engine_of(vec![followed()]);
        sends(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, accepted());
        let now = seconds(2);
        assert_eq!(sends(&mut engine, now), ["look 0"]);
        let entries = engine.looked(now, FIRST, sighting.clone()).expect("it was asked");
        assert_eq!(told(now, &entries), expected, "{sighting:?}");
        let step = engine.decide(now).expect("it decides");
        let is_settled = matches!(engine.state().task(FIRST).phase, Phase::Settled(_));
        assert_eq!(step.is_done, is_settled, "{sighting:?}");
        let goes_on = step.wake_at.is_some() || !step.calls.is_empty();
        assert!(is_settled || goes_on, "{sighting:?} is never looked at again");
    }
}

#[test]
fn the_same_status_is_recorded_once() {
    let mut engine = engine_of(vec![followed()]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    sends(&mut engine, seconds(2));
    let pending = || seen(CommandStatus::Pending, 1);
    let first = engine.looked(seconds(2), FIRST, pending()).expect("it was asked");
    assert_eq!(told(NOW, &first), ["seen pending"]);
    assert_eq!(sends(&mut engine, seconds(7)), ["look 0"]);
    assert_eq!(engine.looked(seconds(7), FIRST, pending()), Ok(vec![]));
}

#[test]
fn an_answer_to_an_unknown_look_is_impossible() {
    let mut engine = engine_of(vec![followed()]);
    assert!(engine.looked(NOW, FIRST, nothing()).is_err());
    assert!(engine.answered(NOW, FIRST, 1, None, accepted()).is_err());
}

#[test]
fn what_is_under_way_at_a_restart_is_doubted_or_repeated() {
    let mut engine = engine_of(vec![facts(Repeat::Once), facts(Repeat::Safe), followed()]);
    assert_eq!(sends(&mut engine, NOW), ["send 0.1", "send 1.1", "send 2.1"]);
    answers(&mut engine, NOW, 2, 1, accepted());
    let (mut engine, told) = reopened(&engine, seconds(60));
    assert_eq!(told, ["opened", "doubted", "postponed by 0"]);
    assert_eq!(sends(&mut engine, seconds(60)), ["send 1.2", "look 2"]);
    // The first request may have done it.
    let in_effect = Verdict::InEffect { reason: why() };
    assert_eq!(answers(&mut engine, seconds(61), 1, 2, in_effect), ["accepted"]);
}

#[test]
fn doubts_of_a_crash_do_not_stop_the_resume() {
    let few = Policy { max_errors: MaxErrors::Count(1), concurrency: 3, ..policy() };
    let mut engine = engine_with(vec![facts(Repeat::Once); 6], few);
    assert_eq!(sends(&mut engine, NOW).len(), 3);
    let (mut engine, told) = reopened(&engine, seconds(60));
    assert_eq!(told, ["opened", "doubted", "doubted", "doubted"]);
    assert_eq!(sends(&mut engine, seconds(60)), ["send 3.1", "send 4.1", "send 5.1"]);
    // Errors from then on count.
    for task in 3..5 {
        answers(&mut engine, seconds(60), task, 1, throttled(Some(1)));
    }
    answers(&mut engine, seconds(60), 5, 1, unknown());
    assert_eq!(sends(&mut engine, seconds(61)), ["send 3.2", "send 4.2"]);
    answers(&mut engine, seconds(61), 3, 2, unknown());
    answers(&mut engine, seconds(61), 4, 2, throttled(Some(1)));
    let step = engine.decide(seconds(62)).expect("it decides");
    assert_eq!(told_of(&step), ["stopped: Errors"]);
    assert!(step.is_done);
}

fn told_of(step: &Effects) -> Vec<String> {
    told(NOW, &step.entries)
}

#[test]
fn a_stop_waits_for_requests_in_progress_and_a_resume_undoes_it() {
    let mut engine =
        engine_with(vec![facts(Repeat::Safe); 3], Policy { concurrency: 2, ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1", "send 1.1"]);
    engine.stop(NOW, StopCause::Operator, "Ctrl-C").expect("it stops");
    assert!(!engine.decide(NOW).expect("it decides").is_done);
    assert_eq!(answers(&mut engine, NOW, 0, 1, accepted()), ["accepted"]);
    assert_eq!(answers(&mut engine, NOW, 1, 1, unknown()), ["postponed by 1000, counted"]);
    let step = engine.decide(seconds(5)).expect("it decides");
    assert!(step.is_done && step.calls.is_empty() && step.entries.is_empty(), "{step:?}");
    let (mut engine, _) = reopened(&engine, seconds(10));
    assert_eq!(sends(&mut engine, seconds(10)), ["send 2.1", "send 1.2"]);
}

#[test]
fn the_deadline_ends_sending_and_not_following() {
    let late = Policy { send_until: seconds(10), concurrency: 1, ..policy() };
    let mut engine = engine_with(vec![followed(), facts(Repeat::Safe)], late);
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    let step = engine.decide(seconds(9)).expect("it decides");
    assert_eq!(step.wake_at, Some(seconds(10)));
    let step = engine.decide(seconds(10)).expect("it decides");
    assert_eq!(told_of(&step), ["stopped: Deadline"]);
    answers(&mut engine, seconds(11), 0, 1, accepted());
    let step = engine.decide(seconds(11)).expect("it decides");
    assert_eq!((step.is_done, step.wake_at), (false, Some(seconds(13))));
    assert_eq!(sends(&mut engine, seconds(13)), ["look 0"]);
}

#[test]
fn a_person_can_stop_following_after_the_deadline() {
    let late = Policy { send_until: seconds(1), concurrency: 1, ..policy() };
    let mut engine = engine_with(vec![followed(), facts(Repeat::Safe)], late);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(told_of(&engine.decide(seconds(1)).expect("it decides")), ["stopped: Deadline"]);
    let entries = engine.stop(seconds(1), StopCause::Operator, "Ctrl-C").expect("it stops");
    assert_eq!(told(NOW, &entries), ["stopped: Operator"]);
    assert!(engine.decide(seconds(2)).expect("it decides").is_done);
    // The first cause stays.
    assert_eq!(engine.stop(seconds(3), StopCause::Clock, "a jump"), Ok(vec![]));
}

#[test]
fn a_pause_moves_only_forward_and_holds_looks_too() {
    let mut engine = engine_of(vec![followed(), facts(Repeat::Safe), facts(Repeat::Safe)]);
    assert_eq!(sends(&mut engine, NOW).len(), 3);
    answers(&mut engine, NOW, 0, 1, accepted());
    let paused = answers(&mut engine, NOW, 1, 1, throttled(Some(30_000)));
    assert_eq!(paused, ["paused for 30000", "postponed by 0"]);
    // An answer that was in progress asks for less, another does not say.
    assert_eq!(answers(&mut engine, seconds(1), 2, 1, throttled(Some(5_000))), ["postponed by 0"]);
    assert_eq!(engine.pause(seconds(1), seconds(20), "less"), Ok(vec![]));
    let step = engine.decide(seconds(3)).expect("it decides");
    assert_eq!((step.calls.len(), step.wake_at), (0, Some(seconds(30))));
    assert_eq!(sends(&mut engine, seconds(30)), ["send 1.2", "look 0", "send 2.2"]);
}

#[test]
fn an_address_that_stays_away_stops_the_run() {
    let mut engine = engine_of(vec![facts(Repeat::Safe)]);
    let mut now = NOW;
    for round in 1..=9_u16 {
        assert_eq!(sends(&mut engine, now), [format!("send 0.{round}")]);
        let told = answers(&mut engine, now, 0, round, not_sent());
        match round {
            9 => assert_eq!(told, ["stopped: Unreachable", "postponed by 0"]),
            _ => assert_eq!(told.len(), 2, "{told:?}"),
        }
        now = engine.decide(now).expect("it decides").wake_at.unwrap_or(now);
    }
    assert!((120_000..300_000).contains(&now.since(NOW)), "after {} ms", now.since(NOW));
}

#[test]
fn a_step_begins_when_its_gate_opens() {
    let second = |gate| TaskFacts { after: Some((FIRST, gate)), ..facts(Repeat::Safe) };
    for (first, gate, verdict, expected) in [
        (followed(), Gate::Accepted, accepted(), vec!["send 1.1"]),
        (followed(), Gate::GoodEnd, accepted(), vec![]),
        (followed(), Gate::Completed, accepted(), vec![]),
        (facts(Repeat::Once), Gate::GoodEnd, accepted(), vec!["send 1.1"]),
        (facts(Repeat::Once), Gate::Completed, accepted(), vec![]),
        (facts(Repeat::Once), Gate::Accepted, unknown(), vec![]),
        (facts(Repeat::Once), Gate::GoodEnd, refused(ApiRefusal::Rejected), vec![]),
        (
            facts(Repeat::Once),
            Gate::Accepted,
            Verdict::InEffect { reason: why() },
            vec!["send 1.1"],
        ),
    ] {
        let mut engine = engine_of(vec![first.clone(), second(gate)]);
        assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
        answers(&mut engine, NOW, 0, 1, verdict.clone());
        assert_eq!(sends(&mut engine, NOW), expected, "{first:?} {gate:?} {verdict:?}");
        if first.followed && expected.is_empty() {
            assert_eq!(sends(&mut engine, seconds(2)), ["look 0"]);
            engine.looked(seconds(2), FIRST, seen(CommandStatus::Completed, 1)).expect("asked");
            assert_eq!(sends(&mut engine, seconds(2)), ["send 1.1"], "{gate:?}");
        } else if expected.is_empty() {
            assert!(engine.decide(NOW).expect("it decides").is_done, "{gate:?} {verdict:?}");
        }
    }
}

#[test]
fn a_forbidden_action_is_stopped_and_others_go_on() {
    let other = TaskFacts { action: 1, ..facts(Repeat::Safe) };
    let tasks = vec![facts(Repeat::Safe), facts(Repeat::Safe), other];
    let mut engine = engine_with(tasks, Policy { concurrency: 1, ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    answers(&mut engine, NOW, 0, 1, refused(ApiRefusal::Forbidden));
    assert_eq!(sends(&mut engine, NOW), ["send 2.1"]);
    answers(&mut engine, NOW, 2, 1, accepted());
    assert!(engine.decide(NOW).expect("it decides").is_done);
    let (mut engine, _) = reopened(&engine, seconds(1));
    assert_eq!(sends(&mut engine, seconds(1)), ["send 1.1"]);
}

#[test]
fn sends_leave_a_fifth_to_looks_and_share_the_limit_with_them() {
    let mut tasks = vec![followed(); 4];
    tasks.extend(vec![facts(Repeat::Safe); 20]);
    let mut engine = engine_with(tasks, Policy { concurrency: 4, ..policy() });
    assert_eq!(sends(&mut engine, NOW).len(), 4);
    for task in 0..4 {
        answers(&mut engine, NOW, task, 1, accepted());
    }
    let (mut looks, mut calls) = (0, 0);
    for _ in 0..3 {
        for call in sends(&mut engine, seconds(2)) {
            calls += 1;
            match call.strip_prefix("look ") {
                Some(task) => {
                    looks += 1;
                    let task = TaskIndex(task.parse().expect("a number"));
                    engine.looked(seconds(2), task, nothing()).expect("asked");
                }
                None => {
                    let task = call[5..].trim_end_matches(".1").parse().expect("a number");
                    answers(&mut engine, seconds(2), task, 1, accepted());
                }
            }
        }
    }
    assert_eq!((calls, looks), (12, 3), "a look and three sends, then one of five");
}

#[test]
fn the_wait_ends_after_a_last_look() {
    let short = Policy { wait_ms: 4_000, ..policy() };
    let mut engine = engine_with(vec![followed()], short);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(sends(&mut engine, seconds(2)), ["look 0"]);
    engine.looked(seconds(2), FIRST, nothing()).expect("asked");
    let step = engine.decide(seconds(2)).expect("it decides");
    assert_eq!(step.wake_at, Some(seconds(4)), "the next look would come after the wait");
    assert_eq!(sends(&mut engine, seconds(4)), ["look 0"]);
    // It is waited for, though the wait is over.
    assert!(!engine.decide(seconds(5)).expect("it decides").is_done);
    engine.looked(seconds(5), FIRST, nothing()).expect("asked");
    assert!(engine.decide(seconds(5)).expect("it decides").is_done);
    assert_eq!(engine.state().task(FIRST).phase, Phase::Following);
}

#[test]
fn a_resume_long_after_the_last_send_follows_again() {
    let mut engine = engine_of(vec![followed()]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    let tomorrow = seconds(86_400);
    let (mut engine, _) = reopened(&engine, tomorrow);
    assert_eq!(sends(&mut engine, tomorrow), ["look 0"]);
    let done = seen(CommandStatus::Completed, 1);
    engine.looked(tomorrow, FIRST, done).expect("asked");
    assert_eq!(engine.state().task(FIRST).phase, Phase::Settled(Outcome::Completed));
}

#[test]
fn a_spent_hour_does_not_prolong_the_wait() {
    let short = Policy { wait_ms: 4_000, ..policy() };
    let mut engine = engine_with(vec![followed()], short);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, accepted());
    assert_eq!(engine.surrender(), 999);
    let step = engine.decide(seconds(2)).expect("it decides");
    assert_eq!((step.want, step.is_done), (1, false));
    engine.pause(seconds(2), seconds(3_000), "the hourly quota is used up").expect("it pauses");
    let step = engine.decide(seconds(2)).expect("it decides");
    assert_eq!((step.wake_at, step.is_done), (Some(seconds(4).plus_ms(1)), false));
    assert!(engine.decide(seconds(5)).expect("it decides").is_done);
}

#[test]
fn a_grant_is_kept_to_and_what_is_left_of_it_is_given_back() {
    let mut engine = engine_of(vec![facts(Repeat::Safe); 5]);
    engine.surrender();
    engine.grant(2, seconds(10));
    let step = engine.decide(NOW).expect("it decides");
    assert_eq!((step.calls.len(), step.want), (2, 3));
    engine.grant(3, seconds(10));
    let step = engine.decide(seconds(10)).expect("it decides");
    assert_eq!((step.calls.len(), step.want), (0, 3), "the grant has expired");
    assert_eq!(engine.surrender(), 3, "nothing of it was used");
}

#[test]
fn entries_that_cannot_follow_change_nothing() {
    let engine = engine_of(vec![facts(Repeat::Once)]);
    let mut state = engine.state().clone();
    for event in [
        Event::Intent { task: FIRST, attempt: 2, pin: None, sends: None, lists: None },
        Event::Intent { task: TaskIndex(9), attempt: 1, pin: None, sends: None, lists: None },
        Event::Answered { task: FIRST, attempt: 1, http_status: None, verdict: accepted() },
        Event::Doubted { task: FIRST, reason: why() },
        Event::Settled { task: FIRST, outcome: Outcome::Completed, reason: why() },
    ] {
        assert!(state.apply(&Entry { at: NOW, event: event.clone() }).is_err(), "{event:?}");
        assert_eq!(&state, engine.state());
    }
}

#[test]
fn what_another_run_took_over_is_not_sent_by_a_resume() {
    let second = TaskFacts { after: Some((FIRST, Gate::GoodEnd)), ..facts(Repeat::Once) };
    let mut state = engine_of(vec![facts(Repeat::Once), second, facts(Repeat::Once)]).run.state;
    for task in [FIRST, TaskIndex(1)] {
        let outcome = Outcome::NotAttempted;
        let event = Event::Settled { task, outcome, reason: "taken over by run x".to_owned() };
        state.apply(&Entry { at: NOW, event }).expect("it was never sent");
    }
    let mut resumed = Engine::new(state);
    resumed.open(seconds(60), "test").expect("it opens again");
    resumed.grant(1_000, UnixMillis(i64::MAX));
    let step = resumed.decide(seconds(60)).expect("it decides");
    assert_eq!(step.calls, [Call::Send { task: TaskIndex(2), attempt: 1, pin: None, lists: None }]);
    assert_eq!(resumed.progress().settled, 2);
    // What was sent is not anybody else's any more.
    let event = Event::Settled {
        task: TaskIndex(2),
        outcome: Outcome::NotAttempted,
        reason: String::new(),
    };
    let mut state = resumed.run.state;
    assert!(state.apply(&Entry { at: NOW, event }).is_err());
}
