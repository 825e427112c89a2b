//! Tasks that are read from the database of their run.
//!
//! Owns the tests of what is given out and what is a fault. Must never test what a run does about a fault.

use super::{Bench, RUN, tasks_of};
use crate::journal::stretches::ENTRIES_MAX;
use crate::journal::*;
use crate::model::{Random, RunTasks, Task, TaskIndex};

fn damage(bench: &Bench, sql: &str) {
    let database = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    database.execute_batch(sql).expect("its owner");
}

fn read_all(tasks: &RunTasks) -> Result<Vec<Task>, String> {
    let mut all = Vec::new();
    let read = tasks.for_each(|index, task| {
        assert_eq!(index.at(), all.len());
        all.push(task);
    });
    read.map(|()| all).map_err(|fault| fault.to_string())
}

#[test]
fn stored_tasks_are_those_that_were_written() {
    let bench = Bench::new();
    let written = tasks_of(3_000);
    let tasks = bench.run(3_000).tasks().expect("a database");
    assert_eq!(tasks.count(), 3_000);
    let mut random = Random::new(11);
    let in_order = 0..3_000_u64;
    let anywhere: Vec<u64> = (0..3_000).map(|_| random.below(3_000)).collect();
    for at in in_order.chain(anywhere) {
        let task = tasks.get(TaskIndex(at as u32)).expect("as written");
        assert_eq!(task, written[at as usize]);
    }
    assert_eq!(read_all(&tasks), Ok(written));
    let fault = tasks.get(TaskIndex(3_000)).expect_err("there are 3,000");
    assert_eq!(fault.to_string(), "task 3000 of the run cannot be used: the run has no such task");
}

#[test]
fn tasks_of_several_stretches_keep_their_numbers() {
    for count in [ENTRIES_MAX, ENTRIES_MAX + 1, 2 * ENTRIES_MAX + 1] {
        let bench = Bench::new();
        let tasks = bench.run(count).tasks().expect("a database");
        assert!(read_all(&tasks) == Ok(tasks_of(count)), "{count} tasks");
    }
}

#[test]
fn a_verified_run_has_the_same_stored_tasks() {
    let bench = Bench::new();
    drop(bench.run(10));
    let journal = RunJournal::open(&bench.state, RUN).expect("untouched");
    assert_eq!(read_all(&journal.tasks().expect("a database")), Ok(tasks_of(10)));
}

#[test]
fn a_task_that_changed_since_the_opening_is_a_fault() {
    for (sql, what) in [
        ("UPDATE tasks SET body = replace(body, 'S5', 'S6') WHERE task = 5", "text"),
        ("UPDATE tasks SET body = body || ' ' WHERE task = 5", "text"),
        ("DELETE FROM tasks WHERE task = 5", "not in the database"),
        ("DELETE FROM tasks WHERE task >= 5", "not in the database"),
    ] {
        let bench = Bench::new();
        let journal = bench.run(8);
        let tasks = journal.tasks().expect("a database");
        damage(&bench, sql);
        let fault = tasks.get(TaskIndex(5)).expect_err("it was changed");
        assert_eq!((fault.task, fault.reason.contains(what)), (5, true), "{sql}: {fault}");
        assert_eq!(read_all(&tasks), Err(fault.to_string()), "{sql}");
        assert_eq!(tasks.get(TaskIndex(4)).map(|task| task.id), Ok(tasks_of(5)[4].id), "{sql}");
    }
}
