//! PINs of unusual form, and PINs that the state directory knows, case by case.
//!
//! Owns that only six digits count, and that a Mac which another run has locked keeps that run's PIN.

use super::*;
use crate::model::{KnownPin, PinReading, Sealed};

fn lock() -> TaskFacts {
    TaskFacts { has_custody: true, trace: Trace::Command, ..followed() }
}

fn sealed(text: &str) -> Sealed {
    Sealed::clear(text.to_owned())
}

fn odd_answer() -> Verdict {
    Verdict::Accepted(Answer {
        pin: Some(sealed("12345")),
        pin_flaw: Some("has 5 digits instead of six".to_owned()),
        pin_missing: true,
        ..Answer::default()
    })
}

fn good_answer() -> Verdict {
    Verdict::Accepted(Answer { pin: Some(sealed("012345")), ..Answer::default() })
}

/// A lock that was answered so and that the Mac has taken.
fn taken(verdict: Verdict) -> Engine {
    let mut engine = engine_of(vec![lock()]);
    sends(&mut engine, NOW);
    answers(&mut engine, NOW, 0, 1, verdict);
    assert_eq!(sends(&mut engine, seconds(2)), ["look 0"]);
    engine.looked(seconds(2), FIRST, seen(CommandStatus::Completed, 1)).expect("it was asked");
    engine
}

/// Reads the PIN until the lock has ended; what the tenant shows is `read`.
fn end_of(
    mut engine: Engine,
    read: impl Fn(&mut Engine, UnixMillis) -> Vec<Entry>,
) -> (Outcome, String, u32) {
    let mut now = seconds(2);
    for reads in 1.. {
        while sends(&mut engine, now) != ["pin 0"] {
            now = now.plus_ms(1_000);
        }
        let entries = read(&mut engine, now);
        let settled = entries.iter().find_map(|entry| match &entry.event {
            Event::Settled { outcome, reason, .. } => Some((*outcome, reason.clone(), reads)),
            _ => None,
        });
        if let Some(settled) = settled {
            return settled;
        }
        assert!(reads < 10, "it is read for ever");
    }
    unreachable!("the loop returns or fails")
}

fn nothing_shown(engine: &mut Engine, now: UnixMillis) -> Vec<Entry> {
    engine.pin_read(now, FIRST, Ok(None)).expect("it was asked")
}

fn placeholder_shown(engine: &mut Engine, now: UnixMillis) -> Vec<Entry> {
    let flaw = "is 6 characters without a digit, like a placeholder".to_owned();
    engine.odd_pin_read(now, FIRST, sealed("******"), flaw).expect("it was asked")
}

fn six_digits_shown(engine: &mut Engine, now: UnixMillis) -> Vec<Entry> {
    engine.pin_read(now, FIRST, Ok(Some(sealed("496406")))).expect("it was asked")
}

#[test]
fn an_odd_pin_counts_as_none_and_stops_a_larger_run() {
    for (verdict, is_stopped) in [(odd_answer(), true), (good_answer(), false)] {
        let mut engine = engine_with(vec![lock(); 12], Policy { concurrency: 1, ..policy() });
        sends(&mut engine, NOW);
        answers(&mut engine, NOW, 0, 1, verdict);
        let step = engine.decide(NOW).expect("it decides");
        let expected: &[&str] = if is_stopped { &["stopped: PinMissing"] } else { &["intent 1.1"] };
        assert_eq!(told_of(&step), expected);
    }
}

#[test]
fn an_odd_pin_is_good_only_once_the_tenant_shows_six_digits() {
    let (outcome, reason, _) = end_of(taken(odd_answer()), six_digits_shown);
    assert_eq!((outcome, &*reason), (Outcome::Completed, "the PIN was recovered from the tenant"));
    for (read, words) in [
        (nothing_shown as fn(&mut Engine, UnixMillis) -> Vec<Entry>, "the tenant has none"),
        (placeholder_shown, "the tenant's is 6 characters without a digit"),
    ] {
        let (outcome, reason, reads) = end_of(taken(odd_answer()), read);
        assert_eq!(outcome, Outcome::Failed, "{reason}");
        assert!(reason.starts_with("pin_missing") && reason.contains(words), "{reason}");
        assert!(reads > 1, "it may have been on its way");
    }
}

