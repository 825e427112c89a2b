//! Waves, the rules that stop a run, and the last look at irreversible targets.

use super::*;
use crate::engine::OperatorAnswer;
use crate::model::{
    OutsideWindow, Recheck, Rollout, SecretSource, Unreadable, WaveEnd, WaveGate, Window,
};

fn device_facts(count: u32, wave_of: impl Fn(u32) -> u16) -> Vec<TaskFacts> {
    (0..count)
        .map(|device| TaskFacts { device, wave: wave_of(device), ..facts(Repeat::Once) })
        .collect()
}

fn rollout(gate: WaveGate) -> Rollout {
    Rollout { waves: vec![WaveEnd::Devices(1)], pause_ms: 0, gate, gate_timeout_ms: 900_000 }
}

fn in_waves(gate: WaveGate) -> Policy {
    Policy { rollout: Some(rollout(gate)), ..policy() }
}

fn accept(engine: &mut Engine, now: UnixMillis, task: u32) -> Vec<String> {
    answer(engine, now, task, Verdict::Accepted(Answer::default()))
}

fn refuse(engine: &mut Engine, now: UnixMillis, task: u32, kind: ApiRefusal) -> Vec<String> {
    answer(engine, now, task, Verdict::Refused { kind, reason: "no".to_owned() })
}

fn answer(engine: &mut Engine, now: UnixMillis, task: u32, verdict: Verdict) -> Vec<String> {
    let attempt = engine.state().task(TaskIndex(task)).attempts;
    let entries = engine.answered(now, TaskIndex(task), attempt, Some(200), verdict);
    told(now, &entries.expect("it is under way"))
}

fn entries(engine: &mut Engine, now: UnixMillis) -> Vec<String> {
    told(now, &engine.decide(now).expect("it decides").entries)
}

fn stop_of(engine: &Engine) -> Option<StopCause> {
    engine.progress().stop.map(|(cause, _)| cause)
}

#[test]
fn the_next_wave_waits_until_the_canary_has_ended_well() {
    let tasks = device_facts(3, |device| u16::from(device > 0));
    let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    assert_eq!(sends(&mut engine, seconds(3_600)), [""; 0], "nothing before its answer");
    accept(&mut engine, seconds(3_601), 0);
    assert_eq!(sends(&mut engine, seconds(3_602)), ["send 1.1", "send 2.1"]);
    assert_eq!(engine.progress().wave, Some((2, 2)));
}

