//! The rate that adapts to the tenant.
//!
//! Owns that a machine obeys the reduced rate, and that one whose shell says nothing of answers keeps its limit.

use super::*;
use crate::model::SlowReason;

fn engine() -> Engine {
    let policy = Policy { per_second: 20, ..policy() };
    engine_with(vec![facts(Repeat::Once); 400], policy)
}

/// Requests in five seconds, each answered at once.
fn requests(engine: &mut Engine, from: UnixMillis) -> usize {
    let mut count = 0;
    for passed in (0..5_000).step_by(10) {
        let now = from.plus_ms(passed);
        for call in engine.decide(now).expect("it decides").calls {
            let Call::Send { task, attempt, .. } = call else { panic!("only sends are due") };
            answers(engine, now, task.0, attempt, accepted());
            count += 1;
        }
    }
    count
}

#[test]
fn a_refused_rate_halves_what_leaves_in_a_second() {
    let mut engine = engine();
    assert!((95..=105).contains(&requests(&mut engine, NOW)));
    engine.rate_was_refused(seconds(5));
    let reduced = engine.progress().reduced_rate.expect("it is reduced");
    assert_eq!((reduced.per_second, reduced.reason), (10, SlowReason::Throttled));
    let count = requests(&mut engine, seconds(5));
    assert!((40..=55).contains(&count), "{count} in five seconds");
}

#[test]
fn a_shell_that_says_nothing_of_answers_keeps_the_limit() {
    let mut engine = engine();
    assert_eq!(engine.progress().reduced_rate, None);
    requests(&mut engine, NOW);
    assert_eq!(engine.progress().reduced_rate, None);
    assert!((95..=105).contains(&requests(&mut engine, seconds(5))));
}
