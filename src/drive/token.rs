//! What a 401 means for the token.
//!
//! Owns the one renewal of a run, or one more after each sleep of the machine. Must never hold or see the token itself.

use super::perform::RenewToken;
use crate::model::{Refusal, Verdict};

/// How long nothing is sent after a renewal: the new token may not be known everywhere at once.
pub(super) const FRESH_TOKEN_WAIT_MS: u64 = 1_000;

/// The token in use, as a number, and the way to the next one.
pub(super) struct Token {
    renew: Option<RenewToken>,
    /// The same, for after the machine slept.
    spare: Option<RenewToken>,
    number: u32,
}

impl Token {
    pub(super) fn new(renew: Option<RenewToken>) -> Self {
        Self { spare: renew.clone(), renew, number: 0 }
    }

    /// The machine slept: whatever the token in use was good for may be over, so it may be renewed once more.
    pub(super) fn woke(&mut self) {
        self.renew.clone_from(&self.spare);
    }

    /// The number of the token that a request leaves with now.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// A 401 on a read gets the same fresh token. Says whether there is one to try again with.
    pub(super) async fn renew_for_read(&mut self, sent_with: u32) -> bool {
        if sent_with < self.number {
            return true;
        }
        let Some(renew) = self.renew.take() else { return false };
        let is_renewed = renew().await.is_ok();
        self.number += u32::from(is_renewed);
        is_renewed
    }

    /// A 401 gets one fresh token where there is a way to have one; the request was not applied. All others
    /// that had left with the old token (`sent_with`) by then are sent again, too.
    pub(super) async fn renew_on_unauthorized(
        &mut self,
        verdict: Verdict,
        sent_with: u32,
    ) -> Verdict {
        let Verdict::Refused { kind: Refusal::Unauthorized, reason } = &verdict else {
            return verdict;
        };
        let again = Verdict::Throttled {
            retry_after_ms: Some(FRESH_TOKEN_WAIT_MS),
            reason: format!("{reason}; trying a fresh token"),
        };
        if sent_with < self.number {
            return again;
        }
        let Some(renew) = self.renew.take() else { return verdict };
        match renew().await {
            Ok(()) => {
                self.number += 1;
                again
            }
            Err(error) => Verdict::Refused {
                kind: Refusal::Unauthorized,
                reason: format!("{reason}; no fresh token either: {error}"),
            },
        }
    }
}
