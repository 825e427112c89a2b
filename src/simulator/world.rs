//! The simulated tenant: the coordinator of its parts.
//!
//! Owns the order in which a request passes faults, gateway, tokens, framework and endpoint, and which part
//! answers. The parts own their state and do not know each other. Invariant: pure. Time is an argument,
//! randomness comes from the seed, and the same requests at the same times get the same answers. Must never
//! read a clock or hold a rule of one endpoint.

use std::ops::RangeInclusive;

use super::acceptance;
use super::device_list::DeviceList;
use super::directory::Directory;
use super::draws::{Draw, draw};
use super::gateway::Gateway;
use super::ids::TenantIds;
use super::ledger::{Accepted, Ledger};
use super::mdm::effects;
use super::mdm::service::MdmService;
use super::notes::{NoteArrival, NoteBook};
use super::record_update::{self, LateRecords};
use super::setup::faults::{Drawn, FaultKind, Faults};
use super::setup::fleet::{self, FleetSpec};
use super::setup::new_device::{NewDevice, Presence};
use super::setup::switches::Switches;
use super::tokens::Tokens;
use super::views::command_rows;
use super::views::details::details;
use super::views::device_reports;
use super::views::device_row::device_row;
use super::views::lost_mode::lost_mode_report;
use super::views::secrets::secret;
use super::wire::answers;
use super::wire::breakage;
use super::wire::exchange::{SimReply, SimRequest};
use super::wire::fields;
use super::wire::routes::{self, Endpoint, Route};
use crate::kandji::ActionSpec;
use crate::model::{Risk, UnixMillis};

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
    seed: u64,
    switches: Switches,
    faults: Faults,
    gateway: Gateway,
    tokens: Tokens,
    mdm: MdmService,
    list: DeviceList,
    directory: Directory,
    late_records: LateRecords,
    notes: NoteBook,
    ledger: Ledger,
}

impl World {
    /// A tenant with this fleet that opens at this moment.
    #[must_use]
    pub fn new(fleet: &FleetSpec, switches: Switches, faults: Faults, now: UnixMillis) -> Self {
        let seed = fleet.seed;
        let ids = TenantIds::new(seed);
        let mut world = Self {
            seed,
            gateway: Gateway::new(seed, &switches),
            tokens: Tokens::new(ids.token()),
            mdm: MdmService::new(seed, now),
            list: DeviceList::default(),
            directory: Directory::new(seed, now),
            late_records: LateRecords::default(),
            notes: NoteBook::new(ids),
            ledger: Ledger::default(),
            switches,
            faults,
        };
        for device in fleet::generate(fleet, now) {
            world.add_device(device);
        }
        world
    }

    /// Adds a device to the tenant and returns its id. A device with the id of another takes its place in
    /// look-ups. Beyond a million devices nothing is added, and the id is an empty text.
    pub fn add_device(&mut self, mut facts: NewDevice) -> String {
        let place = self.mdm.devices().len();
        if self.mdm.devices().is_full() {
            return String::new();
        }
        let mut random = draw(self.seed, Draw::Device, [place as u64, 1, 0]);
        fleet::fill_blanks(&mut facts, place, &mut random);
        let background = random.below(u64::from(self.switches.background_commands_max) + 1);
        let id = facts.device_id.clone();
        self.list.add(place, &facts);
        self.directory.add(&facts);
        self.mdm.add(facts, u32::try_from(background).unwrap_or(0), &self.switches);
        id
    }

    /// The token that opens the tenant, drawn from the seed.
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

    /// The switches, to turn one while the tenant runs. The rate limits count only at its start.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    /// The faults, to change them while the tenant runs.
    pub fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The ids of all devices that have a record, in the order of their arrival.
    pub fn device_ids(&self) -> impl Iterator<Item = &str> {
        self.mdm.devices().present().map(|facts| facts.device_id.as_str())
    }

    /// What the record of a device says now; `None` without a record. Only its check-in may be later
    /// ([`Self::last_check_in`]).
    #[must_use]
    pub fn device(&self, device_id: &str) -> Option<&NewDevice> {
        self.place_of(device_id).map(|place| &self.mdm.devices().at(place).facts)
    }

