//! The simulated tenant: its devices, its rules, its ledger.
//!
//! Owns the state of the tenant and the order in which a request passes its layers: faults, gateway,
//! tokens, framework, endpoint. Invariant: pure. Time is an argument, randomness comes from the seed, and
//! the same requests at the same times get the same answers. Must never read a clock or hold a rule of
//! one endpoint.

use std::collections::HashMap;

use serde_json::json;

use super::answers;
use super::auth::Tokens;
use super::device::{Device, NewDevice, Presence};
use super::draws::{Draw, draw, one_of, uuid_of};
use super::exchange::{Delivery, SimReply, SimRequest};
use super::faults::{CannedAnswer, Drawn, FaultKind, FaultMoment, Faults};
use super::fleet::{self, FleetSpec};
use super::gateway::RateWindows;
use super::ledger::Ledger;
use super::life::{Due, DueQueue};
use super::lists::Lists;
use super::routes::{self, Endpoint, Route};
use super::spelling::http_date;
use super::switches::Switches;
use crate::model::UnixMillis;

/// Most devices of one tenant: more would not fit what a laptop simulates.
const DEVICES_MAX: usize = 1_000_000;

/// A simulated tenant.
///
/// ```
/// use sortie::model::UnixMillis;
/// use sortie::simulator::{Faults, FleetSpec, SimRequest, Switches, World};
/// let fleet = FleetSpec { devices: 20, seed: 7, ..FleetSpec::default() };
/// let now = UnixMillis(1_750_000_000_000);
/// let mut world = World::new(&fleet, Switches::default(), Faults::default(), now);
/// let request = SimRequest::get("/api/v1/devices?limit=300", world.token());
/// let reply = world.handle(now, &request);
/// assert_eq!(reply.json().as_array().map(Vec::len), Some(20));
/// ```
pub struct World {
    pub(super) seed: u64,
    pub(super) started: UnixMillis,
    pub(super) now: UnixMillis,
    pub(super) switches: Switches,
    pub(super) faults: Faults,
    pub(super) devices: Vec<Device>,
    pub(super) due: DueQueue,
    pub(super) ledger: Ledger,
    pub(super) lists: Lists,
    places: HashMap<String, usize>,
    /// Requests on their way so far, those that no connection came about for included.
    arrived: u64,
    tokens: Tokens,
    windows: RateWindows,
}

impl World {
    /// A tenant with this fleet, at this moment.
    #[must_use]
    pub fn new(fleet: &FleetSpec, switches: Switches, faults: Faults, now: UnixMillis) -> Self {
        let mut world = Self {
            seed: fleet.seed,
            started: now,
            now,
            windows: RateWindows::new(&switches),
            switches,
            faults,
            devices: Vec::new(),
            due: DueQueue::default(),
            ledger: Ledger::default(),
            lists: Lists::default(),
            places: HashMap::new(),
            arrived: 0,
            tokens: Tokens::new(uuid_of(fleet.seed, "token")),
        };
        for device in fleet::generate(fleet, now) {
            world.add_device(device);
        }
        world
    }

    /// Puts a device into the tenant and returns its id. A device with the id of another takes its place
    /// in look-ups.
    pub fn add_device(&mut self, mut facts: NewDevice) -> String {
        let place = self.devices.len();
        if place >= DEVICES_MAX {
            return String::new();
        }
        let mut random = draw(self.seed, Draw::Device, [place as u64, 1, 0]);
        if facts.device_id.is_empty() {
            facts.device_id = random.uuid();
        }
        facts.device_id.make_ascii_lowercase();
        if facts.serial_number.is_empty() {
            facts.serial_number = fleet::draw_serial(&mut random);
        }
        let kind = facts.kind.facts();
        if facts.model.is_empty() {
            facts.model = one_of(&mut random, kind.models).to_owned();
        }
        if facts.os_version.is_empty() {
            facts.os_version = one_of(&mut random, kind.os_versions).to_owned();
        }
        if facts.name.is_empty() {
            let owner = facts.user.as_ref().and_then(|user| user.name.split(' ').next());
            let platform = facts.kind.platform();
            facts.name = match owner {
                Some(owner) => format!("{owner}'s {platform}"),
                None => format!("{platform}-{place:05}"),
            };
        }
        let background = random.below(u64::from(self.switches.background_commands_max) + 1);
        let presence = facts.presence;
        let id = facts.device_id.clone();
        self.lists.add(place, &facts);
        self.places.insert(id.clone(), place);
        self.devices.push(Device {
            first_enrollment: facts.last_enrollment,
            facts,
            is_online: presence == Presence::Online,
            checks_in_from: None,
            is_restarting: false,
            came_back: None,
            is_locked: false,
            is_deleted: false,
            commands: Vec::new(),
            background: u32::try_from(background).unwrap_or(0),
            pin: None,
            pins_issued: 0,
            notes: Vec::new(),
        });
        self.take_presence(place, presence);
        self.join_check_ins(place);
        id
    }

