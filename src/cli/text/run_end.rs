//! The end of a run in words.
//!
//! Owns why a run did not end well, and which command goes on from there. Must never send a person to a command or a file that
//! has nothing for them.

use crate::app::{RunEnded, RunVerdict};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::text::layout::counted;
use crate::cli::text::run_next::{Resumable, step, steps};
use crate::model::{Outcome, StopCause};

/// Says why a run did not end well.
pub(crate) fn failure_of(ended: &RunEnded) -> Failure {
    let run = &ended.run;
    let report = ended.report_dir.join("report.csv");
    let mut next = next_steps(ended);
    next.push(format!("every task with its reason:\n  {}", report.display()));
    Failure::new(Exit::of_run(ended.verdict), what(ended))
        .state(format!("{}everything is recorded in the journal of run {run}", left_open(ended)))
        .next(next.join("\n"))
}

/// What is in doubt and what was not sent, where anything is.
fn left_open(ended: &RunEnded) -> String {
    let parts = [(Outcome::InDoubt, "in doubt"), (Outcome::NotAttempted, "not attempted")];
    let parts = parts.map(|(outcome, word)| (ended.counts.of(outcome), word));
    let open: Vec<String> = parts
        .iter()
        .filter(|(tasks, _)| *tasks > 0)
        .map(|(tasks, word)| format!("{tasks} {word}"))
        .collect();
    if open.is_empty() { String::new() } else { format!("{}; ", open.join(", ")) }
}

/// What happened, in one line.
fn what(ended: &RunEnded) -> String {
    let count = |outcome| ended.counts.of(outcome) as usize;
    let why = ended.stop.as_ref().map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
    match ended.verdict {
        RunVerdict::Aborted => "interrupted".to_owned(),
        RunVerdict::Authentication => format!("the tenant does not accept the token{why}"),
        RunVerdict::Permission => "the token lacks the permission for an action".to_owned(),
        RunVerdict::Doubt => {
            let doubts = count(Outcome::InDoubt);
            let verb = if doubts == 1 { "is" } else { "are" };
            let stopped = if why.is_empty() { String::new() } else { format!("; stopped{why}") };
            let tasks = counted(doubts, "task");
            format!("{tasks} {verb} in doubt: sent, and no usable answer came{stopped}")
        }
        RunVerdict::Partly => format!("not every task ended well: {}", shortfall(ended)),
        RunVerdict::Pending => {
            let pending = count(Outcome::Pending) + count(Outcome::NotNow);
            let verb = if pending == 1 { "is" } else { "are" };
            format!("{} {verb} still pending", counted(pending, "command"))
        }
        RunVerdict::Quota | RunVerdict::Stopped | RunVerdict::Unexpected | RunVerdict::Well => {
            format!("stopped{why}")
        }
    }
}

/// What did not end well, as counts.
fn shortfall(ended: &RunEnded) -> String {
    let count = |outcome| ended.counts.of(outcome);
    let parts = [
        (count(Outcome::Failed), "failed"),
        (count(Outcome::Refused), "refused"),
        (count(Outcome::NotAttempted), "not attempted"),
        (ended.skips_asked, "skipped"),
    ];
    let parts = parts.into_iter().filter(|(tasks, _)| *tasks > 0);
    parts.map(|(tasks, word)| format!("{tasks} {word}")).collect::<Vec<String>>().join(", ")
}

/// The first step is that of the verdict; the others follow from how the tasks ended.
fn next_steps(ended: &RunEnded) -> Vec<String> {
    let resume = format!("sortie resume {}", ended.run);
    let stop = ended.stop.as_ref().map(|(cause, _)| *cause);
    let first = match ended.verdict {
        RunVerdict::Aborted => step("resume the run", &resume),
        RunVerdict::Authentication => step("get a new token, then resume the run", &resume),
        RunVerdict::Permission => {
            step("grant the permission under Settings > Access, then resume the run", &resume)
        }
        RunVerdict::Quota if stop == Some(StopCause::Throttled) => {
            let until = ended.paused_until.unwrap_or_default();
            step(&format!("resume the run after {until}"), &resume)
        }
        // A resume may not send after the deadline either.
        RunVerdict::Quota => return steps(&ended.overview, Resumable::No),
        RunVerdict::Stopped | RunVerdict::Unexpected | RunVerdict::Well
            if ended.counts.of(Outcome::NotAttempted) > 0 =>
        {
            step("resume the run", &resume)
        }
        _ => return steps(&ended.overview, Resumable::Yes),
    };
    let others = steps(&ended.overview, Resumable::Yes);
    std::iter::once(first)
        .chain(others.into_iter().filter(|step| !step.contains(&resume)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Sent;
    use crate::model::OutcomeCounts;
    use crate::report::{RunFacts, RunOverview};

    fn ended(verdict: RunVerdict, outcomes: &[Outcome]) -> RunEnded {
        let mut counts = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        let overview = RunOverview {
            facts: RunFacts { run_id: "R".to_owned(), ..RunFacts::default() },
            unsent: counts.of(Outcome::NotAttempted),
            counts: counts.clone(),
            ..RunOverview::default()
        };
        RunEnded {
            run: "R".to_owned(),
            verdict,
            sent: Sent::of_tasks(1),
            counts,
            stop: None,
            paused_until: None,
            skips_asked: 0,
            report_dir: "reports/R".into(),
            overview: Box::new(overview),
        }
    }

    #[test]
    fn what_happened_is_said_with_its_counts() {
        use Outcome::{Failed, InDoubt, NotAttempted, NotNow, Pending, Refused};
        for (verdict, outcomes, expected) in [
            (
                RunVerdict::Doubt,
                &[InDoubt][..],
                "1 task is in doubt: sent, and no usable answer came",
            ),
            (
                RunVerdict::Doubt,
                &[InDoubt, InDoubt],
                "2 tasks are in doubt: sent, and no usable answer came",
            ),
            (RunVerdict::Pending, &[Pending, NotNow], "2 commands are still pending"),
            (
                RunVerdict::Partly,
                &[Failed, Refused, Refused, NotAttempted],
                "not every task ended well: 1 failed, 2 refused, 1 not attempted",
            ),
            (RunVerdict::Aborted, &[], "interrupted"),
        ] {
            assert_eq!(failure_of(&ended(verdict, outcomes)).what, expected);
        }
    }

    #[test]
    fn a_command_is_named_once_and_the_report_last() {
        let mut stopped = ended(RunVerdict::Stopped, &[Outcome::NotAttempted]);
        stopped.stop = Some((StopCause::Operator, "Ctrl-C".to_owned()));
        let failure = failure_of(&stopped);
        assert_eq!(failure.what, "stopped: Ctrl-C");
        assert_eq!(
            failure.next,
            "resume the run:\n  sortie resume R\nevery task with its reason:\n  reports/R/report.csv"
        );
        assert_eq!(
            failure.state,
            "1 not attempted; everything is recorded in the journal of run R"
        );
    }
}
