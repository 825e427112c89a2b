//! The command history of a device.
//!
//! Owns the rows of `GET /commands`, the finished ones of `GET /activity`, and their pages. Commands that
//! a device already had are drawn when a page shows them, so that 20,000 histories cost nothing. Must never
//! move a command through its life.

use serde_json::{Value, json};

use super::answers;
use super::device::Device;
use super::draws::{Draw, draw};
use super::effects::Effect;
use super::exchange::{SimReply, SimRequest};
use super::spelling::spell;
use super::switches::{
    CommandNames, CommandOrder, CommandTimes, ForeignCommands, LinkHost, Switches,
};
use super::world::World;
use crate::model::UnixMillis;

/// Most rows of one page of any list.
pub(super) const PAGE_ROWS_MAX: usize = 300;
/// Where links lead that name the vendor's host.
const VENDOR_HOST: &str = "https://simulated.api.kandji.io";
/// Distance of the commands that a device already had.
const BACKGROUND_STEP_MS: i64 = 7_000_000;
/// Commands of others, as command type and request type.
const BACKGROUND: [(&str, &str); 12] = [
    ("DeviceInformation", "DeviceInformation"),
    ("SecurityInfo", "SecurityInfo"),
    ("ProfileList", "ProfileList"),
    ("CertificateList", "CertificateList"),
    ("AvailableOSUpdates", "AvailableOSUpdates"),
    ("InstalledApplicationList", "InstalledApplicationList"),
    ("ManagedApplicationList", "ManagedApplicationList"),
    ("DeclarativeManagement", "DeclarativeManagement"),
    ("InstallVPPApplication", "InstallApplication"),
    ("SetDeviceNameLibraryItem", "Settings"),
    ("DeveloperCustomCommand", "Settings"),
    ("InstallProfile", "InstallProfile"),
];

/// Where a command is. The numbers are the API's.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending = 1,
    Running = 2,
    Completed = 3,
    Failed = 4,
    NotNow = 5,
}

/// A queued command.
pub(super) struct Command {
    pub(super) uuid: String,
    /// The action that it comes from; `None` for commands of others.
    pub(super) action: Option<&'static str>,
    pub(super) request_type: &'static str,
    pub(super) command_type: &'static str,
    pub(super) metadata: Value,
    pub(super) effect: Effect,
    pub(super) status: Status,
    pub(super) attempts: u32,
    pub(super) requested: UnixMillis,
    pub(super) pushed: Option<UnixMillis>,
    pub(super) completed: Option<UnixMillis>,
    pub(super) error: Option<String>,
    /// Whether the device has already said Not Now.
    pub(super) has_waited: bool,
}

impl Command {
    /// Whether it has not come to its end.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.status, Status::Completed | Status::Failed)
    }
}

/// A page of a list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Page {
    /// Reads `limit` and `offset` as the framework does: too much is clamped, junk is the default.
    pub(super) fn read(query: &[(String, String)], rows_max: usize) -> Self {
        let number = |key: &str| {
            query.iter().rfind(|(name, _)| name == key).and_then(|(_, text)| text.parse().ok())
        };
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(PAGE_ROWS_MAX);
        Self { limit: limit.min(rows_max), offset: number("offset").unwrap_or(0) }
    }

    /// One page of a list as the framework writes it, with the rows that `row` makes. `list_url` is what
    /// [`World::list_url`] made of the request.
    fn write(self, list_url: &str, count: usize, row: impl Fn(usize) -> Value) -> Value {
        let (limit, offset) = (self.limit, self.offset);
        let end = count.min(offset.saturating_add(limit));
        let rows: Vec<Value> = (offset.min(end)..end).map(row).collect();
        let link = |offset: usize| format!("{list_url}limit={limit}&offset={offset}");
        let next = (end < count).then(|| link(offset + limit));
        let previous = (offset > 0).then(|| link(offset.saturating_sub(limit)));
        json!({ "count": count, "next": next, "previous": previous, "results": rows })
    }
}

