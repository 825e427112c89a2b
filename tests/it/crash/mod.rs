//! The program is killed at random moments while answers are late, lost or wrong, and requests are applied
//! long after their connection died: nothing is sent twice, what was applied is found, and no PIN is lost.
//!
//! Owns the crash test and its two controls, which show that it can see what it looks for. Kills are SIGKILL;
//! the simulated tenants live on in this process and keep the ledger of what they really accepted. The seed is
//! printed; `SORTIE_TEST_SEED` gives another. Must never weaken the program: only the controls do.

mod journal;
mod round;

use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sortie::model::Random;
use sortie::simulator::{Faults, LockAgain, SamePending, Switches};

use crate::harness::{Tenant, on_threads, world};
use round::{
    ADOPTED, ADOPTED_LATE, IN_DOUBT, KILLS_IN_SETTLING, RECOVERED, Round, Seen, Step, UNDER_WAY,
    WITHOUT_PIN,
};

/// Kills of the whole test.
const KILLS: usize = 520;
/// Runs that are killed at once, each at a tenant of its own: the programs mostly wait.
const LANES: u64 = 5;
/// Kills after which a control must have found a duplicate; it usually finds the first within thirty.
const CONTROL_KILLS_MAX: usize = 300;
/// How much later than its connection died a request may be applied: well within the quarantine.
const LATE_MS: RangeInclusive<u64> = 150..=600;

fn seed() -> u64 {
    let seed = std::env::var("SORTIE_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_260_311);
    println!("SORTIE_TEST_SEED={seed}");
    seed
}

/// Answers take up to 120 ms; one in four is lost, cut off or an error, and their requests were applied
/// before, are applied later, or never.
fn rough() -> Faults {
    Faults {
        latency_ms: 5..=120,
        close_before_percent: 3.0,
        close_after_percent: 4.0,
        hang_percent: 2.0,
        error_before_percent: 2.0,
        error_after_percent: 3.0,
        truncate_percent: 2.0,
        late_percent: 8.0,
        late_ms: LATE_MS,
        scope: sortie::simulator::FaultScope::ActionsOnly,
        ..Faults::default()
    }
}

/// A tenant that hides no duplicate: it takes a second command and makes a second PIN. Its devices answer
/// within milliseconds, and it has room for the requests of many short-lived processes.
fn tenant() -> Tenant {
    Tenant::serving(world(
        Switches {
            push_ms: 1..=5,
            run_ms: 1..=5,
            lock_again: LockAgain::NewPin,
            same_pending: SamePending::Accepted,
            limit_per_second: 1_000,
            limit_per_hour: 1_000_000,
            ..Switches::default()
        },
        rough(),
    ))
}

/// What has to happen now and then, or the test has not tested it.
const MUST_HAPPEN: [&str; 7] =
    [KILLS_IN_SETTLING, UNDER_WAY, ADOPTED, ADOPTED_LATE, IN_DOUBT, RECOVERED, WITHOUT_PIN];

#[test]
fn five_hundred_kills_send_nothing_twice_and_lose_no_pin() {
    let seed = seed();
    let kills = AtomicUsize::new(0);
    let seen = Mutex::new(Seen::new());
    on_threads(0..LANES, |lane| {
        let mut random = Random::for_labels(seed, &[lane]);
        let tenant = tenant();
        if lane == 0 {
            // Here no PIN can be read back, and lost answers leave locks without one.
            let denied = "get-unlock-pin".to_owned();
            tenant.with_world(|world| world.switches_mut().denied.insert(denied));
        }
        let mut number = 0;
        while kills.load(Relaxed) < KILLS {
            let mut round = Round::new(&tenant, number);
            while let Step::Killed = round.step(&mut random) {
                kills.fetch_add(1, Relaxed);
            }
            let faults = round.faults();
            assert!(faults.is_empty(), "lane {lane}, round {number}: {faults:#?}");
            let mut all = seen.lock().expect("no other lane has failed");
            for (what, count) in round.seen() {
                *all.entry(what).or_default() += count;
            }
            number += 1;
        }
    });
    let seen = seen.into_inner().expect("no lane has failed");
    println!("{} kills; {seen:?}", kills.into_inner());
    for what in MUST_HAPPEN {
        assert!(seen.contains_key(what), "not tested, because there were no {what}");
    }
}

/// The first control: a journal that forgets the intents whose answer is not known, as if they had not been
/// committed before the request left.
#[test]
fn without_committed_intents_the_same_test_finds_duplicates() {
    finds_a_duplicate(seed() + 1, |round| {
        if let Some(journal) = round.journal() {
            journal.forget_open_intents();
        }
    });
}

/// The second control: nobody waits for the end of the quarantine, and what the device's history does not
/// show at once is sent again.
#[test]
fn without_quarantine_the_same_test_finds_duplicates() {
    finds_a_duplicate(seed() + 2, |round| {
        let Some(journal) = round.journal() else { return };
        let quarantine_ms = journal.quarantine_ms();
        journal.set_quarantine_ms(0);
        round.send_again_what_is_absent();
        // A resume insists on it, and it is too late now.
        journal.set_quarantine_ms(quarantine_ms);
    });
}

/// Kills as the test does, with some harm after each kill, until something was accepted twice.
fn finds_a_duplicate(seed: u64, harm: impl Fn(&Round<'_>)) {
    let mut random = Random::new(seed);
    let tenant = tenant();
    let (mut kills, mut number) = (0, 0);
    while kills < CONTROL_KILLS_MAX {
        let mut round = Round::new(&tenant, number);
        while let Step::Killed = round.step(&mut random) {
            kills += 1;
            harm(&round);
            if !tenant.ledger().duplicates().is_empty() {
                break;
            }
        }
        let duplicates = tenant.ledger().duplicates();
        if let Some((device_id, action, times)) = duplicates.first() {
            let told = format!("{action} of {device_id} was accepted {times} times");
            assert!(round.faults().contains(&told), "the test does not see that {told}");
            println!("the first duplicate came within {kills} kills");
            return;
        }
        number += 1;
    }
    panic!("the crash test cannot see a duplicate: none in {kills} kills");
}
