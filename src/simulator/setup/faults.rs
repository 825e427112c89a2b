//! What goes wrong between the tenant and its clients.
//!
//! Owns the kinds of faults, their chances, and the draw of one for each request. Must never carry a fault
//! out: that is for the world (applied or not) and the doors (the connection).

use std::ops::RangeInclusive;

use crate::simulator::draws::{Draw, between, draw, pick};

/// Kinds of faults that a share is spread over.
const SPREAD_KINDS: f64 = 12.0;

/// Chances of faults, in percent, drawn for each request from the tenant's seed. The default is none. A
/// request meets at most one fault, so the chances add up to the share of requests with a fault.
///
/// ```
/// use sortie::simulator::{FaultKind, FaultMatcher, Faults, ScriptedFault};
/// let lost = ScriptedFault { matcher: FaultMatcher::action("lock"), kind: FaultKind::CloseAfter };
/// let faults = Faults { script: vec![lost], ..Faults::default() };
/// assert_eq!(faults.close_after_percent, 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// How long an answer takes, in milliseconds.
    pub latency_ms: RangeInclusive<u64>,
    /// Which requests the chances apply to. The script applies to all requests.
    pub scope: FaultScope,
    /// Chance that no connection is made: the request was not sent.
    pub not_connected_percent: f64,
    /// Chance of status 503 with `Retry-After`; the request is not applied.
    pub unavailable_percent: f64,
    /// Chance of status 503 without `Retry-After`; the request is not applied.
    pub unavailable_silent_percent: f64,
    /// The value of that `Retry-After`, in seconds.
    pub retry_after_s: u32,
    /// Chance that the connection closes before the request is applied.
    pub close_before_percent: f64,
    /// Chance that the connection closes after the request is applied.
    pub close_after_percent: f64,
    /// Chance that the request is applied and never answered.
    pub hang_percent: f64,
    /// Chance of status 500, 502 or 504; the request is not applied.
    pub error_before_percent: f64,
    /// Chance of status 500, 502 or 504 although the request is applied.
    pub error_after_percent: f64,
    /// Chance that the request is applied and the body of the answer is cut off.
    pub truncate_percent: f64,
    /// Chance that the request is applied and the answer has a wrong content type.
    pub wrong_type_percent: f64,
    /// Chance of a proxy's log-in page with status 200; the request is not applied.
    pub login_page_percent: f64,
    /// Chance that the connection closes and the request is applied later.
    pub late_percent: f64,
    /// How much later, in milliseconds.
    pub late_ms: RangeInclusive<u64>,
    /// Chance that another tool uses up requests of the hour just before this one.
    pub storm_percent: f64,
    /// How many requests that tool uses up.
    pub storm_requests: u32,
    /// Requests that other tools use up evenly over every hour.
    pub other_tools_per_hour: u32,
    /// How far the server's `Date` is ahead of the true time, in milliseconds; negative for behind.
    pub date_skew_ms: i64,
    /// Faults for particular requests, each used once, in order. They come before all chances.
    pub script: Vec<ScriptedFault>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            latency_ms: 0..=0,
            scope: FaultScope::Everything,
            not_connected_percent: 0.0,
            unavailable_percent: 0.0,
            unavailable_silent_percent: 0.0,
            retry_after_s: 2,
            close_before_percent: 0.0,
            close_after_percent: 0.0,
            hang_percent: 0.0,
            error_before_percent: 0.0,
            error_after_percent: 0.0,
            truncate_percent: 0.0,
            wrong_type_percent: 0.0,
            login_page_percent: 0.0,
            late_percent: 0.0,
            late_ms: 2_000..=20_000,
            storm_percent: 0.0,
            storm_requests: 500,
            other_tools_per_hour: 0,
            date_skew_ms: 0,
            script: Vec::new(),
        }
    }
}

impl Faults {
    /// Latency only: 80 to 400 milliseconds, as over a good line.
    #[must_use]
    pub fn latency() -> Self {
        Self { latency_ms: 80..=400, ..Self::default() }
    }

    /// Faults for this share of all requests, in percent, spread evenly over twelve kinds. The log-in page
    /// is left out: it ends a run at once.
    #[must_use]
    pub fn spread(percent: f64) -> Self {
        let each = percent / SPREAD_KINDS;
        Self {
            latency_ms: 20..=400,
            not_connected_percent: each,
            unavailable_percent: each,
            unavailable_silent_percent: each,
            close_before_percent: each,
            close_after_percent: each,
            hang_percent: each,
            error_before_percent: each,
            error_after_percent: each,
            truncate_percent: each,
            wrong_type_percent: each,
            late_percent: each,
            storm_percent: each,
            ..Self::default()
        }
    }
}

