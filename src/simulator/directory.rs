//! What the tenant keeps besides devices: blueprints, tags and users.
//!
//! Owns their rows, filters and pages as they were published. Who has which device is an argument. Must
//! never change a device.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::draws::{Draw, draw, one_of};
use super::ids::TenantIds;
use super::library_items::LIBRARY;
use super::setup::new_device::{NewDevice, SimUser};
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::{SimReply, SimRequest};
use super::wire::pages::{contains, last_value, list_url, page_of};
use super::wire::spelling::spell;
use crate::model::{Random, UnixMillis};

/// Users of one page when the client names no number.
const USERS_PER_PAGE: usize = 25;
/// Most users of one page.
const USERS_PER_PAGE_MAX: usize = 300;
/// What a cursor begins with; its rest is a row's number, which clients must not rely on.
const CURSOR_START: &str = "p";
const ICONS: [&str; 4] = ["ss-files", "ss-fax", "ss-quote", "ss-paintdisabled"];
const COLORS: [&str; 4] = ["aqua-500", "aqua-800", "orange-500", "purple-500"];
/// Labels of the draws of a blueprint and of a user, which come from their ids.
const BLUEPRINT_DRAW: u64 = 1;
const USER_DRAW: u64 = 2;

/// How many devices a blueprint has.
#[derive(Copy, Clone, Default)]
struct Count {
    all: usize,
    missing: usize,
}

/// The blueprints and users of the tenant.
pub(super) struct Directory {
    seed: u64,
    ids: TenantIds,
    started: UnixMillis,
    /// By name: a blueprint stays when its last device leaves it.
    blueprints: BTreeSet<String>,
    /// By address: a user stays when the last device is removed.
    users: BTreeMap<String, SimUser>,
}

impl Directory {
    /// A directory without blueprints and users. `started` is the moment at which the tenant opens.
    pub(super) fn new(seed: u64, started: UnixMillis) -> Self {
        let ids = TenantIds::new(seed);
        Self { seed, ids, started, blueprints: BTreeSet::new(), users: BTreeMap::new() }
    }

    /// Notes the blueprint and the user of a new device.
    pub(super) fn add(&mut self, facts: &NewDevice) {
        self.blueprints.insert(facts.blueprint.clone());
        if let Some(user) = &facts.user {
            self.users.insert(user.email.clone(), user.clone());
        }
    }

