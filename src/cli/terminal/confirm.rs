//! Asking before something happens that people would miss.
//!
//! Owns what a plan needs by what it can cost, and the questions. They are asked on the terminal itself, because
//! standard input may be the job. Must never hang where nobody can answer, and never take an agreement to one plan
//! for an agreement to another.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::terminal::printer::{counted, harmless};
use crate::model::{DeviceId, Risk, Task};
use crate::plan::{Plan, Wrapping, phrase, phrase_of};

/// Devices up to which benign work needs no question.
const DEVICES_WITHOUT_QUESTION: usize = 100;

/// What a plan needs before it may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    /// Nothing.
    Nothing,
    /// A yes.
    Yes,
    /// The number of devices.
    Count(usize),
    /// Verb, count and tenant.
    Phrase(String),
}

impl Needed {
    /// What this plan needs.
    pub(crate) fn of(plan: &Plan, tenant: &str) -> Self {
        let devices = plan.devices();
        match plan.risk() {
            Risk::Read => Self::Nothing,
            Risk::Benign if devices <= DEVICES_WITHOUT_QUESTION => Self::Nothing,
            Risk::Benign => Self::Yes,
            Risk::Disruptive => Self::Count(devices),
            Risk::Irreversible => Self::Phrase(phrase(plan, tenant).unwrap_or_default()),
        }
    }

    /// What `--confirm` takes, as it is written on the command line.
    pub(crate) fn written(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::Yes => None,
            Self::Count(count) => Some(count.to_string()),
            Self::Phrase(phrase) => Some(format!("\"{phrase}\"")),
        }
    }

    fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Yes => is_yes(text),
            Self::Count(count) => text.trim() == count.to_string(),
            Self::Phrase(phrase) => text.trim() == phrase,
        }
    }

    /// Whether words that were given before the plan was made are for it. Whoever gives a number means these devices
    /// and not ten times as many, harmless or not.
    fn is_met_in_advance(&self, text: &str, devices: usize) -> bool {
        match self {
            Self::Nothing | Self::Yes => {
                Self::Yes.is_met_by(text) || Self::Count(devices).is_met_by(text)
            }
            Self::Count(_) | Self::Phrase(_) => self.is_met_by(text),
        }
    }
}

/// How somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// In words, for the journal.
    pub how: String,
    /// A person typed it on a terminal just now.
    pub is_interactive: bool,
}

/// What was agreed to in advance, and whether anybody may be asked.
#[derive(Copy, Clone, Debug)]
pub(crate) struct InAdvance<'a> {
    pub yes: bool,
    pub confirm: Option<&'a str>,
    pub no_input: bool,
}

/// Gets the agreement that a plan needs. `wrap` writes the lines that would make an agreement in advance enough.
pub(crate) fn confirm(
    plan: &Plan,
    tenant: &str,
    way: &str,
    wrapping: Wrapping,
    advance: InAdvance<'_>,
    wrap: impl FnOnce() -> Option<String>,
) -> Result<Agreement, Failure> {
    let needed = Needed::of(plan, tenant);
    let devices = plan.devices();
    let word = plan.risk().word();
    // With nothing left to do every word is right: a job that is run until it is done gives the same each time.
    if needed == Needed::Nothing && (advance.confirm.is_none() || devices == 0) {
        return Ok(Agreement { how: format!("none needed ({word})"), is_interactive: false });
    }
    let what = format!("{word} work on {} of {tenant}", counted(devices, "device"));
    let question = Question { what, way, subject: "the plan", needed, devices };
    if advance.confirm.is_none()
        && advance.yes
        && matches!(question.needed, Needed::Count(_))
        && wrapping.is_whole()
    {
        let how = "--yes, within the bounds of the job".to_owned();
        return Ok(Agreement { how, is_interactive: false });
    }
    question.answer(advance, wrap)
}