/// Which requests the chances apply to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FaultScope {
    /// All requests.
    Everything,
    /// Requests that change something.
    ActionsOnly,
}

/// One fault for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptedFault {
    /// The request that it waits for.
    pub matcher: FaultMatcher,
    /// What happens to that request.
    pub kind: FaultKind,
}

/// The request that a scripted fault waits for. A field that is `None` matches every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultMatcher {
    /// The id of the device, without regard to case.
    pub device_id: Option<String>,
    /// The kind of request: an action's name, or a read's name as in the ledger.
    pub kind: Option<String>,
}

impl FaultMatcher {
    /// Any request of this kind.
    #[must_use]
    pub fn action(kind: &str) -> Self {
        Self { device_id: None, kind: Some(kind.to_owned()) }
    }

    /// A request of this kind for this device.
    #[must_use]
    pub fn action_on(kind: &str, device_id: &str) -> Self {
        Self { device_id: Some(device_id.to_owned()), kind: Some(kind.to_owned()) }
    }

    fn matches(&self, kind: &str, device_id: Option<&str>) -> bool {
        let is_kind = self.kind.as_deref().is_none_or(|wanted| wanted == kind);
        let is_device = self.device_id.as_deref().is_none_or(|wanted| {
            device_id.is_some_and(|device_id| device_id.eq_ignore_ascii_case(wanted))
        });
        is_kind && is_device
    }
}

/// What happens to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing: lets one request of a script through.
    None,
    /// No connection is made; over HTTP the connection is closed at once.
    NotConnected,
    /// Status 503; the request is not applied.
    Unavailable {
        /// The header `Retry-After`, in seconds; `None` leaves it out.
        retry_after_s: Option<u32>,
    },
    /// The connection closes before the request is applied.
    CloseBefore,
    /// The connection closes after the request is applied.
    CloseAfter,
    /// The request is applied and never answered.
    Hang,
    /// A server error; the request is not applied.
    ErrorBefore {
        /// The status.
        status: u16,
        /// How its body is written.
        page: ErrorPage,
    },
    /// A server error although the request is applied.
    ErrorAfter {
        /// The status.
        status: u16,
        /// How its body is written.
        page: ErrorPage,
    },
    /// The request is applied, and half of the body arrives.
    Truncate,
    /// The request is applied, and the content type of the answer is HTML.
    WrongContentType,
    /// A proxy's log-in page with status 200; the request is not applied.
    LoginPage,
    /// The connection closes, and the request is applied later.
    LateApply {
        /// The delay in milliseconds.
        after_ms: u64,
    },
    /// The answer that a test wrote.
    Canned(Box<CannedAnswer>),
    /// Another tool uses up requests of the hour just before this request.
    Storm {
        /// How many requests.
        requests: u32,
    },
}

impl FaultKind {
    /// The word for the fault in the ledger.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NotConnected => "not_connected",
            Self::Unavailable { .. } => "unavailable",
            Self::CloseBefore => "close_before",
            Self::CloseAfter => "close_after",
            Self::Hang => "hang",
            Self::ErrorBefore { .. } => "error_before",
            Self::ErrorAfter { .. } => "error_after",
            Self::Truncate => "truncate",
            Self::WrongContentType => "wrong_content_type",
            Self::LoginPage => "login_page",
            Self::LateApply { .. } => "late_apply",
            Self::Canned(_) => "canned",
            Self::Storm { .. } => "storm",
        }
    }
}

/// An answer that a test writes: a redirect, an unknown status, or broken JSON, for example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers; those of the gateway are not added.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the request is applied.
    pub moment: FaultMoment,
}

/// On which side of a request's effect a fault strikes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FaultMoment {
    /// Before the request is applied: it has no effect.
    BeforeApplying,
    /// After the request is applied: only the answer is lost.
    AfterApplying,
}

/// How the body of a server error is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ErrorPage {
    /// JSON, `{"error": ...}`.
    Json,
    /// An HTML page.
    Html,
}

/// One request as far as the draw of its fault cares.
pub(crate) struct Drawn<'a> {
    /// Its number among all requests, from 1.
    pub(crate) number: u64,
    /// Its kind, as in the ledger.
    pub(crate) kind: &'a str,
    /// The device that its path names.
    pub(crate) device_id: Option<&'a str>,
    /// Whether it changes something.
    pub(crate) is_action: bool,
}