    /// The token that opens the tenant; drawn from the seed.
    #[must_use]
    pub fn token(&self) -> &str {
        self.tokens.first()
    }

    /// Makes a further token valid, one that no switch revokes.
    pub fn add_token(&mut self, token: &str) {
        self.tokens.add(token.to_owned());
    }

    /// What the tenant saw and accepted.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The switches, to turn one while the tenant runs. Those of the rate limits count only at its start.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    /// The faults, to change them while the tenant runs.
    pub fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Ids of all devices that have a record, in the order of their arrival.
    pub fn device_ids(&self) -> impl Iterator<Item = &str> {
        let present = self.devices.iter().filter(|device| !device.is_deleted);
        present.map(|device| device.facts.device_id.as_str())
    }

    /// What the record of a device says now; only its check-in may be later (`last_check_in`).
    #[must_use]
    pub fn device(&self, device_id: &str) -> Option<&NewDevice> {
        self.place_of(device_id).map(|place| &self.devices[place].facts)
    }

    /// The name of the blueprint's id, as the device list shows it.
    #[must_use]
    pub fn blueprint_id(&self, name: &str) -> String {
        uuid_of(self.seed, &format!("blueprint/{name}"))
    }

    /// Answers a request that arrives at this moment.
    pub fn handle(&mut self, now: UnixMillis, request: &SimRequest) -> SimReply {
        self.advance(now);
        if request.path() == routes::LEDGER_PATH {
            return self.show_ledger(request);
        }
        let route = routes::find(request);
        let endpoint = match &route {
            Route::Found(endpoint) => Some(endpoint),
            Route::WrongMethod { .. } | Route::Unknown => None,
        };
        let kind = endpoint.map_or("other", Endpoint::kind);
        self.arrived += 1;
        let number = self.arrived;
        let drawn = Drawn {
            number,
            kind,
            device_id: endpoint.and_then(Endpoint::device_id),
            is_action: endpoint.is_some_and(Endpoint::is_action),
        };
        let fault = self.faults.draw(self.seed, &drawn);
        if fault != FaultKind::None {
            self.ledger.broke(fault.word());
        }
        if fault == FaultKind::NotConnected {
            return broken(Delivery::NotConnected);
        }
        self.ledger.saw(kind);
        let mut reply = self.pass(request, &route, &fault, number);
        reply.latency_ms = self.faults.draw_latency(self.seed, number);
        let skewed = UnixMillis(self.now.0.saturating_add(self.faults.date_skew_ms));
        reply.set_header("Date", http_date(skewed));
        // What does not come from the API knows nothing of its limits.
        if !matches!(fault, FaultKind::LoginPage | FaultKind::Canned(_)) {
            for (name, value) in self.windows.headers(self.now, &self.faults) {
                reply.set_header(name, value);
            }
        }
        self.ledger.answered(reply.status);
        reply
    }