impl World {
    /// Answers `GET /devices/{id}/commands`.
    pub(super) fn list_commands(&self, place: usize, request: &SimRequest) -> SimReply {
        let device = &self.devices[place];
        if !device.platform().is_apple() {
            match self.switches.foreign_commands {
                ForeignCommands::Empty => {}
                ForeignCommands::BadRequest => {
                    return answers::refusal(&self.switches, answers::NOT_ALLOWED);
                }
                ForeignCommands::NotFound => return answers::not_found(&self.switches),
            }
        }
        let visible = self.visible_commands(device);
        let background = device.background as usize;
        let count = if device.platform().is_apple() { background + visible.len() } else { 0 };
        let row = |at: usize| {
            let at = match self.switches.command_order {
                CommandOrder::Ascending => at,
                CommandOrder::Descending => count - 1 - at,
            };
            let spelling = match self.switches.command_times {
                CommandTimes::Zulu => 0,
                CommandTimes::Offset => 4,
                CommandTimes::Mixed => (at as u64 % 2) * 4,
            };
            match at.checked_sub(background) {
                None => row_of(&self.background_command(place, at), spelling, &self.switches),
                Some(live) => row_of(visible[live], spelling, &self.switches),
            }
        };
        let page = self.page_of(request, count, row);
        answers::json(200, &json!({ "device_id": device.facts.device_id, "commands": page }))
    }

    /// Answers `GET /devices/{id}/activity` with the commands of actions that came to their end.
    pub(super) fn list_activity(&self, place: usize, request: &SimRequest) -> SimReply {
        let device = &self.devices[place];
        let ended: Vec<&Command> =
            device.commands.iter().filter(|command| !command.is_open()).collect();
        let row = |at: usize| {
            let command = ended[at];
            let is_failed = command.status == Status::Failed;
            let details = row_of(command, 4, &self.switches);
            json!({
                "id": at + 1,
                "created_at": command.completed.map(|at| spell(at, 0)),
                "action_type":
                    if is_failed { "mdm_command_failed" } else { "mdm_command_completed" },
                "details": details,
                "computer": {
                    "id": device.facts.device_id,
                    "name": device.facts.name,
                    "is_removed": device.facts.is_removed,
                },
                "blueprint": {
                    "id": self.blueprint_id(&device.facts.blueprint),
                    "name": device.facts.blueprint,
                    "is_removed": false,
                },
                "user": Value::Null,
                "external_token": Value::Null,
                "blueprint_routing": false,
            })
        };
        let page = self.page_of(request, ended.len(), row);
        answers::json(200, &json!({ "device_id": device.facts.device_id, "activity": page }))
    }

    /// One page of a list with links, with the rows that `row` makes.
    pub(super) fn page_of(
        &self,
        request: &SimRequest,
        count: usize,
        row: impl Fn(usize) -> Value,
    ) -> Value {
        let page = Page::read(&request.query(), self.switches.page_rows_max);
        page.write(&self.list_url(request), count, row)
    }

    /// The URL that links of a list begin with: the request's own, up to where limit and offset follow.
    pub(super) fn list_url(&self, request: &SimRequest) -> String {
        let origin = match self.switches.link_host {
            LinkHost::Own => request.origin.as_str(),
            LinkHost::Vendor => VENDOR_HOST,
        };
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let paging = ["limit=", "offset=", "cursor="];
        let is_page = |pair: &&str| paging.iter().any(|key| pair.starts_with(key));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_page(pair));
        kept.fold(format!("{origin}{path}?"), |url, pair| format!("{url}{pair}&"))
    }

    /// The queued commands that the list already shows.
    fn visible_commands<'a>(&self, device: &'a Device) -> Vec<&'a Command> {
        let lag_ms = self.switches.command_visible_after_ms;
        let is_visible = |command: &&Command| command.requested.plus_ms(lag_ms) <= self.now;
        device.commands.iter().filter(is_visible).collect()
    }

    /// A command that the device had before the tenant started; 0 is the oldest.
    fn background_command(&self, place: usize, at: usize) -> Command {
        let device = &self.devices[place];
        let mut random = draw(self.seed, Draw::Background, [place as u64, at as u64, 0]);
        let age_steps = i64::from(device.background) - at as i64;
        let jitter_ms = i64::try_from(random.below(600_000)).unwrap_or(0);
        let requested = UnixMillis(self.started.0 - age_steps * BACKGROUND_STEP_MS + jitter_ms);
        let mut command = others_command(&mut random, requested);
        let ended = requested.plus_ms(1_000 + random.below(30_000));
        command.pushed = Some(requested.plus_ms(400));
        command.completed = Some(ended);
        command.attempts = 1;
        command.status = Status::Completed;
        if random.percent(2.0) {
            command.status = Status::Failed;
            command.error =
                Some(format!("“{}” is not a valid request type.", command.request_type));
        }
        command
    }
}

