//! The window in which the plan may be sent.
//!
//! Owns the refusal of a start outside of it, unless the run waits until it opens.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::WindowReason;
use crate::app::refusal::Reason;
use crate::model::{OutsideWindow, Window, WindowState};

pub(crate) const CHECK: Check =
    Check { name: "window_is_open", stage: PlanStage::Start, is_momentary: true, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let (rules, ends) = (&fresh.file.rules, fresh.file.sending_ends(candidate.now));
    if rules.windows.is_empty() {
        return Ok(Holds::NotApplicable);
    }
    let Some(WindowState::Closed { opens_at }) = rules.window_at(candidate.now) else {
        return Ok(Holds::Yes);
    };
    let windows = rules.windows.iter().map(Window::shown).collect();
    match rules.outside_window {
        OutsideWindow::Wait if opens_at >= ends => {
            Err(WindowReason::OpensTooLate { windows, opens_at, ends }.into())
        }
        OutsideWindow::Wait => Ok(Holds::Yes),
        _ => Err(WindowReason::Closed { windows, opens_at }.into()),
    }
}
