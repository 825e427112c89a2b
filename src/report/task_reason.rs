//! Why a task is in its state.
//!
//! Owns the words where the record has none of its own. Must never repeat a PIN.

use std::borrow::Cow;

use super::tenant_spans::Stage;
use crate::model::{End, Outcome, Task, TaskRecord};

/// Why a task is in its state: the record's own words, else what follows from the plan. `before` is
/// the step of the task that it waits for, and its state.
#[must_use]
pub fn reason_of<'a>(
    task: &'a Task,
    record: &'a TaskRecord,
    before: Option<(u16, Outcome)>,
    stage: Stage,
) -> Cow<'a, str> {
    if !record.reason.is_empty() {
        return Cow::Borrowed(&record.reason);
    }
    match record.outcome() {
        Outcome::Accepted => match &task.end {
            End::Acceptance { why } => Cow::Borrowed(why),
            _ => Cow::Borrowed("not followed"),
        },
        Outcome::Pending => Cow::Borrowed("the device has not finished the command"),
        Outcome::NotNow => Cow::Borrowed("the device answered Not Now; MDM asks again"),
        Outcome::NotAttempted => match (task.after, before) {
            (Some((_, gate)), Some((step, outcome)))
                if outcome != Outcome::NotAttempted && !gate.opens(outcome) =>
            {
                Cow::Owned(format!("step {step} ended {outcome}"))
            }
            _ if stage == Stage::GoesOn => Cow::Borrowed("queued"),
            _ => Cow::Borrowed("the run ended before this task was sent"),
        },
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{record, task};
    use super::*;
    use crate::model::{Gate, TaskIndex};

    #[test]
    fn a_reason_is_found_where_the_record_has_none() {
        let mut first = task(1, 1, "restart");
        let seen = |task: &Task, outcome, before| {
            reason_of(task, &record(task, outcome, ""), before, Stage::Ended).into_owned()
        };
        assert_eq!(seen(&first, Outcome::Accepted, None), "not followed");
        first.end = End::Acceptance { why: "Windows shows no commands".to_owned() };
        assert_eq!(seen(&first, Outcome::Accepted, None), "Windows shows no commands");
        assert_eq!(seen(&first, Outcome::Completed, None), "");
        assert_eq!(seen(&first, Outcome::Pending, None), "the device has not finished the command");
        let ended = "the run ended before this task was sent";
        assert_eq!(seen(&first, Outcome::NotAttempted, None), ended);
        first.after = Some((TaskIndex(0), Gate::Completed));
        for (before, expected) in [
            (Outcome::Refused, "step 1 ended refused"),
            (Outcome::InDoubt, "step 1 ended in_doubt"),
            (Outcome::Accepted, "step 1 ended accepted"),
            (Outcome::Completed, ended),
            (Outcome::NotAttempted, ended),
        ] {
            assert_eq!(seen(&first, Outcome::NotAttempted, Some((1, before))), expected);
        }
        let refused = record(&first, Outcome::Refused, "no such device");
        assert_eq!(reason_of(&first, &refused, None, Stage::Ended), "no such device");
        let waits = record(&first, Outcome::NotAttempted, "");
        for (before, expected) in
            [(Outcome::Completed, "queued"), (Outcome::Refused, "step 1 ended refused")]
        {
            assert_eq!(reason_of(&first, &waits, Some((1, before)), Stage::GoesOn), expected);
        }
    }
}
