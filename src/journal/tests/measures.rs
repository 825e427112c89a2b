//! What runs measure of themselves.

use super::*;
use crate::model::{AnswerTimes, Durations};

fn write_at(journal: &mut RunJournal, passed_ms: u64, event: Event, took_ms: u32) {
    let mut durations = Durations::default();
    durations.add(took_ms);
    let answers = AnswerTimes::from([("action".to_owned(), durations)]);
    let at = NOW.plus_ms(passed_ms);
    let requests = RequestCounts::from([("action".to_owned(), 1)]);
    let batch =
        Batch { at, entries: vec![Entry { at, event }], requests, answers, must_confirm: true };
    journal.write(&batch).expect("it can be written");
    journal.confirm().expect("the host can be told");
}

#[test]
fn measures_are_kept_every_few_seconds_and_at_the_end() {
    let bench = Bench::new();
    let mut journal = bench.run(2);
    write_at(&mut journal, 0, intent(0).event, 10);
    write_at(&mut journal, 1_000, intent(1).event, 30);
    assert_eq!(bench.reader().measures().expect("read").commits, 1);
    write_at(&mut journal, 2_000, Event::Closed, 20);
    let measures = bench.reader().measures().expect("read");
    assert_eq!((measures.commits, measures.entries), (3, 3));
    let times = &measures.answers["action"];
    assert_eq!((times.count(), times.max_ms(), times.total_ms()), (3, 30, 60));
    let slots: Vec<u64> = measures.slots.values().map(|requests| requests["action"]).collect();
    assert_eq!(slots, [3]);
}

#[test]
fn measures_of_all_processes_are_added_up() {
    let bench = Bench::new();
    write_at(&mut bench.run(2), 0, intent(0).event, 10);
    let mut again = RunJournal::open(&bench.state, RUN).expect("it goes on");
    write_at(&mut again, 9_000, Event::Opened { program: "sortie 9".to_owned() }, 40);
    let measures = bench.reader().measures().expect("read");
    assert_eq!((measures.commits, measures.answers["action"].count()), (2, 2));
}
