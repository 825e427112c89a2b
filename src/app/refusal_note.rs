//! Refusals in the host's record.
//!
//! Owns which are written down and how much of them. Must never replace the refusal by a failure to write it.

use crate::app::Workspace;
use crate::app::events::AppEvent;
use crate::app::operator::Operator;
use crate::app::refusal::{Reason, RefusalClass};
use crate::drive::{Clock, WallClock};

/// Most letters of a refusal in the host's record.
const NOTED_CHARS_MAX: usize = 500;

impl Workspace {
    /// Records that the policy or a person refused a job; other refusals are not recorded. A failure to write is an event. To be
    /// called for refusals that a front end makes by itself, such as a question that was declined.
    pub fn note_refusal(&self, job: &str, reason: &Reason) {
        if reason.class() == RefusalClass::Policy {
            self.note_refused(job, &(self.describe)(reason));
        }
    }

    /// A result whose refusal by the policy is recorded.
    pub(crate) fn noted<T>(&self, job: &str, result: Result<T, Reason>) -> Result<T, Reason> {
        result.inspect_err(|reason| self.note_refusal(job, reason))
    }

    /// Records that the policy or a person refused a job, and why.
    fn note_refused(&self, job: &str, why: &str) {
        let who = Operator::current().shown();
        let body = serde_json::json!({ "who": who, "job": job, "why": noted(why) });
        let written = self.index().note(WallClock.now(), "refused", None, &body);
        if let Err(error) = written {
            self.events.tell(&AppEvent::RefusalNotNoted(error.into()));
        }
    }
}

/// The beginning of a reason: the host's record is kept forever, and a refusal may name every row of a job.
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
