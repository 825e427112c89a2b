//! Tokens and what they may do.
//!
//! Owns 401 and 403. Must never read devices.

use super::setup::switch_values::{MissingPermission, Revocation};
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::{SimReply, SimRequest};
use crate::model::UnixMillis;

/// The tokens of the tenant. The first is the one that can be revoked.
pub(super) struct Tokens {
    tokens: Vec<String>,
    /// Requests with the first token so far.
    first_used: u64,
}

impl Tokens {
    /// A tenant with one token.
    pub(super) fn new(first: String) -> Self {
        Self { tokens: vec![first], first_used: 0 }
    }

    /// The token that the tenant began with.
    pub(super) fn first(&self) -> &str {
        // The list begins with one token and never loses any.
        self.tokens.first().map_or("", String::as_str)
    }

    /// Makes a further token valid.
    pub(super) fn add(&mut self, token: String) {
        self.tokens.push(token);
    }

    /// Whether the request carries a token of the tenant, revoked or not.
    pub(super) fn knows(&self, request: &SimRequest) -> bool {
        bearer(request).is_some_and(|token| self.tokens.iter().any(|known| known == token))
    }

    /// Checks a request for this kind of endpoint.
    ///
    /// # Errors
    /// The 401 (documented) of a missing, wrong or revoked token, or the 403 of a missing permission.
    pub(super) fn check(
        &mut self,
        request: &SimRequest,
        kind: &str,
        now: UnixMillis,
        switches: &Switches,
    ) -> Result<(), SimReply> {
        let Some(token) = bearer(request) else {
            let text = "Authentication credentials were not provided.";
            return Err(answers::unauthorized(switches, text));
        };
        let place = self.tokens.iter().position(|known| known == token);
        let is_revoked = place == Some(0) && self.is_revoked(now, switches);
        if place.is_none() || is_revoked {
            return Err(answers::unauthorized(switches, "Invalid token."));
        }
        if place == Some(0) {
            self.first_used += 1;
        }
        if switches.denied.contains(kind) {
            let text = "You do not have permission to perform this action.";
            return Err(match switches.missing_permission {
                MissingPermission::Forbidden => answers::detail(403, text),
                MissingPermission::Unauthorized => answers::unauthorized(switches, text),
            });
        }
        Ok(())
    }

    fn is_revoked(&self, now: UnixMillis, switches: &Switches) -> bool {
        match switches.token_revoked {
            None => false,
            Some(Revocation::AfterRequests(requests)) => self.first_used >= requests,
            Some(Revocation::At(moment)) => now >= moment,
        }
    }
}

/// The token of the header `Authorization: Bearer <token>`; the bare token does not count.
fn bearer(request: &SimRequest) -> Option<&str> {
    request.authorization.as_deref()?.strip_prefix("Bearer ").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(tokens: &mut Tokens, request: &SimRequest, switches: &Switches) -> u16 {
        let checked = tokens.check(request, "lock", UnixMillis(1_000), switches);
        checked.map_or_else(|reply| reply.status, |()| 200)
    }

    #[test]
    fn only_a_bearer_token_of_the_tenant_gets_in() {
        let (mut tokens, switches) = (Tokens::new("good".to_owned()), Switches::default());
        let mut request = SimRequest::get("/", "good");
        assert_eq!(status(&mut tokens, &request, &switches), 200);
        for wrong in [None, Some("good"), Some("Basic good"), Some("Bearer bad")] {
            request.authorization = wrong.map(str::to_owned);
            assert_eq!(status(&mut tokens, &request, &switches), 401, "{wrong:?}");
        }
    }

    #[test]
    fn permissions_are_per_endpoint_and_refused_in_two_ways() {
        let mut tokens = Tokens::new("good".to_owned());
        let request = SimRequest::get("/", "good");
        let mut switches = Switches::default();
        switches.denied.insert("lock".to_owned());
        assert_eq!(status(&mut tokens, &request, &switches), 403);
        switches.missing_permission = MissingPermission::Unauthorized;
        assert_eq!(status(&mut tokens, &request, &switches), 401);
        switches.denied = ["erase".to_owned()].into();
        assert_eq!(status(&mut tokens, &request, &switches), 200);
    }

    #[test]
    fn a_token_is_revoked_by_count_or_time_and_another_works() {
        let mut tokens = Tokens::new("good".to_owned());
        tokens.add("fresh".to_owned());
        let (first, fresh) = (SimRequest::get("/", "good"), SimRequest::get("/", "fresh"));
        let mut switches =
            Switches { token_revoked: Some(Revocation::AfterRequests(2)), ..Switches::default() };
        let seen: Vec<u16> = (0..3).map(|_| status(&mut tokens, &first, &switches)).collect();
        assert_eq!(seen, [200, 200, 401]);
        assert_eq!(status(&mut tokens, &fresh, &switches), 200);
        switches.token_revoked = Some(Revocation::At(UnixMillis(1_001)));
        assert_eq!(status(&mut tokens, &first, &switches), 200);
        switches.token_revoked = Some(Revocation::At(UnixMillis(1_000)));
        assert_eq!(status(&mut tokens, &first, &switches), 401);
    }
}
