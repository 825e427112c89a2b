//! The tasks of a run by position, wherever they are kept.
//!
//! Owns how a task is asked for. A run of a million tasks keeps them in its database, and a small one in memory. Must never
//! give out a task that differs from the one that the run began with.

use std::fmt;
use std::sync::Arc;

use super::{Task, TaskIndex};

/// Why a task of a run cannot be used. Nothing is sent for it then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task {task} of the run cannot be used: {reason}")]
pub struct TaskFault {
    /// Position of the task.
    pub task: u32,
    /// What is wrong with it.
    pub reason: String,
}

/// A place that keeps the tasks of a run.
pub trait TaskSource: Send + Sync {
    /// How many tasks the run has.
    fn count(&self) -> usize;

    /// One task.
    ///
    /// # Errors
    /// [`TaskFault`].
    fn task(&self, index: TaskIndex) -> Result<Task, TaskFault>;

    /// Gives all tasks to `take`, in order.
    ///
    /// # Errors
    /// [`TaskFault`].
    fn for_each(&self, take: &mut dyn FnMut(TaskIndex, Task)) -> Result<(), TaskFault>;
}

/// The tasks of a run, in the order of its plan. To clone them copies none.
#[derive(Clone)]
pub struct RunTasks(Arc<dyn TaskSource>);

impl RunTasks {
    /// The tasks that `source` keeps.
    #[must_use]
    pub fn new(source: impl TaskSource + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// One task.
    ///
    /// # Errors
    /// [`TaskFault`].
    pub fn get(&self, index: TaskIndex) -> Result<Task, TaskFault> {
        self.0.task(index)
    }

    /// Gives all tasks to `take`, in order.
    ///
    /// # Errors
    /// [`TaskFault`].
    pub fn for_each(&self, mut take: impl FnMut(TaskIndex, Task)) -> Result<(), TaskFault> {
        self.0.for_each(&mut take)
    }
}

impl fmt::Debug for RunTasks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tasks", self.count())
    }
}

impl From<Vec<Task>> for RunTasks {
    fn from(tasks: Vec<Task>) -> Self {
        Self::from(Arc::<[Task]>::from(tasks))
    }
}

impl From<Arc<[Task]>> for RunTasks {
    fn from(tasks: Arc<[Task]>) -> Self {
        Self::new(InMemory(tasks))
    }
}

struct InMemory(Arc<[Task]>);

impl TaskSource for InMemory {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn task(&self, index: TaskIndex) -> Result<Task, TaskFault> {
        let no_such = || TaskFault { task: index.0, reason: "the run has no such task".to_owned() };
        self.0.get(index.at()).cloned().ok_or_else(no_such)
    }

    fn for_each(&self, take: &mut dyn FnMut(TaskIndex, Task)) -> Result<(), TaskFault> {
        (0..).map(TaskIndex).zip(self.0.iter()).for_each(|(at, task)| take(at, task.clone()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_the_run_does_not_have_is_a_fault() {
        let tasks = RunTasks::from(Vec::new());
        assert_eq!(tasks.count(), 0);
        let fault = tasks.get(TaskIndex(2)).expect_err("there is none");
        assert_eq!(fault.to_string(), "task 2 of the run cannot be used: the run has no such task");
        tasks.for_each(|index, _| panic!("there is no task {}", index.0)).expect("all of none");
    }
}
