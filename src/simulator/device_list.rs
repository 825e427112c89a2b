//! The device list.
//!
//! Owns filters, order and pages. Filters that the tenant does not know are ignored, as the real one is
//! believed to do. Rows are made for one page only. Must never change a device.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::draws::{Draw, draw};
use super::mdm::device_view::{DeviceView, FleetView};
use super::setup::new_device::NewDevice;
use super::setup::switch_values::SingleDevice;
use super::setup::switches::Switches;
use super::views::device_row::device_row;
use super::wire::answers;
use super::wire::exchange::{SimReply, SimRequest};
use super::wire::pages::{Page, contains, last_value};
use crate::model::{Platform, UnixMillis};

/// Letters of a serial number that the index looks up together.
const GRAM: usize = 3;
/// The key whose values move without a request.
const CHECK_IN_KEY: &str = "last_check_in";
/// Most keys of an order. Documented: the list can be ordered by ten fields.
const ORDER_KEYS_MAX: usize = 10;

/// What makes lists quick: where serial numbers occur, the last order that was asked for, and the rows as
/// they were written last.
#[derive(Default)]
pub(super) struct DeviceList {
    grams: HashMap<[u8; GRAM], Vec<usize>>,
    order: Option<ListOrder>,
    /// By place: a check-in poll asks for the whole fleet every few minutes.
    rows: HashMap<usize, WrittenRow>,
}

/// A row as it was written, and what of it may change.
struct WrittenRow {
    state: RowState,
    text: Arc<str>,
}

/// What a row shows that may change without [`DeviceList::forget_row`].
#[derive(PartialEq)]
struct RowState {
    checked_in: Option<UnixMillis>,
    name: String,
    mdm_enabled: bool,
    last_enrollment: UnixMillis,
    is_in_lost_mode: bool,
}

/// An order that was asked for.
struct ListOrder {
    keys: String,
    places: Arc<Vec<usize>>,
    /// When it was made: one by check-ins holds for that moment only.
    made: UnixMillis,
    /// The revision of the devices that it was made from.
    revision: u64,
}

impl ListOrder {
    /// Whether the order by these keys is still this one.
    fn holds(&self, keys: &str, fleet: FleetView<'_>) -> bool {
        self.keys == keys
            && self.revision == fleet.devices.revision()
            && (self.made == fleet.now || !keys.contains(CHECK_IN_KEY))
    }
}

