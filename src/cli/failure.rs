//! Why a command ends without having done its work.
//!
//! Owns the form of a failure message: what happened, what was sent, what to do next. Errors of other modules become
//! failures here, with the exit code that belongs to them. Must never say what was sent by default: a [`Failure`]
//! claims nothing, and only a [`Failed`], which can be printed, has to.

pub(crate) use crate::app::Sent;
use crate::app::{Reason, Refusal};
use crate::cli::exit::Exit;
use crate::cli::text::refusals::{Words, words};

/// Why something cannot be done. It says nothing about what was sent: the caller knows, and makes it a [`Failed`].
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    /// What happened.
    pub what: String,
    /// What state things are in, besides what was sent; empty where there is nothing to add.
    pub state: String,
    /// What to do next; empty where the rest says it.
    pub next: String,
    /// The application's reason; `None` where the command line refused by itself, or a run did not end well.
    pub reason: Option<Reason>,
}

/// What was sent, in words.
pub(crate) fn sent_text(sent: Sent) -> String {
    match sent {
        Sent::Nothing => "nothing was sent".to_owned(),
        Sent::Some { tasks: 1 } => "1 task was sent".to_owned(),
        Sent::Some { tasks } => format!("{tasks} tasks were sent"),
        Sent::Unknown => "it is unknown what was sent".to_owned(),
    }
}

/// How a command ended that did its work.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Done {
    pub exit: Exit,
    pub sent: Sent,
}

impl Done {
    /// The end of a command, or of a part of one, that has sent nothing.
    pub(crate) fn unsent(exit: Exit) -> Self {
        Self { exit, sent: Sent::Nothing }
    }
}

/// A failure with what had been sent by then. There is no other way to end a command, and none to make one without
/// saying so.
#[derive(Debug)]
pub(crate) struct Failed {
    pub failure: Failure,
    pub sent: Sent,
}

impl Failed {
    /// What state things are in, in one line.
    pub(crate) fn state(&self) -> String {
        match self.failure.state.as_str() {
            "" => sent_text(self.sent),
            more => format!("{}; {more}", sent_text(self.sent)),
        }
    }
}

/// Makes an error a [`Failed`] in code that comes before the first request of a command, or that cannot send.
pub(crate) trait UnsentFailure<T> {
    /// The same result, whose error says that nothing was sent.
    fn before_sending(self) -> Result<T, Failed>;
}

impl<T, E: Into<Failure>> UnsentFailure<T> for Result<T, E> {
    fn before_sending(self) -> Result<T, Failed> {
        self.map_err(|error| error.into().sent(Sent::Nothing))
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), state: String::new(), next: String::new(), reason: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub(crate) fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// Says what had been sent when it happened. Codes that promise that nothing was sent give way to one that does not.
    pub(crate) fn sent(mut self, sent: Sent) -> Failed {
        if sent != Sent::Nothing && self.exit.promises_nothing_sent() {
            self.exit = Exit::Unexpected;
        }
        Failed { failure: self, sent }
    }
}

impl<E: Into<Reason>> From<E> for Failure {
    fn from(error: E) -> Self {
        let reason = error.into();
        let Words { what, state, next } = words(&reason);
        Self { exit: Exit::of(reason.class()), what, state, next, reason: Some(reason) }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Failure::from(refusal.reason).sent(refusal.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_promise_nothing_was_sent_give_way_after_a_send() {
        for exit in [Exit::Usage, Exit::Target, Exit::Policy, Exit::Busy] {
            for (sent, expected) in [
                (Sent::Nothing, exit),
                (Sent::Some { tasks: 1 }, Exit::Unexpected),
                (Sent::Unknown, Exit::Unexpected),
            ] {
                assert_eq!(Failure::new(exit, "x").sent(sent).failure.exit, expected);
            }
        }
        let late = Failure::new(Exit::Journal, "x").sent(Sent::of_tasks(2));
        assert_eq!(
            (late.failure.exit, late.state().as_str()),
            (Exit::Journal, "2 tasks were sent")
        );
    }

    #[test]
    fn a_failure_without_details_still_says_what_was_sent() {
        for (sent, text) in [
            (Sent::of_tasks(0), "nothing was sent"),
            (Sent::of_tasks(1), "1 task was sent"),
            (Sent::Unknown, "it is unknown what was sent"),
        ] {
            assert_eq!(Failure::usage("x").sent(sent).state(), text);
            let more = Failure::usage("x").state("none was shown").sent(sent);
            assert_eq!(more.state(), format!("{text}; none was shown"));
        }
    }
}