    /// The last check-in of a device as the device list shows it now; `None` if it never checked in.
    #[must_use]
    pub fn last_check_in(&self, device_id: &str) -> Option<UnixMillis> {
        self.place_of(device_id).and_then(|place| self.mdm.view(place, &self.switches).checked_in())
    }

    /// When a device last came back from being offline; `None` if it never did. A restart does not count.
    #[must_use]
    pub fn came_back_at(&self, device_id: &str) -> Option<UnixMillis> {
        self.place_of(device_id).and_then(|place| self.mdm.devices().at(place).came_back())
    }

    /// The id of the blueprint with this name, as the device list shows it.
    #[must_use]
    pub fn blueprint_id(&self, name: &str) -> String {
        TenantIds::new(self.seed).blueprint(name)
    }

    /// Moves the tenant to this moment. A moment in the past changes nothing.
    pub fn advance(&mut self, now: UnixMillis) {
        while let Some(request) = self.mdm.advance(now, &self.switches) {
            // Its connection was closed long ago: no client hears the answer.
            self.enter(&request, &routes::find(&request));
        }
    }

    /// Wakes a device: its waiting commands reach it. An unknown id changes nothing, here and below.
    pub fn wake(&mut self, device_id: &str) {
        if let Some(place) = self.place_of(device_id) {
            self.mdm.come_online(place, &self.switches);
        }
    }

    /// Types the PIN at a locked Mac.
    pub fn unlock(&mut self, device_id: &str) {
        if let Some(place) = self.place_of(device_id) {
            self.mdm.unlock(place, &self.switches);
        }
    }

    /// Takes a device off the network or puts it back.
    pub fn set_presence(&mut self, device_id: &str, presence: Presence) {
        if let Some(place) = self.place_of(device_id) {
            self.mdm.set_presence(place, presence, &self.switches);
        }
    }

    /// Takes a share of the reachable devices off the network, in percent, each for a drawn time in
    /// milliseconds from now on. Returns their ids.
    pub fn take_offline(&mut self, percent: f64, range_ms: &RangeInclusive<u64>) -> Vec<String> {
        let taken = self.mdm.take_offline(percent, range_ms, &self.switches);
        let devices = self.mdm.devices();
        taken.into_iter().map(|place| devices.at(place).facts.device_id.clone()).collect()
    }

    /// Answers a request that arrives at this moment. The reply says what the connection does with it.
    pub fn handle(&mut self, now: UnixMillis, request: &SimRequest) -> SimReply {
        self.advance(now);
        if request.path() == routes::LEDGER_PATH {
            return self.show_ledger(request);
        }
        let route = routes::find(request);
        let (kind, endpoint) = (route.kind(), route.endpoint());
        let number = self.gateway.next_number();
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
        if fault != FaultKind::NotConnected {
            self.ledger.saw(kind);
            if let (true, Some(device_id)) = (drawn.is_action, drawn.device_id) {
                self.ledger.saw_action(device_id, kind);
            }
        }
        let mut reply = self.pass(request, &route, &fault, number);
        if fault != FaultKind::NotConnected {
            self.gateway.stamp(&mut reply, number, &fault, self.mdm.now(), &self.faults);
            self.ledger.answered(reply.status);
        }
        reply
    }

    /// Leads a request through its fault and the gateway to the tenant.
    fn pass(
        &mut self,
        request: &SimRequest,
        route: &Route,
        fault: &FaultKind,
        number: u64,
    ) -> SimReply {
        if let FaultKind::LateApply { after_ms } = fault {
            self.mdm.apply_later(*after_ms, request.clone());
        }
        if let Some(reply) = breakage::before_gateway(fault) {
            return reply;
        }
        let (now, switches) = (self.mdm.now(), &self.switches);
        if let Err(reply) = self.gateway.admit(number, fault, now, &self.faults, switches) {
            return reply;
        }
        if let Some(reply) = breakage::before_tenant(fault) {
            return reply;
        }
        let reply = match route {
            Route::Unknown => self.gateway.no_route(number, switches),
            _ => self.enter(request, route),
        };
        breakage::after_tenant(reply, fault)
    }

