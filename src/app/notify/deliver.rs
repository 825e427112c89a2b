//! One delivery of one notice.
//!
//! Owns what leaves this host for a channel. Must never try twice: when to try again is the schedule's.

use super::channel::{ChannelWay, EmailChannel, NotifyChannel};
use super::facts::NoticeFacts;
use super::fault::DeliveryFault;
use super::payload::{mail_text, slack_body, teams_body, webhook_body};
use super::secrets::read_secret;
use super::setup::Notifications;
use super::signature::{SIGNATURE_HEADER, signature};
use crate::kandji::retry_after_ms;
use crate::model::UnixMillis;
use crate::transport::{
    MailFault, MailServer, MailText, WebhookFault, WebhookPost, post_to_webhook, send_mail,
};

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryEnd {
    /// The receiver accepted it.
    Accepted,
    /// It did not, or there was no answer.
    Failed {
        /// Why.
        fault: DeliveryFault,
        /// How long the receiver asks to wait, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

impl From<DeliveryFault> for DeliveryEnd {
    fn from(fault: DeliveryFault) -> Self {
        Self::Failed { fault, retry_after_ms: None }
    }
}

/// Delivers a notice once.
pub(super) fn deliver(
    setup: &Notifications,
    channel: &NotifyChannel,
    id: &str,
    facts: &NoticeFacts,
    now: UnixMillis,
) -> DeliveryEnd {
    let words = (setup.word)(facts);
    let delivered = match &channel.way {
        ChannelWay::Webhook { url, signing } => {
            let body = webhook_body(id, facts, &words).to_string().into_bytes();
            let signing = signing.as_ref().map(|place| read_secret(setup, "secret", place));
            signing.transpose().and_then(|secret| {
                let mut headers = headers_of(id);
                headers.extend(
                    secret.map(|secret| (SIGNATURE_HEADER, signature(&secret, now, &body))),
                );
                posted(setup, url, &headers, body)
            })
        }
        ChannelWay::Slack { url } => {
            posted(setup, url, &headers_of(id), slack_body(&words).to_string().into_bytes())
        }
        ChannelWay::Teams { url } => {
            posted(setup, url, &headers_of(id), teams_body(&words).to_string().into_bytes())
        }
        ChannelWay::Email(mail) => mailed(setup, mail, id, &words.subject, mail_text(&words)),
    };
    delivered.unwrap_or_else(DeliveryEnd::from)
}

/// A receiver that saw this id before has the notice already.
fn headers_of(id: &str) -> Vec<(&'static str, String)> {
    vec![("idempotency-key", id.to_owned())]
}

fn posted(
    setup: &Notifications,
    url: &super::channel::SecretPlace,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Result<DeliveryEnd, DeliveryFault> {
    let url = read_secret(setup, "url", url)?;
    let ca_file = certificates(setup)?;
    let post = WebhookPost { url: &url, headers, body, ca_file: ca_file.as_deref() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| DeliveryFault::NoAnswer { why: error.to_string() })?;
    let answer = runtime.block_on(post_to_webhook(post));
    // A look-up of a name cannot be stopped; nothing waits for it.
    runtime.shutdown_background();
    let reply = answer.map_err(|fault| {
        let why = fault.to_string();
        match fault {
            WebhookFault::Unanswered(_) => DeliveryFault::NoAnswer { why },
            WebhookFault::Url | WebhookFault::Unencrypted | WebhookFault::Tls(_) => {
                DeliveryFault::Unusable { why }
            }
        }
    })?;
    Ok(match reply.status {
        200..=299 => DeliveryEnd::Accepted,
        status => DeliveryEnd::Failed {
            fault: DeliveryFault::Status { status },
            retry_after_ms: retry_after_ms(&reply),
        },
    })
}

fn mailed(
    setup: &Notifications,
    mail: &EmailChannel,
    id: &str,
    subject: &str,
    text: String,
) -> Result<DeliveryEnd, DeliveryFault> {
    let login = match &mail.login {
        None => None,
        Some((user, place)) => Some((user.clone(), read_secret(setup, "password", place)?)),
    };
    let server = MailServer {
        host: mail.host.clone(),
        port: mail.port,
        encryption: mail.encryption,
        login,
        ca_file: certificates(setup)?,
    };
    let message = MailText {
        from: mail.from.clone(),
        to: mail.to.clone(),
        subject: subject.to_owned(),
        text,
        id: format!("sortie-{id}"),
    };
    send_mail(&server, &message).map_err(|fault| {
        let why = fault.to_string();
        match fault {
            MailFault::Failed(_) => DeliveryFault::NoAnswer { why },
            _ => DeliveryFault::Unusable { why },
        }
    })?;
    Ok(DeliveryEnd::Accepted)
}

fn certificates(setup: &Notifications) -> Result<Option<Vec<u8>>, DeliveryFault> {
    let read = setup.ca_file.as_ref().map(std::fs::read).transpose();
    read.map_err(|error| DeliveryFault::Certificates { why: error.to_string() })
}