#[test]
fn a_placeholder_neither_replaces_nor_verifies_a_pin() {
    let mut engine = taken(good_answer());
    assert_eq!(sends(&mut engine, seconds(2)), ["pin 0"]);
    let entries = placeholder_shown(&mut engine, seconds(2));
    let [Entry { event: Event::PinRead { reading: PinReading::Odd { pin, .. }, .. }, .. }, settled] =
        entries.as_slice()
    else {
        panic!("{entries:?}")
    };
    assert_eq!(pin.expose(), Some("******"), "it is kept");
    let Event::Settled { outcome: Outcome::Completed, reason, .. } = &settled.event else {
        panic!("{settled:?}")
    };
    assert!(reason.starts_with("PIN unverified: the tenant's is 6 characters"), "{reason}");
}

/// A lock that the tenant refuses because the Mac is locked already; the state directory knows a PIN or does not.
fn locked_already(known: Option<&'static str>) -> Engine {
    let mut engine = engine_of(vec![lock()]);
    engine.set_known_pins(Box::new(move |_| {
        known.map(|pin| KnownPin { pin: sealed(pin), run: "A".to_owned() })
    }));
    sends(&mut engine, NOW);
    let in_effect = Verdict::InEffect { reason: why() };
    let told = answers(&mut engine, NOW, 0, 1, in_effect);
    assert_eq!(told.contains(&"pin_read".to_owned()), known.is_some(), "{told:?}");
    engine
}

#[test]
fn a_mac_that_another_run_has_locked_has_the_pin_of_that_run() {
    let read = |engine: Engine, shown: Option<&str>| {
        let shown = shown.map(sealed);
        end_of(engine, |engine, now| {
            engine.pin_read(now, FIRST, Ok(shown.clone())).expect("it was asked")
        })
    };
    let (outcome, reason, _) = read(locked_already(None), None);
    assert_eq!(outcome, Outcome::Failed, "{reason}");
    for (shown, words) in [
        (None, "PIN unverified: the tenant has none; locked by run A, which has the PIN"),
        (Some("012345"), "locked by run A, which has the PIN"),
        (Some("999999"), "try the tenant's PIN last; locked by run A, which has the PIN"),
    ] {
        let (outcome, reason, reads) = read(locked_already(Some("012345")), shown);
        assert_eq!((outcome, reads), (Outcome::AlreadyInEffect, 1), "{reason}");
        assert!(reason.ends_with(words), "{reason}");
    }
    // A crash in between: the journal tells it, and nobody is asked a second time.
    let (engine, told) = reopened(&locked_already(Some("012345")), seconds(1));
    assert_eq!(told, ["opened"]);
    let (outcome, reason, _) = read(engine, None);
    assert_eq!(outcome, Outcome::AlreadyInEffect, "{reason}");
    assert!(reason.contains("locked by run A"), "{reason}");
}

#[test]
fn a_token_that_may_not_read_pins_does_not_hide_a_known_one() {
    let mut engine = locked_already(Some("012345"));
    assert_eq!(sends(&mut engine, NOW), ["pin 0"]);
    let forbidden = crate::model::Unreadable::Forbidden { reason: "HTTP 403".to_owned() };
    let entries = engine.pin_read(NOW, FIRST, Err(forbidden)).expect("it was asked");
    let told = told(NOW, &entries);
    assert_eq!(told.last().map(String::as_str), Some("already_in_effect"), "{told:?}");
}

#[test]
fn a_pin_that_differs_is_read_again_before_both_are_kept() {
    let (outcome, reason, reads) = end_of(taken(good_answer()), six_digits_shown);
    assert_eq!((outcome, reads), (Outcome::Completed, 4));
    assert!(reason.contains("both are kept: try the tenant's first"), "{reason}");

    let reads = std::cell::Cell::new(0);
    let catching_up = |engine: &mut Engine, now| {
        reads.set(reads.get() + 1);
        match reads.get() {
            1 => six_digits_shown(engine, now),
            _ => engine.pin_read(now, FIRST, Ok(Some(sealed("012345")))).expect("it was asked"),
        }
    };
    let (outcome, reason, reads) = end_of(taken(good_answer()), catching_up);
    assert_eq!((outcome, &*reason, reads), (Outcome::Completed, "", 2));
}
