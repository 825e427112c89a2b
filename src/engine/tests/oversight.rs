//! A run in two parts, with one overseer.

use super::*;
use crate::model::{Rollout, WaveEnd, WaveGate};

/// The wave of each device: the first part has the canary, the second one the last wave.
const WAVES: [u16; 4] = [0, 1, 1, 2];

/// Two parts of a run whose first device is the canary, and their overseer. The numbers of tasks are the same in all.
struct Parts {
    overseer: Overseer,
    engines: Vec<Engine>,
    /// Which tasks each part has.
    own: [Vec<u32>; 2],
    /// The parts know nothing of the waves before their own.
    is_blind: bool,
}

impl Parts {
    fn of(rules: Policy) -> Self {
        Self::made(rules, false)
    }

    fn made(rules: Policy, is_blind: bool) -> Self {
        let rollout = Rollout {
            waves: vec![WaveEnd::Devices(1), WaveEnd::Devices(3)],
            pause_ms: 0,
            gate: WaveGate::Settled,
            gate_timeout_ms: 900_000,
        };
        let rules = Policy { rollout: Some(rollout), ..rules };
        let all: Vec<TaskFacts> = (0..4)
            .map(|device| TaskFacts { device, wave: WAVES[device as usize], ..facts(Repeat::Once) })
            .collect();
        let actions = || ["lock".to_owned(), "restart".to_owned()].into();
        let whole = EngineState::new(all.clone().into(), actions(), rules.clone());
        let mut overseer = Overseer::new(whole);
        overseer.open(NOW, "test").expect("it opens");
        let own = [vec![0, 1], vec![2, 3]];
        let engines = own.iter().map(|own| {
            let facts: Vec<TaskFacts> = own.iter().map(|at| all[*at as usize].clone()).collect();
            let state = match is_blind {
                true => EngineState::new(facts.into(), actions(), rules.clone()),
                false => EngineState::of_part(facts.into(), actions(), rules.clone(), 2),
            };
            let mut engine = Engine::new(state);
            engine.set_overseen();
            engine.open(NOW, "test").expect("it opens");
            engine.grant(1_000, UnixMillis(i64::MAX));
            engine
        });
        Self { overseer, engines: engines.collect(), own, is_blind }
    }

    /// Lets each part decide, tells the overseer, and passes its judgement on. Returns what was sent, by the numbers of the run.
    fn step(&mut self, now: UnixMillis) -> Vec<u32> {
        let mut sent = Vec::new();
        for part in 0..self.engines.len() {
            let effects = self.engines[part].decide(now).expect("it decides");
            self.tell(part, effects.entries);
            for call in effects.calls {
                if let Call::Send { task, .. } = call {
                    sent.push(self.own[part][task.at()]);
                }
            }
        }
        self.judge(now);
        sent
    }

    fn answer(&mut self, now: UnixMillis, number: u32, verdict: Verdict) {
        let part = usize::from(number > 1);
        let task = TaskIndex(number % 2);
        let entries = self.engines[part].answered(now, task, 1, Some(200), verdict);
        self.tell(part, entries.expect("it is in progress"));
        self.judge(now);
    }

    fn tell(&mut self, part: usize, entries: Vec<Entry>) {
        for entry in entries {
            let Some(task) = entry.event.task() else { continue };
            let number = TaskIndex(self.own[part][task.at()]);
            let told = Entry { at: entry.at, event: entry.event.renumbered(number) };
            self.overseer.take(&told).expect("it follows");
        }
    }

    fn judge(&mut self, now: UnixMillis) {
        let judged = self.overseer.judge(now).expect("it judges");
        for engine in &mut self.engines {
            engine.hold(judged.is_held);
            for entry in &judged.entries {
                engine.overseen(now, entry.event.clone()).expect("it is told");
            }
        }
    }
}

fn refused() -> Verdict {
    Verdict::Refused { kind: ApiRefusal::Rejected, reason: why() }
}

#[test]
fn a_part_without_a_canary_waits_for_the_canary_of_another() {
    let mut parts = Parts::of(policy());
    assert_eq!(parts.step(NOW), [0]);
    assert_eq!(parts.step(seconds(60)), [0; 0]);
    parts.answer(seconds(61), 0, Verdict::Accepted(Answer::default()));
    assert_eq!(parts.step(seconds(62)), [1, 2]);
    parts.answer(seconds(63), 1, Verdict::Accepted(Answer::default()));
    assert_eq!(parts.step(seconds(64)), [0; 0]);
    parts.answer(seconds(65), 2, Verdict::Accepted(Answer::default()));
    assert_eq!(parts.step(seconds(66)), [3]);
}

#[test]
fn a_part_that_is_blind_to_waves_would_not_wait() {
    let mut parts = Parts::made(policy(), true);
    assert!(parts.is_blind);
    assert_eq!(parts.step(NOW), [0, 2], "the control must send too early");
}

#[test]
fn a_canary_that_fails_in_one_part_stops_all() {
    let mut parts = Parts::of(policy());
    assert_eq!(parts.step(NOW), [0]);
    parts.answer(seconds(1), 0, refused());
    assert_eq!(parts.step(seconds(2)), [0; 0]);
    let causes: Vec<_> =
        parts.engines.iter().map(|engine| engine.progress().stop.map(|(cause, _)| cause)).collect();
    assert_eq!(causes, [Some(StopCause::Canary); 2]);
}

#[test]
fn errors_of_all_parts_count_together() {
    let mut parts = Parts::of(Policy { max_errors: MaxErrors::Count(1), ..policy() });
    parts.step(NOW);
    parts.answer(seconds(1), 0, Verdict::Accepted(Answer::default()));
    assert_eq!(parts.step(seconds(2)), [1, 2]);
    parts.answer(seconds(3), 1, refused());
    assert_eq!(parts.overseer.progress().stop, None);
    parts.answer(seconds(4), 2, refused());
    assert!(parts.overseer.progress().stop.is_some());
    assert!(parts.engines.iter().all(|engine| engine.progress().stop.is_some()));
    assert_eq!(parts.step(seconds(5)), [0; 0]);
}

#[test]
fn doubt_about_a_canary_holds_all_parts_back() {
    let mut parts = Parts::of(policy());
    parts.step(NOW);
    let unknown = Verdict::Unknown { reason: why(), ends_run: false, retry_after_ms: None };
    parts.answer(seconds(1), 0, unknown);
    let judged = parts.overseer.judge(seconds(2)).expect("it judges");
    assert!(judged.is_held || parts.overseer.progress().stop.is_some(), "{judged:?}");
    assert_eq!(parts.step(seconds(3)), [0; 0]);
}
