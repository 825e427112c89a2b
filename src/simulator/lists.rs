//! The device list.
//!
//! Owns filters, order and pages. Filters that the tenant does not know are ignored, as the real one is
//! believed to do. Rows are made for one page only. Must never change a device.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::answers;
use super::commands::Page;
use super::details::{ANDROID_PATCH, MAC_AGENT, WINDOWS_AGENT, WINDOWS_VERSION, build_of};
use super::device::{NewDevice, SimUser};
use super::draws::{Draw, draw, uuid_of};
use super::exchange::{SimReply, SimRequest};
use super::routes::Endpoint;
use super::spelling::{LIST_SPELLINGS, spell};
use super::switches::{ListTimes, SingleDevice};
use super::world::World;
use crate::model::{Platform, UnixMillis};

/// Letters of a serial number that the index looks up together.
const GRAM: usize = 3;
/// The key whose values move without a request.
const CHECK_IN_KEY: &str = "last_check_in";
/// Most keys of an order: the tenant knows ten fields.
const ORDER_KEYS_MAX: usize = 10;

/// What makes lists quick: where serial numbers occur, and the last order that was asked for.
#[derive(Default)]
pub(super) struct Lists {
    grams: HashMap<[u8; GRAM], Vec<usize>>,
    order: Option<Order>,
    /// Rows as they were written last, by place: a sweep asks for the whole fleet every few minutes.
    rows: HashMap<usize, WrittenRow>,
    /// Blueprints of the tenant: one stays when its last device leaves it.
    pub(super) blueprints: BTreeSet<String>,
    /// Users of the tenant by address: one stays when the last device is taken away.
    pub(super) users: BTreeMap<String, SimUser>,
}

/// A row as it was written, and what of it may change.
struct WrittenRow {
    state: RowState,
    text: Arc<str>,
}

/// What a row shows that may change after a device came into the tenant.
#[derive(PartialEq)]
struct RowState {
    checked_in: Option<UnixMillis>,
    name: String,
    mdm_enabled: bool,
    last_enrollment: UnixMillis,
}

/// An order that was asked for.
struct Order {
    keys: String,
    places: Arc<Vec<usize>>,
    /// When it was made: one by check-ins holds for that moment only.
    made: UnixMillis,
}

impl Order {
    /// Whether the order by these keys is still this one.
    fn holds(&self, keys: &str, now: UnixMillis) -> bool {
        self.keys == keys && (self.made == now || !keys.contains(CHECK_IN_KEY))
    }
}

impl Lists {
    pub(super) fn add(&mut self, place: usize, facts: &NewDevice) {
        let serial = facts.serial_number.to_ascii_uppercase();
        for gram in serial.as_bytes().windows(GRAM) {
            let places = self.grams.entry([gram[0], gram[1], gram[2]]).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        self.blueprints.insert(facts.blueprint.clone());
        if let Some(user) = &facts.user {
            self.users.insert(user.email.clone(), user.clone());
        }
        self.forget_order();
    }

    /// What the row of a device shows has changed.
    pub(super) fn forget_row(&mut self, place: usize) {
        self.rows.remove(&place);
        self.forget_order();
    }

    /// What a list is ordered by has changed.
    pub(super) fn forget_order(&mut self) {
        self.order = None;
    }

    /// Few places that hold all devices whose serial number contains the text; `None` when it is too short.
    fn candidates(&self, text: &str) -> Option<Vec<usize>> {
        let text = text.to_ascii_uppercase();
        let grams = text.as_bytes().windows(GRAM);
        let places = grams.map(|gram| match self.grams.get(&[gram[0], gram[1], gram[2]]) {
            Some(places) => places.as_slice(),
            None => &[],
        });
        places.min_by_key(|places| places.len()).map(<[usize]>::to_vec)
    }
}

impl World {
    /// Answers the lists.
    pub(super) fn list(&mut self, endpoint: &Endpoint, request: &SimRequest) -> SimReply {
        match endpoint {
            Endpoint::Blueprints => self.list_blueprints(request),
            Endpoint::Blueprint(id) => self.show_blueprint(id),
            Endpoint::BlueprintItems(id) => self.list_blueprint_items(id, request),
            Endpoint::Tags => self.list_tags(request),
            Endpoint::Users => self.list_users(request),
            Endpoint::User(id) => self.show_user(id),
            _ => self.list_devices(request),
        }
    }

