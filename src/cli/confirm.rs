//! Asking before something happens that people would miss.
//!
//! Owns the question. It is asked on the terminal itself, because standard input may be the job. Must never
//! hang where nobody can answer.

use std::io::{BufRead, BufReader, Write};

use super::exit::Exit;
use super::failure::Failure;
use crate::model::Risk;
use crate::plan::Plan;

/// How the plan was agreed to, for the journal.
pub(super) fn confirm(
    plan: &Plan,
    tenant: &str,
    yes: bool,
    no_input: bool,
) -> Result<String, Failure> {
    let risk = plan.risk();
    if risk <= Risk::Benign {
        return Ok(format!("none needed ({})", risk.word()));
    }
    if yes {
        return Ok("--yes".to_owned());
    }
    let what = format!("{} work on {} devices of {tenant}", risk.word(), plan.devices());
    let refuse = |why: &str| {
        Failure::new(Exit::Policy, format!("{what} needs an answer, {why}"))
            .next("look at the plan, then agree with --yes")
    };
    if no_input {
        return Err(refuse("and --no-input forbids to ask"));
    }
    let question = format!("Go on with {what}? [y/N] ");
    match ask(&question) {
        None => Err(refuse("and there is no terminal to ask on")),
        Some(answer) if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") => {
            Ok("y on the terminal".to_owned())
        }
        Some(_) => Err(Failure::new(Exit::Policy, "not confirmed")),
    }
}

/// Asks on the terminal; `None` when there is none.
#[cfg(unix)]
pub(super) fn ask(question: &str) -> Option<String> {
    let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    terminal.write_all(question.as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer).ok()?;
    Some(answer)
}

#[cfg(not(unix))]
pub(super) fn ask(question: &str) -> Option<String> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let mut terminal = std::io::stderr();
    terminal.write_all(question.as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(std::io::stdin()).read_line(&mut answer).ok()?;
    Some(answer)
}
