//! What a 401 means for the token.
//!
//! Owns the one renewal of a run, or one more after each sleep of the machine. It goes on beside the loop: answers
//! are taken meanwhile, and the run can be stopped. Must never hold or see the token itself.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::time::Duration;

use super::perform::RenewToken;
use crate::model::{ApiRefusal, Verdict};

/// How long nothing is sent after a renewal: the new token may not be known everywhere at once.
pub(super) const FRESH_TOKEN_WAIT_MS: u64 = 1_000;
/// How long a renewal may take. One that asks a person or a far keychain needs no more, and nothing is sent meanwhile.
const RENEWAL_MAX: Duration = Duration::from_secs(60);

/// The token in use, as a number, and the way to the next one.
pub(super) struct Token {
    renew: Option<RenewToken>,
    /// The same, for after the machine slept.
    spare: Option<RenewToken>,
    number: u32,
    renewing: Option<Renewing>,
}

/// A renewal in progress.
struct Renewing {
    fresh: BoxFuture<'static, Result<(), String>>,
    /// What the API said to the first request that it refused and that was to change something: without a fresh token
    /// nothing more can be sent.
    refused: Option<String>,
}

/// What a renewal came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Renewed {
    Fresh,
    /// There is no other token. `ends_run` says why nothing more can be sent, where something was refused.
    None {
        ends_run: Option<String>,
    },
}

impl Token {
    /// The token that the transport has; `renew` gets the next one, where there is a way.
    pub(super) fn new(renew: Option<RenewToken>) -> Self {
        Self { spare: renew.clone(), renew, number: 0, renewing: None }
    }

    /// The machine slept: the token in use may have expired, so it may be renewed once more.
    pub(super) fn woke(&mut self) {
        self.renew.clone_from(&self.spare);
    }

    /// The number of the token that a request leaves with now.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// While a token is on its way nothing new leaves: it would be refused.
    pub(super) fn is_renewing(&self) -> bool {
        self.renewing.is_some()
    }

    /// A 401 on a read. Says whether there is a fresh token to try again with, or one on its way.
    pub(super) fn seek_for_read(&mut self, sent_with: u32) -> bool {
        if sent_with < self.number || self.renewing.is_some() {
            return true;
        }
        let Some(renew) = self.renew.take() else { return false };
        let fresh = tokio::time::timeout(RENEWAL_MAX, renew()).map(|result| {
            result.unwrap_or_else(|_| Err(format!("no token within {} s", RENEWAL_MAX.as_secs())))
        });
        self.renewing = Some(Renewing { fresh: fresh.boxed(), refused: None });
        true
    }

    /// A 401 gets one fresh token where there is a way to have one; the request was not applied. All others that had
    /// left with the old token (`sent_with`) by then are sent again, too.
    pub(super) fn seek_on_unauthorized(&mut self, verdict: Verdict, sent_with: u32) -> Verdict {
        let Verdict::Refused { kind: ApiRefusal::Unauthorized, reason } = &verdict else {
            return verdict;
        };
        let again = Verdict::Throttled {
            retry_after_ms: Some(FRESH_TOKEN_WAIT_MS),
            reason: format!("{reason}; trying a fresh token"),
        };
        if !self.seek_for_read(sent_with) {
            return verdict;
        }
        if let Some(renewing) = &mut self.renewing {
            renewing.refused.get_or_insert_with(|| reason.clone());
        }
        again
    }

    /// Waits for the renewal in progress; forever where there is none.
    pub(super) async fn renewed(&mut self) -> Renewed {
        let Some(renewing) = &mut self.renewing else { return std::future::pending().await };
        let result = renewing.fresh.as_mut().await;
        let refused = renewing.refused.take();
        self.renewing = None;
        match result {
            Ok(()) => {
                self.number += 1;
                Renewed::Fresh
            }
            Err(error) => Renewed::None {
                ends_run: refused.map(|reason| format!("{reason}; no fresh token either: {error}")),
            },
        }
    }
}