    fn list_devices(&mut self, request: &SimRequest) -> SimReply {
        let query = request.query();
        let value = |key: &str| {
            query.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.as_str())
        };
        let ordering = value("ordering").unwrap_or_default().to_owned();
        let serial = value("serial_number").unwrap_or_default();
        let places = match self.lists.candidates(serial) {
            Some(mut few) => {
                self.sort(&mut few, &ordering);
                Arc::new(few)
            }
            None => self.in_order(&ordering),
        };
        let matching = places.iter().copied().filter(|place| {
            let device = &self.devices[*place];
            !device.is_deleted && query.iter().all(|(key, value)| self.matches(*place, key, value))
        });
        let page = Page::read(&query, self.switches.page_rows_max);
        let offset = self.shifted(page.offset);
        let shown: Vec<usize> = matching.skip(offset).take(page.limit).collect();
        if let ([place], false, SingleDevice::Object) =
            (shown.as_slice(), serial.is_empty(), self.switches.single_device)
        {
            return answers::json(200, &self.device_row(*place));
        }
        let rows: Vec<Arc<str>> = shown.into_iter().map(|place| self.written_row(place)).collect();
        answers::json_array(&rows)
    }

    /// A row as JSON text, written anew only when the device has changed.
    fn written_row(&mut self, place: usize) -> Arc<str> {
        let facts = &self.devices[place].facts;
        let state = RowState {
            checked_in: self.checked_in(place),
            name: facts.name.clone(),
            mdm_enabled: facts.mdm_enabled,
            last_enrollment: facts.last_enrollment,
        };
        if let Some(written) = self.lists.rows.get(&place).filter(|row| row.state == state) {
            return Arc::clone(&written.text);
        }
        let text: Arc<str> = self.device_row(place).to_string().into();
        self.lists.rows.insert(place, WrittenRow { state, text: Arc::clone(&text) });
        text
    }

    /// A page may begin one row early or late, as when a device came or left since the page before.
    fn shifted(&self, offset: usize) -> usize {
        let mut random = draw(self.seed, Draw::Shift, [self.ledger.requests, 0, 0]);
        if offset == 0 || !random.percent(self.switches.pages_shift_percent) {
            return offset;
        }
        if random.percent(50.0) { offset - 1 } else { offset + 1 }
    }

    fn in_order(&mut self, ordering: &str) -> Arc<Vec<usize>> {
        if let Some(order) = &self.lists.order
            && order.holds(ordering, self.now)
        {
            return Arc::clone(&order.places);
        }
        let mut places: Vec<usize> = (0..self.devices.len()).collect();
        self.sort(&mut places, ordering);
        let places = Arc::new(places);
        self.lists.order =
            Some(Order { keys: ordering.to_owned(), places: Arc::clone(&places), made: self.now });
        places
    }

    fn sort(&self, places: &mut [usize], ordering: &str) {
        if ordering.is_empty() {
            return;
        }
        let keys: Vec<&str> = ordering.split(',').map(str::trim).take(ORDER_KEYS_MAX).collect();
        places.sort_by(|left, right| {
            let (left, right) = (*left, *right);
            let by_key = keys.iter().map(|key| match key.strip_prefix('-') {
                Some(key) => self.compare(right, left, key),
                None => self.compare(left, right, key),
            });
            by_key.fold(Ordering::Equal, Ordering::then)
        });
    }

    fn compare(&self, left: usize, right: usize, key: &str) -> Ordering {
        if key == CHECK_IN_KEY {
            return self.checked_in(left).cmp(&self.checked_in(right));
        }
        let (left, right) = (&self.devices[left], &self.devices[right]);
        let (one, two) = (&left.facts, &right.facts);
        match key {
            "asset_tag" => one.asset_tag.cmp(&two.asset_tag),
            "blueprint_id" => one.blueprint.cmp(&two.blueprint),
            "device_id" => one.device_id.cmp(&two.device_id),
            "device_name" => one.name.cmp(&two.name),
            "model" => one.model.cmp(&two.model),
            "platform" => left.platform().word().cmp(right.platform().word()),
            "os_version" => one.os_version.cmp(&two.os_version),
            "serial_number" => one.serial_number.cmp(&two.serial_number),
            "user" => email_of(one).cmp(email_of(two)),
            _ => Ordering::Equal,
        }
    }