#[test]
fn a_pause_between_waves_is_kept_over_a_restart() {
    let tasks = device_facts(2, |device| u16::from(device > 0));
    let slow = Rollout { pause_ms: 300_000, ..rollout(WaveGate::Settled) };
    let mut engine = engine_with(tasks, Policy { rollout: Some(slow), ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, seconds(1), 0);
    assert_eq!(entries(&mut engine, seconds(2)), ["wave_begun"]);
    let (mut engine, _) = reopened(&engine, seconds(10));
    assert_eq!(sends(&mut engine, seconds(300)), [""; 0]);
    let step = engine.decide(seconds(300)).expect("it decides");
    assert_eq!((step.wake_at, step.is_done), (Some(seconds(302)), false));
    assert_eq!(sends(&mut engine, seconds(302)), ["send 1.1"]);
}

#[test]
fn a_canary_that_fails_or_is_in_doubt_for_good_stops_the_run() {
    for verdict in [
        Verdict::Refused { kind: ApiRefusal::Rejected, reason: "no".to_owned() },
        Verdict::Unknown { reason: "lost".to_owned(), ends_run: false, retry_after_ms: None },
    ] {
        let tasks = device_facts(3, |device| u16::from(device > 0));
        let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
        assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
        answer(&mut engine, seconds(1), 0, verdict);
        assert_eq!(entries(&mut engine, seconds(2)), ["stopped: Canary"]);
        assert_eq!(sends(&mut engine, seconds(9_999)), [""; 0]);
    }
}

/// A canary of one device in doubt that reading can settle, and two devices more.
fn canary_in_doubt(policy: Policy) -> Engine {
    let mut tasks = device_facts(3, |device| u16::from(device > 0));
    tasks.iter_mut().for_each(|task| task.trace = Trace::Command);
    let mut engine = engine_with(tasks, policy);
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    answer(&mut engine, NOW, 0, unknown());
    engine
}

#[test]
fn a_canary_in_doubt_is_waited_for_and_judged_by_what_is_found() {
    for max_errors in [0, 100] {
        let strict = Policy {
            max_errors: MaxErrors::Count(max_errors),
            errors_in_a_row: Some(1),
            ..in_waves(WaveGate::Settled)
        };
        // Found: it goes on as if it had been answered.
        let mut engine = canary_in_doubt(strict.clone());
        assert_eq!(entries(&mut engine, seconds(1)), [""; 0], "nothing is stopped yet");
        assert_eq!(sends(&mut engine, seconds(119)), [""; 0], "and nothing is sent");
        assert_eq!(sends(&mut engine, seconds(120)), ["look 0"]);
        let found = seen(CommandStatus::Completed, 1);
        engine.looked(seconds(121), FIRST, found).expect("it was asked");
        assert_eq!(sends(&mut engine, seconds(122)), ["send 1.1", "send 2.1"]);
        // Failed after all: that is a failure.
        let mut engine = canary_in_doubt(strict.clone());
        assert_eq!(sends(&mut engine, seconds(120)), ["look 0"]);
        let failed = seen(CommandStatus::Failed, 1);
        engine.looked(seconds(121), FIRST, failed).expect("it was asked");
        assert_eq!(stop_words(&mut engine, seconds(122)), "wave 1/2: 1 of 1 tasks failed");
        // Never found, or not to be read: it stays in doubt.
        let unreadable = || Sighting::Unreadable { reason: why(), is_forbidden: true };
        for (shown, reads) in [(nothing as fn() -> Sighting, 3), (unreadable, 1)] {
            let mut engine = canary_in_doubt(strict.clone());
            let mut now = seconds(120);
            for _ in 0..reads {
                while sends(&mut engine, now) != ["look 0"] {
                    assert_eq!(stop_of(&engine), None);
                    now = now.plus_ms(1_000);
                }
                engine.looked(now, FIRST, shown()).expect("it was asked");
            }
            let words = "wave 1/2: 1 of 1 tasks are in doubt and cannot be settled by reading";
            assert_eq!(stop_words(&mut engine, now), words);
            assert_eq!(stop_of(&engine), Some(StopCause::Canary));
        }
    }
}

/// The first words of why the run stops at `now`.
fn stop_words(engine: &mut Engine, now: UnixMillis) -> String {
    let step = engine.decide(now).expect("it decides");
    let [Entry { event: Event::Stopped { reason, .. }, .. }] = step.entries.as_slice() else {
        panic!("{:?}", step.entries)
    };
    reason.split(" (at most").next().unwrap_or_default().to_owned()
}

#[test]
fn the_end_of_sending_does_not_wait_for_a_canary_in_doubt() {
    let short = Policy { send_until: seconds(60), ..in_waves(WaveGate::Settled) };
    let mut engine = canary_in_doubt(short);
    let step = engine.decide(seconds(1)).expect("it decides");
    assert_eq!(step.wake_at, Some(seconds(60)));
    assert_eq!(entries(&mut engine, seconds(60)), ["stopped: Deadline"]);
    assert_eq!(sends(&mut engine, seconds(120)), ["look 0"], "doubt is settled all the same");
}

#[test]
fn a_later_wave_is_judged_by_itself() {
    // Ten devices in the second wave, 90 in the third; 10 % of all would be ten errors.
    let tasks = device_facts(101, |device| match device {
        0 => 0,
        1..=10 => 1,
        _ => 2,
    });
    let tolerant = Policy {
        max_errors: MaxErrors::Percent(10.0),
        concurrency: 64,
        ..in_waves(WaveGate::Settled)
    };
    let mut engine = engine_with(tasks, tolerant);
    sends(&mut engine, NOW);
    accept(&mut engine, seconds(1), 0);
    assert_eq!(sends(&mut engine, seconds(2)).len(), 10);
    refuse(&mut engine, seconds(3), 1, ApiRefusal::Rejected);
    assert_eq!(entries(&mut engine, seconds(4)), [""; 0], "one of ten is tolerated");
    refuse(&mut engine, seconds(5), 2, ApiRefusal::Rejected);
    assert_eq!(entries(&mut engine, seconds(6)), ["stopped: Wave"]);
}

#[test]
fn devices_that_are_asleep_never_block() {
    let mut tasks = device_facts(4, |device| [0, 1, 1, 2][device as usize]);
    tasks.iter_mut().for_each(|task| task.followed = true);
    tasks[2].is_awake = false;
    let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
    let done = |engine: &mut Engine, now, task| {
        let command = CommandSeen {
            uuid: "u".to_owned(),
            status: CommandStatus::Completed,
            completed_at: None,
            reason: String::new(),
            candidates: 1,
        };
        engine.run.allowance.count_preparation();
        engine.looked(now, TaskIndex(task), Sighting::Command(command)).expect("it is followed");
    };
    let waves = |engine: &mut Engine, now| {
        let step = engine.decide(now).expect("it decides");
        let begun = step.entries.iter().filter(|entry| entry.event.word() == "wave_begun").count();
        (begun, step.calls.iter().filter(|call| call.word() == "action").count())
    };
    assert_eq!(waves(&mut engine, NOW), (0, 1));
    accept(&mut engine, seconds(1), 0);
    assert_eq!(waves(&mut engine, seconds(2)), (0, 0), "accepted is not settled");
    done(&mut engine, seconds(3), 0);
    assert_eq!(waves(&mut engine, seconds(4)), (1, 2));
    accept(&mut engine, seconds(5), 1);
    accept(&mut engine, seconds(5), 2);
    assert_eq!(waves(&mut engine, seconds(6)).0, 0, "device 1 is awake and has not ended");
    done(&mut engine, seconds(7), 1);
    assert_eq!(waves(&mut engine, seconds(8)), (1, 1), "device 2 is asleep and holds nobody up");
}

#[test]
fn a_silent_device_delays_a_wave_no_longer_than_the_timeout() {
    let mut tasks = device_facts(4, |device| [0, 1, 1, 2][device as usize]);
    tasks[1].followed = true;
    let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
    sends(&mut engine, NOW);
    accept(&mut engine, seconds(1), 0);
    assert_eq!(sends(&mut engine, seconds(2)).len(), 2);
    accept(&mut engine, seconds(3), 1);
    accept(&mut engine, seconds(3), 2);
    let step = engine.decide(seconds(4)).expect("it decides");
    assert!(step.entries.is_empty());
    engine.decide(seconds(901)).expect("it decides");
    assert_eq!(engine.progress().wave, Some((2, 3)));
    engine.decide(seconds(902)).expect("it decides");
    assert_eq!(engine.progress().wave, Some((3, 3)));
}

#[test]
fn a_silent_canary_is_replaced_three_times_then_the_run_stops() {
    let mut tasks = device_facts(9, |device| u16::from(device > 0));
    tasks.iter_mut().for_each(|task| task.followed = true);
    // Awake ones go first.
    tasks[1].is_awake = false;
    let mut engine = engine_with(tasks, Policy { wait_ms: 0, ..in_waves(WaveGate::Settled) });
    let mut now = NOW;
    let mut sent = Vec::new();
    for _ in 0..4 {
        let step = engine.decide(now).expect("it decides");
        for call in &step.calls {
            if let Call::Send { task, .. } = call {
                sent.push(task.0);
                accept(&mut engine, now, task.0);
            }
        }
        now = now.plus_ms(900_000);
    }
    assert_eq!(sent, [0, 2, 3, 4]);
    assert_eq!(entries(&mut engine, now), ["stopped: Canary"]);
    assert_eq!(engine.progress().requests, 4);
}

#[test]
fn a_canary_in_the_place_of_a_silent_one_opens_the_gate() {
    let mut tasks = device_facts(4, |device| u16::from(device > 0));
    tasks[0].followed = true;
    let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, seconds(1), 0);
    assert_eq!(entries(&mut engine, seconds(899)), [""; 0]);
    assert_eq!(entries(&mut engine, seconds(900)), ["canary_added", "intent 1.1"]);
    accept(&mut engine, seconds(901), 1);
    let step = engine.decide(seconds(902)).expect("it decides");
    let sent: Vec<String> = step.calls.iter().map(word).collect();
    assert!(sent.contains(&"send 2.1".to_owned()) && sent.contains(&"send 3.1".to_owned()));
}