impl DeviceList {
    /// Adds the device at this place.
    pub(super) fn add(&mut self, place: usize, facts: &NewDevice) {
        let serial = facts.serial_number.to_ascii_uppercase();
        for gram in serial.as_bytes().windows(GRAM) {
            let places = self.grams.entry([gram[0], gram[1], gram[2]]).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }

    /// Writes the row of a device anew the next time it is shown: its record was changed.
    pub(super) fn forget_row(&mut self, place: usize) {
        self.rows.remove(&place);
    }

    /// Answers `GET /devices`. `request_number` is the number of the request, from which a shift of the page
    /// is drawn.
    pub(super) fn answer(
        &mut self,
        request: &SimRequest,
        fleet: FleetView<'_>,
        request_number: u64,
        switches: &Switches,
    ) -> SimReply {
        let mut query = request.query();
        query.retain(|(key, _)| !switches.ignored_filters.contains(&**key));
        let ordering = last_value(&query, "ordering").unwrap_or_default();
        let serial = last_value(&query, "serial_number").unwrap_or_default();
        let places = match self.candidates(serial) {
            Some(mut few) => {
                sort(&mut few, ordering, fleet);
                Arc::new(few)
            }
            None => self.in_order(ordering, fleet),
        };
        let matching = places.iter().map(|place| fleet.at(*place)).filter(|view| {
            !view.device.is_deleted() && query.iter().all(|(key, value)| matches(view, key, value))
        });
        let page = Page::read(&query, switches.page_rows_max);
        let offset = shifted(page.offset, fleet.seed, request_number, switches);
        let shown: Vec<DeviceView<'_>> = matching.skip(offset).take(page.limit).collect();
        if let ([view], false, SingleDevice::Object) =
            (shown.as_slice(), serial.is_empty(), switches.single_device)
        {
            return answers::json(200, &device_row(view, switches.list_times));
        }
        let rows: Vec<Arc<str>> =
            shown.iter().map(|view| self.written_row(view, switches)).collect();
        answers::json_array(&rows)
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

    /// A row as JSON text, written anew only when the device has changed.
    fn written_row(&mut self, view: &DeviceView<'_>, switches: &Switches) -> Arc<str> {
        let facts = view.facts();
        let state = RowState {
            checked_in: view.checked_in(),
            name: facts.name.clone(),
            mdm_enabled: facts.mdm_enabled,
            last_enrollment: facts.last_enrollment,
            is_in_lost_mode: view.device.lost_mode().is_some(),
        };
        if let Some(written) = self.rows.get(&view.place).filter(|row| row.state == state) {
            return Arc::clone(&written.text);
        }
        let text: Arc<str> = device_row(view, switches.list_times).to_string().into();
        self.rows.insert(view.place, WrittenRow { state, text: Arc::clone(&text) });
        text
    }

    fn in_order(&mut self, ordering: &str, fleet: FleetView<'_>) -> Arc<Vec<usize>> {
        if let Some(order) = &self.order
            && order.holds(ordering, fleet)
        {
            return Arc::clone(&order.places);
        }
        let mut places: Vec<usize> = (0..fleet.devices.len()).collect();
        sort(&mut places, ordering, fleet);
        let places = Arc::new(places);
        self.order = Some(ListOrder {
            keys: ordering.to_owned(),
            places: Arc::clone(&places),
            made: fleet.now,
            revision: fleet.devices.revision(),
        });
        places
    }
}

/// A page may begin one row early or late, as when a device came or left since the page before.
fn shifted(offset: usize, seed: u64, request_number: u64, switches: &Switches) -> usize {
    let mut random = draw(seed, Draw::Shift, [request_number, 0, 0]);
    if offset == 0 || !random.percent(switches.pages_shift_percent) {
        return offset;
    }
    if random.percent(50.0) { offset - 1 } else { offset + 1 }
}

fn sort(places: &mut [usize], ordering: &str, fleet: FleetView<'_>) {
    if ordering.is_empty() {
        return;
    }
    let keys: Vec<&str> = ordering.split(',').map(str::trim).take(ORDER_KEYS_MAX).collect();
    places.sort_by(|left, right| {
        let (left, right) = (fleet.at(*left), fleet.at(*right));
        let by_key = keys.iter().map(|key| match key.strip_prefix('-') {
            Some(key) => compare(&right, &left, key),
            None => compare(&left, &right, key),
        });
        by_key.fold(Ordering::Equal, Ordering::then)
    });
}

fn compare(left: &DeviceView<'_>, right: &DeviceView<'_>, key: &str) -> Ordering {
    let (one, two) = (left.facts(), right.facts());
    match key {
        CHECK_IN_KEY => left.checked_in().cmp(&right.checked_in()),
        "asset_tag" => one.asset_tag.cmp(&two.asset_tag),
        "blueprint_id" => one.blueprint.cmp(&two.blueprint),
        "device_id" => one.device_id.cmp(&two.device_id),
        "device_name" => one.name.cmp(&two.name),
        "model" => one.model.cmp(&two.model),
        "platform" => left.platform().word().cmp(right.platform().word()),
        "os_version" => one.os_version.cmp(&two.os_version),
        "serial_number" => one.serial_number.cmp(&two.serial_number),
        "user" => one.email().cmp(two.email()),
        _ => Ordering::Equal,
    }
}

/// Whether a device passes one filter; an unknown one lets everything pass.
fn matches(view: &DeviceView<'_>, key: &str, value: &str) -> bool {
    let (facts, ids) = (view.facts(), view.ids());
    let name = facts.user.as_ref().map_or("", |user| user.name.as_str());
    match key {
        "asset_tag" => contains(&facts.asset_tag, value),
        "device_id" => contains(&facts.device_id, value),
        "device_name" => contains(&facts.name, value),
        "mac_address" => view.mac_address().eq_ignore_ascii_case(value),
        "model" => contains(&facts.model, value),
        "os_version" => contains(&facts.os_version, value),
        "serial_number" => contains(&facts.serial_number, value),
        "blueprint_id" => contains(&ids.blueprint(&facts.blueprint), value),
        "platform" => view.platform().word() == value,
        "filevault_enabled" => {
            view.platform() == Platform::Mac && facts.filevault == (value == "true")
        }
        "tag_name" => facts.tags.iter().any(|tag| tag == value),
        "tag_name_in" => facts.tags.iter().any(|tag| value.split(',').any(|one| one == tag)),
        "tag_id" => facts.tags.iter().any(|tag| ids.tag(tag) == value),
        "tag_id_in" => {
            let is_wanted = |tag: &String| value.split(',').any(|id| id == ids.tag(tag));
            facts.tags.iter().any(is_wanted)
        }
        "user" => contains(facts.email(), value) || contains(name, value),
        "user_name" => contains(name, value),
        "user_email" => contains(facts.email(), value),
        "user_email_exact" => facts.email() == value,
        "user_id" => ids.user(facts.email()) == value,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, ListTimes, SimUser};

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
        bed.world.switches_mut().list_times = ListTimes::Mixed;
        let rows = bed.get("/api/v1/devices").json();
        let times: BTreeSet<&str> =
            (0..4).filter_map(|at| rows[at]["last_check_in"].as_str()).collect();
        assert_eq!(times.len(), 4);
    }

    #[test]
    fn one_device_may_come_without_its_array() {
        let mut bed = bed();
        bed.world.switches_mut().single_device = SingleDevice::Object;
        let reply = bed.get("/api/v1/devices?serial_number=PF3ABC9").json();
        assert_eq!(reply["serial_number"], "PF3ABC9");
        assert!(bed.get("/api/v1/devices?limit=1").json().is_array());
    }

    #[test]
    fn pages_may_shift_under_the_reader() {
        let mut bed = Testbed::macs(20);
        let whole = serials(&mut bed, "");
        bed.world.switches_mut().pages_shift_percent = 100.0;
        assert_eq!(serials(&mut bed, "limit=5&offset=0"), whole[..5]);
        assert_ne!(serials(&mut bed, "limit=5&offset=5"), whole[5..10]);
    }
}