    /// What is behind the gateway: token, method, device, endpoint.
    fn enter(&mut self, request: &SimRequest, route: &Route) -> SimReply {
        let (now, switches) = (self.mdm.now(), &self.switches);
        if let Err(reply) = self.tokens.check(request, route.kind(), now, switches) {
            return reply;
        }
        let endpoint = match route {
            Route::Found(endpoint) => endpoint,
            Route::WrongMethod { allow } => return answers::wrong_method(&request.method, allow),
            Route::Unknown => return answers::not_found(switches),
        };
        match endpoint.device_id().map(|id| self.place_of(id)) {
            None => self.list(endpoint, request),
            Some(None) => answers::not_found(switches),
            Some(Some(place)) => self.answer_for(place, endpoint, request),
        }
    }

    /// Answers the endpoints that name no device.
    fn list(&mut self, endpoint: &Endpoint, request: &SimRequest) -> SimReply {
        let (switches, present) = (&self.switches, self.mdm.devices().present());
        let directory = &self.directory;
        match endpoint {
            Endpoint::Blueprints => directory.list_blueprints(request, present, switches),
            Endpoint::Blueprint(id) => directory.show_blueprint(id, present, switches),
            Endpoint::BlueprintItems(id) => directory.list_blueprint_items(id, request, switches),
            Endpoint::Tags => directory.list_tags(request, present, switches),
            Endpoint::Users => directory.list_users(request, present, switches),
            Endpoint::User(id) => directory.show_user(id, present, switches),
            _ => {
                let fleet = self.mdm.fleet(switches);
                self.list.answer(request, fleet, self.ledger.requests, switches)
            }
        }
    }

    /// Answers the endpoints of one device.
    fn answer_for(&mut self, place: usize, endpoint: &Endpoint, request: &SimRequest) -> SimReply {
        let (now, switches) = (self.mdm.now(), &self.switches);
        let view = self.mdm.view(place, switches);
        match endpoint {
            Endpoint::Action(_, action) if action.name == "get-location" => lost_mode_report(&view),
            Endpoint::Action(_, action) if action.risk == Risk::Read => {
                command_rows::commands(&view, self.mdm.history(place), request, now, switches)
            }
            Endpoint::Action(_, action) => self.act(place, action, request),
            Endpoint::Secret(_, kind) => {
                secret(&view, *kind, self.mdm.readable_pin(place), switches.no_secret)
            }
            Endpoint::Details(_) => details(&view),
            Endpoint::Activity(_) => {
                command_rows::activity(&view, self.mdm.history(place), request, switches)
            }
            Endpoint::Update(_) => self.update_record(place, request),
            Endpoint::Record(_, record) => device_reports::report(&view, *record),
            Endpoint::Note(_, note) => {
                let arrival = NoteArrival { now, request_number: self.ledger.requests };
                self.notes.answer(place, note, request, arrival, switches)
            }
            _ => self.late_records.answer(place, now, || device_row(&view, switches.list_times)),
        }
    }

    /// Accepts or refuses an action.
    fn act(&mut self, place: usize, action: &'static ActionSpec, request: &SimRequest) -> SimReply {
        if action.name == "delete-device" {
            self.accept(place, action.name, request, None);
            self.mdm.delete(place);
            return answers::empty(204);
        }
        let fields = match fields::read(request, action, &self.switches) {
            Ok(fields) => fields,
            Err(reply) => return reply,
        };
        let device = self.mdm.devices().at(place);
        let has_open = self.mdm.has_open(place, action.name);
        let refused = acceptance::refusal(device, action, &fields, has_open, &self.switches);
        if let Some(refused) = refused {
            return refused;
        }
        let planned = effects::plan(action, &fields, device.facts.kind, &device.facts.os_version);
        let pin = acceptance::makes_pin(device.facts.kind, action, &self.switches)
            .then(|| self.mdm.issue_pin(place, fields.text("PIN"), &self.switches));
        self.accept(place, action.name, request, pin.clone());
        match action.name {
            "cancel-lost-mode" => self.mdm.cancel_lost_mode(place),
            _ => self.mdm.queue(place, action.name, planned, &self.switches),
        }
        let name = &self.mdm.devices().at(place).facts.name;
        acceptance::success(name, action, pin, &self.switches)
    }

