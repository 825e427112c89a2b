//! The names that the tasks of a run bring into the header of a report.
//!
//! Owns the order of carried columns. Must never hold a value, nor decide which names become columns.

use std::collections::{BTreeSet, HashSet};

use crate::model::Task;

/// The parameters and the carried columns that occur.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnNames {
    /// API keys of the parameters, sorted.
    pub params: BTreeSet<String>,
    /// Headers of the job's other columns, in the order in which they first appear.
    pub carried: Vec<String>,
    known: HashSet<String>,
}

impl ColumnNames {
    /// The names in these tasks.
    pub fn of<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Self {
        let mut names = Self::default();
        tasks.into_iter().for_each(|task| names.add(task));
        names
    }

    /// Takes in the names of the next task.
    pub fn add(&mut self, task: &Task) {
        for key in task.params.keys() {
            if !self.params.contains(key) {
                self.params.insert(key.clone());
            }
        }
        for (header, _) in task.carried.iter() {
            if !self.known.contains(header.as_str()) {
                self.known.insert(header.to_string());
                self.carried.push(header.to_string());
            }
        }
    }
}