    /// Answers `GET /blueprints`. `present` are the devices that have a record, here and below. Rows and
    /// pages are documented.
    pub(super) fn list_blueprints<'a>(
        &self,
        request: &SimRequest,
        present: impl Iterator<Item = &'a NewDevice>,
        switches: &Switches,
    ) -> SimReply {
        let query = request.query();
        let counts = blueprint_counts(present);
        let names: Vec<&str> = self
            .blueprints
            .iter()
            .map(String::as_str)
            .filter(|name| {
                let id = self.ids.blueprint(name);
                query.iter().all(|(key, value)| match key.as_str() {
                    "name" => contains(name, value),
                    "id" => id == *value,
                    "id__in" => value.split(',').any(|one| one.trim() == id),
                    _ => true,
                })
            })
            .collect();
        let row = |at: usize| self.blueprint_row(names[at], &counts);
        answers::json(200, &page_of(request, switches, names.len(), row))
    }

    /// Answers `GET /blueprints/{id}`.
    pub(super) fn show_blueprint<'a>(
        &self,
        id: &str,
        present: impl Iterator<Item = &'a NewDevice>,
        switches: &Switches,
    ) -> SimReply {
        match self.blueprint_named(id) {
            Some(name) => answers::json(200, &self.blueprint_row(name, &blueprint_counts(present))),
            None => answers::not_found(switches),
        }
    }

    /// Answers `GET /blueprints/{id}/list-library-items`: the same items for all blueprints.
    pub(super) fn list_blueprint_items(
        &self,
        id: &str,
        request: &SimRequest,
        switches: &Switches,
    ) -> SimReply {
        if self.blueprint_named(id).is_none() {
            return answers::not_found(switches);
        }
        let row = |at: usize| {
            let name = LIBRARY[at].name;
            json!({ "id": self.ids.library_item(name), "name": name })
        };
        answers::json(200, &page_of(request, switches, LIBRARY.len(), row))
    }

    /// The name of the blueprint with this id.
    pub(super) fn blueprint_named(&self, id: &str) -> Option<&str> {
        let mut names = self.blueprints.iter().map(String::as_str);
        names.find(|name| self.ids.blueprint(name).eq_ignore_ascii_case(id))
    }

    /// Whether two blueprints are both classic or both maps.
    pub(super) fn are_of_one_type(&self, one: &str, other: &str) -> bool {
        let kind = |name: &str| self.blueprint_row(name, &BTreeMap::new())["type"].clone();
        kind(one) == kind(other)
    }

    fn blueprint_row(&self, name: &str, counts: &BTreeMap<&str, Count>) -> Value {
        let id = self.ids.blueprint(name);
        let mut random = self.draw_of(BLUEPRINT_DRAW, &id);
        let count = counts.get(name).copied().unwrap_or_default();
        json!({
            "id": id,
            "name": name,
            "icon": one_of(&mut random, &ICONS),
            "color": one_of(&mut random, &COLORS),
            "description": "",
            "params": {},
            "computers_count": count.all,
            "missing_computers_count": count.missing,
            "enrollment_code": {
                "code": format!("{:06}", random.below(1_000_000)),
                "is_active": true,
            },
            "type": if random.percent(50.0) { "classic" } else { "map" },
        })
    }

    /// Answers `GET /tags` with the tags of the devices.
    pub(super) fn list_tags<'a>(
        &self,
        request: &SimRequest,
        present: impl Iterator<Item = &'a NewDevice>,
        switches: &Switches,
    ) -> SimReply {
        let query = request.query();
        let part = query.iter().find(|(name, _)| name == "search").map_or("", |(_, value)| value);
        let names: BTreeSet<&str> =
            present.flat_map(|facts| facts.tags.iter().map(String::as_str)).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| contains(name, part)).collect();
        let row = |at: usize| json!({ "id": self.ids.tag(names[at]), "name": names[at] });
        answers::json(200, &page_of(request, switches, names.len(), row))
    }

    /// Answers `GET /users`, which has pages by cursor and tells no count.
    pub(super) fn list_users<'a>(
        &self,
        request: &SimRequest,
        present: impl Iterator<Item = &'a NewDevice> + Clone,
        switches: &Switches,
    ) -> SimReply {
        let query = request.query();
        let value = |key: &str| last_value(&query, key);
        let users: Vec<&SimUser> =
            self.users.values().filter(|user| self.user_matches(user, &query)).collect();
        let size = value("sizePerPage").and_then(|text| text.parse().ok()).filter(|size| *size > 0);
        let size =
            size.unwrap_or(USERS_PER_PAGE).min(USERS_PER_PAGE_MAX).min(switches.page_rows_max);
        let start: usize = value("cursor")
            .and_then(|cursor| cursor.strip_prefix(CURSOR_START))
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let end = users.len().min(start.saturating_add(size));
        let rows: Vec<Value> = users[start.min(end)..end]
            .iter()
            .map(|user| self.user_row(user, present.clone(), switches))
            .collect();
        let url = list_url(request, switches);
        let link = |at: usize| format!("{url}cursor={CURSOR_START}{at}");
        let next = (end < users.len()).then(|| link(end));
        let previous = (start > 0).then(|| link(start.saturating_sub(size)));
        answers::json(200, &json!({ "next": next, "previous": previous, "results": rows }))
    }

    fn user_matches(&self, user: &SimUser, query: &[(String, String)]) -> bool {
        query.iter().all(|(key, value)| match key.as_str() {
            "email" => contains(&user.email, value),
            "id" => self.ids.user(&user.email).eq_ignore_ascii_case(value),
            "integration_id" => self.ids.integration() == *value,
            "archived" => value != "true",
            _ => true,
        })
    }

    /// Answers `GET /users/{id}`.
    pub(super) fn show_user<'a>(
        &self,
        id: &str,
        present: impl Iterator<Item = &'a NewDevice>,
        switches: &Switches,
    ) -> SimReply {
        match self.user_with_id(id) {
            Some(user) => answers::json(200, &self.user_row(user, present, switches)),
            None => answers::not_found(switches),
        }
    }

    /// The user with this id.
    pub(super) fn user_with_id(&self, id: &str) -> Option<&SimUser> {
        let mut users = self.users.values();
        users.find(|user| self.ids.user(&user.email).eq_ignore_ascii_case(id))
    }

    fn user_row<'a>(
        &self,
        user: &SimUser,
        present: impl Iterator<Item = &'a NewDevice>,
        switches: &Switches,
    ) -> Value {
        let id = self.ids.user(&user.email);
        let mut random = self.draw_of(USER_DRAW, &id);
        let devices = present.filter(|facts| facts.email() == user.email).count();
        json!({
            "active": true,
            "archived": switches.archived_users.contains(&user.email),
            "created_at": spell(self.started, 0),
            "department": Value::Null,
            "deprecated_user_id": (10_000 + random.below(90_000)).to_string(),
            "email": user.email,
            "id": id,
            "integration": {
                "id": 634,
                "name": "simulated",
                "uuid": self.ids.integration(),
                "type": "office365",
            },
            "job_title": Value::Null,
            "name": user.name,
            "device_count": devices,
            "updated_at": spell(self.started, 0),
        })
    }

    /// The generator for the facts of an id.
    fn draw_of(&self, label: u64, id: &str) -> Random {
        let start = id.get(..8).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        draw(self.seed, Draw::Record, [start.unwrap_or(0), label, 1])
    }
}

