//! Following many devices with the device list.
//!
//! Owns the rules of when the list is read, believed and given up. What it saves is measured elsewhere.

use super::*;
use crate::model::{Listing, NextPage, Shown};

const CROWD: u32 = 40;

/// A crowd of devices that were sent something at `NOW` and are asleep.
fn asleep() -> Engine {
    let day = Policy { wait_ms: 86_400_000, concurrency: 256, ..policy() };
    let facts = TaskFacts { trace: Trace::Command, ..followed() };
    let mut engine = engine_with(vec![facts; CROWD as usize], day);
    engine.grant(100_000, UnixMillis(i64::MAX));
    assert_eq!(sends(&mut engine, NOW).len(), CROWD as usize);
    for task in 0..CROWD {
        answers(&mut engine, NOW, task, 1, accepted());
    }
    engine
}

/// What happens to the sleepers of a day.
struct Day {
    engine: Engine,
    now: UnixMillis,
    looks: u32,
    lists: u32,
}

impl Day {
    /// Lets time pass until `until`. Device `n` comes back at `back(n)`; the list shows that if `shows`.
    fn pass(&mut self, until: UnixMillis, back: impl Fn(u32) -> UnixMillis, shows: bool) {
        while self.now < until {
            let step = self.engine.decide(self.now).expect("it decides");
            for call in &step.calls {
                match call {
                    Call::Look { task, .. } => {
                        self.looks += 1;
                        let is_back = back(task.0) <= self.now;
                        let sighting = if is_back { done_at(back(task.0)) } else { nothing() };
                        self.engine.looked(self.now, *task, sighting).expect("it was asked");
                    }
                    Call::List { .. } => {
                        self.lists += 1;
                        let shown = (0..CROWD).map(|task| Shown {
                            task: TaskIndex(task),
                            last_check_in: (shows && back(task) <= self.now).then(|| back(task)),
                            has_changed: false,
                            has_agent: true,
                        });
                        let listing =
                            Listing::Page { shown: shown.collect(), next: NextPage::None };
                        self.engine.listed(self.now, listing).expect("it was asked");
                    }
                    other => panic!("{other:?}"),
                }
            }
            if step.calls.is_empty() {
                let wake_at = step.wake_at.unwrap_or(until);
                self.now = wake_at.min(until).max(self.now.plus_ms(1));
            }
        }
    }

    fn settled(&self) -> u32 {
        self.engine.progress().settled
    }
}

fn done_at(at: UnixMillis) -> Sighting {
    Sighting::Command(CommandSeen {
        uuid: "u".to_owned(),
        status: CommandStatus::Completed,
        completed_at: Some(at),
        reason: String::new(),
        candidates: 1,
    })
}

/// Device `n` comes back `n` times seven minutes after an hour.
fn back(task: u32) -> UnixMillis {
    seconds(3_600 + u64::from(task) * 420)
}

fn day(shows: bool) -> Day {
    let mut day = Day { engine: asleep(), now: NOW, looks: 0, lists: 0 };
    for task in 0..CROWD {
        // Within ten minutes of its coming back every device is settled.
        day.pass(back(task).plus_ms(600_000), back, shows);
        assert!(day.settled() > task, "device {task} came back ten minutes ago, shown: {shows}");
    }
    day
}

#[test]
fn a_useful_list_saves_reads_and_a_useless_one_is_dropped() {
    let (helped, alone) = (day(true), day(false));
    assert!(helped.looks * 3 < alone.looks * 2, "{} looks, {} without", helped.looks, alone.looks);
    assert!(alone.lists < helped.lists, "{} pages though they do not help", alone.lists);
}

#[test]
fn few_devices_are_read_without_the_list() {
    let facts = TaskFacts { trace: Trace::Command, ..followed() };
    let mut engine = engine_of(vec![facts; 5]);
    sends(&mut engine, NOW);
    for task in 0..5 {
        answers(&mut engine, NOW, task, 1, accepted());
    }
    let mut now = NOW;
    while now < seconds(500) {
        for call in sends(&mut engine, now) {
            let task = call.strip_prefix("look ").expect("only looks").parse().expect("a number");
            engine.looked(now, TaskIndex(task), nothing()).expect("it was asked");
        }
        let wake_at = engine.decide(now).expect("it decides").wake_at.expect("it goes on");
        now = wake_at.max(now.plus_ms(1));
    }
}

#[test]
fn a_list_that_may_not_be_read_is_not_asked_for_again() {
    let mut engine = asleep();
    let mut lists = 0;
    let mut now = NOW;
    while now < seconds(3_600) {
        let step = engine.decide(now).expect("it decides");
        for call in &step.calls {
            match call {
                Call::List { .. } => {
                    lists += 1;
                    let listing = Listing::Unreadable { reason: why(), is_forbidden: true };
                    engine.listed(now, listing).expect("it was asked");
                }
                Call::Look { task, .. } => {
                    engine.looked(now, *task, nothing()).expect("it was asked");
                }
                other => panic!("{other:?}"),
            }
        }
        now = step.wake_at.unwrap_or(now).max(now.plus_ms(1));
    }
    assert_eq!(lists, 1);
}

/// The offsets that the first poll reads of a list whose pages have `page` rows, where the list shows `known` of the
/// devices that are followed.
fn first_sweep(page: u32, known: u32) -> Vec<u32> {
    let mut engine = asleep();
    let (mut now, mut offsets) = (NOW, Vec::new());
    while now < seconds(50) {
        let step = engine.decide(now).expect("it decides");
        for call in &step.calls {
            match call {
                Call::List { offset } => {
                    offsets.push(*offset);
                    let end = offset.saturating_add(page).min(known);
                    let shown: Vec<Shown> = (*offset..end)
                        .map(|task| Shown {
                            task: TaskIndex(task),
                            last_check_in: None,
                            has_changed: false,
                            has_agent: true,
                        })
                        .collect();
                    let next = match shown.is_empty() {
                        true => NextPage::None,
                        false => NextPage::Perhaps(end),
                    };
                    engine.listed(now, Listing::Page { shown, next }).expect("it was asked");
                }
                Call::Look { task, .. } => {
                    engine.looked(now, *task, nothing()).expect("it was asked");
                }
                other => panic!("{other:?}"),
            }
        }
        if step.calls.is_empty() {
            now = step.wake_at.unwrap_or(now).max(now.plus_ms(1));
        }
    }
    offsets
}

#[test]
fn a_sweep_reads_on_after_a_short_page_until_it_has_shown_all() {
    assert_eq!(first_sweep(300, CROWD), [0], "all in one page: no request more");
    assert_eq!(first_sweep(10, CROWD), [0, 10, 20, 30], "pages of ten");
    assert_eq!(first_sweep(300, CROWD - 1), [0, CROWD - 1], "one is gone: the end is looked for");
}