/// Gets the agreement that it takes to repeat these tasks, which may have been done already.
pub(crate) fn confirm_again(
    tasks: &[&Task],
    tenant: &str,
    what: String,
    advance: InAdvance<'_>,
) -> Result<Agreement, Failure> {
    let devices: BTreeSet<&DeviceId> = tasks.iter().map(|task| &task.device.id).collect();
    let devices = devices.len();
    let risk = tasks.iter().map(|task| task.risk).max().unwrap_or(Risk::Irreversible);
    let needed = match risk {
        Risk::Read | Risk::Benign => Needed::Yes,
        Risk::Disruptive => Needed::Count(devices),
        Risk::Irreversible => {
            Needed::Phrase(phrase_of(tasks.iter().copied(), tenant).unwrap_or_default())
        }
    };
    Question { what, way: "", subject: "the evidence", needed, devices }.answer(advance, || None)
}

/// Something that needs an agreement.
struct Question<'a> {
    /// What would be done.
    what: String,
    /// The address, the profile and where the token comes from; empty where the run's own are meant.
    way: &'a str,
    /// What is to be looked at first.
    subject: &'static str,
    needed: Needed,
    devices: usize,
}

impl Question<'_> {
    /// The answer that was given in advance, else that of a person.
    fn answer(
        &self,
        advance: InAdvance<'_>,
        wrap: impl FnOnce() -> Option<String>,
    ) -> Result<Agreement, Failure> {
        let Self { what, needed, .. } = self;
        let in_advance = |how: String| Ok(Agreement { how, is_interactive: false });
        if let Some(text) = advance.confirm {
            let text = text.trim();
            if needed.is_met_in_advance(text, self.devices) {
                return in_advance(format!("--confirm \"{text}\""));
            }
            let what = format!("--confirm \"{text}\" is not what it takes: this is {what}");
            // Harmless work takes no words, but not those of another plan either.
            let words = needed.written().unwrap_or_else(|| self.devices.to_string());
            return Err(self.refused(what, Some(words), None));
        }
        if advance.yes && matches!(needed, Needed::Nothing | Needed::Yes) {
            return in_advance("--yes".to_owned());
        }
        let unanswered = |why: &str, wrap: Option<String>| {
            self.refused(format!("{what} needs an answer, {why}"), needed.written(), wrap)
        };
        if advance.yes {
            return Err(unanswered("and --yes is not one for it", wrap()));
        }
        if advance.no_input {
            return Err(unanswered("and --no-input forbids to ask", wrap()));
        }
        let question = match needed {
            Needed::Nothing | Needed::Yes => format!("Go on with {what}? [y/N] "),
            Needed::Count(_) => format!("To go on with {what}, type the number of devices: "),
            Needed::Phrase(phrase) => format!("To go on with {what}, type {phrase}: "),
        };
        let question = match self.way {
            "" => question,
            way => format!("{way}\n{question}"),
        };
        match ask(&question) {
            None => Err(unanswered("and there is no terminal to ask on", wrap())),
            Some(answer) if needed.is_met_by(&answer) => Ok(Agreement {
                how: format!("'{}' on the terminal", answer.trim()),
                is_interactive: true,
            }),
            Some(_) => Err(self.refused("not confirmed".to_owned(), needed.written(), None)),
        }
    }

    /// A refusal that says with which words it can be agreed to.
    fn refused(&self, what: String, words: Option<String>, wrap: Option<String>) -> Failure {
        let agree = match words {
            Some(text) => {
                format!("look at {}, then agree to it with: --confirm {text}", self.subject)
            }
            None => format!("look at {}, then agree with --yes", self.subject),
        };
        let next = match wrap {
            Some(lines) => format!("{agree}\n{lines}"),
            None => agree,
        };
        Failure::new(Exit::Policy, what).next(next)
    }
}

/// Asks whether to go on with something, unless that was agreed to in advance. Returns how it was agreed to.
pub(crate) fn agree(what: &str, yes: bool, no_input: bool) -> Result<String, Failure> {
    if yes {
        return Ok("--yes".to_owned());
    }
    let refuse = |why: &str| {
        Failure::new(Exit::Policy, format!("{what} needs an answer, {why}"))
            .next("look at what would happen, then agree with --yes")
    };
    if no_input {
        return Err(refuse("and --no-input forbids to ask"));
    }
    match ask(&format!("Go on with {what}? [y/N] ")) {
        None => Err(refuse("and there is no terminal to ask on")),
        Some(answer) if is_yes(&answer) => Ok("y on the terminal".to_owned()),
        Some(_) => Err(Failure::new(Exit::Policy, "not confirmed")),
    }
}

