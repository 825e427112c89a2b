//! Notifications that did not go out, in words.
//!
//! Owns the causes. Must never show an address, a secret or a file that holds one.

use crate::app::{DeliveryFault, NoticeFailure, NotifyReason};
use crate::cli::text::layout::counted;
use crate::cli::text::refusals::{Words, notify};

/// Why a delivery failed, in one line.
pub(crate) fn cause(fault: &DeliveryFault) -> String {
    match fault {
        DeliveryFault::NoChannel => "the profile no longer has this channel".to_owned(),
        DeliveryFault::Secret { key, why } => format!("{key}: {why}"),
        DeliveryFault::Certificates { why } => format!("the CA file cannot be read: {why}"),
        DeliveryFault::NoAnswer { why } | DeliveryFault::Unusable { why } => why.clone(),
        DeliveryFault::Status { status } => format!("HTTP {status}{}", meaning(*status)),
    }
}

/// What a status means for a webhook.
fn meaning(status: u16) -> &'static str {
    match status {
        300..=399 => ": the address redirects; use the new address",
        400 | 422 => ": the service does not accept the message; check the kind of the channel",
        401 | 403 => ": the service does not allow it; check the address",
        404 | 410 => ": the address is no longer valid; create a new webhook",
        429 => ": the service asks for a pause",
        _ => "",
    }
}

/// A notice that was not delivered.
pub(crate) fn not_delivered(failure: &NoticeFailure) -> String {
    let NoticeFailure { channel, kind, run, fault, next_at } = failure;
    let then = match next_at {
        Some(at) => format!("next try at {at}"),
        None => "given up after 24 hours".to_owned(),
    };
    let cause = cause(fault);
    format!("channel {channel} did not get '{kind}' of run {run}: {cause}; {then}")
}

/// What is left when the run is over.
pub(crate) fn still_waiting(notices: usize, channels: &[String], profile: &str) -> String {
    let verb = if notices == 1 { "waits" } else { "wait" };
    format!(
        "{} still {verb} for delivery to {}; the next run tries again, or: sortie -p {profile} notify --send",
        counted(notices, "notification"),
        channels.join(", ")
    )
}

/// A channel that a run names and the profile does not have.
pub(crate) fn channel_unknown(reason: &NotifyReason) -> String {
    let Words { what, .. } = notify::notify(reason);
    format!("{what}; the run goes on without it")
}