    /// Leads a request through its fault, the gateway and the rest.
    fn pass(
        &mut self,
        request: &SimRequest,
        route: &Route,
        fault: &FaultKind,
        number: u64,
    ) -> SimReply {
        match fault {
            FaultKind::CloseBefore => return broken(Delivery::Closed),
            FaultKind::LateApply { after_ms } => {
                let at = self.now.plus_ms(*after_ms);
                self.due.add(at, Due::Apply { request: Box::new(request.clone()) });
                return broken(Delivery::Closed);
            }
            FaultKind::Storm { requests } => self.windows.eat(self.now, *requests),
            _ => {}
        }
        let request_id = self
            .switches
            .gateway_request_id
            .then(|| uuid_of(self.seed, &number.to_string()).replace('-', ""));
        if let Err(wait_s) = self.windows.take(self.now, &self.faults) {
            let mut reply = answers::gateway(429, "API rate limit exceeded", request_id.as_deref());
            if self.switches.sends_retry_after {
                reply.set_header("Retry-After", wait_s.to_string());
            }
            return reply;
        }
        match fault {
            FaultKind::Unavailable { retry_after_s } => {
                let mut reply = answers::server_error(503, super::faults::ErrorPage::Json);
                if let Some(seconds) = retry_after_s {
                    reply.set_header("Retry-After", seconds.to_string());
                }
                return reply;
            }
            FaultKind::ErrorBefore { status, page } => {
                return answers::server_error(*status, *page);
            }
            FaultKind::LoginPage => return answers::login_page(),
            FaultKind::Canned(canned) if canned.moment == FaultMoment::BeforeApplying => {
                return from_can(canned);
            }
            _ => {}
        }
        let reply = match route {
            Route::Unknown => {
                let text = "no Route matched with those values";
                answers::gateway(404, text, request_id.as_deref())
            }
            _ => self.enter(request, route),
        };
        spoil(reply, fault)
    }

    /// What stands behind the gateway: token, method, device, endpoint.
    fn enter(&mut self, request: &SimRequest, route: &Route) -> SimReply {
        let kind = match route {
            Route::Found(endpoint) => endpoint.kind(),
            Route::WrongMethod { .. } | Route::Unknown => "other",
        };
        if let Err(reply) = self.tokens.check(request, kind, self.now, &self.switches) {
            return reply;
        }
        let endpoint = match route {
            Route::Found(endpoint) => endpoint,
            Route::WrongMethod { allow } => {
                let text = format!("Method \"{}\" not allowed.", request.method);
                let mut reply = answers::detail(405, &text);
                reply.set_header("Allow", allow.clone());
                return reply;
            }
            Route::Unknown => return answers::not_found(&self.switches),
        };
        let place = match endpoint.device_id().map(|id| self.place_of(id)) {
            None => return self.list(endpoint, request),
            Some(None) => return answers::not_found(&self.switches),
            Some(Some(place)) => place,
        };
        match endpoint {
            Endpoint::Action(_, action) => self.act(place, action, request),
            Endpoint::Secret(_, kind) => self.secret(place, *kind),
            Endpoint::Details(_) => self.details(place),
            Endpoint::Activity(_) => self.list_activity(place, request),
            Endpoint::Update(_) => self.update_record(place, request),
            Endpoint::Record(_, record) => self.show_record(place, *record),
            Endpoint::Note(_, note) => self.notes(place, note, request),
            Endpoint::LostMode(_) => answers::json(400, &json!(["Device is not in lost mode."])),
            _ => answers::json(200, &self.device_row(place)),
        }
    }

    /// Applies a request whose connection died; nobody hears the answer.
    pub(super) fn applied_late(&mut self, request: &SimRequest) {
        let route = routes::find(request);
        self.enter(request, &route);
    }

    fn show_ledger(&self, request: &SimRequest) -> SimReply {
        if !self.tokens.knows(request) {
            return answers::detail(401, "The ledger needs the tenant's token.");
        }
        answers::json(200, &self.ledger.to_json())
    }

    pub(super) fn place_of(&self, device_id: &str) -> Option<usize> {
        let hit = self.places.get(device_id);
        hit.or_else(|| self.places.get(&device_id.to_ascii_lowercase())).copied()
    }

    /// Takes the record of a device away, its secrets included.
    pub(super) fn drop_record(&mut self, place: usize) {
        let device = &mut self.devices[place];
        device.is_deleted = true;
        device.pin = None;
        self.places.remove(&device.facts.device_id);
        self.lists.forget_order();
    }
}

fn broken(delivery: Delivery) -> SimReply {
    SimReply { delivery, ..answers::empty(0) }
}

fn from_can(canned: &CannedAnswer) -> SimReply {
    let CannedAnswer { status, headers, body, .. } = canned.clone();
    SimReply { headers, body, ..answers::empty(status) }
}

