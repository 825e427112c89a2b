//! Prompts before work that has to be confirmed.
//!
//! Owns the prompts, and the refusal where there can be none. Whether an answer is enough is the application's to say. Must never
//! accept a confirmation that the application would not.

use crate::app::{Consent, ConsentReason, Needed, NotAsked, Question, is_yes};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::terminal::question::{ask, can_ask};
use crate::cli::text::refusals::consent::{declined, words};

/// A prompt that is longer, in columns, has its answer on a line of its own.
const PROMPT_WIDTH: usize = 76;

/// What was confirmed on the command line, and whether there may be a prompt.
#[derive(Copy, Clone, Debug)]
pub(crate) struct InAdvance<'a> {
    pub yes: bool,
    pub confirm: Option<&'a str>,
    pub no_input: bool,
}

/// What a prompt is about, in words.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Subject<'a> {
    /// What would be done, such as `restarting 3 devices on acme`.
    pub what: &'a str,
    /// The same before a question mark, such as `restart 3 devices on acme`; empty where `what` has to do.
    pub plain: &'a str,
    /// The lines before the prompt: the address, the profile and where the token comes from, or the tenants; empty where the run's
    /// own are meant.
    pub way: &'a str,
    /// What to review first.
    pub look_at: &'a str,
}

/// Gets the consent that work needs. `wrap` writes the lines with which `--yes` would be enough.
pub(crate) fn obtain(
    question: &Question,
    subject: Subject<'_>,
    advance: InAdvance<'_>,
    wrap: impl FnOnce() -> Option<String>,
) -> Result<Consent, Failure> {
    let words = advance.confirm.map(|text| text.trim().to_owned());
    let consent = Consent::InAdvance { yes: advance.yes, words };
    let why = match question.verify(&consent) {
        Ok(_) => return Ok(consent),
        Err(ConsentReason::Missing { why: NotAsked::NotYet, .. }) if advance.no_input => {
            NotAsked::Forbidden
        }
        Err(ConsentReason::Missing { why: NotAsked::NotYet, .. }) => {
            match ask(&text_of(question.needed(), subject)) {
                Some(text) => return answered(question, subject, text),
                // The person closed the prompt.
                None if can_ask() => return answered(question, subject, String::new()),
                None => NotAsked::NoTerminal,
            }
        }
        Err(ConsentReason::Missing { why, .. }) => why,
        Err(reason) => return Err(worded(reason, subject)),
    };
    let mut failure = worded(question.missing(why), subject);
    if let Some(lines) = wrap() {
        failure.next = format!("{}\n{lines}", failure.next);
    }
    Err(failure)
}

fn answered(question: &Question, subject: Subject<'_>, text: String) -> Result<Consent, Failure> {
    let declined = declined(question.needed(), &text);
    let consent = Consent::Typed { text };
    match question.verify(&consent) {
        Ok(_) => Ok(consent),
        Err(reason) => Err(Failure { what: declined, ..worded(reason, subject) }),
    }
}

/// Gets the consent to something that a plain yes confirms, where `--yes` is not given.
pub(crate) fn obtain_yes(
    question: &Question,
    what: &str,
    yes: bool,
    no_input: bool,
) -> Result<Consent, Failure> {
    let subject = Subject { what, plain: "", way: "", look_at: "what would happen" };
    obtain(question, subject, InAdvance { yes, confirm: None, no_input }, || None)
}

/// A reason in words that name what the question is about.
fn worded(reason: ConsentReason, subject: Subject<'_>) -> Failure {
    let words = words(&reason, subject.what, subject.look_at);
    let failure = Failure::from(reason);
    Failure { what: words.what, next: words.next, ..failure }
}

fn text_of(needed: &Needed, subject: Subject<'_>) -> String {
    let expected = needed.words().unwrap_or_else(|| "y".to_owned());
    let prompt = prompt(subject, &expected);
    match subject.way {
        "" => prompt,
        way => format!("{way}\n{prompt}"),
    }
}

/// What happens, and what to type: `Restart 3 devices on acme? Type "3" to confirm: `.
fn prompt(subject: Subject<'_>, expected: &str) -> String {
    let (text, mark) = match subject.plain {
        "" => (subject.what, '.'),
        plain => (plain, '?'),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let what = format!("{first}{}{mark}", letters.as_str());
    let answer = format!("Type \"{expected}\" to confirm: ");
    // What to type is never broken over two lines.
    let is_long = what.len() + answer.len() > PROMPT_WIDTH || subject.plain.is_empty();
    format!("{what}{}{answer}", if is_long { '\n' } else { ' ' })
}

/// Asks for a yes to something, unless `--yes` is given. Returns how it was confirmed.
pub(crate) fn agree(what: &str, yes: bool, no_input: bool) -> Result<String, Failure> {
    if yes {
        return Ok("--yes".to_owned());
    }
    let refuse = |why: &str| {
        Failure::new(Exit::Policy, format!("{what} needs a confirmation, {why}"))
            .next("review what would happen, then confirm with:\n  --yes")
    };
    if no_input {
        return Err(refuse("and --no-input forbids the prompt"));
    }
    let subject = Subject { what, plain: "", way: "", look_at: "" };
    match ask(&prompt(subject, "y")) {
        None => Err(refuse("and there is no terminal for the prompt")),
        Some(answer) if is_yes(&answer) => Ok("y on the terminal".to_owned()),
        Some(_) => Err(Failure::new(Exit::Policy, "not confirmed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;
    use crate::plan::{Plan, Wrapping, testing};

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
        let question = Question::of_plan(plan, "acme", wrapping);
        let subject = Subject { what: "it", plain: "", way: "", look_at: "the plan" };
        let consent = obtain(&question, subject, advance, wrap);
        let how =
            |consent: Consent| question.verify(&consent).expect("it was obtained").how().to_owned();
        consent.map(how).map_err(|failure| {
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
    fn sending_again_needs_the_phrase_of_its_tasks_not_a_yes() {
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
            let question = Question::of_sending_again(&tasks, "acme");
            let subject = Subject { what: "it", plain: "", way: "", look_at: "the evidence" };
            let outcome = obtain(&question, subject, advance, || None);
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
