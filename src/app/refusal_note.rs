//! Refusals in the host's record.
//!
//! Owns which are written down and how much of them. Must never replace the refusal by a failure to write it.

use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed};
use crate::cli::terminal::printer::Printer;
use crate::drive::{Clock, WallClock};

/// Most letters of a refusal in the host's record.
const NOTED_CHARS_MAX: usize = 500;

/// Writes down that the policy or a person said no.
pub(crate) fn note_refusal(
    outcome: Result<Done, Failed>,
    state: &Workspace,
    job: &str,
    printer: &Printer,
) -> Result<Done, Failed> {
    if let Err(Failed { failure, .. }) = &outcome
        && failure.exit == Exit::Policy
    {
        let who = Operator::current().shown();
        let body = serde_json::json!({ "who": who, "job": job, "why": noted(&failure.what) });
        if let Err(error) = state.index().note(WallClock.now(), "refused", None, &body) {
            printer.warn(&format!("the refusal is not in the host's record: {error}"));
        }
    }
    outcome
}

/// The beginning of a reason: the host's record is kept for ever, and a refusal may name every row of a job.
fn noted(reason: &str) -> String {
    reason.lines().next().unwrap_or_default().chars().take(NOTED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_noted_by_its_first_line_and_not_at_any_length() {
        assert_eq!(
            noted("the plan is refused, 2 rows:\n  line 2: x\n  line 3: y"),
            "the plan is refused, 2 rows:"
        );
        assert_eq!(noted(&"é".repeat(2_000)).chars().count(), 500);
        assert_eq!(noted(""), "");
    }
}
