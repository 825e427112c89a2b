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

/// What an unknown PIN means for a Mac whose lock the API has taken.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum UnknownPin {
    /// The Mac is locked.
    Locked,
    /// The Mac locks when it next checks in, unless it has done so unseen.
    MayLock,
}

impl UnknownPin {
    /// What the outcome of the lock says.
    #[must_use]
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed | Outcome::Failed => Self::Locked,
            _ => Self::MayLock,
        }
    }

    /// What a list of these Macs is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Locked => "locked without a known PIN",
            Self::MayLock => "may lock at the next check-in, PIN unknown",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Locked => {
                "The Mac is locked. Read its PIN from the tenant before the user needs it."
            }
            Self::MayLock => {
                "The Mac may lock at its next check-in; its PIN is unknown. Read the PIN from the tenant before that."
            }
        }
    }
}

impl Advice {
    /// The advice for tasks of a run with this outcome and this status of their last answer.
    pub(super) fn of(
        run: &str,
        outcome: Outcome,
        http_status: Option<u16>,
        lock: Option<UnknownPin>,
    ) -> Self {
        if let Some(lock) = lock {
            return Self {
                text: lock.advice(),
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
        for pin in [None, Some(UnknownPin::Locked), Some(UnknownPin::MayLock)] {
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
        assert_eq!(command(Outcome::Failed, None, None), "sortie retry R");
        assert_eq!(command(Outcome::Refused, Some(403), None), "sortie retry R --refused");
        assert_eq!(
            command(Outcome::Failed, None, Some(UnknownPin::Locked)),
            "sortie pins R --recover"
        );
        assert_eq!(status_hint(Outcome::Failed, Some(403)), None, "only a refusal is explained");
    }

    #[test]
    fn a_mac_that_waits_is_not_called_locked() {
        for outcome in [Outcome::Pending, Outcome::NotNow, Outcome::Accepted, Outcome::InDoubt] {
            let advice = Advice::of("R", outcome, None, Some(UnknownPin::of(outcome)));
            assert!(advice.text.starts_with("The Mac may lock"), "{outcome}");
        }
        for outcome in [Outcome::Completed, Outcome::Failed] {
            assert_eq!(UnknownPin::of(outcome).title(), "locked without a known PIN");
        }
    }
}
