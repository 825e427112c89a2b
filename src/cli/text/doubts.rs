//! Tasks in doubt, in words and as JSON.
//!
//! Owns the words of the evidence. Must never show a PIN, and never let a device's name steer a terminal.

use crate::app::{Doubt, Evidence, EvidenceFact};
use crate::cli::terminal::printer::one_line;

/// A task in doubt with its evidence.
pub(crate) fn text(doubt: &Doubt) -> String {
    let device = &doubt.task.device;
    let evidence: Vec<String> =
        doubt.evidence.iter().map(|line| one_line(&evidence_text(line)).into_owned()).collect();
    format!(
        "{} '{}' ({}): {}, step {}\n    {}\n    see also: sortie commands {}\n",
        one_line(&device.serial_number),
        one_line(&device.name),
        one_line(&device.user_email),
        doubt.task.action,
        doubt.task.step,
        evidence.join("\n    "),
        one_line(&device.serial_number)
    )
}

/// The same for programs.
pub(crate) fn json(doubt: &Doubt) -> serde_json::Value {
    let device = &doubt.task.device;
    let evidence: Vec<String> = doubt.evidence.iter().map(evidence_text).collect();
    serde_json::json!({
        "task": doubt.task.id.0, "device_id": device.id.as_str(),
        "serial_number": device.serial_number, "device_name": device.name,
        "user_email": device.user_email, "action": doubt.task.action, "step": doubt.task.step,
        "evidence": evidence, "may_be_sent_again_from": doubt.quarantine_ends.to_string(),
    })
}

fn evidence_text(evidence: &Evidence) -> String {
    let words = match &evidence.fact {
        EvidenceFact::Leaving { attempt } => format!("request {attempt} was about to leave"),
        EvidenceFact::NoAnswer { reason } => format!("no usable answer: {reason}"),
        EvidenceFact::Doubted { reason } => format!("in doubt: {reason}"),
        EvidenceFact::Absent { evidence } => format!("read: {evidence}"),
        EvidenceFact::Unread { reason } => format!("could not be read: {reason}"),
        EvidenceFact::PinShown => {
            "the tenant shows a PIN, which may be that of an older lock".to_owned()
        }
        EvidenceFact::PinKnown { run } => format!("run {run} has locked it, and its PIN is known"),
        EvidenceFact::PinFlawed { flaw } => {
            format!("the tenant shows no PIN: what it shows {flaw}")
        }
        EvidenceFact::NoPin => "the tenant shows no PIN".to_owned(),
        EvidenceFact::PinUnread { reason } => format!("its PIN could not be read: {reason}"),
        EvidenceFact::Decided { decision, by } => format!("{} by {by}", decision.word()),
    };
    format!("{}  {words}", evidence.at)
}
