//! The end of a run in words.
//!
//! Owns why a run did not end well, and which command goes on from there. Must never send a person to a file that holds nothing.

use crate::app::{RunEnded, RunVerdict};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::text::refusals::runs::left_open;
use crate::model::{Outcome, StopCause};

/// Says why a run did not end well.
pub(crate) fn failure_of(ended: &RunEnded) -> Failure {
    let run = &ended.run;
    let why = ended.stop.as_ref().map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
    let (what, next) = what_and_next(ended, &why);
    let what = match (ended.verdict, &ended.stop) {
        (RunVerdict::Doubt, Some(_)) => format!("{what}; stopped{why}"),
        _ => what,
    };
    let count = |outcome| ended.counts.of(outcome);
    let left = left_open(count(Outcome::InDoubt), count(Outcome::NotAttempted));
    Failure::new(Exit::of_run(ended.verdict), what)
        .state(format!("{left}; everything is in the journal of run {run}"))
        .next(next)
}

fn what_and_next(ended: &RunEnded, why: &str) -> (String, String) {
    let run = &ended.run;
    let count = |outcome| ended.counts.of(outcome);
    let report = ended.report_dir.join("report.csv");
    let report = report.display();
    let resume = format!("go on with: sortie resume {run}");
    let stop = ended.stop.as_ref().map(|(cause, _)| *cause);
    match ended.verdict {
        RunVerdict::Aborted => ("left at once".to_owned(), resume),
        RunVerdict::Authentication => {
            (format!("the token is not accepted{why}"), format!("with a new token, {resume}"))
        }
        RunVerdict::Permission => (
            "the token lacks the permission for an action".to_owned(),
            format!("grant it under Settings > Access, then {resume}"),
        ),
        RunVerdict::Doubt => (
            format!(
                "{} tasks are in doubt: sent, and no usable answer came",
                count(Outcome::InDoubt)
            ),
            format!(
                "look at the evidence and decide with: sortie resolve {run}; once more read what became of them: sortie watch {run} --once; the report is {report}"
            ),
        ),
        RunVerdict::Partly => (
            format!(
                "{} tasks did not end well",
                count(Outcome::Failed)
                    + count(Outcome::Refused)
                    + count(Outcome::NotAttempted)
                    + ended.skips_asked
            ),
            format!("see {report}{}", rerun_files(ended)),
        ),
        RunVerdict::Pending => (
            format!(
                "{} commands are still pending",
                count(Outcome::Pending) + count(Outcome::NotNow)
            ),
            format!("follow them with: sortie watch {run}, or once with --once"),
        ),
        RunVerdict::Quota if stop == Some(StopCause::Throttled) => {
            let until = ended.paused_until.unwrap_or_default();
            (format!("stopped{why}"), format!("after {until}, {resume}"))
        }
        // A resume may not send after the deadline either.
        RunVerdict::Quota => {
            (format!("stopped{why}"), format!("see {report}{}", rerun_files(ended)))
        }
        RunVerdict::Stopped if count(Outcome::NotAttempted) == 0 => {
            (format!("stopped{why}"), format!("everything is sent; to follow it, {resume}"))
        }
        RunVerdict::Stopped | RunVerdict::Unexpected | RunVerdict::Well => {
            (format!("stopped{why}"), resume)
        }
    }
}

/// The files that repeat what did not end well, as far as they hold anything.
fn rerun_files(ended: &RunEnded) -> String {
    if ended.rerun_files.is_empty() {
        return String::new();
    }
    format!(
        "; what can be repeated is in {} beside it, and is repeated by: sortie retry {}",
        ended.rerun_files.join(" and "),
        ended.run
    )
}
