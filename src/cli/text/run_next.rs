//! What to do after a run: steps, each with the command that takes it.
//!
//! Owns which steps a run needs. Must never send a person to a command that would do nothing.

use crate::cli::text::layout::counted;
use crate::model::Outcome;
use crate::report::RunOverview;

/// One step: what it does, and the command on a line of its own.
pub(crate) fn step(what: &str, command: &str) -> String {
    format!("{what}:\n  {command}")
}

/// Whether a resume may send.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resumable {
    Yes,
    /// The time for sending is over, or the run is closed.
    No,
}

/// The steps after a run that need no other cause than how its tasks ended, the most urgent first.
pub(crate) fn steps(overview: &RunOverview, resumable: Resumable) -> Vec<String> {
    let is_resumed = resumable == Resumable::Yes && can_send(overview);
    let last = match is_resumed {
        // What failed can be retried once the run has come to its end.
        true => vec![unsent(overview)],
        false => vec![pending(overview), retry(overview)],
    };
    [missing_pins(overview), doubts(overview)].into_iter().chain(last).flatten().collect()
}

/// Locks without a known PIN.
pub(crate) fn missing_pins(overview: &RunOverview) -> Option<String> {
    let is_missing = !overview.without_pin.is_empty();
    let command = format!("sortie pins {} --recover", overview.facts.run_id);
    is_missing.then(|| step("read the missing PINs from the tenant", &command))
}

/// Tasks in doubt.
fn doubts(overview: &RunOverview) -> Option<String> {
    let run = &overview.facts.run_id;
    (overview.counts.of(Outcome::InDoubt) > 0).then(|| {
        [
            step(
                "check once more what became of the tasks in doubt",
                &format!("sortie watch {run} --once"),
            ),
            step("or see the evidence and decide", &format!("sortie resolve {run}")),
        ]
        .join("\n")
    })
}

/// Tasks that a resume sends; it follows pending commands, too.
fn unsent(overview: &RunOverview) -> Option<String> {
    let what =
        format!("resume the run to send {}", counted(overview.unsent as usize, "remaining task"));
    Some(step(&what, &format!("sortie resume {}", overview.facts.run_id)))
}

/// Whether something is left to send, or may be once an earlier step has ended.
fn can_send(overview: &RunOverview) -> bool {
    let may_open = pending_count(overview) + overview.counts.of(Outcome::InDoubt) > 0;
    overview.unsent > overview.blocked || (overview.unsent > 0 && may_open)
}

fn pending_count(overview: &RunOverview) -> u32 {
    overview.counts.of(Outcome::Pending) + overview.counts.of(Outcome::NotNow)
}

/// Commands that wait for their devices.
fn pending(overview: &RunOverview) -> Option<String> {
    let count = pending_count(overview) as usize;
    let what = format!(
        "follow {} to the end, or check once with --once",
        counted(count, "pending command")
    );
    let command = format!("sortie watch {}", overview.facts.run_id);
    (count > 0).then(|| step(&what, &command))
}

/// Tasks that can be sent again.
pub(crate) fn retry(overview: &RunOverview) -> Option<String> {
    let run = &overview.facts.run_id;
    let (others, refused) = (overview.retryable as usize, overview.retryable_refused as usize);
    if refused > 0 {
        let what = format!(
            "once the cause is fixed, retry {} refused by the API{}",
            counted(refused, "task"),
            match others {
                0 => String::new(),
                others => format!(" and {others} more"),
            }
        );
        return Some(step(&what, &format!("sortie retry {run} --refused")));
    }
    let what = format!("retry {} in a new run", counted(others, "task"));
    (others > 0).then(|| step(&what, &format!("sortie retry {run}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OutcomeCounts;
    use crate::report::{RunFacts, TaskGroup};

    fn overview(outcomes: &[Outcome]) -> RunOverview {
        let mut counts = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        let count = |outcome| counts.of(outcome);
        RunOverview {
            facts: RunFacts { run_id: "R".to_owned(), ..RunFacts::default() },
            unsent: count(Outcome::NotAttempted),
            retryable: count(Outcome::Failed) + count(Outcome::NotAttempted),
            retryable_refused: count(Outcome::Refused),
            counts,
            ..RunOverview::default()
        }
    }

    fn commands(overview: &RunOverview, resumable: Resumable) -> Vec<String> {
        let steps = steps(overview, resumable).join("\n");
        steps.lines().filter_map(|line| line.strip_prefix("  sortie ")).map(str::to_owned).collect()
    }

    #[test]
    fn each_outcome_leads_to_its_command() {
        use Outcome::{
            Completed, Failed, InDoubt, NotAttempted, NotNow, Pending, Refused, Skipped,
        };
        for (outcomes, expected) in [
            (&[Completed, Skipped][..], &[][..]),
            (&[Pending, NotNow], &["watch R"]),
            (&[Failed], &["retry R"]),
            (&[Failed, Refused], &["retry R --refused"]),
            (&[InDoubt, Pending], &["watch R --once", "resolve R", "watch R"]),
            (&[NotAttempted, Pending, Failed], &["resume R"]),
        ] {
            assert_eq!(commands(&overview(outcomes), Resumable::Yes), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn a_run_that_may_send_no_more_is_retried() {
        let overview = overview(&[Outcome::NotAttempted, Outcome::Failed]);
        assert_eq!(commands(&overview, Resumable::No), ["retry R"]);
    }

    #[test]
    fn a_step_behind_a_failure_is_not_resumed() {
        let mut blocked = overview(&[Outcome::NotAttempted, Outcome::Failed]);
        (blocked.blocked, blocked.retryable) = (1, 2);
        assert_eq!(commands(&blocked, Resumable::Yes), ["retry R"]);
        let mut open = overview(&[Outcome::NotAttempted, Outcome::Pending]);
        (open.blocked, open.retryable) = (1, 0);
        assert_eq!(commands(&open, Resumable::Yes), ["resume R"], "the step before may still end");
    }

    #[test]
    fn a_missing_pin_comes_first() {
        let mut overview = overview(&[Outcome::InDoubt]);
        overview.without_pin = vec![TaskGroup::default()];
        assert_eq!(commands(&overview, Resumable::Yes)[0], "pins R --recover");
    }
}