    /// Changes the record of a device and answers with the whole of it.
    fn update_record(&mut self, place: usize, request: &SimRequest) -> SimReply {
        let (now, switches) = (self.mdm.now(), &self.switches);
        let view = self.mdm.view(place, switches);
        let update = match record_update::read(request, &self.directory, &view, switches) {
            Ok(update) => update,
            Err(refused) => return refused,
        };
        let row = || device_row(&view, switches.list_times);
        self.late_records.keep(place, row, now, switches.record_visible_after_ms);
        self.accept(place, "update-device", request, None);
        self.mdm.update(place, update);
        self.list.forget_row(place);
        let view = self.mdm.view(place, &self.switches);
        record_update::answer(&device_row(&view, self.switches.list_times), &self.switches)
    }

    fn accept(&mut self, place: usize, action: &str, request: &SimRequest, pin: Option<String>) {
        self.ledger.accept(Accepted {
            device_id: self.mdm.devices().at(place).facts.device_id.clone(),
            action: action.to_owned(),
            at: self.mdm.now(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            pin,
        });
    }

    fn show_ledger(&self, request: &SimRequest) -> SimReply {
        if !self.tokens.knows(request) {
            return answers::detail(401, "The ledger needs the tenant's token.");
        }
        answers::json(200, &self.ledger.to_json())
    }

    /// The MDM service, for tests of its state.
    #[cfg(test)]
    pub(super) fn mdm_mut(&mut self) -> &mut MdmService {
        &mut self.mdm
    }

    fn place_of(&self, device_id: &str) -> Option<usize> {
        self.mdm.devices().place_of(device_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::wire::spelling::http_date;
    use crate::simulator::{
        CannedAnswer, Delivery, ErrorPage, FaultMatcher, FaultMoment, NotFoundBody, ScriptedFault,
    };

    fn with_fault(kind: FaultKind) -> Testbed {
        let mut bed = Testbed::macs(1);
        let matcher = FaultMatcher::action("restart");
        bed.world.faults_mut().script.push(ScriptedFault { matcher, kind });
        bed
    }

    #[test]
    fn unknown_paths_end_at_the_gateway() {
        let mut bed = Testbed::macs(1);
        let reply = bed.get("/api/v1/nowhere");
        assert_eq!(reply.status, 404);
        assert_eq!(reply.json()["message"], "no Route matched with those values");
        assert_eq!(reply.json()["request_id"].as_str().map(str::len), Some(32));
        bed.world.switches_mut().gateway_request_id = false;
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
    fn too_many_requests_get_a_retry_after() {
        let mut bed = Testbed::macs(1);
        for _ in 0..50 {
            assert_eq!(bed.get("/api/v1/devices").status, 200);
        }
        let reply = bed.get("/api/v1/devices");
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")));
        assert!(reply.text().contains("API rate limit exceeded"));
        bed.world.switches_mut().sends_retry_after = false;
        assert_eq!(bed.get("/api/v1/devices").header("retry-after"), None);
        bed.pass_ms(1_000);
        assert_eq!(bed.get("/api/v1/devices").status, 200);
    }

    #[test]
    fn the_framework_refuses_methods_tokens_and_unknown_devices() {
        let mut bed = Testbed::macs(1);
        let path = format!("{}/action/lock", bed.path(0));
        let reply = bed.get(&path);
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        assert_eq!(reply.json()["detail"], "Method \"GET\" not allowed.");
        let unknown = SimRequest::get("/api/v1/devices", "other");
        assert_eq!(bed.world.handle(bed.now, &unknown).status, 401);
        let reply = bed.get("/api/v1/devices/0f0f0f0f-0000-4000-8000-000000000000/");
        assert_eq!((reply.status, reply.text().as_str()), (404, r#"{"detail":"Not found."}"#));
        bed.world.switches_mut().not_found_body = NotFoundBody::Empty;
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
        bed.world.faults_mut().script.push(ScriptedFault { matcher, kind: FaultKind::Truncate });
        assert_eq!(bed.post(0, "lock", "").delivery, Delivery::Cut { bytes: 8 });
    }

    #[test]
    fn the_servers_clock_may_be_wrong() {
        let mut bed = Testbed::macs(1);
        bed.world.faults_mut().date_skew_ms = 3_600_000;
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
