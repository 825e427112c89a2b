//! Notifications: facts about runs that reach people elsewhere.
//!
//! Owns channels, the outbox and deliveries. Must never hold up or end a run, change an exit code, or let a PIN, a token or an
//! address of a channel out.

mod channel;
mod courier;
mod deliver;
mod facts;
mod fault;
mod kind;
mod outbox;
mod payload;
mod reason;
mod requests;
mod run_notices;
mod schedule;
mod secrets;
mod setup;
mod signature;

pub(crate) use channel::is_channel_name;
pub use channel::{ChannelWay, EmailChannel, NotifyChannel, SecretPlace};
pub use facts::{NOTICE_VERSION, NoticeFacts, NoticeWords, WordNotice};
pub use fault::DeliveryFault;
pub use kind::NoticeKind;
pub use reason::NotifyReason;
pub use requests::{NoticeListing, NoticesTried, TestedChannel};
pub(crate) use run_notices::RunNotices;
pub use setup::{Notifications, NotifyChoice, TenantKind};