/// Whether an answer to `[y/N]` agrees.
pub(crate) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Whether there is somebody to ask: a terminal, and this program in its foreground. A program in the background
/// that reads from its terminal is stopped by the system, and would hang for ever.
#[cfg(unix)]
pub(crate) fn can_ask() -> bool {
    let terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty");
    terminal.is_ok_and(|terminal| {
        rustix::termios::tcgetpgrp(&terminal)
            .is_ok_and(|foreground| foreground == rustix::process::getpgrp())
    })
}

#[cfg(not(unix))]
pub(crate) fn can_ask() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal()
}

/// Asks on the terminal; `None` when nobody can answer. Every question goes through here: only what is typed while it
/// stands answers it.
#[cfg(unix)]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    // What was typed before the question was there is no answer to it; nor is what cannot be thrown away.
    rustix::termios::tcflush(&terminal, rustix::termios::QueueSelector::IFlush).ok()?;
    terminal.write_all(harmless(question).as_bytes()).ok()?;
    read_answer(terminal)
}

#[cfg(not(unix))]
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut terminal = std::io::stderr();
    terminal.write_all(harmless(question).as_bytes()).ok()?;
    read_answer(std::io::stdin())
}

/// One line; `None` when the terminal hangs up.
fn read_answer(terminal: impl std::io::Read) -> Option<String> {
    let mut answer = String::new();
    let read = BufReader::new(terminal).read_line(&mut answer).ok()?;
    (read > 0).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing;

    /// A plan of one action on so many devices.
    fn plan(action: &str, devices: usize) -> Plan {
        let ids: Vec<String> = (0..devices).map(|at| at.to_string()).collect();
        let tasks: Vec<(&str, &str)> = ids.iter().map(|id| (action, id.as_str())).collect();
        testing::plan(&tasks)
    }

    fn given(
        plan: &Plan,
        wrapping: Wrapping,
        yes: bool,
        text: Option<&str>,
    ) -> Result<String, String> {
        let advance = InAdvance { yes, confirm: text, no_input: true };
        let wrap = || Some("lines of YAML".to_owned());
        let agreement = confirm(plan, "acme", "", wrapping, advance, wrap);
        agreement.map(|agreement| agreement.how).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Policy);
            format!("{} {}", failure.what, failure.next)
        })
    }

    #[test]
    fn what_is_needed_follows_from_what_it_can_cost() {
        let whole = Wrapping { max_devices: Some(50), has_time_bound: true };
        let bare = Wrapping::default();
        let (checkin, restart) = ("daily-checkin", "restart");
        for (plan, wrapping, yes, text, is_enough) in [
            (plan("get-commands", 4_000), bare, false, None, true),
            (plan("get-commands", 4), bare, false, Some("4"), true),
            (plan("get-commands", 4), bare, false, Some("5"), false),
            (plan(checkin, 60), bare, false, Some("60"), true),
            (plan(checkin, 0), bare, false, Some("DELETE 95 ON acme"), true),
            (plan(checkin, 60), bare, false, Some("y"), true),
            (plan(checkin, 60), bare, false, Some("5"), false),
            (plan(checkin, 60), bare, true, Some("600"), false),
            (plan(checkin, 60), bare, false, Some("ERASE 60 ON acme"), false),
            (plan(checkin, 100), bare, false, None, true),
            (plan(checkin, 101), bare, false, None, false),
            (plan(checkin, 101), bare, true, None, true),
            (plan(checkin, 101), bare, false, Some("101"), true),
            (plan(checkin, 101), bare, false, Some("100"), false),
            (plan(restart, 1), bare, false, None, false),
            (plan(restart, 37), bare, true, None, false),
            (plan(restart, 37), whole, true, None, true),
            (plan(restart, 37), whole, false, None, false),
            (plan(restart, 37), bare, false, Some("37"), true),
            (plan(restart, 37), bare, false, Some(" 37 "), true),
            (plan(restart, 37), bare, true, Some("36"), false),
            (plan(restart, 37), whole, true, Some("38"), false),
            (plan(restart, 37), bare, false, Some("037"), false),
            (plan(restart, 37), bare, false, Some("y"), false),
            (plan(restart, 37), bare, false, Some(""), false),
            (plan("erase", 37), whole, true, None, false),
            (plan("erase", 37), bare, false, Some("37"), false),
            (plan("erase", 37), bare, false, Some("ERASE 37 ON acme"), true),
            (plan("erase", 37), bare, false, Some("ERASE 38 ON acme"), false),
            (plan("erase", 37), bare, false, Some("ERASE 37 ON acme2"), false),
            (plan("erase", 37), bare, false, Some("erase 37 on acme"), false),
            (plan("delete-device", 9), bare, false, Some("DELETE 9 ON acme"), true),
            (plan("delete-device", 9), bare, false, Some("ERASE 9 ON acme"), false),
        ] {
            let risk = plan.risk().word();
            let outcome = given(&plan, wrapping, yes, text);
            assert_eq!(outcome.is_ok(), is_enough, "{risk} {yes} {text:?}: {outcome:?}");
        }
    }

    #[test]
    fn a_phrase_names_the_disruptive_devices_that_come_with_it() {
        let ids: Vec<String> = (0..190).map(|at| at.to_string()).collect();
        let restarts = ids.iter().map(|id| ("restart", id.as_str()));
        let tasks: Vec<(&str, &str)> =
            std::iter::once(("erase", "stolen")).chain(restarts).collect();
        let mixed = testing::plan(&tasks);
        let bare = Wrapping::default();
        for text in
            ["ERASE 1 ON acme", "ERASE 191 ON acme", "ERASE 1 AND RESTART 189 ON acme", "191"]
        {
            let refusal = given(&mixed, bare, true, Some(text)).expect_err(text);
            assert!(refusal.contains("--confirm \"ERASE 1 AND RESTART 190 ON acme\""), "{refusal}");
        }
        given(&mixed, bare, false, Some("ERASE 1 AND RESTART 190 ON acme")).expect("its words");
    }

    #[test]
    fn repeating_takes_what_the_tasks_can_cost_and_a_yes_is_not_enough() {
        for (tasks, yes, text, is_enough) in [
            (&[("daily-checkin", "a")][..], true, None, true),
            (&[("restart", "a"), ("restart", "b")], true, None, false),
            (&[("restart", "a"), ("restart", "b")], false, Some("1"), false),
            (&[("restart", "a"), ("restart", "b")], false, Some("2"), true),
            (&[("lock", "a"), ("restart", "a")], false, Some("1"), true),
            (&[("erase", "a"), ("erase", "b")], true, None, false),
            (&[("erase", "a"), ("erase", "b")], false, Some("2"), false),
            (&[("erase", "a"), ("erase", "b")], false, Some("ERASE 2 ON acme"), true),
            (&[("erase", "a"), ("lock", "b")], false, Some("ERASE 1 ON acme"), false),
            (&[("erase", "a"), ("lock", "b")], false, Some("ERASE 1 AND LOCK 1 ON acme"), true),
        ] {
            let plan = testing::plan(tasks);
            let tasks: Vec<&Task> = plan.tasks.iter().collect();
            let advance = InAdvance { yes, confirm: text, no_input: true };
            let outcome = confirm_again(&tasks, "acme", "it".to_owned(), advance);
            assert_eq!(outcome.is_ok(), is_enough, "{text:?} {outcome:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_would_do() {
        let restart = plan("restart", 37);
        let refusal = given(&restart, Wrapping::default(), true, None).expect_err("not enough");
        assert!(refusal.contains("--confirm 37") && refusal.contains("lines of YAML"), "{refusal}");
        let checkin = plan("daily-checkin", 60);
        let refusal = given(&checkin, Wrapping::default(), false, Some("5")).expect_err("another");
        assert!(refusal.contains("--confirm 60"), "{refusal}");
        let erase = plan("erase", 2);
        let refusal = given(&erase, Wrapping::default(), false, None).expect_err("not enough");
        assert!(refusal.contains("--confirm \"ERASE 2 ON acme\""), "{refusal}");
    }
}