#[test]
fn a_person_is_asked_once_and_may_say_no() {
    for (answer, expected) in [
        (OperatorAnswer::GoOn, vec!["wave_begun"]),
        (OperatorAnswer::Stop, vec!["stopped: Operator"]),
    ] {
        let tasks = device_facts(2, |device| u16::from(device > 0));
        let mut engine = engine_with(tasks, in_waves(WaveGate::Operator));
        assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
        accept(&mut engine, seconds(1), 0);
        let step = engine.decide(seconds(2)).expect("it decides");
        assert_eq!(step.ask.map(|ask| ask.wave), Some(1));
        let step = engine.decide(seconds(3)).expect("it decides");
        assert!(step.ask.is_none() && step.calls.is_empty() && !step.is_done);
        let entries = engine.operator_said(seconds(4), answer).expect("it was asked");
        assert_eq!(told(seconds(4), &entries), expected);
    }
}

#[test]
fn errors_in_a_row_stop_and_a_success_between_them_does_not() {
    let few = Policy { errors_in_a_row: Some(3), concurrency: 1, ..policy() };
    let mut engine = engine_with(device_facts(9, |_| 0), few);
    for task in 0..6 {
        assert_eq!(sends(&mut engine, NOW).len(), 1, "{task}");
        match task {
            2 => accept(&mut engine, NOW, task),
            _ => refuse(&mut engine, NOW, task, ApiRefusal::Rejected),
        };
    }
    assert_eq!(entries(&mut engine, NOW), ["stopped: ErrorsInARow"]);
}

