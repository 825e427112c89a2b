//! The way to the tenant: one call, exactly one request on the wire.
//!
//! Owns the door through which every request leaves. Must never retry, follow a redirect or look into a
//! body: all of that is decided above, on what the journal holds.

mod base_url;
mod cause;
mod http;
mod mail;
mod proxy;
mod read_only;
mod webhook;

use std::future::Future;

use crate::model::wire::{Fault, Reply, Request};

pub use base_url::{
    BaseUrl, BaseUrlError, OtherHosts, Region, base_url_of, check_base_url, tenant_key,
};
pub use http::{HttpError, HttpSettings, HttpTransport};
pub use mail::{HAS_MAIL, MailEncryption, MailFault, MailServer, MailText, send_mail};
pub use read_only::ReadOnly;
pub use webhook::{WebhookFault, WebhookPost, check_webhook_url, post_to_webhook};

/// Something that carries one request to a tenant and returns its answer.
///
/// Invariant: one call is at most one request on the wire.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request.
    fn send(&self, request: Request) -> impl Future<Output = Result<Reply, Fault>> + Send;

    /// Drops connections that were kept for later: the machine slept, and they lead nowhere.
    fn forget_connections(&self) {}
}