/// A fresh command that has nothing to do with the client's actions.
pub(super) fn others_command(random: &mut crate::model::Random, requested: UnixMillis) -> Command {
    let place = usize::try_from(random.below(BACKGROUND.len() as u64)).unwrap_or(0);
    let (command_type, request_type) = BACKGROUND[place];
    let metadata = match command_type {
        "SetDeviceNameLibraryItem" => {
            json!({ "items": ["HostName"], "SettingName": "HostName", "host_name": "studio" })
        }
        "InstallVPPApplication" => json!({ "app_name": "Pages", "adam_id": 361_309_726.0 }),
        "DeviceInformation" => json!({ "Items": ["MDMOptions"] }),
        _ => json!({}),
    };
    Command {
        uuid: random.uuid(),
        action: None,
        request_type,
        command_type,
        metadata,
        effect: Effect::None,
        status: Status::Pending,
        attempts: 0,
        requested,
        pushed: None,
        completed: None,
        error: None,
        has_waited: false,
    }
}

/// One row, with more keys than are documented, as newer tenants have them.
fn row_of(command: &Command, spelling: u64, switches: &Switches) -> Value {
    let time = |at: Option<UnixMillis>| at.map(|at| spell(at, spelling));
    let command_type = match (switches.command_names, command.action) {
        // A rename could not be told from other settings under Apple's name alone.
        (CommandNames::Same, Some(name)) if name != "set-name" => command.request_type,
        _ => command.command_type,
    };
    let error_chain = match &command.error {
        None => json!([]),
        Some(text) => json!([{
            "code": 12021,
            "domain": "MCMDMErrorDomain",
            "localized_description": text,
            "us_english_description": text,
        }]),
    };
    json!({
        "uuid": command.uuid,
        "error_chain": error_chain,
        "command_type": command_type,
        "request_type": command.request_type,
        "metadata": command.metadata,
        "request_requires_network_tether": false,
        "status": command.status as u8,
        "attempts": command.attempts,
        "date_requested": spell(command.requested, spelling),
        "date_completed": time(command.completed),
        "last_pushed": time(command.pushed),
        "user": Value::Null,
        "priority": 50,
        "is_silent": false,
        "skip_retry": false,
        "username": Value::Null,
        "profile_name": Value::Null,
        "profile_uuid": Value::Null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    #[test]
    fn limits_are_clamped_and_junk_is_the_default() {
        let page = |limit: &str| {
            let query = [("limit".to_owned(), limit.to_owned()), ("offset".into(), "7".into())];
            Page::read(&query, PAGE_ROWS_MAX)
        };
        assert_eq!(page("10"), Page { limit: 10, offset: 7 });
        for limit in ["301", "0", "abc", "-1", ""] {
            assert_eq!(page(limit).limit, 300, "{limit}");
        }
    }

    #[test]
    fn pages_are_nested_ascending_and_hold_together() {
        let mut bed = Testbed::macs(1);
        bed.world.devices[0].background = 650;
        let mut dates = Vec::new();
        for offset in [0, 300, 600, 900] {
            let reply = bed.get(&format!("{}/commands?limit=999&offset={offset}", bed.path(0)));
            let body = reply.json();
            assert_eq!(body["commands"]["count"], 650);
            assert_eq!(body["commands"]["next"].is_null(), offset >= 600);
            assert_eq!(body["commands"]["previous"].is_null(), offset == 0);
            for row in body["commands"]["results"].as_array().expect("rows") {
                let at = UnixMillis::parse(row["date_requested"].as_str().expect("a time"));
                dates.push(at.expect("a moment"));
            }
        }
        assert_eq!(dates.len(), 650);
        assert!(dates.is_sorted());
    }

    #[test]
    fn links_lead_to_the_host_that_was_asked() {
        let mut bed = Testbed::macs(1);
        bed.world.devices[0].background = 5;
        let path = format!("{}/commands/", bed.path(0));
        let mut request =
            SimRequest::get(&format!("{path}?source=iructl&limit=2&offset=2"), bed.world.token());
        let mut links = |bed: &mut Testbed, origin: &str| {
            request.origin = origin.to_owned();
            let page = bed.world.handle(bed.now, &request).json()["commands"].clone();
            (page["next"].clone(), page["previous"].clone())
        };
        let expected = |host: &str, offset: u8| {
            json!(format!("{host}{path}?source=iructl&limit=2&offset={offset}"))
        };
        for own in ["http://127.0.0.1:8800", "https://mac.example:1"] {
            assert_eq!(links(&mut bed, own), (expected(own, 4), expected(own, 0)));
        }
        bed.world.switches.link_host = LinkHost::Vendor;
        let next = links(&mut bed, "http://127.0.0.1:8800").0;
        assert_eq!(next, expected("https://simulated.api.kandji.io", 4));
    }

    #[test]
    fn activity_and_short_lists_link_to_the_same_host() {
        let mut bed = Testbed::macs(1);
        for action in ["restart", "update-inventory"] {
            bed.post(0, action, "");
            bed.pass_ms(600_000);
        }
        let activity = format!("{}/activity?limit=1", bed.path(0));
        let next = bed.get(&activity).json()["activity"]["next"].clone();
        let own = "http://simulated.invalid/api/v1/";
        assert!(next.as_str().is_some_and(|link| link.starts_with(own)), "{next}");
        let mut bed = Testbed::with(
            ["Lab", "Labor"]
                .map(|blueprint| NewDevice {
                    blueprint: blueprint.to_owned(),
                    ..NewDevice::new(DeviceKind::MacIntel)
                })
                .to_vec(),
        );
        let next = bed.get("/api/v1/blueprints?limit=1&name=lab").json()["next"].clone();
        assert_eq!(next, format!("{own}blueprints?name=lab&limit=1&offset=1"));
    }

    #[test]
    fn the_order_can_be_reversed_and_new_rows_can_lag() {
        let mut bed = Testbed::macs(1);
        bed.world.switches.command_order = CommandOrder::Descending;
        bed.world.switches.command_visible_after_ms = 5_000;
        bed.post(0, "restart", "");
        let first = |bed: &mut Testbed| {
            let reply = bed.get(&format!("{}/commands", bed.path(0)));
            reply.json()["commands"]["results"][0]["request_type"].clone()
        };
        assert_ne!(first(&mut bed), "RestartDevice");
        bed.pass_ms(5_000);
        assert_eq!(first(&mut bed), "RestartDevice");
    }

    #[test]
    fn names_and_spellings_can_be_switched() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "lock", "");
        bed.world.switches.command_times = CommandTimes::Offset;
        assert_eq!(bed.commands(0)[0]["command_type"], "DeviceLock");
        bed.world.switches.command_names = CommandNames::House;
        let row = bed.commands(0).remove(0);
        assert_eq!(row["command_type"], "LockDevice");
        assert_eq!(row["request_type"], "DeviceLock");
        assert!(row["date_requested"].as_str().expect("a time").ends_with("+00:00"));
        assert!(row["is_silent"].is_boolean());
    }

    #[test]
    fn windows_shows_no_commands_in_three_ways() {
        let mut bed = Testbed::of(&[DeviceKind::Windows]);
        bed.post(0, "daily-checkin", "");
        let path = format!("{}/commands", bed.path(0));
        assert_eq!(bed.get(&path).json()["commands"]["count"], 0);
        bed.world.switches.foreign_commands = ForeignCommands::BadRequest;
        assert_eq!(bed.get(&path).status, 400);
        bed.world.switches.foreign_commands = ForeignCommands::NotFound;
        assert_eq!(bed.get(&path).status, 404);
    }
}