#[test]
fn answers_lost_with_a_process_are_no_errors_in_a_row() {
    let few = Policy { errors_in_a_row: Some(2), concurrency: 3, ..policy() };
    let mut engine = engine_with(device_facts(6, |_| 0), few);
    assert_eq!(sends(&mut engine, NOW).len(), 3);
    let (mut engine, told) = reopened(&engine, seconds(60));
    assert_eq!(told, ["opened", "doubted", "doubted", "doubted"]);
    assert_eq!(sends(&mut engine, seconds(60)), ["send 3.1", "send 4.1", "send 5.1"]);
    // Its own count.
    answer(&mut engine, seconds(60), 3, unknown());
    assert_eq!(entries(&mut engine, seconds(60)), [""; 0]);
    answer(&mut engine, seconds(60), 4, throttled(Some(1)));
    answer(&mut engine, seconds(60), 5, unknown());
    assert_eq!(entries(&mut engine, seconds(60)), ["stopped: ErrorsInARow"]);
}

#[test]
fn a_read_in_progress_when_a_wave_begins_leads_to_one_request() {
    // Two steps of the second device, the second of which needs a read of secrets, and two later waves.
    let mut tasks = device_facts(5, |device| [0, 1, 1, 2, 3][device as usize]);
    tasks[1].followed = true;
    tasks[2].device = 1;
    tasks[2].after = Some((TaskIndex(1), Gate::GoodEnd));
    tasks[2].captures = 1;
    let mut engine = engine_with(tasks, in_waves(WaveGate::Accepted));
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, NOW, 0);
    assert_eq!(sends(&mut engine, NOW), ["send 1.1"]);
    accept(&mut engine, NOW, 1);
    assert_eq!(sends(&mut engine, seconds(1)), ["send 3.1"]);
    assert_eq!(sends(&mut engine, seconds(60)), ["look 1"]);
    let seen = seen(CommandStatus::Completed, 1);
    engine.looked(seconds(60), TaskIndex(1), seen).expect("it is under way");
    assert_eq!(sends(&mut engine, seconds(60)), ["secrets 2.0"]);
    accept(&mut engine, seconds(60), 3);
    assert_eq!(sends(&mut engine, seconds(60)), ["send 4.1"], "the last wave, and no second read");
    let secrets = engine.secrets_read(seconds(61), TaskIndex(2), SecretSource::ALL[0], Ok(vec![]));
    secrets.expect("it is under way");
    assert_eq!(sends(&mut engine, seconds(61)), ["send 2.1"]);
    accept(&mut engine, seconds(61), 2);
    assert_eq!(sends(&mut engine, seconds(62)), [""; 0]);
}

