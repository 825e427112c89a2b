//! Entries of a shard that its section does not know yet.
//!
//! Owns the way from the numbers of the shard to those of the section. Must never lose an entry of a task.

use sortie::model::{Entry, Event, Task, TaskIndex, Verdict};

/// Entries on their way to the section.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: Vec<Entry>,
    /// The number of each task in the section.
    numbers: Vec<TaskIndex>,
}

impl Outbox {
    /// Nothing to tell yet. `numbers` are those of the tasks in the section.
    #[must_use]
    pub fn new(numbers: &[TaskIndex]) -> Self {
        Self { entries: Vec::new(), numbers: numbers.to_vec() }
    }

    /// Adds what happened.
    pub fn keep(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.entries.extend(entries);
    }

    /// Number of entries that are to be told.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one of the entries is an error, which may stop the run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.entries.iter().any(|entry| match &entry.event {
            Event::Settled { outcome, .. } => outcome.is_error(),
            Event::Doubted { .. } | Event::Stopped { .. } => true,
            Event::Answered { verdict, .. } => !matches!(verdict, Verdict::Accepted(_)),
            _ => false,
        })
    }

    /// Takes all entries, with the numbers of the section. Intents hold what was sent.
    pub fn take(&mut self, tasks: &[Task]) -> Vec<Entry> {
        let entries = std::mem::take(&mut self.entries);
        entries.into_iter().filter_map(|entry| self.told(entry, tasks)).collect()
    }

    /// An entry as the section knows it. What happens to the shard as such is not told.
    fn told(&self, entry: Entry, tasks: &[Task]) -> Option<Entry> {
        let Some(task) = entry.event.task() else {
            let is_told = matches!(
                entry.event,
                Event::Stopped { .. } | Event::ActionStopped { .. } | Event::Paused { .. }
            );
            return is_told.then_some(entry);
        };
        let mut event = entry.event.renumbered(self.numbers[task.at()]);
        if let Event::Intent { sends, lists, .. } = &mut event {
            let task = tasks.get(task.at());
            *sends = task.map(|task| Box::new(task.sends(lists.as_deref())));
        }
        Some(Entry { at: entry.at, event })
    }
}