fn blueprint_counts<'a>(present: impl Iterator<Item = &'a NewDevice>) -> BTreeMap<&'a str, Count> {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for facts in present {
        let count = counts.entry(&facts.blueprint).or_default();
        count.all += 1;
        count.missing += usize::from(facts.is_missing);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    fn device(blueprint: &str, email: &str, tag: &str) -> NewDevice {
        NewDevice {
            blueprint: blueprint.to_owned(),
            user: Some(SimUser { email: email.to_owned(), name: "Ada Byron".to_owned() }),
            tags: vec![tag.to_owned()],
            ..NewDevice::new(DeviceKind::MacIntel)
        }
    }

    fn bed() -> Testbed {
        let missing =
            NewDevice { is_missing: true, ..device("Engineering", "ada@example.com", "lab") };
        Testbed::with(vec![
            device("Engineering", "ada@example.com", "lab"),
            missing,
            device("Lab", "grandada@example.com", "Lab"),
            device("Labor", "eve@example.com", "kiosk"),
        ])
    }

    #[test]
    fn blueprint_rows_carry_type_counts_and_enrollment_code() {
        let mut bed = bed();
        let listed = bed.get("/api/v1/blueprints?name=engin").json();
        let row = listed["results"][0].clone();
        assert_eq!((&row["name"], &listed["count"]), (&json!("Engineering"), &json!(1)));
        assert_eq!(
            (&row["computers_count"], &row["missing_computers_count"]),
            (&json!(2), &json!(1))
        );
        assert!(["classic", "map"].map(|word| json!(word)).contains(&row["type"]), "{row}");
        assert_eq!(row["enrollment_code"]["code"].as_str().map(str::len), Some(6));
        assert_eq!(row["params"], json!({}));
        let id = row["id"].as_str().expect("an id").to_owned();
        assert_eq!(bed.get(&format!("/api/v1/blueprints/{id}")).json(), row);
        for (query, count) in [(format!("id={id}"), 1), (format!("id__in=x,{id}"), 1)] {
            assert_eq!(bed.get(&format!("/api/v1/blueprints?{query}")).json()["count"], count);
        }
        let items = bed.get(&format!("/api/v1/blueprints/{id}/list-library-items")).json();
        assert_eq!(items["count"], LIBRARY.len());
        for path in ["blueprints/none", "blueprints/none/list-library-items", "users/none"] {
            assert_eq!(bed.get(&format!("/api/v1/{path}")).status, 404, "{path}");
        }
        assert_eq!(bed.device(0)["blueprint_id"], row["id"]);
    }

    #[test]
    fn tags_are_listed_and_found_by_id() {
        let mut bed = bed();
        let tags = bed.get("/api/v1/tags?search=la").json();
        assert_eq!(tags["count"], 2);
        let id = tags["results"][0]["id"].as_str().expect("an id").to_owned();
        for query in [format!("tag_id={id}"), format!("tag_id_in={id},other")] {
            let rows = bed.get(&format!("/api/v1/devices?{query}")).json();
            assert_eq!(rows.as_array().map(Vec::len), Some(1), "{query}");
        }
    }

    #[test]
    fn users_are_listed_by_cursor() {
        let mut bed = bed();
        let (mut next, mut seen) = ("/api/v1/users?sizePerPage=2".to_owned(), Vec::new());
        for _ in 0..2 {
            let page = bed.get(&next).json();
            seen.extend(page["results"].as_array().expect("rows").iter().cloned());
            let link = page["next"].as_str().unwrap_or_default();
            next = link.strip_prefix("http://simulated.invalid").unwrap_or_default().to_owned();
        }
        assert!(next.is_empty(), "{next}");
        assert_eq!(seen.len(), 3);
        let counts: Vec<&Value> = seen.iter().map(|user| &user["device_count"]).collect();
        assert_eq!(counts, [2, 1, 1]);
        let one = bed.get("/api/v1/users?email=EVE").json()["results"][0].clone();
        assert_eq!(one["integration"]["type"], "office365");
        let id = one["id"].as_str().expect("an id").to_owned();
        assert_eq!(bed.get(&format!("/api/v1/users/{id}")).json(), one);
        assert_eq!(bed.device(3)["user"]["id"], id);
        let archived = bed.get("/api/v1/users?archived=true").json();
        assert_eq!(archived["results"], json!([]));
    }
}