#[test]
fn what_is_left_of_a_forbidden_action_holds_no_wave_up() {
    let mut tasks = device_facts(4, |device| u16::from(device > 2));
    tasks[2].action = 1;
    tasks[3].action = 1;
    let mut engine = engine_with(tasks, Policy { concurrency: 1, ..in_waves(WaveGate::Settled) });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    refuse(&mut engine, NOW, 0, ApiRefusal::Forbidden);
    // A refusal in the first wave stops the run; whoever resumes it goes on in spite of that.
    assert_eq!(entries(&mut engine, NOW), ["stopped: Canary"]);
    let (mut engine, _) = reopened(&engine, seconds(1));
    assert_eq!(sends(&mut engine, seconds(1)), ["send 1.1"]);
    accept(&mut engine, seconds(1), 1);
    assert_eq!(sends(&mut engine, seconds(1)), ["send 2.1"]);
    accept(&mut engine, seconds(1), 2);
    assert_eq!(sends(&mut engine, seconds(2)), ["send 3.1"]);

    // In a later wave, where refusals are tolerated.
    let mut tasks = device_facts(5, |device| u16::from(device > 0) + u16::from(device > 3));
    tasks[3].action = 1;
    tasks[4].action = 1;
    let tolerant = Policy { max_errors: MaxErrors::Count(9), ..in_waves(WaveGate::Settled) };
    let mut engine = engine_with(tasks, Policy { concurrency: 1, ..tolerant });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, NOW, 0);
    assert_eq!(sends(&mut engine, NOW), ["send 1.1"]);
    refuse(&mut engine, NOW, 1, ApiRefusal::Forbidden);
    assert_eq!(sends(&mut engine, NOW), ["send 3.1"], "task 2 is of the same action");
    accept(&mut engine, NOW, 3);
    assert_eq!(sends(&mut engine, NOW), ["send 4.1"]);
    accept(&mut engine, NOW, 4);
    assert!(engine.decide(NOW).expect("it decides").is_done);
}

#[test]
fn a_tenant_that_knows_few_of_the_devices_is_the_wrong_one() {
    let mut engine = engine_with(device_facts(20, |_| 0), Policy { concurrency: 1, ..policy() });
    let tenant = [false, true, false, true, false];
    for (task, is_known) in (0..).zip(tenant) {
        assert_eq!(sends(&mut engine, NOW).len(), 1, "{task}");
        if is_known {
            accept(&mut engine, NOW, task);
        } else {
            refuse(&mut engine, NOW, task, ApiRefusal::NotFound);
        }
    }
    // Three of five are more than half.
    assert_eq!(stop_of(&engine), None);
    assert_eq!(entries(&mut engine, NOW), ["stopped: WrongTenant"]);
}

#[test]
fn a_lock_without_pin_stops_a_run_of_more_than_ten() {
    for (count, expected) in [(10, None), (11, Some(StopCause::PinMissing))] {
        let mut tasks = device_facts(count, |_| 0);
        tasks.iter_mut().for_each(|task| task.has_custody = true);
        let mut engine = engine_with(tasks, Policy { concurrency: 1, ..policy() });
        assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
        let pinless = Answer { pin_missing: true, ..Answer::default() };
        answer(&mut engine, NOW, 0, Verdict::Accepted(pinless));
        engine.decide(NOW).expect("it decides");
        assert_eq!(stop_of(&engine), expected, "{count}");
    }
}

#[test]
fn a_closed_window_stops_or_waits_as_the_job_says() {
    // 1,800,000,000 s is Friday 2027-01-15 08:00 UTC.
    let window = Window::new(&["fri"], "10:00", "12:00", "UTC").expect("a window");
    let policy = |outside_window| Policy {
        windows: vec![window.clone()],
        outside_window,
        concurrency: 1,
        ..policy()
    };
    let mut engine = engine_with(device_facts(2, |_| 0), policy(OutsideWindow::Refuse));
    assert_eq!(entries(&mut engine, NOW), ["stopped: Window"]);

    let mut engine = engine_with(device_facts(2, |_| 0), policy(OutsideWindow::Wait));
    let step = engine.decide(NOW).expect("it decides");
    assert_eq!((step.calls.len(), step.wake_at, step.is_done), (0, Some(seconds(7_200)), false));
    assert_eq!(sends(&mut engine, seconds(7_200)), ["send 0.1"]);
    accept(&mut engine, seconds(14_399), 0);
    assert_eq!(sends(&mut engine, seconds(14_400)), [""; 0], "it has closed again");
    let step = engine.decide(seconds(14_400)).expect("it decides");
    assert_eq!(step.wake_at, Some(engine.state().policy().send_until));
}

