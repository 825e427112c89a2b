//! Tasks in doubt, in words and as JSON.
//!
//! Owns the wording of the evidence. Must never show a PIN, and never let a device's name steer a terminal.

use crate::app::{Doubt, Evidence, EvidenceFact};
use crate::cli::text::layout::one_line;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::wrap::hanging;
use crate::model::UnixMillis;

/// Spaces before each line of the evidence.
const INDENT: usize = 2;

/// A task in doubt with its evidence.
pub(crate) fn text(doubt: &Doubt, screen: &Screen) -> String {
    let device = &doubt.task.device;
    let facts: [&str; 4] =
        [&device.serial_number, &device.name, &device.user_email, &doubt.task.action];
    let mut facts: Vec<String> = facts
        .into_iter()
        .filter(|fact| !fact.is_empty())
        .map(|fact| one_line(fact).into_owned())
        .collect();
    facts.push(format!("row {}", doubt.task.row));
    if doubt.task.step > 1 {
        facts.push(format!("step {}", doubt.task.step));
    }
    let title = hanging(&facts.join("  "), screen.width, INDENT);
    let mut text = format!("{}\n", screen.toned(Tone::Strong, &title));
    let width = screen.width.map(|width| width.saturating_sub(INDENT));
    for said in told(&doubt.evidence) {
        let line = hanging(&said.line(screen), width, INDENT * 2);
        text.push_str(&format!("{}{line}\n", " ".repeat(INDENT)));
    }
    let serial = one_line(&device.serial_number);
    text.push_str(&format!("  its commands in the tenant:\n    sortie commands {serial}\n"));
    text
}

/// Evidence that was recorded once, or reads in a row that all found nothing: then the last of them.
struct Said {
    words: String,
    at: UnixMillis,
    reads: usize,
}

impl Said {
    fn line(&self, screen: &Screen) -> String {
        let words = one_line(&self.words);
        let reads = if self.reads > 1 { format!(" ({} reads)", self.reads) } else { String::new() };
        format!("{}  {words}{reads}", screen.time(self.at))
    }
}

/// What the evidence says, without repetitions.
fn told(evidence: &[Evidence]) -> Vec<Said> {
    let mut told: Vec<Said> = Vec::new();
    for evidence in evidence {
        let (words, at) = (words_of(&evidence.fact), evidence.at);
        match (told.last_mut(), &evidence.fact) {
            // A doubt repeats why there was no answer.
            (Some(last), EvidenceFact::Doubted { reason }) if last.words.ends_with(reason) => {}
            (Some(last), EvidenceFact::Absent { .. }) if last.reads > 0 => {
                *last = Said { words, at, reads: last.reads + 1 };
            }
            (_, fact) => {
                let reads = usize::from(matches!(fact, EvidenceFact::Absent { .. }));
                told.push(Said { words, at, reads });
            }
        }
    }
    told
}

/// The same for programs.
pub(crate) fn json(doubt: &Doubt) -> serde_json::Value {
    let device = &doubt.task.device;
    let evidence: Vec<String> = doubt.evidence.iter().map(evidence_text).collect();
    serde_json::json!({
        "task": doubt.task.id.to_string(), "device_id": device.id.as_str(),
        "serial_number": device.serial_number, "device_name": device.name,
        "user_email": device.user_email, "action": doubt.task.action, "step": doubt.task.step,
        "evidence": evidence, "may_be_sent_again_from": doubt.quarantine_ends.to_string(),
    })
}

fn evidence_text(evidence: &Evidence) -> String {
    format!("{}  {}", evidence.at, words_of(&evidence.fact))
}

fn words_of(fact: &EvidenceFact) -> String {
    match fact {
        EvidenceFact::Leaving { attempt } => format!("request {attempt} was about to be sent"),
        EvidenceFact::NoAnswer { reason } => format!("no usable answer: {reason}"),
        EvidenceFact::Doubted { reason } => format!("in doubt: {reason}"),
        EvidenceFact::Absent { evidence } => format!("the tenant shows {evidence}"),
        EvidenceFact::Unread { reason } => format!("the tenant could not be read: {reason}"),
        EvidenceFact::PinShown => {
            "the tenant shows a PIN, which may be from an older lock".to_owned()
        }
        EvidenceFact::PinKnown { run } => {
            format!("run {run} locked this Mac, and its PIN is known")
        }
        EvidenceFact::PinFlawed { flaw } => {
            format!("the tenant shows no PIN: what it shows {flaw}")
        }
        EvidenceFact::NoPin => "the tenant shows no PIN".to_owned(),
        EvidenceFact::PinUnread { reason } => format!("the PIN could not be read: {reason}"),
        EvidenceFact::Decided { decision, by } => format!("{} by {by}", decision.word()),
    }
}