/// What a fault leaves of an answer to a request that was applied.
fn spoil(mut reply: SimReply, fault: &FaultKind) -> SimReply {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{ErrorPage, FaultMatcher, NotFoundBody, ScriptedFault};

    fn with_fault(kind: FaultKind) -> Testbed {
        let mut bed = Testbed::macs(1);
        let matcher = FaultMatcher::action("restart");
        bed.world.faults.script.push(ScriptedFault { matcher, kind });
        bed
    }

    #[test]
    fn unknown_paths_end_at_the_gateway() {
        let mut bed = Testbed::macs(1);
        let reply = bed.get("/api/v1/nowhere");
        assert_eq!(reply.status, 404);
        assert_eq!(reply.json()["message"], "no Route matched with those values");
        assert_eq!(reply.json()["request_id"].as_str().map(str::len), Some(32));
        bed.world.switches.gateway_request_id = false;
        assert!(bed.get("/api/v1/nowhere").json()["request_id"].is_null());
    }

    #[test]
    fn every_answer_carries_the_headers() {
        let mut bed = Testbed::macs(1);
        for path in ["/api/v1/devices", "/nowhere", "/api/v1/devices/unknown"] {
            let reply = bed.get(path);
            for name in ["Date", "RateLimit-Remaining", "X-RateLimit-Remaining-Hour"] {
                assert!(reply.header(name).is_some(), "{name} on {path}");
            }
        }
        assert_eq!(bed.get("/").header("x-ratelimit-remaining-hour"), Some("9996"));
    }

    #[test]
    fn too_many_requests_are_told_when_to_come_back() {
        let mut bed = Testbed::macs(1);
        for _ in 0..50 {
            assert_eq!(bed.get("/api/v1/devices").status, 200);
        }
        let reply = bed.get("/api/v1/devices");
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")));
        assert!(reply.text().contains("API rate limit exceeded"));
        bed.world.switches.sends_retry_after = false;
        assert_eq!(bed.get("/api/v1/devices").header("retry-after"), None);
        bed.pass_ms(1_000);
        assert_eq!(bed.get("/api/v1/devices").status, 200);
    }

    #[test]
    fn methods_tokens_and_unknown_devices_are_refused_by_the_framework() {
        let mut bed = Testbed::macs(1);
        let path = format!("{}/action/lock", bed.path(0));
        let reply = bed.get(&path);
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        assert_eq!(reply.json()["detail"], "Method \"GET\" not allowed.");
        let unknown = SimRequest::get("/api/v1/devices", "other");
        assert_eq!(bed.world.handle(bed.now, &unknown).status, 401);
        let reply = bed.get("/api/v1/devices/0f0f0f0f-0000-4000-8000-000000000000/");
        assert_eq!((reply.status, reply.text().as_str()), (404, r#"{"detail":"Not found."}"#));
        bed.world.switches.not_found_body = NotFoundBody::Empty;
        assert!(bed.get("/api/v1/devices/nothing").body.is_empty());
        let upper = bed.path(0).to_uppercase().replace("/API/V1/DEVICES", "/api/v1/devices");
        assert_eq!(bed.get(&upper).status, 200);
    }

    #[test]
    fn faults_before_leave_no_trace_and_faults_after_do() {
        let page = ErrorPage::Html;
        for (kind, status, delivery, applied) in [
            (FaultKind::NotConnected, 0, Delivery::NotConnected, 0),
            (FaultKind::CloseBefore, 0, Delivery::Closed, 0),
            (FaultKind::Unavailable { retry_after_s: Some(7) }, 503, Delivery::Whole, 0),
            (FaultKind::ErrorBefore { status: 502, page }, 502, Delivery::Whole, 0),
            (FaultKind::LoginPage, 200, Delivery::Whole, 0),
            (FaultKind::ErrorAfter { status: 500, page }, 500, Delivery::Whole, 1),
            (FaultKind::CloseAfter, 200, Delivery::Closed, 1),
            (FaultKind::Hang, 200, Delivery::Hangs, 1),
            (FaultKind::Truncate, 200, Delivery::Closed, 1),
            (FaultKind::WrongContentType, 200, Delivery::Whole, 1),
            (FaultKind::Storm { requests: 100 }, 200, Delivery::Whole, 1),
            (FaultKind::Storm { requests: 10_000 }, 429, Delivery::Whole, 0),
        ] {
            let mut bed = with_fault(kind.clone());
            let reply = bed.post(0, "restart", "");
            assert_eq!((reply.status, reply.delivery), (status, delivery), "{kind:?}");
            assert_eq!(bed.world.ledger().count(&bed.id(0), "restart"), applied, "{kind:?}");
            assert_eq!(bed.world.ledger().faults.get(kind.word()), Some(&1));
            let seen = u64::from(delivery != Delivery::NotConnected);
            assert_eq!(bed.world.ledger().requests, seen, "{kind:?}");
        }
    }

    #[test]
    fn a_test_may_write_the_answer_itself() {
        for (moment, applied) in [(FaultMoment::BeforeApplying, 0), (FaultMoment::AfterApplying, 1)]
        {
            let headers = vec![("Location", "http://elsewhere/".to_owned())];
            let canned = CannedAnswer { status: 302, headers, body: b"gone".to_vec(), moment };
            let mut bed = with_fault(FaultKind::Canned(Box::new(canned)));
            let reply = bed.post(0, "restart", "");
            assert_eq!((reply.status, reply.header("location")), (302, Some("http://elsewhere/")));
            assert_eq!(reply.header("x-ratelimit-remaining-hour"), None);
            assert_eq!(bed.world.ledger().count_all("restart"), applied);
        }
    }

    #[test]
    fn a_late_request_is_applied_after_its_connection_died() {
        let mut bed = with_fault(FaultKind::LateApply { after_ms: 9_000 });
        assert_eq!(bed.post(0, "restart", "").delivery, Delivery::Closed);
        bed.pass_ms(8_999);
        assert!(bed.commands(0).is_empty());
        bed.pass_ms(1);
        assert_eq!(bed.commands(0).len(), 1);
        let accepted = bed.world.ledger().accepted[0].at;
        assert_eq!(accepted, bed.now);
    }

    #[test]
    fn a_cut_answer_loses_half_of_its_body() {
        let mut bed = Testbed::macs(1);
        let matcher = FaultMatcher::default();
        bed.world.faults.script.push(ScriptedFault { matcher, kind: FaultKind::Truncate });
        assert_eq!(bed.post(0, "lock", "").delivery, Delivery::Cut { bytes: 8 });
    }

    #[test]
    fn the_servers_clock_may_be_wrong() {
        let mut bed = Testbed::macs(1);
        bed.world.faults.date_skew_ms = 3_600_000;
        let right = http_date(bed.now.plus_ms(3_600_000));
        assert_eq!(bed.get("/api/v1/devices").header("date"), Some(right.as_str()));
    }

    #[test]
    fn the_ledger_is_readable_with_the_token_and_costs_nothing() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "lock", "");
        let ledger = bed.get("/__simulator/ledger").json();
        assert_eq!(ledger["requests"], 1);
        assert_eq!(ledger["by_kind"]["lock"], 1);
        assert_eq!(ledger["accepted"][0]["action"], "lock");
        let stranger = SimRequest::get("/__simulator/ledger", "other");
        assert_eq!(bed.world.handle(bed.now, &stranger).status, 401);
    }

    #[test]
    fn the_same_seed_gives_the_same_tenant() {
        let answers = || {
            let fleet = FleetSpec { devices: 50, seed: 11, ..FleetSpec::default() };
            let now = UnixMillis(1_750_000_000_000);
            let mut world = World::new(&fleet, Switches::lively(), Faults::spread(30.0), now);
            let token = world.token().to_owned();
            let ids: Vec<String> = world.device_ids().map(str::to_owned).collect();
            let mut seen = String::new();
            for (step, id) in ids.iter().enumerate() {
                let path = format!("/api/v1/devices/{id}/action/lock");
                let request = SimRequest::post(&path, &token, "");
                let reply = world.handle(now.plus_ms(step as u64 * 100), &request);
                seen += &format!("{} {:?} {}\n", reply.status, reply.delivery, reply.text());
            }
            seen
        };
        assert_eq!(answers(), answers());
    }
}