fn irreversible(count: u32) -> Vec<TaskFacts> {
    let mut tasks = device_facts(count, |_| 0);
    for task in &mut tasks {
        (task.is_irreversible, task.is_rechecked) = (true, true);
    }
    tasks
}

fn recheck(engine: &mut Engine, now: UnixMillis, task: u32, result: Recheck) -> Vec<String> {
    let entries = engine.rechecked(now, TaskIndex(task), Ok(result)).expect("it is read");
    told(now, &entries)
}

#[test]
fn secrets_of_another_device_stop_the_run() {
    let other = Unreadable::OtherDevice { reason: "another device".to_owned() };
    let facts = TaskFacts { captures: 1, ..facts(Repeat::Once) };
    let mut engine = engine_with(vec![facts], policy());
    assert_eq!(sends(&mut engine, NOW).len(), 1);
    let source = SecretSource::FilevaultKey;
    let entries = engine.secrets_read(NOW, TaskIndex(0), source, Err(other)).expect("it is read");
    assert_eq!(told(NOW, &entries), ["stopped: WrongDevice"]);
}

#[test]
fn an_irreversible_target_is_read_just_before_its_request() {
    let mut engine = engine_with(irreversible(1), policy());
    assert_eq!(sends(&mut engine, NOW), ["recheck 0"]);
    assert_eq!(recheck(&mut engine, seconds(1), 0, Recheck::Same), ["rechecked"]);
    assert_eq!(sends(&mut engine, seconds(2)), ["send 0.1"]);
    // What comes back to the queue is read again.
    let throttled = Verdict::Throttled { retry_after_ms: Some(1_000), reason: String::new() };
    answer(&mut engine, seconds(3), 0, throttled);
    assert_eq!(sends(&mut engine, seconds(5)), ["recheck 0"]);
}

#[test]
fn what_was_read_too_long_ago_or_before_a_sleep_is_read_again() {
    let mut engine = engine_with(irreversible(1), policy());
    assert_eq!(sends(&mut engine, NOW), ["recheck 0"]);
    recheck(&mut engine, seconds(1), 0, Recheck::Same);
    assert_eq!(sends(&mut engine, seconds(32)), ["recheck 0"]);
    recheck(&mut engine, seconds(33), 0, Recheck::Same);
    engine.woke(seconds(34), 3_600_000).expect("it wakes");
    assert_eq!(sends(&mut engine, seconds(34)), ["recheck 0"]);
    recheck(&mut engine, seconds(35), 0, Recheck::Same);
    assert_eq!(sends(&mut engine, seconds(35)), ["send 0.1"]);
}

#[test]
fn reads_that_take_long_do_not_starve_the_requests_they_are_for() {
    let mut engine = engine_with(irreversible(12), Policy { concurrency: 1, ..policy() });
    let mut now = NOW;
    for task in 0..12 {
        assert_eq!(sends(&mut engine, now), [format!("recheck {task}")]);
        now = now.plus_ms(50_000);
        recheck(&mut engine, now, task, Recheck::Same);
        assert_eq!(sends(&mut engine, now), [format!("send {task}.1")]);
        accept(&mut engine, now, task);
    }
}

