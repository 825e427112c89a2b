//! When each action of a run was last sent.
//!
//! Owns what counts as a send: an intent that is on disk, whether or not its request left. Must never count devices.

use std::collections::BTreeMap;

use super::{Event, TaskIndex, UnixMillis};

/// When each action of a run was last sent: a fold over its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastSends {
    by_action: BTreeMap<String, UnixMillis>,
    /// Sends of an older program, which did not write down what an intent sends.
    unnamed: BTreeMap<TaskIndex, UnixMillis>,
}

impl LastSends {
    /// Takes in one event, formed at `at`.
    pub fn take(&mut self, at: UnixMillis, event: &Event) {
        match event {
            Event::Intent { sends: Some(sends), .. } => {
                note(&mut self.by_action, &sends.action, at);
            }
            Event::Intent { task, sends: None, .. } => {
                let last_at = self.unnamed.entry(*task).or_insert(at);
                *last_at = at.max(*last_at);
            }
            _ => {}
        }
    }

    /// The moments by action. `action_of` names the action of a task that an older program sent.
    #[must_use]
    pub fn by_action(
        &self,
        action_of: impl Fn(TaskIndex) -> Option<String>,
    ) -> BTreeMap<String, UnixMillis> {
        let mut all = self.by_action.clone();
        for (task, at) in &self.unnamed {
            if let Some(action) = action_of(*task) {
                note(&mut all, &action, *at);
            }
        }
        all
    }

    /// Takes in the sends of a part of the run. `in_run` gives the number in the run of a task of the part.
    pub fn take_part(&mut self, part: &Self, in_run: impl Fn(TaskIndex) -> Option<TaskIndex>) {
        for (action, at) in &part.by_action {
            note(&mut self.by_action, action, *at);
        }
        let unnamed = part.unnamed.iter().filter_map(|(task, at)| Some((in_run(*task)?, *at)));
        self.unnamed.extend(unnamed);
    }
}

fn note(last: &mut BTreeMap<String, UnixMillis>, action: &str, at: UnixMillis) {
    match last.get_mut(action) {
        Some(last_at) => *last_at = at.max(*last_at),
        None => drop(last.insert(action.to_owned(), at)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DeviceId, SentRequest};
    use super::*;

    fn intent(task: u32, action: Option<&str>) -> Event {
        let (device, params) = (DeviceId::default(), String::new);
        let request = |action: &str| SentRequest {
            device: device.clone(),
            action: action.to_owned(),
            params: params(),
        };
        let sends = action.map(|action| Box::new(request(action)));
        Event::Intent { task: TaskIndex(task), attempt: 1, pin: None, sends, lists: None }
    }

    #[test]
    fn the_last_intent_of_each_action_counts() {
        let mut part = LastSends::default();
        for (at, task, action) in [
            (5, 0, Some("restart")),
            (3, 1, Some("restart")),
            (7, 2, None),
            (6, 2, None),
            (2, 3, Some("lock")),
        ] {
            part.take(UnixMillis(at), &intent(task, action));
        }
        part.take(UnixMillis(99), &Event::Closed);
        let named = |task: TaskIndex| (task.0 == 2).then(|| "restart".to_owned());
        let expected = |restart: i64| {
            let moments = [("lock", 2), ("restart", restart)];
            moments.map(|(action, at)| (action.to_owned(), UnixMillis(at))).into()
        };
        assert_eq!(part.by_action(named), expected(7));
        assert_eq!(part.by_action(|_| None), expected(5));
        let mut whole = LastSends::default();
        whole.take_part(&part, |task| Some(TaskIndex(task.0 + 10)));
        let moved = |task: TaskIndex| (task.0 == 12).then(|| "restart".to_owned());
        assert_eq!(whole.by_action(moved), expected(7));
    }
}