    /// Whether a device passes one filter; an unknown one lets everything pass.
    fn matches(&self, place: usize, key: &str, value: &str) -> bool {
        let device = &self.devices[place];
        let facts = &device.facts;
        let name = facts.user.as_ref().map_or("", |user| user.name.as_str());
        match key {
            "asset_tag" => contains(&facts.asset_tag, value),
            "device_id" => contains(&facts.device_id, value),
            "device_name" => contains(&facts.name, value),
            "mac_address" => self.mac_address(place).eq_ignore_ascii_case(value),
            "model" => contains(&facts.model, value),
            "os_version" => contains(&facts.os_version, value),
            "serial_number" => contains(&facts.serial_number, value),
            "blueprint_id" => contains(&self.blueprint_id(&facts.blueprint), value),
            "platform" => device.platform().word() == value,
            "filevault_enabled" => {
                device.platform() == Platform::Mac && facts.filevault == (value == "true")
            }
            "tag_name" => facts.tags.iter().any(|tag| tag == value),
            "tag_name_in" => facts.tags.iter().any(|tag| value.split(',').any(|one| one == tag)),
            "tag_id" => facts.tags.iter().any(|tag| self.tag_id(tag) == value),
            "tag_id_in" => {
                let is_wanted = |tag: &String| value.split(',').any(|id| id == self.tag_id(tag));
                facts.tags.iter().any(is_wanted)
            }
            "user" => contains(email_of(facts), value) || contains(name, value),
            "user_name" => contains(name, value),
            "user_email" => contains(email_of(facts), value),
            "user_email_exact" => email_of(facts) == value,
            "user_id" => self.user_id(email_of(facts)) == value,
            _ => true,
        }
    }

    pub(super) fn tag_id(&self, tag: &str) -> String {
        uuid_of(self.seed, &format!("tag/{tag}"))
    }

    pub(super) fn user_id(&self, email: &str) -> String {
        uuid_of(self.seed, &format!("user/{email}"))
    }

    /// One row of the list, which is also the answer for one device.
    pub(super) fn device_row(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let facts = &device.facts;
        let (checked_in_spelling, enrolled_spelling) = match self.switches.list_times {
            ListTimes::Published => (0, 1),
            ListTimes::Mixed => (place as u64 % LIST_SPELLINGS, place as u64 % LIST_SPELLINGS),
        };
        let user = self.user_object(facts.user.as_ref()).unwrap_or(json!(""));
        let (agent_version, security_patch_level, full_software_version) = match device.platform() {
            Platform::Mac => (MAC_AGENT, "", ""),
            Platform::Windows => (WINDOWS_AGENT, "", WINDOWS_VERSION),
            Platform::Android => ("", ANDROID_PATCH, ""),
            _ => ("", "", ""),
        };
        json!({
            "device_id": facts.device_id,
            "device_name": facts.name,
            "model": facts.model,
            "serial_number": facts.serial_number,
            "platform": device.platform().word(),
            "os_version": facts.os_version,
            "supplemental_build_version": build_of(device),
            "supplemental_os_version_extra": "",
            "last_check_in": self.checked_in(place).map_or(String::new(), |at| spell(at, checked_in_spelling)),
            "user": user,
            "asset_tag": facts.asset_tag,
            "blueprint_id": self.blueprint_id(&facts.blueprint),
            "blueprint_name": facts.blueprint,
            "mdm_enabled": facts.mdm_enabled,
            // Published as true even of iPhones and iPads, whose details say no.
            "agent_installed": facts.mdm_enabled && device.platform() != Platform::Android,
            "agent_version": agent_version,
            "is_missing": facts.is_missing,
            "is_removed": facts.is_removed,
            "first_enrollment": spell(device.first_enrollment, enrolled_spelling),
            "last_enrollment": spell(facts.last_enrollment, enrolled_spelling),
            "lost_mode_status": "",
            "tags": facts.tags,
            "api_level": "",
            "security_patch_level": security_patch_level,
            "full_software_version": full_software_version,
        })
    }

    pub(super) fn present(&self) -> impl Iterator<Item = &NewDevice> {
        self.devices.iter().filter(|device| !device.is_deleted).map(|device| &device.facts)
    }
}

pub(super) fn email_of(facts: &NewDevice) -> &str {
    facts.user.as_ref().map_or("", |user| user.email.as_str())
}

