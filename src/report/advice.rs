//! What a person does about a task that did not end well.
//!
//! Owns the hints for statuses, and the advice for each kind of end. Must never advise to send what is in doubt again.

use crate::model::Outcome;

/// What the status of a refusal means for a person, where that helps.
#[must_use]
pub fn status_hint(outcome: Outcome, http_status: Option<u16>) -> Option<&'static str> {
    match http_status.filter(|_| outcome == Outcome::Refused)? {
        401 => Some("the tenant does not accept the token"),
        403 => Some("the token lacks the permission for this action"),
        404 => {
            Some("the tenant does not know the device, or the device does not support the action")
        }
        _ => None,
    }
}

/// What to do about tasks that ended alike, and the commands for it.
pub(super) struct Advice {
    pub(super) text: &'static str,
    pub(super) commands: Vec<String>,
}

/// Whether the PIN of a locked Mac is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum PinKnown {
    Yes,
    No,
}

impl Advice {
    /// The advice for tasks of a run with this outcome and this status of their last answer.
    pub(super) fn of(run: &str, outcome: Outcome, http_status: Option<u16>, pin: PinKnown) -> Self {
        if pin == PinKnown::No {
            return Self {
                text: "The Mac is locked. Read its PIN from the tenant before the user needs it.",
                commands: vec![format!("sortie pins {run} --recover")],
            };
        }
        match outcome {
            Outcome::InDoubt => Self {
                text: "The command may have run. Check once more, then decide. Do not send it again by hand.",
                commands: vec![
                    format!("sortie watch {run} --once"),
                    format!("sortie resolve {run}"),
                ],
            },
            Outcome::Refused => Self {
                text: refused(http_status),
                commands: vec![format!("sortie retry {run} --refused")],
            },
            _ => Self {
                text: "Check the device and its command on the tenant. Then send it again in a new run.",
                commands: vec![format!("sortie retry {run}")],
            },
        }
    }
}

fn refused(http_status: Option<u16>) -> &'static str {
    match http_status {
        Some(401) => "Get a new token, then retry.",
        Some(403) => "Grant the permission under Settings > Access, then retry.",
        Some(404) => "Check that the device is still enrolled and supports the action, then retry.",
        _ => "Fix the cause that the API names, then retry.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_doubt_is_advised_to_be_sent_again() {
        for pin in [PinKnown::Yes, PinKnown::No] {
            for status in [None, Some(403), Some(500)] {
                let advice = Advice::of("R", Outcome::InDoubt, status, pin);
                assert!(!advice.commands.iter().any(|command| command.contains("retry")));
            }
        }
    }

    #[test]
    fn each_end_leads_to_its_command() {
        let command =
            |outcome, status, pin| Advice::of("R", outcome, status, pin).commands[0].clone();
        assert_eq!(command(Outcome::Failed, None, PinKnown::Yes), "sortie retry R");
        assert_eq!(command(Outcome::Refused, Some(403), PinKnown::Yes), "sortie retry R --refused");
        assert_eq!(command(Outcome::Failed, None, PinKnown::No), "sortie pins R --recover");
        assert_eq!(status_hint(Outcome::Failed, Some(403)), None, "only a refusal is explained");
    }
}