impl Faults {
    /// Draws the fault of one request, or takes it off the script.
    pub(crate) fn draw(&mut self, seed: u64, drawn: &Drawn<'_>) -> FaultKind {
        let scripted =
            self.script.iter().position(|fault| fault.matcher.matches(drawn.kind, drawn.device_id));
        if let Some(at) = scripted {
            return self.script.remove(at).kind;
        }
        if self.scope == FaultScope::ActionsOnly && !drawn.is_action {
            return FaultKind::None;
        }
        let mut random = draw(seed, Draw::Fault, [drawn.number, 0, 0]);
        let status = [500, 502, 504][usize::try_from(random.below(3)).unwrap_or(0)];
        let page = if random.percent(50.0) { ErrorPage::Html } else { ErrorPage::Json };
        let retry_after_s = Some(self.retry_after_s);
        let after_ms = between(&mut random, &self.late_ms);
        let chances = [
            (self.not_connected_percent, FaultKind::NotConnected),
            (self.unavailable_percent, FaultKind::Unavailable { retry_after_s }),
            (self.unavailable_silent_percent, FaultKind::Unavailable { retry_after_s: None }),
            (self.close_before_percent, FaultKind::CloseBefore),
            (self.close_after_percent, FaultKind::CloseAfter),
            (self.hang_percent, FaultKind::Hang),
            (self.error_before_percent, FaultKind::ErrorBefore { status, page }),
            (self.error_after_percent, FaultKind::ErrorAfter { status, page }),
            (self.truncate_percent, FaultKind::Truncate),
            (self.wrong_type_percent, FaultKind::WrongContentType),
            (self.login_page_percent, FaultKind::LoginPage),
            (self.late_percent, FaultKind::LateApply { after_ms }),
            (self.storm_percent, FaultKind::Storm { requests: self.storm_requests }),
        ];
        pick(&mut random, chances).unwrap_or(FaultKind::None)
    }

    /// How long the answer to one request takes, in milliseconds.
    pub(crate) fn draw_latency(&self, seed: u64, number: u64) -> u64 {
        between(&mut draw(seed, Draw::Latency, [number, 0, 0]), &self.latency_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn drawn(number: u64, kind: &'static str) -> Drawn<'static> {
        Drawn { number, kind, device_id: Some("d1"), is_action: kind == "lock" }
    }

    #[test]
    fn a_script_is_used_up_in_order_and_only_by_its_requests() {
        let entry = |kind: FaultKind| ScriptedFault { matcher: FaultMatcher::action("lock"), kind };
        let script =
            vec![entry(FaultKind::Hang), entry(FaultKind::None), entry(FaultKind::Truncate)];
        let mut faults = Faults { script, ..Faults::default() };
        assert_eq!(faults.draw(1, &drawn(1, "get-device")), FaultKind::None);
        let seen: Vec<_> = (2..6).map(|number| faults.draw(1, &drawn(number, "lock"))).collect();
        let expected = [FaultKind::Hang, FaultKind::None, FaultKind::Truncate, FaultKind::None];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_script_may_wait_for_one_device() {
        let matcher = FaultMatcher::action_on("lock", "D1");
        assert!(matcher.matches("lock", Some("d1")));
        assert!(!matcher.matches("lock", Some("d2")));
        assert!(!matcher.matches("lock", None));
    }

    #[test]
    fn chances_hold_and_reads_can_be_spared() {
        let mut faults = Faults { close_after_percent: 20.0, ..Faults::default() };
        let hits = (0..2_000)
            .filter(|number| faults.draw(9, &drawn(*number, "lock")) == FaultKind::CloseAfter)
            .count();
        assert!((300..500).contains(&hits), "{hits} of 2,000");
        faults = Faults { scope: FaultScope::ActionsOnly, ..Faults::spread(100.0) };
        assert_eq!(faults.draw(9, &drawn(1, "get-device")), FaultKind::None);
        assert_ne!(faults.draw(9, &drawn(1, "lock")), FaultKind::None);
    }

    #[test]
    fn a_spread_share_is_the_share_of_requests_with_a_fault() {
        const DRAWS: u32 = 20_000;
        for percent in [1.0, 10.0, 50.0, 100.0] {
            let mut faults = Faults::spread(percent);
            let mut by_kind: BTreeMap<(&str, bool), u32> = BTreeMap::new();
            for number in 0..u64::from(DRAWS) {
                let kind = faults.draw(9, &drawn(number, "lock"));
                let is_silent = kind == FaultKind::Unavailable { retry_after_s: None };
                *by_kind.entry((kind.word(), is_silent)).or_default() += 1;
            }
            let good = by_kind.remove(&("none", false)).unwrap_or(0);
            let share = f64::from(DRAWS - good) * 100.0 / f64::from(DRAWS);
            assert!((share - percent).abs() < 1.0, "{share} % instead of {percent} %");
            assert_eq!(by_kind.len(), 12, "{by_kind:?}");
            let each = f64::from(DRAWS) * percent / 1_200.0;
            for (kind, hits) in by_kind {
                let ratio = f64::from(hits) / each;
                assert!((0.5..1.6).contains(&ratio), "{kind:?}: {hits} instead of {each}");
            }
        }
    }
}