/// Whether a text contains another, without regard to case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if part.is_empty() {
        return true;
    }
    let (text, part) = (text.as_bytes(), part.as_bytes());
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, SimUser};

    fn device(kind: DeviceKind, serial: &str, email: &str, tag: &str) -> NewDevice {
        NewDevice {
            serial_number: serial.to_owned(),
            user: (!email.is_empty())
                .then(|| SimUser { email: email.to_owned(), name: "Ada Byron".to_owned() }),
            tags: vec![tag.to_owned()],
            last_check_in: Some(UnixMillis(1_700_000_000_000)),
            ..NewDevice::new(kind)
        }
    }

    fn bed() -> Testbed {
        Testbed::with(vec![
            device(DeviceKind::MacIntel, "C02ABC123456", "ada@example.com", "lab"),
            device(DeviceKind::MacIntel, "C02ABC1234", "grandada@example.com", "Lab"),
            device(DeviceKind::IPad, "DMPXY0000001", "", "kiosk"),
            device(DeviceKind::Windows, "PF3ABC9", "eve@example.com", "kiosk"),
        ])
    }

    fn serials(bed: &mut Testbed, query: &str) -> Vec<String> {
        let rows = bed.get(&format!("/api/v1/devices?{query}")).json();
        let rows = rows.as_array().expect("a bare array").iter();
        rows.map(|row| row["serial_number"].as_str().expect("a text").to_owned()).collect()
    }

    #[test]
    fn serial_numbers_match_in_part_and_without_regard_to_case() {
        let mut bed = bed();
        for (query, count) in [
            ("serial_number=C02ABC1234", 2),
            ("serial_number=c02abc123456", 1),
            ("serial_number=ABC", 3),
            ("serial_number=02", 2),
            ("serial_number=", 4),
            ("serial_number=ZZZZ", 0),
        ] {
            assert_eq!(serials(&mut bed, query).len(), count, "{query}");
        }
    }

    #[test]
    fn filters_contain_or_equal_and_unknown_ones_are_ignored() {
        let mut bed = bed();
        for (query, count) in [
            ("user_email=ada@example.com", 2),
            ("user_email_exact=ada%40example.com", 1),
            ("platform=Mac", 2),
            ("platform=mac", 0),
            ("tag_name=lab", 1),
            ("tag_name_in=lab,kiosk", 3),
            ("platfrom=Mac", 4),
            ("filevault_enabled=true", 2),
            ("platform=Mac&tag_name=lab", 1),
            ("source=anything", 4),
        ] {
            assert_eq!(serials(&mut bed, query).len(), count, "{query}");
        }
    }

    #[test]
    fn a_hardware_address_finds_its_device() {
        let mut bed = bed();
        for place in [0, 2] {
            let path = format!("{}/details", bed.path(place));
            let address = bed.get(&path).json()["network"]["mac_address"].clone();
            let address = address.as_str().expect("a text").to_uppercase();
            let found = bed.get(&format!("/api/v1/devices?mac_address={address}")).json();
            assert_eq!(found.as_array().map(Vec::len), Some(1), "{address}");
            assert_eq!(found[0]["device_id"], bed.id(place));
        }
        assert!(serials(&mut bed, "mac_address=00:0c:29:05:43:b6").is_empty());
    }

    #[test]
    fn pages_and_orders_hold_together() {
        let mut bed = Testbed::macs(650);
        let mut all = Vec::new();
        for offset in [0, 300, 600, 900] {
            all.extend(serials(
                &mut bed,
                &format!("limit=900&ordering=serial_number&offset={offset}"),
            ));
        }
        assert_eq!(all.len(), 650);
        assert!(all.is_sorted());
        bed.pass_ms(1_000);
        let reversed = serials(&mut bed, "ordering=-serial_number&limit=1");
        assert_eq!(reversed[0], all[649]);
    }

    #[test]
    fn users_are_objects_or_empty_texts() {
        let rows = bed().get("/api/v1/devices").json();
        assert_eq!(rows[0]["user"]["email"], "ada@example.com");
        assert_eq!(rows[2]["user"], "");
    }

    #[test]
    fn times_are_written_as_published() {
        let mut bed = bed();
        for row in bed.get("/api/v1/devices").json().as_array().expect("rows") {
            let time = |key: &str| row[key].as_str().expect("a text").to_owned();
            let checked_in = time("last_check_in");
            assert!(checked_in.contains('T') && checked_in.ends_with('Z'), "{checked_in}");
            for key in ["first_enrollment", "last_enrollment"] {
                let enrolled = time(key);
                assert!(enrolled.contains(' ') && enrolled.ends_with("+00:00"), "{enrolled}");
            }
        }
    }

    #[test]
    fn times_may_come_in_four_spellings() {
        let mut bed = bed();
        bed.world.switches.list_times = ListTimes::Mixed;
        let rows = bed.get("/api/v1/devices").json();
        let times: BTreeSet<&str> =
            (0..4).filter_map(|at| rows[at]["last_check_in"].as_str()).collect();
        assert_eq!(times.len(), 4);
    }

    #[test]
    fn one_device_may_come_without_its_array() {
        let mut bed = bed();
        bed.world.switches.single_device = SingleDevice::Object;
        let reply = bed.get("/api/v1/devices?serial_number=PF3ABC9").json();
        assert_eq!(reply["serial_number"], "PF3ABC9");
        assert!(bed.get("/api/v1/devices?limit=1").json().is_array());
    }

    #[test]
    fn pages_may_shift_under_the_reader() {
        let mut bed = Testbed::macs(20);
        let whole = serials(&mut bed, "");
        bed.world.switches.pages_shift_percent = 100.0;
        assert_eq!(serials(&mut bed, "limit=5&offset=0"), whole[..5]);
        assert_ne!(serials(&mut bed, "limit=5&offset=5"), whole[5..10]);
    }
}
