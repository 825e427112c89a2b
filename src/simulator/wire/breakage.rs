//! What a fault makes of an answer.
//!
//! Owns the answers that replace the tenant's, and what is left of the tenant's. Must never draw a fault or
//! decide whether a request is applied: the world asks in the order in which a request travels.

use super::answers;
use super::exchange::{Delivery, SimReply};
use crate::simulator::setup::faults::{CannedAnswer, ErrorPage, FaultKind, FaultMoment};

/// What the client hears when the request never reaches the gateway; `None` when it does.
pub(crate) fn before_gateway(fault: &FaultKind) -> Option<SimReply> {
    match fault {
        FaultKind::NotConnected => Some(no_answer(Delivery::NotConnected)),
        FaultKind::CloseBefore | FaultKind::LateApply { .. } => Some(no_answer(Delivery::Closed)),
        _ => None,
    }
}

/// What the client hears when the request passes the gateway and never reaches the tenant.
pub(crate) fn before_tenant(fault: &FaultKind) -> Option<SimReply> {
    match fault {
        FaultKind::Unavailable { retry_after_s } => {
            let mut reply = answers::server_error(503, ErrorPage::Json);
            if let Some(seconds) = retry_after_s {
                reply.set_header("Retry-After", seconds.to_string());
            }
            Some(reply)
        }
        FaultKind::ErrorBefore { status, page } => Some(answers::server_error(*status, *page)),
        FaultKind::LoginPage => Some(answers::login_page()),
        FaultKind::Canned(canned) if canned.moment == FaultMoment::BeforeApplying => {
            Some(from_can(canned))
        }
        _ => None,
    }
}

/// What is left of the tenant's answer to a request that was applied.
pub(crate) fn after_tenant(mut reply: SimReply, fault: &FaultKind) -> SimReply {
    match fault {
        FaultKind::CloseAfter => reply.delivery = Delivery::Closed,
        FaultKind::Hang => reply.delivery = Delivery::Hangs,
        FaultKind::ErrorAfter { status, page } => reply = answers::server_error(*status, *page),
        // An empty body cannot be cut: the connection dies before the head.
        FaultKind::Truncate if reply.body.is_empty() => reply.delivery = Delivery::Closed,
        FaultKind::Truncate => reply.delivery = Delivery::Cut { bytes: reply.body.len() / 2 },
        FaultKind::Canned(canned) => reply = from_can(canned),
        FaultKind::WrongContentType => {
            reply.set_header("Content-Type", "text/html; charset=utf-8".to_owned());
        }
        _ => {}
    }
    reply
}

fn no_answer(delivery: Delivery) -> SimReply {
    SimReply { delivery, ..answers::empty(0) }
}

fn from_can(canned: &CannedAnswer) -> SimReply {
    let CannedAnswer { status, headers, body, .. } = canned.clone();
    SimReply { headers, body, ..answers::empty(status) }
}