#[test]
fn a_target_that_has_changed_is_skipped_and_the_run_continues() {
    let mut engine = engine_with(irreversible(3), Policy { concurrency: 1, ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["recheck 0"]);
    let changed = Recheck::Changed { reason: "another user".to_owned() };
    assert_eq!(recheck(&mut engine, NOW, 0, changed), ["skipped"]);
    assert_eq!(sends(&mut engine, NOW), ["recheck 1"]);
    let other = Err(Unreadable::OtherDevice { reason: "another device".to_owned() });
    let entries = engine.rechecked(NOW, TaskIndex(1), other).expect("it is read");
    assert_eq!(told(NOW, &entries), ["stopped: WrongDevice"]);
    assert_eq!(sends(&mut engine, seconds(99)), [""; 0]);
    assert_eq!(engine.progress().requests, 0);
}

#[test]
fn a_target_that_cannot_be_read_is_refused_in_the_end() {
    let mut engine = engine_with(irreversible(1), policy());
    let mut now = NOW;
    for _ in 0..6 {
        assert_eq!(sends(&mut engine, now), ["recheck 0"]);
        let failed = Err(Unreadable::Failed { reason: "HTTP 500".to_owned() });
        engine.rechecked(now, FIRST, failed).expect("it is read");
        now = now.plus_ms(60_000);
    }
    assert_eq!(engine.state().task(FIRST).phase, Phase::Settled(Outcome::Refused));
    assert_eq!(engine.progress().requests, 0);
}

#[test]
fn irreversible_requests_leave_twelve_a_minute_others_faster() {
    let mut tasks = irreversible(30);
    tasks.push(TaskFacts { device: 30, ..facts(Repeat::Once) });
    let mut engine = engine_with(tasks, policy());
    let mut sent: Vec<(u64, u32)> = Vec::new();
    for second in 0..200 {
        let now = seconds(second);
        for _ in 0..3 {
            let step = engine.decide(now).expect("it decides");
            for call in step.calls {
                match call {
                    Call::Recheck { task } => {
                        drop(recheck(&mut engine, now, task.0, Recheck::Same))
                    }
                    Call::Send { task, .. } => {
                        sent.push((second, task.0));
                        accept(&mut engine, now, task.0);
                    }
                    _ => {}
                }
            }
        }
    }
    assert_eq!(sent.len(), 31);
    assert!(
        sent.iter().any(|(second, task)| *task == 30 && *second < 2),
        "a restart need not wait"
    );
    let slow: Vec<u64> = sent.iter().filter(|(_, task)| *task < 30).map(|(at, _)| *at).collect();
    for at in &slow {
        let within = slow.iter().filter(|other| (*at..*at + 60).contains(other)).count();
        assert!(within <= 12, "{within} within a minute of {at}: {slow:?}");
    }
    assert!(slow.last().expect("all are sent") < &130, "{slow:?}");
}

#[test]
fn a_device_protected_during_the_run_is_skipped() {
    let mut engine = engine_with(device_facts(3, |_| 0), Policy { concurrency: 1, ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    let all: Vec<_> = (0..2).map(|at| (TaskIndex(at), "protected".to_owned())).collect();
    let entries = engine.protect(seconds(1), &all).expect("it is told");
    assert_eq!(told(seconds(1), &entries), ["skipped"]);
    accept(&mut engine, seconds(2), 0);
    assert_eq!(sends(&mut engine, seconds(3)), ["send 2.1"]);
}

/// The canary has two steps, of which the first is taken and nothing more; then come devices of one step.
fn stepped_canary() -> Vec<TaskFacts> {
    let mut tasks = device_facts(3, |device| u16::from(device > 0));
    let after = Some((FIRST, Gate::GoodEnd));
    let last_step = TaskFacts { after, followed: true, is_awake: false, ..tasks[0].clone() };
    tasks.insert(1, last_step);
    tasks
}

#[test]
fn a_canary_has_ended_well_only_with_its_last_step() {
    let mut engine = engine_with(stepped_canary(), in_waves(WaveGate::Settled));
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, seconds(1), 0);
    assert_eq!(sends(&mut engine, seconds(2)), ["send 1.1"]);
    accept(&mut engine, seconds(3), 1);
    for second in [4, 60, 600, 901] {
        let step = engine.decide(seconds(second)).expect("it decides");
        assert!(step.entries.is_empty(), "{second}: {:?}", step.entries);
    }
    assert_eq!(entries(&mut engine, seconds(902)), ["canary_added", "intent 2.1"]);
}

#[test]
fn a_restart_or_a_sleep_gives_a_wave_its_time_again() {
    let mut tasks = device_facts(3, |device| u16::from(device > 0));
    tasks[0].followed = true;
    let mut engine = engine_with(tasks, in_waves(WaveGate::Settled));
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, seconds(1), 0);
    let (mut engine, _) = reopened(&engine, seconds(5_000));
    assert_eq!(entries(&mut engine, seconds(5_001)), [""; 0], "nobody has looked yet");
    engine.woke(seconds(5_800), 3_600_000).expect("it wakes");
    assert_eq!(entries(&mut engine, seconds(6_699)), [""; 0]);
    assert_eq!(entries(&mut engine, seconds(6_700)), ["canary_added", "intent 1.1"]);
}

#[test]
fn a_wave_is_looked_after_however_short_the_wait_is() {
    let mut tasks = device_facts(2, |device| u16::from(device > 0));
    tasks.iter_mut().for_each(|task| task.followed = true);
    let short = Policy { wait_ms: 1_000, ..in_waves(WaveGate::Settled) };
    let mut engine = engine_with(tasks, short);
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    accept(&mut engine, seconds(1), 0);
    let mut looks = 0;
    for second in 2..800 {
        for call in sends(&mut engine, seconds(second)) {
            assert_eq!(call, "look 0");
            looks += 1;
            engine.looked(seconds(second), FIRST, nothing()).expect("it is followed");
        }
    }
    assert!(looks > 3, "{looks}");
    assert!(!engine.decide(seconds(800)).expect("it decides").is_done);
}

fn nothing() -> Sighting {
    Sighting::Nothing { evidence: "nothing yet".to_owned() }
}

#[test]
fn a_task_already_pending_is_not_a_canary() {
    let mut engine =
        engine_with(device_facts(9, |device| u16::from(device > 0)), in_waves(WaveGate::Settled));
    for task in 0..4 {
        assert_eq!(sends(&mut engine, NOW), [format!("send {task}.1")]);
        answer(&mut engine, NOW, task, Verdict::InEffect { reason: "already running".to_owned() });
    }
    assert_eq!(entries(&mut engine, NOW), ["stopped: Canary"]);
}

#[test]
fn a_later_step_of_a_protected_device_is_not_sent() {
    let mut tasks = stepped_canary();
    tasks.truncate(2);
    let mut engine = engine_with(tasks, policy());
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    let all: Vec<_> = (0..2).map(|at| (TaskIndex(at), "protected".to_owned())).collect();
    assert!(engine.protect(seconds(1), &all).expect("it is told").is_empty());
    accept(&mut engine, seconds(2), 0);
    assert_eq!(entries(&mut engine, seconds(3)), ["skipped"]);
    assert_eq!(engine.progress().requests, 1);
    // What comes back to the queue is not sent again either.
    let mut engine = engine_with(device_facts(1, |_| 0), policy());
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    engine.protect(seconds(1), &all[..1]).expect("it is told");
    let throttled = Verdict::Throttled { retry_after_ms: Some(1_000), reason: String::new() };
    answer(&mut engine, seconds(2), 0, throttled);
    assert_eq!(entries(&mut engine, seconds(9)), ["skipped"]);
}

#[test]
fn what_may_have_been_applied_is_not_called_unsent() {
    let mut tasks = device_facts(1, |_| 0);
    tasks[0].repeat = Repeat::Safe;
    let mut engine = engine_with(tasks, policy());
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    engine.protect(seconds(1), &[(FIRST, "protected".to_owned())]).expect("it is told");
    answer(&mut engine, seconds(2), 0, unknown());
    let ended = engine.decide(seconds(99)).expect("it decides").entries;
    let reason = ended.iter().find_map(|entry| match &entry.event {
        Event::Settled { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    let said = "not sent again: protected; an earlier request may have been applied";
    assert_eq!(reason, Some(said));
}

#[test]
fn a_protected_device_stays_protected_after_later_checks() {
    let mut tasks = stepped_canary();
    tasks.truncate(2);
    let mut engine = engine_with(tasks, policy());
    assert_eq!(sends(&mut engine, NOW), ["send 0.1"]);
    let later_step = [(TaskIndex(1), "protected".to_owned())];
    engine.protect(seconds(1), &later_step).expect("it is told");
    // The loop checks before each batch, and most checks find nothing new.
    engine.protect(seconds(2), &[]).expect("it is told");
    accept(&mut engine, seconds(3), 0);
    assert_eq!(entries(&mut engine, seconds(4)), ["skipped"]);
}

#[test]
fn a_token_that_expires_before_the_recheck_stops_the_run() {
    let mut engine = engine_with(irreversible(2), Policy { concurrency: 1, ..policy() });
    assert_eq!(sends(&mut engine, NOW), ["recheck 0"]);
    let expired = Err(Unreadable::Unauthorized { reason: "HTTP 401".to_owned() });
    let entries = engine.rechecked(NOW, FIRST, expired).expect("it is read");
    assert_eq!(told(NOW, &entries), ["stopped: Unauthorized"]);
    assert_eq!(engine.state().task(FIRST).phase, Phase::Ready);
}
