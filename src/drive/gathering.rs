//! Entries that wait to share a commit.
//!
//! Owns how long they wait. Invariant: only what may be lost with the process waits, and nothing that is sent waits for it.
//! Must never change the order of entries.

use crate::engine::{Effects, EngineState};
use crate::model::{Entry, Event, Outcome, Repeat, TaskIndex, UnixMillis, Verdict};

/// How long a good answer waits for others to share a commit with, in milliseconds, where nothing is sent meanwhile. A process
/// that is killed in that time makes a request again that does no harm twice.
const GATHER_MS: u64 = 100;

/// The entries that are committed next.
#[derive(Default)]
pub(super) struct Gathering {
    entries: Vec<Entry>,
    /// Since when they wait for more.
    since: Option<UnixMillis>,
}

impl Gathering {
    /// Adds entries behind those that wait.
    pub(super) fn add(&mut self, entries: Vec<Entry>) {
        self.entries.extend(entries);
    }

    /// Takes all of them.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        self.since = None;
        std::mem::take(&mut self.entries)
    }

    /// Until when they wait for more; `None` where they are committed now: with calls, which must not wait, and with anything
    /// that is not done again without harm.
    pub(super) fn waits_until(
        &mut self,
        now: UnixMillis,
        effects: &Effects,
        state: &EngineState,
    ) -> Option<UnixMillis> {
        let may_wait = effects.calls.is_empty()
            && !effects.is_done
            && !self.entries.is_empty()
            && self.entries.iter().all(|entry| may_wait(entry, state));
        if !may_wait {
            return None;
        }
        let until = self.since.get_or_insert(now).plus_ms(GATHER_MS);
        // A clock that was set back must not make it longer.
        (1..=GATHER_MS).contains(&until.remaining_ms(now)).then_some(until)
    }
}

/// Whether an entry may be lost with the process: the request that it follows does no harm twice, and no secret and no
/// result came with its answer.
fn may_wait(entry: &Entry, state: &EngineState) -> bool {
    let is_safe = |task: &TaskIndex| state.facts()[task.at()].repeat == Repeat::Safe;
    match &entry.event {
        Event::Answered { task, verdict: Verdict::Accepted(answer), .. } => {
            is_safe(task) && answer.pin.is_none() && answer.result.is_none()
        }
        Event::Settled { task, outcome: Outcome::Accepted, .. } => is_safe(task),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::facts_of;
    use crate::engine::Call;
    use crate::model::{Answer, Policy, Sealed};
    use crate::plan::testing::plan;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const PUSHED: TaskIndex = TaskIndex(0);
    const LOCKED: TaskIndex = TaskIndex(1);

    fn state() -> EngineState {
        let tasks = plan(&[("blank-push", "d0"), ("lock", "d1")]).tasks;
        let policy = Policy::default_at(NOW, 1);
        let (facts, actions) = facts_of(&tasks, &policy);
        EngineState::new(facts, actions, policy)
    }

    fn gathering(event: Event) -> Gathering {
        let mut gathering = Gathering::default();
        gathering.add(vec![Entry { at: NOW, event }]);
        gathering
    }

    fn accepted(task: TaskIndex, answer: Answer) -> Event {
        let verdict = Verdict::Accepted(answer);
        Event::Answered { task, attempt: 1, http_status: Some(200), verdict }
    }

    #[test]
    fn a_harmless_answer_waits_and_never_for_long() {
        let mut gathering = gathering(accepted(PUSHED, Answer::default()));
        let nothing = Effects::default();
        let until = gathering.waits_until(NOW, &nothing, &state()).expect("it waits");
        assert_eq!(until, NOW.plus_ms(GATHER_MS));
        gathering.add(vec![Entry { at: NOW, event: accepted(PUSHED, Answer::default()) }]);
        assert_eq!(gathering.waits_until(NOW.plus_ms(1), &nothing, &state()), Some(until));
        assert_eq!(gathering.waits_until(until, &nothing, &state()), None);
        assert_eq!(gathering.waits_until(UnixMillis(NOW.0 - 5_000), &nothing, &state()), None);
        assert_eq!(gathering.take().len(), 2);
        assert_eq!(gathering.waits_until(NOW, &nothing, &state()), None, "nothing is there");
    }

    #[test]
    fn calls_and_the_end_of_a_run_wait_for_nothing() {
        let mut gathering = gathering(accepted(PUSHED, Answer::default()));
        let calls = vec![Call::Recheck { task: PUSHED }];
        let with_calls = Effects { calls, ..Effects::default() };
        assert_eq!(gathering.waits_until(NOW, &with_calls, &state()), None);
        let done = Effects { is_done: true, ..Effects::default() };
        assert_eq!(gathering.waits_until(NOW, &done, &state()), None);
    }

    #[test]
    fn what_must_not_be_lost_does_not_wait() {
        let pin = Some(Sealed::clear("012345".to_owned()));
        let reason = String::new();
        let lost = Verdict::Unknown { reason, ends_run: false, retry_after_ms: None };
        for event in [
            accepted(LOCKED, Answer::default()),
            accepted(PUSHED, Answer { pin, ..Answer::default() }),
            accepted(PUSHED, Answer { result: Some("{}".to_owned()), ..Answer::default() }),
            Event::Answered { task: PUSHED, attempt: 1, http_status: None, verdict: lost },
            Event::Intent { task: PUSHED, attempt: 1, pin: None, sends: None, lists: None },
            Event::Closed,
        ] {
            let mut gathering = gathering(event.clone());
            assert_eq!(
                gathering.waits_until(NOW, &Effects::default(), &state()),
                None,
                "{event:?}"
            );
        }
    }
}
